"""What the guard hears, judged by the pack: raised where it is meant and in doubt, left to the rules where they know better."""

import pytest

from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.redflags.danger import alarms_in, heard_alarms
from duologue.packs.health.redflags.rules import red_flags


def _patient(*texts: str) -> list[Turn]:
    return [Turn(i, "patient", text) for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("lang", "text", "rules"),
    [
        ("en", "I have chest pain", ["acs"]),
        ("zh", "我胸口疼", ["acs"]),
        ("zh", "救命啊", ["unnamed"]),
        ("en", "My house is on fire", ["unnamed"]),
        ("en", "A slight cough, no chest pain", []),
        ("zh", "没有胸痛，就是流鼻涕", []),
        ("en", "I had a heart attack in 2014 and I'm fine now", []),
        ("zh", "爷爷60岁心梗去世的，我要不要查血脂", []),
        ("en", "where should a carbon monoxide alarm hang?", []),
        ("en", "I have crushing chest pain and my left arm is numb", []),
    ],
)
def test_what_is_meant_and_in_doubt_is_raised_and_what_the_rules_raise_or_know_is_left_to_them(
    lang: str, text: str, rules: list[str]
) -> None:
    found = heard_alarms(_patient(text), lang)  # type: ignore[arg-type]
    assert [(a.rule, a.state) for a in found] == [(rule, "raised") for rule in rules]


def test_it_is_heard_once_and_stands_in_the_talk_as_raised() -> None:
    turns = _patient("I have chest pain", "it started an hour ago")
    assert heard_alarms(turns, "en") == []
    assert [(a.rule, a.state) for a in alarms_in(turns, "en")] == [("acs", "raised")]
    assert alarms_in([], "en") == []


@pytest.mark.parametrize(
    ("question", "answer", "rules"),
    [
        ("Do you have any allergies to medicines?", "penicillin, my face swelled up", []),
        ("Do you have any allergies to medicines?", "I just took amoxicillin and my throat is closing", ["anaphylaxis"]),
        ("有药物过敏吗？", "青霉素，脸肿过", []),
        ("有药物过敏吗？", "青霉素，现在脸肿喘不上气", ["anaphylaxis", "dyspnoea"]),
    ],
)
def test_what_an_allergy_did_once_is_no_reaction_of_now(question: str, answer: str, rules: list[str]) -> None:
    found = red_flags([{"role": "doctor", "text": question}, {"role": "patient", "text": answer}], wide=False)
    assert sorted(a.rule for a in found if a.state == "raised") == rules
