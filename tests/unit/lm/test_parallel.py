"""Two processes under torchrun give the losses of one, as DDP and as FSDP, with adapters, and for preferences; what two left, one
goes on with, and the other way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.training.parallel import Group
from duologue.lm.training.prefer import PreferRecipe, load_prefer_recipe, prefer, save_prefer_recipe
from duologue.lm.training.recipe import parse_fields, parse_recipe, save_recipe
from duologue.lm.training.resume import find_latest
from duologue.lm.training.train import Trainer, check_shares
from tests.unit.lm.conftest import TEXTS

PROGRAM = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from duologue.lm.training.prefer import load_prefer_recipe, prefer
from duologue.lm.training.recipe import load_recipe
from duologue.lm.training.train import Trainer
prefer(load_prefer_recipe(Path(sys.argv[1])), show=False)
for name in sys.argv[2:]:
    path, _, stop = name.partition(":")
    for done in Trainer(load_recipe(Path(path))).run():
        if stop and done.step == int(stop):
            break
torch.distributed.destroy_process_group()
"""


def losses_of(out: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (out / "log.jsonl").read_text().splitlines()]


def save_preferences(folder: Path, name: str) -> Path:
    """A recipe of nine pairs to learn and three held out; four a step, so that at the end one process has none."""
    rows = [
        {"prompt": [{"role": "user", "content": "Where?"}], "chosen": f"It takes {i} days.", "rejected": "No."} for i in range(12)
    ]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = {"start_from": str(folder / "alone" / "model"), "pairs": str(folder / "pairs.jsonl"), "rows": 4, "held_out": 0.25}
    made = parse_fields(PreferRecipe, {**given, "out": str(folder / name), "epochs": 2, "adam_lr": 1e-2, "device": "cpu"})
    save_prefer_recipe(made, folder / f"{name}.yaml")
    return folder / f"{name}.yaml"


@pytest.fixture
def values(tmp_path: Path, tokenizer: TextTokenizer) -> dict[str, object]:
    tokenizer.save(tmp_path / "tokenizer.json")
    (tmp_path / "texts").mkdir()
    for number, text in enumerate(TEXTS):
        (tmp_path / "texts" / f"{number}.txt").write_text(text[number:])
    sizes = {"d_model": 32, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "d_head": 16, "d_ff": 48, "context": 48}
    stage = {"data": [str(tmp_path / "texts")], "steps": 6, "length": 32, "rows": 4, "accumulate": 2}
    return {
        "tokenizer": str(tmp_path / "tokenizer.json"), "model": sizes, "stages": [stage], "warmup_steps": 2, "save_every": 3,
        "evaluate_every": 6, "ema": 0.9, "held_out_share": 0.1,
    }  # fmt: skip


def test_two_processes_give_the_losses_of_one_and_go_on_from_each_others_checkpoints(
    values: dict[str, object], tmp_path: Path
) -> None:
    def recipe(name: str, **fields: object) -> Path:
        made = parse_recipe({**values, "out": str(tmp_path / name), **fields})
        save_recipe(made, tmp_path / f"{name}.yaml")
        return tmp_path / f"{name}.yaml"

    for name in ("alone", "first one"):
        for done in Trainer(parse_recipe({**values, "out": str(tmp_path / name)})).run():
            if name == "first one" and done.step == 3:
                break
    straight = losses_of(tmp_path / "alone")
    on_top = {"start_from": str(tmp_path / "alone" / "model"), "lora_rank": 2, "ema": 0.0, "model": {}, "tokenizer": ""}
    for _ in Trainer(parse_recipe({**values, **on_top, "out": str(tmp_path / "adapted")})).run():
        pass
    preferred = [save_preferences(tmp_path, name) for name in ("preferred", "preferred by two")]
    prefer(load_prefer_recipe(preferred[0]), show=False)
    together = [
        str(preferred[1]),
        str(recipe("adapted by two", parallel="fsdp", **on_top)),
        str(recipe("ddp", parallel="ddp")),
        f"{recipe('fsdp', parallel='fsdp')}:3",
        str(recipe("first one", parallel="fsdp")),
    ]
    (tmp_path / "program.py").write_text(PROGRAM)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(tmp_path / "program.py")]
    done = subprocess.run(
        [*launch, *together], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert losses_of(tmp_path / "ddp") == pytest.approx(straight, rel=1e-5)
    assert losses_of(tmp_path / "first one") == pytest.approx(straight, rel=1e-5)  # one process, then two with half a model each
    assert losses_of(tmp_path / "fsdp") == pytest.approx(straight[:3], rel=1e-5)
    left = find_latest(tmp_path / "fsdp")
    assert left is not None
    assert len(list(left.glob("*.distcp"))) == 2  # each wrote its part
    for _ in Trainer(parse_recipe({**values, "out": str(tmp_path / "fsdp")})).run():
        pass
    assert losses_of(tmp_path / "fsdp") == pytest.approx(straight, rel=1e-5)
    for alone, two in (("adapted", "adapted by two"), ("preferred", "preferred by two")):
        assert losses_of(tmp_path / two) == pytest.approx(losses_of(tmp_path / alone), rel=1e-5)
        ours, theirs = (load_checkpoint(tmp_path / n / "model")[0].state_dict() for n in (alone, two))
        assert all(torch.allclose(value, theirs[key], rtol=1e-3, atol=1e-5) for key, value in ours.items()), two
        assert (tmp_path / two / "adapter" / "adapter_model.safetensors").exists()
    models = [dict(load_checkpoint(tmp_path / n / "model")[0].named_parameters()) for n in ("alone", "ddp", "first one", "fsdp")]
    for name, wanted in models[0].items():
        for other in models[1:]:
            torch.testing.assert_close(other[name], wanted, rtol=1e-3, atol=1e-5)


def test_rows_that_do_not_divide_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="divide among the 3"):
        check_shares(parse_recipe({**values, "out": "x"}), Group(1, 3))
