import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.checkpoints.lora import load_lora
from duologue.lm.nets.transformer import document_mask
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.training.data import IGNORED, Loader, Shard
from duologue.lm.training.memory import count_parameters
from duologue.lm.training.recipe import Recipe, describe_fields, load_recipe, parse_recipe, save_recipe
from duologue.lm.training.resume import find_latest
from duologue.lm.training.train import Diverged, Trainer, sum_nll, train

GOLDEN = Path(__file__).parent / "golden_losses.json"


@pytest.fixture
def values(tmp_path: Path, shard: Shard, tokenizer: TextTokenizer) -> dict[str, object]:
    tokenizer.save(tmp_path / "tokenizer.json")
    (tmp_path / "held.json").write_text(json.dumps({"en": ["The parcel is late."], "zh": ["包裹在哪里？"]}))
    sizes = {"d_model": 32, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "d_head": 16, "d_ff": 48, "context": 48}
    stage = {"shard": str(tmp_path / "texts"), "steps": 6, "length": 32, "rows": 2, "accumulate": 2}
    return {
        "out": str(tmp_path / "run"),
        "tokenizer": str(tmp_path / "tokenizer.json"),
        "model": sizes,
        "stages": [stage, {**stage, "steps": 4, "whole": True}],
        "warmup_steps": 2,
        "save_every": 3,
        "evaluate_every": 5,
        "held_out": str(tmp_path / "held.json"),
    }


def losses(recipe: Recipe, stop_after: int = 1000) -> list[float]:
    found = []
    for done in Trainer(recipe).run():
        found.append(done.loss)
        if done.step >= stop_after:
            break
    return found


def test_an_interrupted_run_goes_on_bit_for_bit(values: dict[str, object], tmp_path: Path) -> None:
    straight = losses(parse_recipe({**values, "out": str(tmp_path / "straight")}))
    recipe = parse_recipe(values)
    first = losses(recipe, stop_after=7)  # saved after 6, in the first stage; 7 is lost and done again
    assert first + losses(recipe)[1:] == straight
    assert len(straight) == 10
    logged = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [row["loss"] for row in logged] == straight


def test_a_damaged_checkpoint_is_passed_over(values: dict[str, object], tmp_path: Path) -> None:
    recipe = parse_recipe(values)
    straight = losses(recipe, stop_after=6)
    newest = tmp_path / "run" / "checkpoints" / "step-0000006" / "tensors.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100])
    assert losses(recipe, stop_after=6) == straight[3:]


def test_many_small_batches_make_the_gradient_of_one_big_one(values: dict[str, object], tmp_path: Path) -> None:
    shard = Shard(tmp_path / "texts")

    def gradient(rows: int, parts: int) -> list[torch.Tensor]:
        trainer = Trainer(parse_recipe({**values, "out": str(tmp_path / f"{rows}")}))
        loader = Loader(shard, rows=rows, length=24, seed=2, whole=True)
        batches = [loader.next_batch() for _ in range(parts)]
        num_targets = sum(b.num_targets for b in batches)
        for batch in batches:
            (sum_nll(trainer.model, batch, True) / num_targets).backward()
        return [p.grad for p in trainer.model.parameters() if p.grad is not None]

    for one, many in zip(gradient(8, 1), gradient(2, 4), strict=True):
        torch.testing.assert_close(one, many, rtol=1e-4, atol=1e-6)


def test_the_losses_are_those_on_record(values: dict[str, object]) -> None:
    """20 steps; after a change that is meant to change them, delete the file and run this once."""
    found = losses(parse_recipe({**values, "stages": [{**values["stages"][0], "steps": 20}]}))  # type: ignore[index]
    if not GOLDEN.exists():
        GOLDEN.write_text(json.dumps([round(x, 6) for x in found], indent=1))
    assert found == pytest.approx(json.loads(GOLDEN.read_text()), abs=2e-3)
    assert found[-1] < found[0] - 0.5


def test_a_loss_that_is_no_number_stops_before_the_weights_change(values: dict[str, object]) -> None:
    trainer = Trainer(parse_recipe(values))
    with torch.no_grad():
        trainer.model.blocks[0].ffn.up.weight[0, 0] = float("nan")
    before = trainer.model.embed.weight.clone()
    with pytest.raises(Diverged, match="Lower the rate"):
        next(iter(trainer.run()))
    assert torch.equal(trainer.model.embed.weight, before)


def test_a_run_leaves_its_recipe_its_log_and_a_model(values: dict[str, object], tmp_path: Path) -> None:
    folder = train(parse_recipe(values), show=False)
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 11))
    assert set(rows[4]["bits_per_byte"]) == set(rows[-1]["bits_per_byte"]) == {"en", "zh"}
    assert load_recipe(tmp_path / "run" / "recipe.yaml") == parse_recipe(values)
    again = parse_recipe({**values, "start_from": str(folder), "out": str(tmp_path / "next")})
    assert losses(again)[0] < rows[0]["loss"]


def test_adapters_are_learnt_resumed_saved_and_merged(values: dict[str, object], tmp_path: Path) -> None:
    base = train(parse_recipe(values), show=False)
    changes = {"start_from": str(base), "lora_rank": 2, "adam_lr": 0.02}
    straight = losses(parse_recipe({**values, **changes, "out": str(tmp_path / "straight")}))
    recipe = parse_recipe({**values, **changes, "out": str(tmp_path / "tuned")})
    assert losses(recipe, stop_after=4)[:3] + losses(recipe) == straight
    before, after = load_checkpoint(base)[0], load_checkpoint(tmp_path / "tuned" / "model")[0]
    ids = torch.arange(20)[None]
    assert (before(ids) - after(ids)).abs().max() > 0.01
    load_lora(tmp_path / "tuned" / "adapter", before)
    torch.testing.assert_close(before(ids), after(ids), rtol=1e-4, atol=1e-4)


def test_recipes_are_checked_field_by_field(values: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    save_recipe(parse_recipe(values), path)
    changed = load_recipe(path, ["muon_lr=0.5", "stages.1.steps=9", "model.d_ff=64"])
    assert (changed.muon_lr, changed.stages[1].steps, changed.model["d_ff"]) == (0.5, 9, 64)
    for override, words in {
        "colour=red": "no field colour",
        "stages.0.colour=1": r"no field stages.0.colour",
        "stages.9.steps=1": "nothing at",
        "seed=many": "seed must be of the kind int",
        "precision=fp8": "one of fp32, bf16",
        "seed": "no '='",
        "stages=[]": "no stages",
        "stages=[{steps: 3}]": "incomplete: .*shard",
        "stages=3": "must be a list",
    }.items():
        with pytest.raises(Invalid, match=words):
            load_recipe(path, [override])
    with pytest.raises(Invalid, match="start_from"):
        parse_recipe({**values, "tokenizer": ""})
    with pytest.raises(Invalid, match="cannot be read"):
        load_recipe(tmp_path / "absent.yaml")


def test_label_smoothing_is_that_of_torch(values: dict[str, object], tmp_path: Path) -> None:
    trainer = Trainer(parse_recipe({**values, "label_smoothing": 0.2}))
    batch = trainer.loaders[0].next_batch()
    logits = trainer.model(batch.ids, batch.positions, document_mask(batch.document)).flatten(0, 1)
    learnt = batch.targets.flatten() != IGNORED
    p = logits.log_softmax(-1)[learnt]
    right = p.gather(1, batch.targets.flatten()[learnt][:, None])[:, 0]
    wanted = -(0.8 * right + 0.2 * p.mean(-1)).sum()
    torch.testing.assert_close(trainer.loss(batch), wanted, rtol=1e-5, atol=1e-3)


def test_the_moving_average_is_kept_resumed_and_becomes_the_model(values: dict[str, object], tmp_path: Path) -> None:
    recipe = parse_recipe({**values, "ema": 0.8, "muon_lr": 0.05})
    trainer = Trainer(recipe)
    for done in trainer.run():
        if done.step == 6:
            break
    at_six = {n: t.clone() for n, t in trainer.average.items()}
    again = Trainer(recipe)
    assert again.step == 6
    assert all(torch.equal(t, at_six[n]) for n, t in again.average.items())
    for _ in again.run():
        for name, p in again.model.named_parameters():
            at_six[name] = 0.8 * at_six[name] + 0.2 * p.detach()
    saved = dict(load_checkpoint(tmp_path / "run" / "model")[0].named_parameters())
    for name, p in again.model.named_parameters():
        torch.testing.assert_close(saved[name], at_six[name], rtol=1e-4, atol=1e-6)
        assert p.dim() == 1 or not torch.allclose(p, saved[name])


def test_a_run_that_memory_cannot_hold_is_refused_before_it_takes_any(values: dict[str, object]) -> None:
    huge = {"d_model": 65536, "n_layers": 90, "n_heads": 512, "n_kv_heads": 512, "d_head": 128, "d_ff": 262144, "context": 48}
    with pytest.raises(Invalid, match=r"needs about [\d.]+ GB of memory and .* are free"):
        Trainer(parse_recipe({**values, "model": huge}))


def test_parameters_are_counted_from_the_shape_alone(make_model: Any) -> None:
    for fields in ({}, {"tie_embeddings": False, "ffn": "relu"}, {"positions": "learned", "n_kv_heads": 4}):
        model = make_model(**fields)
        assert count_parameters(model.config) == pytest.approx(model.num_parameters, rel=0.03)


def test_samples_and_a_report_are_written_along_the_way(values: dict[str, object], tmp_path: Path) -> None:
    train(parse_recipe({**values, "sample_prompts": ["The parcel", "包裹"]}), show=False)
    rows = [json.loads(line) for line in (tmp_path / "run" / "samples.jsonl").read_text().splitlines()]
    assert [(r["step"], r["prompt"]) for r in rows] == [(s, p) for s in (5, 10) for p in ("The parcel", "包裹")]
    assert "What it wrote" in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_a_kill_at_any_moment_leaves_the_last_checkpoint_whole(values: dict[str, object], tmp_path: Path) -> None:
    """The program is killed while it does little but save, and goes on to the losses of a run that was left alone."""
    straight = losses(parse_recipe({**values, "out": str(tmp_path / "straight"), "save_every": 1}))
    save_recipe(parse_recipe({**values, "save_every": 1}), tmp_path / "recipe.yaml")
    program = (
        "import sys, os, threading, time, random\n"
        "from pathlib import Path\nimport torch\ntorch.set_num_threads(1)\n"
        "from duologue.lm.training.recipe import load_recipe\nfrom duologue.lm.training.train import Trainer\n"
        "trainer = Trainer(load_recipe(Path(sys.argv[1])))\n"
        "def kill():\n    time.sleep(float(sys.argv[2]))\n    os._exit(9)\n"
        "threading.Thread(target=kill, daemon=True).start()\n"
        "for done in trainer.run():\n    pass\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "recipe.yaml"), "0.2"], check=False, timeout=120)
    latest = find_latest(tmp_path / "run")
    assert latest is None or (latest / "state.json").exists()
    losses(parse_recipe({**values, "save_every": 1}))
    logged = [json.loads(line)["loss"] for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert logged == straight


def test_every_field_of_a_recipe_is_documented() -> None:
    rows = describe_fields()
    assert {"out", "stages.N.shard", "muon_lr"} <= {name for name, _, _ in rows}
    assert all(meaning.endswith(".") for _, _, meaning in rows)
