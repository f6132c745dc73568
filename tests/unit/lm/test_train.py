import json
from pathlib import Path

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoint import load_checkpoint
from duologue.lm.data import Loader, Shard
from duologue.lm.lora import load_lora
from duologue.lm.recipe import Recipe, describe_fields, load_recipe, parse_recipe, save_recipe
from duologue.lm.tokenizer import TextTokenizer
from duologue.lm.train import Diverged, Trainer, sum_nll, train

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


def test_every_field_of_a_recipe_is_documented() -> None:
    rows = describe_fields()
    assert {"out", "stages.N.shard", "muon_lr"} <= {name for name, _, _ in rows}
    assert all(meaning.endswith(".") for _, _, meaning in rows)
