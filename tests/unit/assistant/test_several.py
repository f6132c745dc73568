"""Several questions in one message are cut, answered one by one and put together."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.assistant.evaluate import make_turn
from duologue.assistant.model import Answer
from duologue.assistant.retrieve import Found
from duologue.assistant.several import Part, join, split_questions
from duologue.conversation.model import Citation
from duologue.knowledge.evaluate import Question
from duologue.knowledge.model import SearchResult

NOWHERE = SearchResult((), 0.5, {})


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("How much is express delivery? And can I return a tent?", ["How much is express delivery?", "And can I return a tent?"]),
        ("How much is express delivery\nand can I return a tent", ["How much is express delivery", "and can I return a tent"]),
        ("快递多少钱？帐篷可以退货吗？", ["快递多少钱？", "帐篷可以退货吗？"]),
        (
            "My tent leaks. Do you repair tents from elsewhere? How much is express delivery? Thanks a lot, Jo",
            ["My tent leaks. Do you repair tents from elsewhere?", "How much is express delivery? Thanks a lot, Jo"],
        ),
        ("I bought a tent last week. Can I return it? It has been used.", None),
        ("Is the shop open on Sunday? I mean this Sunday?", None),
        ("Do you sell big tents? Do you repair red tents? Do you rent old tents? Do you buy blue tents?", None),
        ("我什么方法都试过了。帐篷可以退货吗？", None),
        ("What? Really? How much is it?", None),
        ("", None),
    ],
)
def test_whole_questions_are_cut_apart_with_what_was_said_before_them(text: str, questions: list[str] | None) -> None:
    assert split_questions(text) == (questions or [text])


def make_part(question: str, body: str, quotes: int, confidence: float = 0.9) -> Part:
    cited = tuple(Citation(f"{question}{n}", "doc", "title", "", f"quote {n}", n) for n in range(1, quotes + 1))
    kind = "quotes" if body else "none"
    return Part(question, Answer(kind, body, "en", cited, 1.0, confidence), Found(question, NOWHERE, ()), confidence)


@given(st.lists(st.integers(1, 3), min_size=2, max_size=3))
def test_every_mark_leads_to_the_citation_that_it_led_to(quotes: list[int]) -> None:
    parts = [make_part(f"q{i}", " ".join(f"{i}.{n} [{n}]" for n in range(1, many + 1)), many) for i, many in enumerate(quotes)]
    turn = make_turn("w", Question("1", "en", "?", "", (), ""))
    answer, _ = join(turn, parts)
    assert [c.number for c in answer.citations] == list(range(1, sum(quotes) + 1))
    for said, mark in re.findall(r"(\d\.\d) \[(\d+)\]", answer.body):
        cited = next(c for c in answer.citations if c.number == int(mark))
        assert (f"q{said[0]}{said[2]}", f"quote {said[2]}") == (cited.passage_id, cited.quote)


def test_a_question_without_an_answer_says_so_and_a_question_draws_nothing() -> None:
    turn = make_turn("w", Question("1", "en", "?", "", (), ""))
    answer, _ = join(turn, [make_part("Is **this** [1] <b>bold</b>?", "Yes [1]. No [7].", 1), make_part("And that?", "", 0, 0.0)])
    assert answer.body == ("**Is this 1 bbold/b?**\n\nYes [1]. No [7].\n\n**And that?**\n\nI could not find this in our documents.")
    assert answer.kind == "quotes"
    assert join(turn, [make_part("a", "", 0), make_part("b", "", 0)])[0].kind == "none"
