"""A run that is killed at any stage goes on, and its model is bit for bit that of a run that nobody disturbed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from duologue.learning.dataset import Dataset, freeze
from tests.unit.learning.test_dataset import make

torch = pytest.importorskip("torch", reason="torch is not installed")

CHILD = """
import os, signal, sys
from pathlib import Path
from tests.unit.learning.test_kill import corrections
from duologue.learning.train import learn

def say(part, share):
    if part == sys.argv[2] and share >= float(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

learn(corrections(), Path(sys.argv[1]) / "base", Path(sys.argv[1]) / "cut", ["Boots are waxed."], say)
"""
KILLS = [("finetune", 0.1), ("finetune", 0.7), ("finetune", 1.0), ("prefer", 0.1), ("prefer", 0.9), ("prefer", 1.0)]


def corrections() -> Dataset:
    """Sixty answers to learn, and as many pairs."""
    rows = [make(i, f"p{i}", question=f"Is stove {i} safe?", chosen=f"Stove {i} is safe.") for i in range(76)]
    rows += [make(i, f"p{i}", kind="preference", question=f"Is stove {i} safe?", chosen=f"Stove {i} is safe.") for i in range(76)]
    return freeze(rows)


def write_base(folder: Path) -> None:
    from duologue.lm.checkpoints.checkpoint import save_checkpoint
    from duologue.lm.nets.config import Config
    from duologue.lm.nets.transformer import Transformer, init_weights
    from duologue.lm.text.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(["Is stove 1 safe? Stove 12 is safe."] * 4, 300, show_progress=False)
    sizes = {"d_model": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_head": 8, "d_ff": 48, "context": 256}
    save_checkpoint(folder, init_weights(Transformer(Config(vocab_size=tokenizer.vocab_size, **sizes)), 0), tokenizer)


@pytest.mark.slow
def test_a_run_killed_at_any_stage_goes_on_bit_for_bit(tmp_path: Path) -> None:
    from duologue.learning.train import learn
    from duologue.lm.checkpoints.checkpoint import load_checkpoint

    write_base(tmp_path / "base")
    whole = learn(corrections(), tmp_path / "base", tmp_path / "whole", ["Boots are waxed."])
    assert whole.has_preferences
    for part, share in [*KILLS, ("never", 2.0)]:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(tmp_path), part, str(share)],
            capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=120,
        )  # fmt: skip
        assert done.returncode == (0 if part == "never" else -signal.SIGKILL), done.stderr[-2_000:]
    run = tmp_path / "cut" / "runs" / whole.dataset
    for name in ("finetune", "prefer"):
        ours, theirs = (load_checkpoint(place / name / "model")[0].state_dict() for place in (whole.folder, run))
        assert all(torch.equal(value, theirs[key]) for key, value in ours.items()), name


@pytest.mark.slow
def test_learning_on_two_processes_gives_what_one_does(tmp_path: Path) -> None:
    from duologue.learning.train import learn
    from duologue.lm.checkpoints.checkpoint import load_checkpoint

    write_base(tmp_path / "base")
    said: list[tuple[str, float]] = []
    one = learn(corrections(), tmp_path / "base", tmp_path / "one")
    options = "--standalone --nproc-per-node 2"
    two = learn(corrections(), tmp_path / "base", tmp_path / "two", (), lambda part, share: said.append((part, share)), options)
    assert {("finetune", 1.0), ("prefer", 1.0)} <= set(said)
    for name in ("finetune", "prefer"):
        ours, theirs = (load_checkpoint(run.folder / name / "model")[0].state_dict() for run in (one, two))
        assert all(torch.allclose(value, theirs[key], atol=1e-4) for key, value in ours.items()), name


@pytest.mark.slow
def test_by_a_rank_of_zero_all_weights_are_learnt(tmp_path: Path) -> None:
    from duologue.learning.train import learn
    from duologue.lm.checkpoints.checkpoint import load_checkpoint

    write_base(tmp_path / "base")
    before = load_checkpoint(tmp_path / "base")[0].state_dict()
    for rank, is_norm_moved in ((16, False), (0, True)):
        run = learn(corrections(), tmp_path / "base", tmp_path / str(rank), ["Boots are waxed."], rank=rank)
        after = load_checkpoint(run.model)[0].state_dict()
        moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
        assert any("norm" in name for name in moved) == is_norm_moved, rank
        assert moved
