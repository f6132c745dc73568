"""Unanswered questions become gaps: alike ones together, languages apart, counted and named."""

from duologue.packs.support.talk.gaps import find_gaps
from duologue.sdk import Question

ASKED = [
    "do you rent out tents",
    "can I rent a tent for a weekend",
    "is it possible to rent tents",
    "do you sell skis",
    "are skis sold in your shop",
    "你们可以租帐篷吗",
    "你们能不能租帐篷",
    "周末租帐篷多少钱",
    "   ",
]


def test_alike_questions_are_one_gap() -> None:
    gaps = find_gaps([Question(str(n), text) for n, text in enumerate(ASKED)])
    members = [{q.id for q in gap.questions} for gap in gaps]
    assert {"0", "1", "2"} in members
    assert {"3", "4"} in members
    assert {"5", "6", "7"} in members
    assert sum(gap.count for gap in gaps) == 8
    assert [gap.count for gap in gaps] == sorted((gap.count for gap in gaps), reverse=True)
    rent = next(gap for gap in gaps if gap.lang == "en" and gap.count == 3)
    assert rent.name in ASKED
    assert any("rent" in term for term in rent.terms)


def test_the_order_of_the_questions_does_not_matter() -> None:
    asked = [Question(str(n), text) for n, text in enumerate(ASKED)]
    forward, backward = find_gaps(asked), find_gaps(asked[::-1])
    groups = [{frozenset(q.id for q in gap.questions) for gap in gaps} for gaps in (forward, backward)]
    assert groups[0] == groups[1]


def test_few_and_none() -> None:
    assert find_gaps([]) == []
    assert find_gaps([Question("a", "?")])[0].count == 1
    assert find_gaps([Question("a", "hello there")], least=2) == []
    assert len(find_gaps([Question("a", "x" * 100_000)])[0].name) <= 80


def test_an_address_does_not_reach_the_name() -> None:
    [gap] = find_gaps([Question("a", "I am wang.lei@mail.example, do you rent kayaks")])
    assert "wang" not in gap.name + " ".join(gap.terms)
    assert gap.name.endswith("do you rent kayaks")


def test_a_question_mark_joins_nothing() -> None:
    asked = ("保修多长时间？", "运费多少钱？", "可以换尺码吗？", "发票怎么开？", "你们周末上班吗？")
    assert [gap.count for gap in find_gaps([Question(str(n), text) for n, text in enumerate(asked)])] == [1] * len(asked)


def test_a_gap_is_told_by_whole_words_that_say_what_is_asked_for() -> None:
    [gap] = find_gaps([Question("a", "春节期间还能下单吗？什么时候发货？")])
    assert {"下单", "发货"} <= set(gap.terms)
    assert not {"什么时候", "时候", "什么"} & set(gap.terms)
    [gap] = find_gaps([Question("a", "What does it cost to sharpen ice axes?")])
    assert set(gap.terms) == {"cost", "sharpen", "ice", "axes"}
