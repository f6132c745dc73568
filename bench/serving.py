"""What surrounds the step: mixed requests together, the server's share, and busy cores; each beside what it is compared with."""

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import torch

from bench.engines import CACHE_TOKENS, Engine, Line, Ours, Transformers, clock_for, ignore, make_core
from duologue.engine.local import LocalEngine
from duologue.engine.options import Options
from duologue.engine.protocol import GenerationRequest
from tests.doubles.models_server import serve_models

ROUNDS = 3
NEW = 48
REQUESTS = 16
PAGE, PAGES = 256, 40
"""Room of transformers' cache: more than all mixed requests need."""
Mixed = tuple[list[int], int]


def mixed(salt: int) -> list[Mixed]:
    """Prompts of 16 to 256 tokens, each with how many tokens are wanted (8 to 48)."""
    draw = random.Random(salt)
    return [([draw.randrange(30, 290) for _ in range(draw.randrange(16, 256))], draw.randrange(8, 48)) for _ in range(REQUESTS)]


def bench_batching(folder: Path, threads: int) -> Iterator[Line]:
    """Tokens per second of mixed requests that come together, beside transformers' padded batch and its continuous batching."""
    import transformers

    transformers.logging.set_verbosity_error()
    clock = clock_for(threads)
    theirs, paged = (transformers.AutoModelForCausalLM.from_pretrained(folder) for _ in range(2))
    cores = {p: make_core(folder, threads, precision=p) for p in ("int8", "fp32")}

    def ours(core: Any) -> Callable[[list[Mixed]], float]:
        def run(some: list[Mixed]) -> float:
            began = clock()
            for prompt, new in some:
                core.submit(GenerationRequest(prompt=tuple(prompt), max_tokens=new, ignore_end=True), ignore)
            while not core.is_idle:
                core.step()
            return clock() - began

        return run

    def padded(some: list[Mixed]) -> float:
        longest, most, began = max(len(p) for p, _ in some), max(n for _, n in some), clock()
        ids = torch.tensor([[0] * (longest - len(p)) + p for p, _ in some])
        seen = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p, _ in some])
        with torch.inference_mode():
            theirs.generate(ids, attention_mask=seen, max_new_tokens=most, do_sample=False, eos_token_id=None, pad_token_id=0)
        return clock() - began

    # left to itself it sizes its cache by the machine's memory, and then fills a mask of cache times batch at every start: minutes
    room = transformers.ContinuousBatchingConfig(
        page_size=PAGE, num_blocks=PAGES, max_batch_tokens=512, max_requests_per_batch=REQUESTS
    )
    rules = transformers.GenerationConfig(max_new_tokens=NEW, do_sample=False, eos_token_id=-1, pad_token_id=0)

    def continuous(some: list[Mixed]) -> float:
        with paged.continuous_batching_context_manager(rules, continuous_batching_config=room) as manager:
            began, left = clock(), len(some)
            for prompt, new in some:
                manager.add_request(prompt, max_new_tokens=new)
            while left:
                result = manager.get_result(timeout=1)
                if result is None and not manager.is_running():
                    raise RuntimeError("its thread ended")
                left -= result is not None and result.is_finished()
            return clock() - began

    ways = {
        **{f"ours, {p}": ours(core) for p, core in cores.items()},
        **{"transformers, one padded batch": padded, "transformers, continuous batching": continuous},
    }
    best: dict[str, float] = {}
    for turn in range(ROUNDS):
        some = mixed(turn)
        wanted = sum(n for _, n in some)
        for name, run in ways.items():
            torch.set_num_threads(threads)
            try:
                seconds = run(some)
            except (RuntimeError, ValueError, TypeError, ImportError) as error:
                yield f"{REQUESTS} mixed requests, {name}", 0.0, "tok/s", None, f"did not run: {error}"[:120]
                continue
            best[name] = max(best.get(name, 0.0), wanted / seconds)
    for core in cores.values():
        core.runner.close()
    for name, rate in best.items():
        yield f"{REQUESTS} mixed requests, {name}", rate, "tok/s", best["transformers, one padded batch"], "baseline: padded batch"


def bench_server(folder: Path, threads: int) -> Iterator[Line]:
    """Time per token of one stream over HTTP beside the same engine asked in its own process; client and server share the cores."""
    new = 96
    prompt = [random.Random(1).randrange(30, 290) for _ in range(32)]
    engine = LocalEngine(folder, options=Options(precision="int8", threads=threads, cache_tokens=CACHE_TOKENS, lookup=0))
    request = GenerationRequest(prompt=tuple(prompt), max_tokens=new, ignore_end=True)

    async def inside() -> float:
        times = [time.perf_counter() async for _ in engine.generate(request)]
        return (times[-1] - times[0]) / (new - 1)

    def over_http(client: httpx.Client, name: str) -> float:
        times = []
        body = {"model": name, "prompt": prompt, "max_tokens": new, "temperature": 0, "ignore_eos": True, "stream": True}
        with client.stream("POST", "/v1/completions", json=body) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    json.loads(line[6:])
                    times.append(time.perf_counter())
        return (times[-1] - times[0]) / (new - 1)

    with serve_models([engine]) as server, httpx.Client(base_url=server.root, timeout=120) as client:
        name, pairs = engine.info.name, list[tuple[float, float]]()
        for _ in range(4 * ROUNDS):
            pairs.append((asyncio.run(inside()), over_http(client, name)))
        asyncio.run(engine.aclose())
    direct, served = min(a for a, _ in pairs[1:]), min(b for _, b in pairs[1:])
    yield "one stream over HTTP (baseline: the engine in its process)", 1 / served, "tok/s", 1 / direct, "best of each"


def _spin() -> None:
    while True:
        pass


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that use a core each."""
    context = multiprocessing.get_context("fork")
    spinning = [context.Process(target=_spin, daemon=True) for _ in range(count)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()


def bench_busy(folder: Path, threads: int) -> Iterator[Line]:
    """Wall-clock rate of decoding alone and with a process that keeps a core busy, on one thread and on two."""
    makers: dict[str, Callable[[], Engine]] = {
        "int8, 1 thread": lambda: Ours("int8", folder, 1, "int8", is_wall=True),
        "int8, 2 threads": lambda: Ours("int8", folder, 2, "int8", is_wall=True),
        "transformers, 2 threads": lambda: Transformers(folder, 2),
    }
    try:
        from bench.llama import Llama, write_gguf

        makers["llama.cpp q8_0, 2 threads"] = lambda: Llama(write_gguf(folder, "q8_0"), 2)
    except (ImportError, OSError) as error:
        print(f"llama.cpp does not take part: {error}")
    prompt = [[random.Random(2).randrange(30, 290) for _ in range(32)]]
    rates: dict[tuple[str, int], float] = {}
    engines = {name: make() for name, make in makers.items()}
    for _ in range(ROUNDS):
        for count in (0, 1):
            with busy(count):
                for name, engine in engines.items():
                    began = time.perf_counter()
                    engine.measure(prompt, NEW)
                    rate = NEW / (time.perf_counter() - began)  # of the whole, interruptions included
                    rates[name, count] = max(rates.get((name, count), 0.0), rate)
    for engine in engines.values():
        engine.close()
    alone = rates["int8, 1 thread", 0]
    for (name, count), rate in rates.items():
        yield f"{name}, {count} busy process beside", rate, "tok/s", alone, "wall clock; baseline: int8 on one thread, alone"
