"""Ask once, then hand over: under any sequence of messages there is no loop and no second voice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.packs.support.talk.fallback import Progress, decide_step, hand_back, is_vague, render_question

MESSAGES = st.lists(
    st.tuples(st.sampled_from(["sure", "unsure", "outside"]), st.booleans(), st.booleans()), min_size=1, max_size=30
)


@given(MESSAGES)
def test_between_two_answers_at_most_one_question_and_nothing_after_a_hand_over(messages: list[tuple[str, bool, bool]]) -> None:
    progress, steps = Progress(), []
    for understanding, wants_person, is_repeat in messages:
        step, progress = decide_step(progress, understanding, wants_person=wants_person, is_repeat=is_repeat)  # type: ignore[arg-type]
        steps.append(step)
    asked = False
    for step in steps:
        assert not (asked and step in ("clarify", "rephrase"))
        asked = step in ("clarify", "rephrase")
    assert steps.count("hand_over") <= 1
    if "hand_over" in steps:
        assert set(steps[steps.index("hand_over") + 1 :]) <= {"silent"}
    else:
        assert "silent" not in steps


def test_two_stages_then_a_person() -> None:
    step, progress = decide_step(Progress(), "outside")
    assert step == "rephrase"
    assert decide_step(progress, "sure") == ("answer", Progress())
    step, progress = decide_step(progress, "unsure")
    assert step == "hand_over"
    assert decide_step(progress, "sure", wants_person=True)[0] == "silent"
    assert decide_step(hand_back(), "sure")[0] == "answer"


def test_saying_again_what_was_just_answered_is_not_understood() -> None:
    step, progress = decide_step(Progress(), "sure", is_repeat=True)
    assert step == "clarify" or step == "rephrase"
    assert decide_step(progress, "sure", is_repeat=True)[0] == "hand_over"


def test_questions_in_words() -> None:
    assert "return it or exchange it" in render_question("clarify", ["return it", "exchange it"], "en")
    assert "退货，还是换货" in render_question("clarify", ["退货", "换货"], "zh")
    assert render_question("clarify", [], "zh") == render_question("rephrase", ["x"], "zh") != ""
    assert render_question("answer", ["x"], "en") == ""


@pytest.mark.parametrize(
    "text",
    ["支持花呗吗", "你们几点关门", "运费多少钱", "怎么退货", "在哪里提货", "boots?", "when do you open", "do you ship abroad"],
)
def test_a_short_question_is_a_question_without_its_mark(text: str) -> None:
    assert not is_vague(text)


@pytest.mark.parametrize("text", ["退货", "订单问题", "啊啊啊啊", "parcel", "about money", "asdf qwerty zxcv", "is", "what"])
def test_a_word_or_two_is_no_question(text: str) -> None:
    assert is_vague(text)
