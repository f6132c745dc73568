"""What the engine's features give and cost: shared beginnings, forms, guesses, beams; beside the same without, taking turns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from bench.engines import Line, clock_for, ignore, make_core
from duologue.engine.core import Core
from duologue.engine.protocol import Constraint, GenerationRequest

SHARED = 1500
ROUNDS = 3
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}, "notes": {"type": "string"}},
    "required": ["name", "tags", "notes"],
    "additionalProperties": False,
}


def some_ids(count: int, salt: int) -> list[int]:
    return torch.randint(30, 290, (count,), generator=torch.Generator().manual_seed(salt)).tolist()  # type: ignore[no-any-return]


def finish(core: Core, request: GenerationRequest) -> tuple[float, float, int]:
    """Seconds to the first token, seconds in all, tokens written."""
    clock = clock_for(core.options.threads)
    before, began, first = core.done.completion_tokens, clock(), 0.0
    task = core.submit(request, ignore)
    while not core.is_idle:
        core.step()
        first = first or (clock() if task.first_token_s else 0.0)
    return first - began, clock() - began, core.done.completion_tokens - before


def bench_prefix(folder: Path, threads: int) -> Iterator[Line]:
    """Time to the first token with a long shared beginning, the first time and the second."""
    core, cold, warm = make_core(folder, threads), [], []
    for turn in range(ROUNDS):
        shared = some_ids(SHARED, turn)
        for times, end in ((cold, 1), (warm, 2)):
            request = GenerationRequest(prompt=(*shared, *some_ids(20, 100 * turn + end)), max_tokens=4, ignore_end=True)
            times.append(finish(core, request)[0])
    core.runner.close()
    yield f"first token after {SHARED} shared tokens, cold", 1e3 * min(cold), "ms", None, ""
    yield "the same, warm (baseline: cold)", 1e3 * min(warm), "ms", 1e3 * min(cold), f"{min(cold) / min(warm):.0f} times sooner"


def bench_json(folder: Path, threads: int) -> Iterator[Line]:
    """Tokens per second under a form beside none, at the same number of tokens, without guesses.

    A schema, whose forced tokens are read together; and a pattern that forces none, so that only the cost of the masks is seen.
    """
    core = make_core(folder, threads, lookup=0)
    forms = {"none": None, "JSON schema": Constraint("json_schema", SCHEMA), "any text": Constraint("regex", regex=r"(.|\n)*")}
    rates: dict[str, list[float]] = {name: [] for name in forms}
    for turn in range(ROUNDS):
        prompt = tuple(some_ids(32, turn))
        for name, form in forms.items():
            request = GenerationRequest(
                prompt=prompt, max_tokens=120, ignore_end=name != "JSON schema", constraint=form, temperature=1, seed=turn
            )
            first, whole, tokens = finish(core, request)
            rates[name].append((tokens - 1) / (whole - first))
    core.runner.close()
    free = max(rates["none"])
    yield "JSON schema, decode (baseline: free text)", max(rates["JSON schema"]), "tok/s", free, "forced tokens are read together"
    yield "pattern that permits any text (baseline: free text)", max(rates["any text"]), "tok/s", free, "the masks alone"


def bench_lookup(folder: Path, threads: int) -> Iterator[Line]:
    """Tokens per second with prompt lookup beside none, greedy; random networks repeat themselves, as quoting replies do."""
    cores = {size: make_core(folder, threads, lookup=size) for size in (0, 4)}
    rates: dict[int, list[float]] = {0: [], 4: []}
    for turn in range(ROUNDS):
        for size, core in cores.items():
            first, whole, tokens = finish(core, GenerationRequest(prompt=tuple(some_ids(64, turn)), max_tokens=96, ignore_end=True))
            rates[size].append((tokens - 1) / (whole - first))
    done = cores[4].done
    note = f"{done.accepted_tokens} of {done.drafted_tokens} guesses right"
    for core in cores.values():
        core.runner.close()
    yield "prompt lookup, decode (baseline: none)", max(rates[4]), "tok/s", max(rates[0]), note


def bench_beams(folder: Path, threads: int) -> Iterator[Line]:
    """Beam search with 4 beams in fp32 and int8, beside transformers'."""
    import transformers

    transformers.logging.set_verbosity_error()
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder)
    cores = {p: make_core(folder, threads, precision=p) for p in ("fp32", "int8")}
    best: dict[str, float] = {}
    for turn in range(ROUNDS):
        prompt = some_ids(32, turn)
        for name, core in cores.items():
            request = GenerationRequest(prompt=tuple(prompt), max_tokens=24, beams=4, ignore_end=True)
            best[name] = min(best.get(name, float("inf")), finish(core, request)[1])
        torch.set_num_threads(threads)
        clock = clock_for(threads)
        ids, began = torch.tensor([prompt]), clock()
        with torch.inference_mode():
            theirs.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, num_beams=4, do_sample=False, eos_token_id=None
            )
        best["transformers"] = min(best.get("transformers", float("inf")), clock() - began)
    for core in cores.values():
        core.runner.close()
    for name in cores:
        yield f"beam search of 4, {name} (baseline: transformers)", 24 / best[name], "tok/s", 24 / best["transformers"], ""
