"""Essay drafts: that they follow what people scored, beyond length, and that strange rows are read or left out by name."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.education.evaluate import essay as evaluate_essay
from duologue.packs.education.grades.drafts import draft
from duologue.packs.education.grades.essay_drafts import ESSAY_CONFIDENCE
from duologue.packs.education.grades.repository import Homework, Submission

AT = datetime(2026, 9, 7, tzinfo=UTC)

GOOD = ["moreover", "because", "therefore", "evidence", "although", "careful", "argument", "example", "conclusion", "reader"]
POOR = ["thing", "stuff", "good", "bad", "very", "really", "like", "nice", "big"]


def essays(n: int, seed: int) -> list[dict[str, Any]]:
    """Texts of a random length whose words, not whose length, decide on `content`."""
    chance = random.Random(seed)
    rows = []
    for _ in range(n):
        share, length = chance.random(), chance.randrange(60, 200)
        said = [chance.choice(GOOD if chance.random() < share else POOR) for _ in range(length)]
        text = ". ".join(" ".join(said[k : k + 9]).capitalize() for k in range(0, length, 9)) + "."
        rows.append(
            {"prompt": chance.choice("AB"), "text": text, "scores": {"content": 1 + round(4 * share), "length": length // 40}}
        )
    return rows


def test_a_trait_that_is_not_length_is_learned_from_the_words() -> None:
    found = {str(row["metric"]): row for row in evaluate_essay.measure(essays(150, 1), essays(60, 2), None)}
    content = found["qwk_content"]
    assert float(str(content["value"])) > 0.6 > float(str(content["baseline"]))
    assert {"qwk_length", "rmse_content", "qwk_mean"} <= found.keys()


def test_strange_rows_are_read_or_left_out_by_name() -> None:
    odd = [
        {"prompt": None, "text": None, "scores": {"content": "3"}},
        {"text": "短文。", "scores": 4},
        {"text": "x", "scores": {"content": None}},
    ]
    train = essays(30, 3)
    found = {str(row["metric"]): row for row in evaluate_essay.measure([*train, *odd], [*essays(12, 4), *odd], None)}
    assert found["unreadable"]["value"] == 1
    assert found["qwk_content"]["n"] == 13
    with pytest.raises(Invalid, match="at least 10"):
        list(evaluate_essay.measure(train[:3], essays(5, 1), None))


@pytest.mark.parametrize("rubric", [[{"text": "We swam in the lake."}], []])
def test_no_draft_of_an_essay_is_ever_sure_however_many_are_signed(rubric: list[dict[str, str]]) -> None:
    text = "We swam in the lake."
    row = Homework("hwk", "wsp", "Summer", "2030-01-01", [{"id": "e", "text": "Tell.", "type": "essay", "rubric": rubric}], "t", AT)
    signed = [
        Submission(f"s{k}", "wsp", "hwk", f"p{k}", "e", text, "en", "signed", AT, signed={"score": 1.0, "criteria": {"1": True}})
        for k in range(12)
    ]
    found, why = draft(row, Submission("new", "wsp", "hwk", "me", "e", text, "en", "new", AT), signed)
    assert (found.is_draft, found.queue, why in ("draft", "essay")) == (True, "single", True)
    assert found.confidence <= ESSAY_CONFIDENCE
