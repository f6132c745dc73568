"""The engines that `bench.engine` lets take turns: each reads prompts and writes tokens, and says how long the two took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from duologue.engine.core import Core
from duologue.engine.options import Options
from duologue.engine.prompt import Prompts
from duologue.engine.protocol import GenerationRequest
from duologue.engine.runner import Runner
from duologue.lm.checkpoint import save_checkpoint
from duologue.lm.config import Config
from duologue.lm.tokenizer import train_tokenizer
from duologue.lm.transformer import Transformer, init_weights

CONTEXT = 2304
CACHE_TOKENS = 20_000


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


def save_model(folder: Path, shape: dict[str, Any]) -> None:
    """A random Llama of this shape, as a folder."""
    config = Config(
        **shape, n_kv_heads=shape["n_heads"], d_head=shape["d_model"] // shape["n_heads"], context=CONTEXT, qk_norm=False
    )
    save_checkpoint(
        folder, init_weights(Transformer(config), 0), train_tokenizer(["tokens of no meaning"], 330, show_progress=False)
    )


def measure_bandwidth(threads: int) -> float:
    """Bytes per second that this many threads read from memory, the best of a few times."""
    torch.set_num_threads(threads)
    block = torch.ones(64 << 20)
    best = float("inf")
    for _ in range(4):
        began = time.perf_counter()
        block.sum()
        best = min(best, time.perf_counter() - began)
    return block.numel() * 4 / best


class Ours:
    """The embedded engine, scheduler and sampler included."""

    def __init__(self, name: str, folder: Path, threads: int, precision: Any, **options: Any) -> None:
        self.name = name
        self._options = Options(
            precision=precision, threads=threads, cache_tokens=CACHE_TOKENS, lookup=0, step_tokens=512, **options
        )
        self._runner = Runner(folder, self._options)
        size = {"fp32": 4, "fp16": 2, "int8": 1}[precision]
        model = self._runner.model
        self.bytes_per_token = size * (model.num_parameters - model.embed.weight.numel() * (model.head is not None))
        self._core = Core(self._runner, Prompts(self._runner.tokenizer), self._options)

    def measure(self, prompts: list[list[int]], new: int) -> tuple[float, float]:
        began = time.perf_counter()
        for prompt in prompts:
            self._core.submit(GenerationRequest(prompt=tuple(prompt), max_tokens=new, ignore_end=True), ignore)
        while any(task.first_token_s == 0 for task in self._core.tasks):
            self._core.step()
        read = time.perf_counter() - began
        steps = []
        while not self._core.is_idle:
            start = time.perf_counter()
            self._core.step()
            steps.append(time.perf_counter() - start)
        return read, float(np.median(steps))

    def close(self) -> None:
        self._runner.close()


class Transformers:
    """`generate` of transformers, in fp32, one batch of equal length."""

    name = "transformers"

    def __init__(self, folder: Path, threads: int) -> None:
        import transformers

        torch.set_num_threads(threads)
        transformers.logging.set_verbosity_error()
        self._threads = threads
        self._model = transformers.AutoModelForCausalLM.from_pretrained(folder)
        self.bytes_per_token = 4 * sum(p.numel() for p in self._model.parameters())

    def measure(self, prompts: list[list[int]], new: int) -> tuple[float, float]:
        torch.set_num_threads(self._threads)
        ids = torch.tensor(prompts)
        times: list[float] = []

        def note(*_: Any, **__: Any) -> None:
            times.append(time.perf_counter())

        hook = self._model.register_forward_hook(note)
        began = time.perf_counter()
        with torch.inference_mode():
            self._model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=new, do_sample=False, eos_token_id=None)
        hook.remove()
        return times[0] - began, float(np.median(np.diff(times)))

    def close(self) -> None:
        del self._model


def ignore(event: object) -> None:
    """Nobody listens."""


@contextmanager
def make_engines(folder: Path, threads: int) -> Iterator[list[Engine]]:
    """All engines of this machine on one folder."""
    import os

    from duologue.engine.native import load_library

    engines: list[Engine] = [Ours(p, folder, threads, p) for p in ("fp32", "fp16", "int8")]
    os.environ["DUOLOGUE_NATIVE"] = "0"
    load_library.cache_clear()
    engines += [Ours(f"torch {p}", folder, threads, p) for p in ("fp16", "int8")]
    del os.environ["DUOLOGUE_NATIVE"]
    load_library.cache_clear()
    engines.append(Transformers(folder, threads))
    try:
        from bench.llama import make_llamas
    except ImportError as error:
        print(f"llama.cpp does not take part: {error}")
    else:
        engines += make_llamas(folder, threads)
    try:
        yield engines
    finally:
        for engine in engines:
            engine.close()
