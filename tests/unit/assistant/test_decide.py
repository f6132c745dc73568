"""The decision: send, draft or hand over, for every posture; and how sure the signals make it."""

from dataclasses import replace

import pytest

from duologue.assistant import confidence
from duologue.assistant.decide import Case, decide
from duologue.assistant.model import Action, Answer
from duologue.assistant.retrieve import Found
from duologue.conversation.model import Citation
from duologue.knowledge.model import SearchResult

GOOD = Answer("quotes", "You have 30 days. [1]", "en", grounded=1.0, fit=1.0)
CASE = Case("autopilot", GOOD, 0.9, 0.75)


@pytest.mark.parametrize(
    ("change", "kind", "reason", "handover", "notice"),
    [
        ({}, "send", "", None, ""),
        ({"confidence": 0.75}, "send", "", None, ""),
        ({"confidence": 0.74}, "draft", "low_confidence", "low_confidence", "holding"),
        ({"drafts_only": True}, "draft", "unverified", "low_confidence", "holding"),
        ({"is_steered": True}, "draft", "guard", "guard", "holding"),
        ({"confidence": 0.7, "failed_before": 1}, "hand_over", "failed_turns", "failed_turns", ""),
        ({"failed_before": 1}, "send", "", None, ""),
        ({"mode": "copilot"}, "draft", "copilot", "copilot", ""),
        ({"mode": "copilot", "confidence": 0.1}, "draft", "low_confidence", "low_confidence", ""),
        ({"mode": "copilot", "failed_before": 5, "confidence": 0.1}, "draft", "low_confidence", "low_confidence", ""),
        ({"mode": "human"}, "hand_over", "by_expert", "by_expert", ""),
        ({"must_draft": True}, "draft", "copilot", None, ""),
        ({"mode": "human", "must_draft": False}, "hand_over", "by_expert", "by_expert", ""),
    ],
)
def test_what_becomes_of_a_good_answer(
    change: dict[str, object], kind: str, reason: str, handover: str | None, notice: str
) -> None:
    decision = decide(replace(CASE, **change))  # type: ignore[arg-type]
    assert (decision.kind, decision.reason, decision.handover, decision.notice) == (kind, reason, handover, notice)


def test_no_answer_is_never_sent() -> None:
    nothing = replace(CASE, answer=replace(GOOD, kind="none"), confidence=1.0, threshold=0.0)
    assert (decide(nothing).kind, decide(nothing).reason) == ("draft", "no_evidence")


def test_an_answer_without_ground_is_never_sent() -> None:
    loose = replace(CASE, answer=replace(GOOD, kind="model", grounded=0.4), confidence=1.0)
    assert (decide(loose).kind, decide(loose).reason) == ("draft", "not_grounded")


@pytest.mark.parametrize("mode", ["autopilot", "copilot"])
def test_a_change_always_waits(mode: str) -> None:
    answer = Answer("action", "Cancel order 1.", "en", grounded=1.0, action=Action("cancel_order", {}))
    decision = decide(replace(CASE, mode=mode, answer=answer, confidence=1.0))  # type: ignore[arg-type]
    assert (decision.kind, decision.reason) == ("draft", "needs_approval")


def signals(**change: float) -> dict[str, float]:
    same = {
        "support": 0.6,
        "fit": 0.8,
        "grounded": 1.0,
        "precedent": 0.0,
        "same_lang": 1.0,
        "logprob": 0.5,
        "steered": 0.0,
        "exchanged": 0.0,
        "of_another": 0.0,
    }
    return same | change


def test_each_signal_moves_the_confidence_the_right_way() -> None:
    usual = confidence.estimate(GOOD, signals())
    assert confidence.estimate(GOOD, signals(support=0.9)) > usual
    assert confidence.estimate(GOOD, signals(support=0.1)) < usual
    for worse in (
        {"grounded": 0.5},
        {"same_lang": 0.0},
        {"steered": 1.0},
        {"logprob": 0.1},
        {"exchanged": 1.0},
        {"of_another": 1.0},
    ):
        assert confidence.estimate(GOOD, signals(**worse)) < usual
    assert 0 <= confidence.estimate(GOOD, signals(support=0.0)) < usual < confidence.estimate(GOOD, signals(support=1.0)) <= 1


@pytest.mark.parametrize(
    ("leaning", "said", "alone", "is_of_another"),
    [
        ("", "Sizes: S, M and L.", (), 0.0),
        ("is it in stock", "Sizes: S, M and L.", (), 1.0),
        ("is it in stock", "Sizes: S, M and L. All are in stock.", (), 0.0),
        ("is it in stock", "Sizes: S, M and L.", ("p",), 0.0),
        ("how much is it", "Sizes: S, M and L.", (), 1.0),
        ("how much is it", "It costs £20.", (), 0.0),
        ("how long does that take", "It costs £20.", (), 1.0),
        ("它多少钱", "有三种尺码。", (), 1.0),
        ("它多少钱", "每件 20 元。", (), 0.0),
        ("what about it?", "Sizes: S, M and L.", (), 0.0),
    ],
)
def test_quotes_for_the_question_before_are_no_answer_to_what_leans_on_it(
    leaning: str, said: str, alone: tuple[str, ...], is_of_another: float
) -> None:
    answer = replace(GOOD, body=said, citations=(Citation("p", "d", "Bags", "", said, 1),))
    found = Found("query", SearchResult((), 0.9, {}), (), leaning, frozenset(alone))
    seen = confidence.gather(answer, found, None, False)
    assert seen["of_another"] == is_of_another
    assert (confidence.estimate(answer, seen) <= confidence.UNHEARD_OF) is bool(is_of_another)


def test_a_precedent_counts_by_its_likeness() -> None:
    again = replace(GOOD, kind="precedent", verdict_id="vrd_1")
    unsure, sure = (confidence.estimate(again, signals(support=0.0, precedent=p)) for p in (0.7, 0.95))
    assert 0.7 < unsure < 0.75 < 0.95 < sure


def test_an_empty_answer_has_no_confidence() -> None:
    assert confidence.estimate(replace(GOOD, body=""), signals()) == 0.0
