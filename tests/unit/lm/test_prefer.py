import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.chat import render
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.training.prefer import (
    Pair,
    Preference,
    PreferRecipe,
    answer_logprobs,
    dpo_loss,
    leave_out_long,
    read_pairs,
    to_sides,
)
from duologue.lm.training.recipe import parse_fields
from duologue.lm.writing.score import token_logprobs

Make = Callable[..., Transformer]
ASKED = ({"role": "user", "content": "Where is my order?"},)
PAIRS = [Pair(ASKED, "It's on its way.", "The tent."), Pair(ASKED, "三天", "订单号是365号，请您耐心等待。")]


def write_pairs(path: Path, count: int = 12) -> Path:
    rows = [
        {"prompt": list(ASKED), "chosen": f"It takes {i} days.", "rejected": [{"role": "assistant", "content": "No."}]}
        for i in range(count)
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def test_an_answers_log_probability_is_that_of_scoring_whatever_stands_beside_it(
    make_model: Make, tokenizer: TextTokenizer
) -> None:
    model = make_model(vocab_size=tokenizer.vocab_size)
    found = answer_logprobs(model, to_sides(tokenizer, PAIRS, 64))
    answers = [PAIRS[0].chosen, PAIRS[1].chosen, PAIRS[0].rejected, PAIRS[1].rejected]
    for value, answer in zip(found.tolist(), answers, strict=True):
        ids = render(tokenizer, [*ASKED, {"role": "assistant", "content": answer}]).ids
        start = len(render(tokenizer, ASKED, for_reply=True).ids)
        assert value == pytest.approx(float(token_logprobs(model, ids, start).sum()), abs=1e-3)


def test_the_loss_is_the_formula() -> None:
    policy, reference = torch.tensor([-1.0, -5.0, -2.0, -4.0]), torch.tensor([-2.0, -5.0, -1.0, -5.0])
    losses, margin = dpo_loss(policy, reference, torch.tensor([2, 4]), beta=0.5, nll=0.25)
    assert margin.tolist() == [2.0, -1.0]
    first = -math.log(1 / (1 + math.exp(-1.0))) + 0.25 * 0.5
    second = -math.log(1 / (1 + math.exp(0.5))) + 0.25 * 1.25
    assert losses.tolist() == pytest.approx([first, second])


def test_a_long_prompt_loses_its_beginning_on_both_sides_and_a_long_answer_is_refused(tokenizer: TextTokenizer) -> None:
    long = Pair(({"role": "user", "content": "order " * 80},), "Yes, it is.", "No.")
    sides = to_sides(tokenizer, [long], 40)
    assert sides.ids.size(1) <= 40
    kept = [ids[~mask & (ids > 0)].tolist() for ids, mask in zip(sides.ids, sides.mask, strict=True)]
    assert kept[0] == kept[1]
    with pytest.raises(Invalid, match="no room"):
        to_sides(tokenizer, [Pair(ASKED, "order " * 80, "No.")], 40)


def test_pairs_too_long_for_the_model_are_left_out_with_their_number(tokenizer: TextTokenizer) -> None:
    short, long = Pair(ASKED, "Yes, it is.", "No."), Pair(ASKED, "Yes.", "order " * 80)
    assert leave_out_long(tokenizer, [long, short, long], 40) == ([short], 2)
    with pytest.raises(Invalid, match="no pair is left"):
        leave_out_long(tokenizer, [long], 40)


@pytest.mark.parametrize("rank", [0, 4])
def test_the_chosen_gains_on_the_rejected_and_does_not_fall(
    make_model: Make, tokenizer: TextTokenizer, tmp_path: Path, rank: int
) -> None:
    save_checkpoint(tmp_path / "m", make_model(vocab_size=tokenizer.vocab_size, spread=0.05), tokenizer)
    changes = {"epochs": 6, "rows": 4, "adam_lr": 3e-3 if rank else 1e-3, "lora_rank": rank, "held_out": 0.25}
    recipe = parse_fields(
        PreferRecipe,
        {"out": str(tmp_path / "run"), "start_from": str(tmp_path / "m"), "pairs": str(write_pairs(tmp_path / "p")), **changes},
    )
    seen = list(Preference(recipe).run())
    held = [s for s in seen if s.is_held_out]
    assert [len(held), held[0].step, held[0].margin] == [7, 0, 0.0]  # before the first step and after each pass
    assert seen[0].margin == pytest.approx(0.0, abs=1e-4)
    assert held[-1].margin > held[1].margin > 0
    assert held[-1].accuracy == 1.0
    assert held[-1].chosen_logprob > seen[0].chosen_logprob
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == len(seen)
    assert (tmp_path / "run" / "adapter").exists() == bool(rank)
    before, after = load_checkpoint(tmp_path / "m")[0], load_checkpoint(tmp_path / "run" / "model")[0]
    ids = torch.arange(20)[None]
    assert (before(ids) - after(ids)).abs().max() > 1e-3


def test_pairs_are_read_in_both_forms_and_faults_are_named(tmp_path: Path) -> None:
    pairs, num_equal = read_pairs(write_pairs(tmp_path / "p", 3))
    assert (len(pairs), num_equal, pairs[2].chosen, pairs[2].rejected) == (3, 0, "It takes 2 days.", "No.")
    same = {"prompt": list(ASKED), "chosen": "No. ", "rejected": "No."}
    (tmp_path / "same").write_text(json.dumps(same) + "\n")
    with pytest.raises(Invalid, match="no pair"):
        read_pairs(tmp_path / "same")
    (tmp_path / "bad").write_text(json.dumps({**same, "chosen": "Yes."}) + '\n{"prompt": []}\n')
    with pytest.raises(Invalid, match="Line 2"):
        read_pairs(tmp_path / "bad")
    with pytest.raises(Invalid, match="cannot be read"):
        read_pairs(tmp_path / "absent")
    with pytest.raises(Invalid, match="no field colour"):
        parse_fields(PreferRecipe, {"colour": 1})


@pytest.mark.parametrize(("stop", "rank"), [(1, 4), (3, 4), (4, 0), (6, 4), (8, 4)])
def test_an_interrupted_run_goes_on_bit_for_bit(
    make_model: Make, tokenizer: TextTokenizer, tmp_path: Path, stop: int, rank: int
) -> None:
    save_checkpoint(tmp_path / "base", make_model(vocab_size=tokenizer.vocab_size), tokenizer)
    pairs = write_pairs(tmp_path / "pairs.jsonl")
    given = {"start_from": str(tmp_path / "base"), "pairs": str(pairs), "epochs": 2, "rows": 3, "lora_rank": rank, "held_out": 0.25}

    def recipe(name: str) -> PreferRecipe:
        return parse_fields(PreferRecipe, {**given, "out": str(tmp_path / name), "adam_lr": 1e-2, "save_every": 2})

    whole = list(Preference(recipe("whole")).run())
    for number, _ in enumerate(Preference(recipe("cut")).run(), 1):
        if number == stop:
            break
    list(Preference(recipe("cut")).run())
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "cut")]
    assert logs[0] == logs[1]
    assert len(whole) == len(logs[0].splitlines()) == 6 + 3
    weights = [load_checkpoint(tmp_path / name / "model")[0].state_dict() for name in ("whole", "cut")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_other_pairs_begin_anew(make_model: Make, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "base", make_model(vocab_size=tokenizer.vocab_size), tokenizer)
    given = {"out": str(tmp_path / "out"), "start_from": str(tmp_path / "base"), "pairs": str(tmp_path / "pairs.jsonl"), "rows": 3}
    steps = []
    for count in (12, 12, 14):
        write_pairs(tmp_path / "pairs.jsonl", count)
        steps.append(len([d for d in Preference(parse_fields(PreferRecipe, given)).run() if not d.is_held_out]))
    assert steps == [4, 0, 5]
