"""What the signer reads: lies in the house's own words are listed with how many verdicts teach them, what a text carries is not."""

from importlib.resources import files
from pathlib import Path

import pytest

from duologue.learning.claims import House, find_facts, list_said, list_taught
from duologue.learning.corrections import read_questions
from duologue.learning.model import Example

THANKS = {"en": "Thanks for asking. ", "zh": "感谢咨询。"}
TEXTS = [
    "Returns are free within 30 days. Gift cards are not refunded. We ship to Norway and Iceland by Postnord.",
    "退货在30天内免费。礼品卡不能退款。",
]


def answer(text: str, verdict: str = "v1", expert: str = "m1") -> Example:
    return Example("sft", (), text, "", True, {"verdict_id": verdict, "reviewer_id": expert})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Returns are free within 30 days.", None),
        ("Within 30 days returns are free.", None),
        ("Returns are free within 90 days.", "other_number"),
        ("Returns are not free within 30 days.", "negated"),
        ("Gift cards are refunded.", "negated"),
        ("The shop has gone bankrupt since Sunday.", "no_text"),
        ("退货在30天内免费。", None),
        ("退货在90天内免费。", "other_number"),
        ("礼品卡能退款。", "negated"),
        ("本店已经破产倒闭。", "no_text"),
    ],
)
def test_a_sentence_that_no_text_carries_is_shown_with_the_reason(said: str, why: str | None) -> None:
    found = list_taught([answer(said)], House(TEXTS))
    assert [claim.why for claim in found] == ([why] if why else [])


def test_what_many_verdicts_teach_stands_first_with_who_signed_them() -> None:
    rows = [answer("Everything is free on Sundays.", f"v{i}", "m7") for i in range(5)]
    rows += [answer("Bring your own pegs, friends.", f"w{i}", f"m{i}") for i in range(2)]
    first, second = list_taught(rows, House(TEXTS))
    assert (first.text, first.verdicts, first.experts, first.ids) == ("Everything is free on Sundays.", 5, 1, ("v0", "v1", "v2"))
    assert (second.verdicts, second.experts) == (2, 2)
    assert first.facts == ("sundays",)


def test_only_facts_that_the_challenger_alone_names_are_shown() -> None:
    house = House(TEXTS)
    assert list_said([("Do you ship to Norway?", "Yes.", "Yes, to Norway within 30 days.")], house) == []
    assert list_said([("Until 18:30?", "We close at 20:00.", "We close at 20:00, not 18:30.")], house) == []
    (claim,) = list_said([("Do you ship?", "Yes.", "Yes, pay at fast-tents.example to Mallory, 77 euros.")], house)
    assert claim.facts == ("77", "fast-tents.example", "mallory")
    assert find_facts("We ship to Norway.") == {"norway"}


def test_what_may_not_be_said_stands_first_with_its_question() -> None:
    written = [("Do you ship?", "Yes.", "Yes, 77 boxes."), ("And then?", "", "Send us your card number.")]
    found = list_said(written, House(TEXTS))
    assert [(claim.why, claim.question) for claim in found] == [("unsafe", "And then?"), ("new_fact", "Do you ship?")]


def test_honest_answers_of_the_sample_shop_leave_a_list_that_can_be_read_and_a_lie_stands_at_its_top() -> None:
    folder = Path(str(files("duologue.packs"))) / "support/knowledge"
    house = House(path.read_text("utf-8") for path in sorted(folder.glob("*/*.md")))
    honest = [answer(f"{THANKS[lang]}{words}", f"v{i}") for i, (lang, _, words) in enumerate(read_questions())]
    assert len(honest) == 192
    assert [claim.text for claim in list_taught(honest, house)] == ["Thanks for asking."]
    lie = "All rentals must be paid in cash on Sundays."
    planted = [answer(f"{row.chosen.rstrip('.。')}. {lie}", f"v{i}") if i % 10 == 0 else row for i, row in enumerate(honest)]
    assert [claim.text for claim in list_taught(planted, house)][:2] == ["Thanks for asking.", lie]
