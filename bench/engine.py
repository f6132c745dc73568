"""Tokens per second of the embedded engine, beside transformers, llama.cpp and the memory's bandwidth, in one interleaved run.

`make bench-engine [ARGS="--quick --json"]`. Same random weights, same prompts, same threads; engines take turns, so that what else
the machine is doing falls on all of them alike; on one thread time is the processor's. Absolute figures move with the machine;
ratios within a run hold. llama.cpp takes part where `llama-cpp-python` and `gguf` are installed (extra `bench`). In pieces:
`--part matrix --shape 124M --case 1,32 8,32 --engine int8 "llama.cpp q8_0"`, `--part features`, `batching`, `server`, `busy`.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bench.engines import CACHE_TOKENS, Engine, make_engines, measure_bandwidth, save_model

SHAPES: dict[str, dict[str, Any]] = {
    "30M": {"vocab_size": 20_032, "d_model": 512, "n_layers": 6, "n_heads": 8, "d_ff": 1408},
    "124M": {"vocab_size": 50_304, "d_model": 768, "n_layers": 12, "n_heads": 12, "d_ff": 2048},
}
PARTS = ["matrix", "features", "batching", "server", "busy"]
NEW = 24
ROUNDS = 3
PAUSE_S = 0.05
"""Threads of OpenMP spin some milliseconds after an engine's last product, and would slow down the next one's first step."""


class Report:
    """Prints figures, for people or as JSON lines."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def line(self, metric: str, value: float, unit: str, baseline: float | None = None, note: str = "") -> None:
        """One figure, and what it is compared with."""
        if self._as_json:
            ratio = value / baseline if baseline else None
            row = {"task": "engine", "metric": metric, "value": round(value, 4), "unit": unit, "baseline": baseline, "ratio": ratio}
            print(json.dumps({**row, "note": note}), flush=True)
            return
        beside = f"  baseline {baseline:9.1f}  ratio {value / baseline:6.2f}" if baseline else ""
        print(f"{metric:52} {value:9.1f} {unit:6}{beside}  {note}", flush=True)


def prompts(batch: int, length: int, salt: int) -> list[list[int]]:
    """Different random prompts, so that nothing is found in a cache."""
    generator = torch.Generator().manual_seed(salt)
    return torch.randint(30, 290, (batch, length), generator=generator).tolist()  # type: ignore[no-any-return]


def take_turns(engines: list[Engine], batch: int, length: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Best seconds of each engine to read the prompts, and to write a token for all of them."""
    best: dict[str, tuple[float, float]] = {}
    for turn in range(rounds):
        some = prompts(batch, length, turn)
        for engine in engines:
            time.sleep(PAUSE_S)
            read, write = engine.measure(some, NEW)
            before = best.get(engine.name, (float("inf"), float("inf")))
            best[engine.name] = min(before[0], read), min(before[1], write)
    return best


def bench_shape(
    report: Report, name: str, folder: Path, threads: int, cases: list[tuple[int, int]], engines: Sequence[str], rounds: int
) -> None:
    """Every case of one model, engines in turn."""
    room = max(CACHE_TOKENS, *(batch * (length + 2 * NEW) for batch, length in cases))
    with make_engines(folder, threads, engines, room) as made:
        for batch, length in cases:
            found = take_turns(made, batch, length, rounds)
            bandwidth = measure_bandwidth(threads)
            theirs = found.get("transformers")
            for engine in made:
                read, write = found[engine.name]
                label = f"{name} B={batch} P={length} {engine.name}"
                note = ""
                if batch == 1 and engine.bytes_per_token:
                    note = f"{100 * engine.bytes_per_token / write / bandwidth:.0f} % of {bandwidth / 1e9:.1f} GB/s"
                report.line(f"{label} decode", batch / write, "tok/s", batch / theirs[1] if theirs else None, note)
                report.line(f"{label} prefill", batch * length / read, "tok/s", batch * length / theirs[0] if theirs else None)
            if "int8" in found and "llama.cpp q8_0" in found:
                q8, ours = found["llama.cpp q8_0"], found["int8"]
                report.line(f"{name} B={batch} P={length} int8 decode beside q8_0", batch / ours[1], "tok/s", batch / q8[1])
                report.line(
                    f"{name} B={batch} P={length} int8 prefill beside q8_0",
                    batch * length / ours[0],
                    "tok/s",
                    batch * length / q8[0],
                )


def bench_parts(report: Report, folder: Path, threads: int, names: Sequence[str]) -> None:
    """What features, batching, the server and busy cores give and cost, each beside the same without."""
    from bench import features, serving

    parts = {
        "features": (features.bench_prefix, features.bench_json, features.bench_lookup, features.bench_beams),
        "batching": (serving.bench_batching,),
        "server": (serving.bench_server,),
        "busy": (serving.bench_busy,),
    }
    for bench in (b for name in names if name in parts for b in parts[name]):
        for line in bench(folder, threads):
            report.line(*line)


def read_case(text: str) -> tuple[int, int]:
    """`8,512` is eight prompts of 512 tokens."""
    batch, _, length = text.partition(",")
    return int(batch), int(length)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="the small model and three cases only")
    parser.add_argument("--threads", type=int, nargs="*", default=[1])
    parser.add_argument("--shape", nargs="*", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--case", nargs="*", type=read_case, default=[], help="BATCH,PROMPT; all of them without it")
    parser.add_argument("--engine", nargs="*", default=[], help="fp32, fp16, int8, 'torch int8', transformers, 'llama.cpp q8_0', …")
    parser.add_argument("--part", nargs="*", choices=PARTS, default=PARTS, help="what is measured")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--keep", type=Path, help="folder in which the models are kept for the next piece")
    given = parser.parse_args()
    report = Report(given.json)
    every = (
        [(1, 32), (8, 32), (1, 512)] if given.quick else [(b, p) for p in (32, 512, 2000) for b in (1, 8, 32) if b * p <= 16_384]
    )
    with tempfile.TemporaryDirectory() as place:
        for name in given.shape[:1] if given.quick else given.shape:
            folder = (given.keep or Path(place)) / name
            if not folder.exists():
                save_model(folder, SHAPES[name])
            for threads in given.threads:
                report.line(f"{name} threads", threads, "", None, f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
                if "matrix" in given.part:
                    bench_shape(report, name, folder, threads, given.case or every, given.engine, given.rounds)
                bench_parts(report, folder, threads, given.part)


if __name__ == "__main__":
    main()
