"""Negation, time and whose it is, in sentences and in answers; the own answer set in both languages."""

import json
from pathlib import Path

import pytest

from duologue.packs.health.language import negation
from duologue.packs.health.language.answers import lost_functions, read_answer
from duologue.packs.health.language.context import assess
from duologue.packs.health.language.measures import find_measures, zh_number

EVALS = Path(negation.__file__).parents[1] / "evals"


@pytest.mark.parametrize(
    ("sentence", "concept", "expected"),
    [
        ("The patient denies chest pain.", "chest pain", True),
        ("No fever, chills or cough.", "cough", True),
        ("Chest pain without radiation.", "chest pain", False),
        ("No cough but fever since Monday", "fever", False),
        ("The pain won't stop.", "pain", False),
        ("否认胸痛、咳嗽", "咳嗽", True),
        ("胸痛止不住", "胸痛", False),
        ("没有发烧，就是咳嗽", "咳嗽", False),
        ("胸痛没有", "胸痛", True),
    ],
)
def test_negation_in_a_sentence(sentence: str, concept: str, expected: bool) -> None:
    assert negation.negated(sentence, concept) is expected


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_answers_of_the_development_half(lang: str) -> None:
    rows = [json.loads(line) for line in (EVALS / "answers.jsonl").read_text("utf-8").splitlines()]
    mine = [r for r in rows if r["lang"] == lang and r["half"] == "dev"]
    known = {"present": True, "denied": False, "unknown": None}
    right = [negation.answered(r["turns"], r["concept"], r["lang"]) is known[r["status"]] for r in mine]
    assert sum(right) / len(right) >= 0.95


def test_an_unclear_answer_stays_unknown() -> None:
    assert read_answer("I'm not sure", "en") == "unknown"
    assert read_answer("不太清楚", "zh") == "unknown"


def test_time_and_person() -> None:
    def how(text: str, words: str, lang: str):  # type: ignore[no-untyped-def]
        start = text.index(words)
        return assess(text, start, start + len(words), lang)  # type: ignore[arg-type]

    assert how("I had a stroke three years ago", "stroke", "en").historical
    assert how("What are the signs of a stroke?", "stroke", "en").hypothetical
    assert how("diabetes runs in the family", "diabetes", "en").family
    assert how("三年前中过风", "中过风", "zh").historical


def test_numbers_in_words_and_units() -> None:
    assert zh_number("三十八") == 38
    assert [m.value for m in find_measures("temperature of 101 F", "en")] == [38.33]
    assert [(m.kind, m.value) for m in find_measures("血压165/112", "zh")] == [("systolic", 165), ("diastolic", 112)]
    assert [round(m.value, 1) for m in find_measures("my 6 week old", "en") if m.kind == "age_months"] == [1.4]


@pytest.mark.parametrize(
    ("question", "lost"),
    [
        ("Is he breathing?", ["unresponsive"]),
        ("Is she awake and breathing normally?", ["unresponsive"]),
        ("Are you experiencing shortness of breath or difficulty breathing in a significant way?", []),
        ("Any trouble breathing at night?", []),
        ("Have you noticed pain when breathing in?", []),
    ],
)
def test_a_no_to_a_trouble_with_breathing_says_that_there_is_none_and_not_that_nobody_breathes(
    question: str, lost: list[str]
) -> None:
    assert lost_functions(question, "en") == lost
