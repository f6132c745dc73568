"""Training speed and memory: ours beside a plain transformers loop, and beside nanoGPT's published model in a plain PyTorch loop.

`python -m bench.train [--json]` (`make bench-train`). Same shape, same rows of tokens, fp32, as many threads each; every contestant
is a process of its own, and they take turns, so that what else the machine does meets all alike. `ours` is our own training
step; `ours, compiled` the same with the recipe's `compile: true`; `bf16` the same under autocast, on both sides, where this machine
multiplies faster in bf16 than in fp32 (without units for it a step takes a minute). The peaks of matrix products in both kinds, by
the fastest code that torch has here, are measured in the same turns. Times are those of the processor, which other programs do not
lengthen, unless several threads are measured.

Two shapes: Qwen3's, against transformers' Qwen3 with the loop of its Trainer (loss from labels, clipping, AdamW); GPT-2's, against
nanoGPT and transformers' GPT-2.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import torch

VOCAB, LENGTH, ROWS, LAYERS, HEADS, D_HEAD = 8192, 256, 8, 6, 3, 64
D, D_FF = HEADS * D_HEAD, 512
ROUNDS = 7
PEAKS = ("fp32", "bf16")
Step = Callable[[], None]


def _batch() -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randint(0, VOCAB, (ROWS, LENGTH + 1), generator=torch.Generator().manual_seed(0))
    return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()


def has_fast_bf16(size: int = 256) -> bool:
    """Whether products in bf16 are faster than in fp32 here: the better of three each."""
    times = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, spent = torch.ones(size, size, dtype=dtype), list[float]()
        for _ in range(3):
            start = time.process_time()
            torch.mm(a, a)
            spent.append(time.process_time() - start)
        times[dtype] = min(spent)
    return times[torch.bfloat16] < times[torch.float32]


def _ours(parts: dict[str, Any], optimizer: str, *, compiled: bool = False, precision: str = "fp32") -> tuple[Step, Any]:
    from duologue.lm.nets.config import Config
    from duologue.lm.nets.transformer import Transformer, init_weights
    from duologue.lm.training.data import Batch
    from duologue.lm.training.optim import make_optimizers
    from duologue.lm.training.train import sum_nll

    sizes = {"vocab_size": VOCAB, "d_model": D, "n_layers": LAYERS, "n_heads": HEADS, "n_kv_heads": HEADS, "d_head": D_HEAD}
    config = Config(**{**sizes, "d_ff": D_FF, "context": LENGTH, **parts})
    model = init_weights(Transformer(config), 0)
    optimizers = make_optimizers(model, muon_lr=0.01, adam_lr=0.001, weight_decay=0.1, use_muon=optimizer == "muon")
    read = torch.compile(model.hidden, dynamic=False) if compiled else None
    ids, targets = _batch()
    batch = Batch(ids, targets, torch.zeros_like(ids), torch.arange(LENGTH).expand(ROWS, -1).contiguous())

    def step() -> None:
        with _arithmetic(precision):
            loss = sum_nll(model, batch, True, read=read)
        (loss / batch.num_targets).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for one in optimizers:
            one.step()
            one.zero_grad(set_to_none=True)

    return step, config


def _arithmetic(precision: str) -> Any:
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")


def _theirs(model: Any, precision: str = "fp32") -> Step:
    """The loop of transformers' Trainer: the model's own loss from labels, clipping at 1, torch's AdamW."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, betas=(0.9, 0.95), weight_decay=0.1)
    ids, targets = _batch()
    whole = torch.cat((ids, targets[:, -1:]), 1)[:, :LENGTH]
    model.train()

    def step() -> None:
        with _arithmetic(precision):
            loss = model(input_ids=whole, labels=whole).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def _transformers_qwen3(precision: str = "fp32") -> Step:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=VOCAB, hidden_size=D, intermediate_size=D_FF, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        num_key_value_heads=HEADS, head_dim=D_HEAD, max_position_embeddings=LENGTH, tie_word_embeddings=True, use_cache=False,
    )  # fmt: skip
    return _theirs(Qwen3ForCausalLM(config), precision)


def _transformers_gpt2() -> Step:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=VOCAB, n_embd=D, n_layer=LAYERS, n_head=HEADS, n_positions=LENGTH, use_cache=False,
                        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)  # fmt: skip
    return _theirs(GPT2LMHeadModel(config))


def _nanogpt() -> Step:
    from bench.nanogpt import NanoGPT, Shape, make_optimizer

    model = NanoGPT(Shape(LENGTH, VOCAB, LAYERS, HEADS, D))
    optimizer = make_optimizer(model, 0.001)
    ids, targets = _batch()

    def step() -> None:
        model(ids, targets).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


GPT2 = {
    "norm": "layer", "norm_eps": 1e-5, "positions": "learned", "ffn": "gelu", "qk_norm": False, "qkv_bias": True, "out_bias": True,
    "ffn_bias": True, "d_ff": 4 * D,
}  # fmt: skip
CONTESTANTS: dict[str, dict[str, Callable[[], Any]]] = {
    "qwen3": {
        "ours": lambda: _ours({}, "adamw"),
        "ours, Muon": lambda: _ours({}, "muon"),
        "ours, compiled": lambda: _ours({}, "adamw", compiled=True),
        "transformers": _transformers_qwen3,
        "ours, bf16": lambda: _ours({}, "adamw", precision="bf16"),
        "transformers, bf16": lambda: _transformers_qwen3("bf16"),
    },
    "gpt2": {
        "ours": lambda: _ours(GPT2, "adamw"),
        "ours, compiled": lambda: _ours(GPT2, "adamw", compiled=True),
        "nanoGPT": _nanogpt,
        "transformers": _transformers_gpt2,
    },
}


def _work(pipe: Connection, shape: str, name: str, threads: int) -> None:
    """A contestant: a step whenever asked, its time in seconds back; at the end the peak of memory beyond the libraries."""
    torch.set_num_threads(threads)
    if name in PEAKS:
        from duologue.lm.training.peak import measure_peak

        pipe.send(0.0)
        while pipe.recv():
            pipe.send(measure_peak(name, seconds=0.3, clock=time.process_time if threads == 1 else time.perf_counter))
        return
    if shape == "gpt2" or name.startswith("transformers"):
        import transformers  # noqa: F401 - so that its libraries count for no one
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = CONTESTANTS[shape][name]()
    step = made[0] if isinstance(made, tuple) else made
    step()
    step()
    pipe.send(0.0)
    clock = time.process_time if threads == 1 else time.perf_counter
    while pipe.recv():
        start = clock()
        step()
        pipe.send(clock() - start)
    pipe.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def measure(shape: str, threads: int, rounds: int, names: list[str]) -> list[dict[str, Any]]:
    """Rows of one shape: tokens per second (median of the turns), its share of the matrix peak, megabytes."""
    from duologue.lm.training.peak import flops_per_token

    spawn = multiprocessing.get_context("spawn")
    working: dict[str, tuple[Any, Connection]] = {}
    kinds = [kind for kind in PEAKS if kind == "fp32" or any(name.endswith(kind) for name in names)]
    for name in [*names, *kinds]:
        here, there = spawn.Pipe()
        process = spawn.Process(target=_work, args=(there, shape, name, threads), daemon=True)
        process.start()
        here.recv()  # one after the other, so that warming up disturbs no one
        working[name] = (process, here)
    times: dict[str, list[float]] = {name: [] for name in working}
    for _ in range(rounds):
        for name, (_, pipe) in working.items():
            pipe.send(True)
            times[name].append(pipe.recv())
    rows, peaks = [], {kind: statistics.median(times[kind]) for kind in kinds}
    costs = flops_per_token(_ours(GPT2 if shape == "gpt2" else {}, "adamw")[1], LENGTH)
    for name, (process, pipe) in working.items():
        pipe.send(False)
        if name not in PEAKS:
            peak = peaks["bf16" if name.endswith("bf16") else "fp32"]
            speed, memory = ROWS * LENGTH / statistics.median(times[name]), pipe.recv()
            figures = {"tokens_per_s": speed, "peak_mb": memory, "share_of_peak": speed * costs / peak}
            rows.append({"shape": shape, "contestant": name, **figures})
        process.join(timeout=20)
    by_name = {row["contestant"]: row["tokens_per_s"] for row in rows}
    ratios = {name: statistics.median(b / a for a, b in zip(times["ours"], times[name], strict=True)) for name in by_name}
    for row in rows:
        row["ours_is_faster_by"] = ratios[row["contestant"]]
    return rows


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true")
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--compiled", action="store_true", help="also our network compiled (needs a C++ compiler)")
    given = options.parse_args()
    left_out = [] if given.compiled else ["compiled"]
    left_out += [] if has_fast_bf16() else ["bf16"]
    for shape, contestants in CONTESTANTS.items():
        names = [n for n in contestants if not n.endswith(tuple(left_out))]
        for row in measure(shape, given.threads, given.rounds, names):
            if given.json:
                print(json.dumps(row), flush=True)
            else:
                print(
                    f"{row['shape']:6} {row['contestant']:16} {row['tokens_per_s']:8.0f} tok/s  {row['peak_mb']:6.0f} MB  "
                    f"{row['share_of_peak']:5.0%} of the matrix peak  ours is {row['ours_is_faster_by']:.2f} times as fast",
                    flush=True,
                )


if __name__ == "__main__":
    main()
