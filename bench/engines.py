"""The engines that `bench.engine` lets take turns: each reads prompts and writes tokens, and says how long the two took.

On one thread time is the processor's, not the wall's: what else the machine does then counts only as far as it takes memory and
caches.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from duologue.engine.core import Core
from duologue.engine.native import load_library
from duologue.engine.options import Options
from duologue.engine.prompt import Prompts
from duologue.engine.protocol import GenerationRequest
from duologue.engine.runner import Runner
from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from duologue.lm.nets.config import Config
from duologue.lm.nets.transformer import Transformer, init_weights
from duologue.lm.text.tokenizer import train_tokenizer

CONTEXT = 2304
CACHE_TOKENS = 20_000
Line = tuple[str, float, str, float | None, str]
"""A figure: its name, value, unit, what it is compared with, a note."""


class Engine(Protocol):
    """One way to serve a model."""

    name: str
    bytes_per_token: int

    def measure(self, prompts: list[list[int]], new: int) -> tuple[float, float]:
        """Seconds to read the prompts (first tokens included), and seconds per further token of all of them."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


def clock_for(threads: int, is_wall: bool = False) -> Callable[[], float]:
    """Seconds of this process on one thread, of the wall on more."""
    return time.perf_counter if is_wall or threads > 1 else time.process_time


def often(seconds: Any) -> float:
    """Seconds of a step: a fifth of them took less, so that what interrupted the others does not count."""
    return float(np.percentile(seconds, 20))


def save_model(folder: Path, shape: dict[str, Any]) -> None:
    """A random Llama of this shape, as a folder; its tokens are those of the project's own texts."""
    config = Config(
        **shape, n_kv_heads=shape["n_heads"], d_head=shape["d_model"] // shape["n_heads"], context=CONTEXT, qk_norm=False
    )
    texts = [f.read_text("utf-8") for place, kind in (("docs", "*.md"), ("src", "*.py")) for f in sorted(Path(place).rglob(kind))]
    tokenizer = train_tokenizer(texts, shape["vocab_size"], show_progress=False)
    save_checkpoint(folder, init_weights(Transformer(config), 0), tokenizer)


def make_core(folder: Path, threads: int, **options: Any) -> Core:
    """The embedded engine without its thread."""
    chosen = Options(**{"precision": "int8", "threads": threads, "cache_tokens": CACHE_TOKENS, "step_tokens": 512, **options})
    runner = Runner(folder, chosen)
    return Core(runner, Prompts(runner.tokenizer), chosen)


def measure_bandwidth(threads: int) -> float:
    """Bytes per second that this many threads read from memory, the best of a few times."""
    torch.set_num_threads(threads)
    block = torch.ones(64 << 20)
    best, clock = float("inf"), clock_for(threads)
    for _ in range(4):
        began = clock()
        block.sum()
        best = min(best, clock() - began)
    return block.numel() * 4 / best


class Ours:
    """The embedded engine, scheduler and sampler included."""

    def __init__(
        self, name: str, folder: Path, threads: int, precision: Any, *, is_wall: bool = False, room: int = CACHE_TOKENS
    ) -> None:
        self.name, self._clock = name, clock_for(threads, is_wall)
        self._options = Options(precision=precision, threads=threads, cache_tokens=room, lookup=0, step_tokens=512)
        self._runner = Runner(folder, self._options)
        size = {"fp32": 4, "fp16": 2, "int8": 1}[precision]
        model, _ = load_checkpoint(folder)
        self.bytes_per_token = size * (model.num_parameters - model.embed.weight.numel() * (model.head is not None))
        self._core = Core(self._runner, Prompts(self._runner.tokenizer), self._options)

    def measure(self, prompts: list[list[int]], new: int) -> tuple[float, float]:
        began = self._clock()
        for prompt in prompts:  # so many tokens that nobody has ended before the last prompt is read
            self._core.submit(GenerationRequest(prompt=tuple(prompt), max_tokens=CONTEXT - len(prompt), ignore_end=True), ignore)
        while any(task.first_token_s == 0 for task in self._core.tasks):
            self._core.step()
        read = self._clock() - began
        steps = []
        for _ in range(new - 1):
            start = self._clock()
            self._core.step()
            steps.append(self._clock() - start)
        for task in list(self._core.tasks):
            self._core.cancel(task)
        return read, often(steps)

    def close(self) -> None:
        self._runner.close()


class Transformers:
    """`generate` of transformers, in fp32, one batch of equal length."""

    name = "transformers"

    def __init__(self, folder: Path, threads: int) -> None:
        import transformers

        torch.set_num_threads(threads)
        transformers.logging.set_verbosity_error()
        self._threads, self._clock = threads, clock_for(threads)
        self._model = transformers.AutoModelForCausalLM.from_pretrained(folder)
        self.bytes_per_token = 4 * sum(p.numel() for p in self._model.parameters())

    def measure(self, prompts: list[list[int]], new: int) -> tuple[float, float]:
        torch.set_num_threads(self._threads)
        ids = torch.tensor(prompts)
        times: list[float] = []

        def note(*_: Any, **__: Any) -> None:
            times.append(self._clock())

        hook = self._model.register_forward_hook(note)
        began = self._clock()
        with torch.inference_mode():
            self._model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=new, do_sample=False, eos_token_id=None)
        hook.remove()
        return times[0] - began, often(np.diff(times))

    def close(self) -> None:
        del self._model


def ignore(event: object) -> None:
    """Nobody listens."""


def torch_alone(name: str, folder: Path, threads: int, precision: str, room: int) -> Engine:
    """The embedded engine as it is where there is no compiler."""
    os.environ["DUOLOGUE_NATIVE"] = "0"
    load_library.cache_clear()
    try:
        return Ours(name, folder, threads, precision, room=room)
    finally:
        del os.environ["DUOLOGUE_NATIVE"]
        load_library.cache_clear()


def list_engines(folder: Path, threads: int, room: int) -> dict[str, Callable[[], Engine]]:
    """How to make each engine of this machine on one folder, with a cache of `room` tokens where the engine sets one aside."""
    made: dict[str, Callable[[], Engine]] = {p: partial(Ours, p, folder, threads, p, room=room) for p in ("fp32", "fp16", "int8")}
    made |= {f"torch {p}": partial(torch_alone, f"torch {p}", folder, threads, p, room) for p in ("fp16", "int8")}
    made["transformers"] = partial(Transformers, folder, threads)
    try:
        from bench.llama import make_llamas
    except (ImportError, OSError) as error:
        print(f"llama.cpp does not take part: {error}")
    else:
        made |= make_llamas(folder, threads, room)
    return made


@contextmanager
def make_engines(folder: Path, threads: int, wanted: Sequence[str] = (), room: int = CACHE_TOKENS) -> Iterator[list[Engine]]:
    """The engines of these names; without names all of them."""
    engines = [make() for name, make in list_engines(folder, threads, room).items() if not wanted or name in wanted]
    try:
        yield engines
    finally:
        for engine in engines:
            engine.close()
