"""Plain texts hold a model that learns by adapters: the distance is torch's, and what is held does not move."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from duologue.kit.errors import Invalid
from duologue.lm.training.data import IGNORED, Batch
from duologue.lm.training.keep import distance, find_plain
from duologue.lm.training.recipe import parse_recipe
from duologue.lm.training.train import Trainer, sum_nll, train
from duologue.lm.writing.ask import Model
from tests.unit.lm.test_train import values as training_values  # noqa: F401

TEXTS = ["Boots are waxed every week.", "包裹在哪里？", "The tent is dry."]


def test_the_distance_and_its_gradient_are_torchs() -> None:
    torch.manual_seed(1)
    now, before, weight = torch.randn(300, 12, requires_grad=True), torch.randn(300, 12), torch.randn(40, 12)
    mine = distance(now, before, weight)
    mine.backward()
    gradient, now.grad = now.grad, None
    p, q = ((states @ weight.T).log_softmax(-1) for states in (before, now))
    theirs = F.kl_div(q, p, log_target=True, reduction="sum")
    theirs.backward()
    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(gradient, now.grad, rtol=1e-4, atol=1e-5)
    assert float(distance(before, before, weight)) == pytest.approx(0, abs=1e-4)


def test_a_text_is_told_from_a_conversation_and_from_padding() -> None:
    nothing = IGNORED
    batch = Batch(
        ids=torch.arange(16).reshape(2, 8),
        targets=torch.tensor([[nothing, 5, 6, 1, 2, 3, nothing, nothing], [nothing, nothing, 4, 5, 6, 7, 8, nothing]]),
        document=torch.tensor([[0, 0, 0, 1, 1, 1, -1, -1], [2] * 8]),
        positions=torch.tensor([[0, 1, 2, 0, 1, 2, 0, 1], list(range(8))]),
    )
    assert find_plain(batch).tolist() == [[False] * 3 + [True] * 3 + [False] * 2, [False] * 8]


@pytest.fixture
def tuning(training_values: dict[str, Any], tmp_path: Path) -> dict[str, Any]:  # noqa: F811
    """A trained base, and files of conversations and texts to tune it on."""
    train(parse_recipe({**training_values, "out": str(tmp_path / "base")}), show=False)
    talks = [[{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "It comes today."}]] * 4
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps({"messages": talk}) + "\n" for talk in talks))
    (tmp_path / "plain.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    data = [str(tmp_path / f"{name}.jsonl") for name in ("talks", "plain")]
    stage = {"data": data, "steps": 25, "length": 48, "rows": 4, "whole": True}
    base = {"start_from": str(tmp_path / "base" / "model"), "stages": [stage], "optimizer": "adamw", "adam_lr": 0.02}
    return {**base, "lora_rank": 4, "evaluate_every": 0, "held_out_share": 0.0, "warmup_steps": 2, "save_every": 10}


def test_what_is_held_stays_while_answers_are_learnt(tuning: dict[str, Any], tmp_path: Path) -> None:
    before = Model(tmp_path / "base" / "model")
    moved, learnt = {}, {}
    for keep in (0.0, 3.0):
        model = Model(train(parse_recipe({**tuning, "out": str(tmp_path / f"run{keep}"), "keep": keep}), show=False))
        moved[keep] = max(abs(model.score(t)["logprob"] - before.score(t)["logprob"]) for t in TEXTS)
        ids = before.read_chat([{"role": "user", "content": "Where is it?"}])
        learnt[keep] = model.score(before.tokenizer.decode(ids), "It comes today.")["logprob"]
    assert moved[3.0] < moved[0.0] / 3
    start = before.score(before.tokenizer.decode(ids), "It comes today.")["logprob"]
    assert learnt[3.0] > start + 1


def test_at_first_texts_weigh_nothing_and_a_held_run_goes_on_exactly(tuning: dict[str, Any], tmp_path: Path) -> None:
    recipe = parse_recipe({**tuning, "out": str(tmp_path / "held"), "keep": 1.0})
    trainer = Trainer(recipe)
    batch = trainer.loaders[0].next_batch()
    plain = find_plain(batch)
    assert bool(plain.any())
    talks = replace(batch, targets=torch.where(plain, IGNORED, batch.targets))
    assert 0 < talks.num_targets < batch.num_targets
    torch.testing.assert_close(trainer.loss(batch), sum_nll(trainer.model, talks, mask_documents=True))
    straight = [done.loss for done in Trainer(parse_recipe({**tuning, "out": str(tmp_path / "straight"), "keep": 1.0})).run()]
    cut = []
    for done in Trainer(parse_recipe({**tuning, "out": str(tmp_path / "cut"), "keep": 1.0})).run():
        cut.append(done.loss)
        if done.step == 12:
            break
    rest = [done.loss for done in Trainer(parse_recipe({**tuning, "out": str(tmp_path / "cut"), "keep": 1.0})).run()]
    assert cut[:10] + rest == straight


def test_texts_hold_adapters_only(tuning: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="lora_rank"):
        parse_recipe({**tuning, "out": "x", "keep": 1.0, "lora_rank": 0})
    with pytest.raises(Invalid, match="keep"):
        parse_recipe({**tuning, "out": "x", "keep": -1.0})
