"""Red flags: each rule on its cases in both languages, the vignettes, dialogues, and that nothing lowers a level."""

import json
from pathlib import Path
from typing import Any

import pytest

from duologue.packs.health.language.phrases import load_lexicon
from duologue.packs.health.redflags.deciding import is_aside
from duologue.packs.health.redflags.rules import load_redflag_rules, raise_level, red_flags

CASES = Path(__file__).with_name("cases")
VIGNETTES = Path(red_flags.__code__.co_filename).parents[1] / "evals"
RULES = {r.id: r for r in load_redflag_rules()[1]}


def _cases(lang: str) -> dict[str, tuple[list[str], list[str]]]:
    out = {}
    for line in (CASES / f"redflags-{lang}.txt").read_text("utf-8").splitlines():
        rule, rest = line.split(": ", 1)
        positive, negative = rest.split(" // ")
        out[rule] = (positive.split(" | "), negative.split(" | "))
    return out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_rule_has_five_cases_of_each_kind(lang: str) -> None:
    cases = _cases(lang)
    assert cases.keys() == RULES.keys()
    assert [r for r, (p, n) in cases.items() if len(set(p)) < 5 or len(set(n)) < 5] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_fires_on_its_cases_and_not_on_the_look_alikes(rule: str, lang: str) -> None:
    positive, negative = _cases(lang)[rule]
    assert [t for t in positive if rule not in {a.rule for a in red_flags(t, lang)}] == []  # type: ignore[arg-type]
    assert [t for t in negative if rule in {a.rule for a in red_flags(t, lang)}] == []  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_vignette_of_the_must_list_is_missed(lang: str) -> None:
    rows = [json.loads(line) for line in (VIGNETTES / f"vignettes-{lang}.jsonl").read_text("utf-8").splitlines()]
    assert [r["id"] for r in rows if r.get("must") and not red_flags(r.get("turns") or r["text"], lang)] == []  # type: ignore[arg-type]


def test_rules_name_concepts_that_a_language_knows_and_their_source() -> None:
    from duologue.packs.health.language.measures import LIMITS

    known = load_lexicon("en").concepts | load_lexicon("zh").concepts | {c for limits in LIMITS.values() for c, _ in limits}
    used = {c for r in RULES.values() for line in (*r.when, *r.ask) for part in line for c in part.concepts}
    assert used - known == set()
    assert all(r.source and r.title["en"] and r.title["zh"] for r in RULES.values())


def test_an_answer_decides_what_its_question_means() -> None:
    asked = {"role": "assistant", "text": "Do you have chest pain?"}
    assert red_flags([asked, {"role": "person", "text": "No."}], "en") == []
    assert {a.state for a in red_flags([asked, {"role": "person", "text": "Yes"}], "en")} == {"ask"}
    unclear = red_flags([asked, {"role": "person", "text": "I'm not sure"}], "en")
    assert [a.rule for a in unclear] == ["acs"]
    assert unclear[0].state == "ask"


def test_a_suggestion_raises_a_level_and_never_lowers_it() -> None:
    alarms = red_flags("crushing chest pain down my left arm", "en")
    assert raise_level(alarms, 5) == 1
    assert raise_level([], 2) == 2


def test_evidence_points_at_the_words() -> None:
    text = "since lunch his face is drooping"
    alarm = red_flags(text, "en")[0]
    assert all(text[e.start : e.end] == e.words for e in alarm.evidence)


def test_another_persons_present_trouble_counts_and_family_history_does_not() -> None:
    assert red_flags("my dad has crushing chest pain and is sweating", "en")
    assert red_flags("My grandfather died of a heart attack at 60, should I check my cholesterol?", "en") == []


@pytest.mark.parametrize(
    ("lang", "talk", "rule"),
    [
        ("en", ("How old is the baby?", "seven weeks", "What is the temperature?", "38.7"), "infant_fever"),
        ("zh", ("宝宝多大？", "七周", "体温多少？", "38.7"), "infant_fever"),
        ("en", ("Are you pregnant?", "yes, 30 weeks", "Any bleeding?", "quite a bit"), "pregnancy_bleeding"),
        ("en", ("How many tablets did you take?", "about forty"), "overdose"),
        ("zh", ("吃了多少片？", "四十来片"), "overdose"),
        ("en", ("How old is she?", "2 months", "Is the baby feeding?", "no, not since last night"), "infant_fever"),
        ("zh", ("胳膊有没有力气？", "没有，今早起没劲"), "stroke"),
    ],
)
def test_an_answer_is_read_with_its_question(lang: str, talk: tuple[str, ...], rule: str) -> None:
    turns = [{"role": "assistant" if i % 2 == 0 else "person", "text": text} for i, text in enumerate(talk)]
    assert rule in {a.rule for a in red_flags(turns, lang)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lang", "talk"),
    [
        ("en", ("Have you ever had a fit?", "once, as a baby", "Anything now?", "just a check-up")),
        ("zh", ("抽过风吗？", "小时候发烧抽过一次", "现在有什么不舒服？", "没有，就是体检")),
        ("en", ("Is the baby feeding?", "yes, well", "How old is she?", "2 months")),
        ("en", ("How many tablets do you take a day?", "two")),
    ],
)
def test_what_an_answer_puts_in_the_past_or_calls_well_raises_nothing(lang: str, talk: tuple[str, ...]) -> None:
    turns = [{"role": "assistant" if i % 2 == 0 else "person", "text": text} for i, text in enumerate(talk)]
    assert red_flags(turns, lang) == []  # type: ignore[arg-type]


def test_a_number_beside_a_condition_is_not_supposed() -> None:
    assert "vitals" in {a.rule for a in red_flags("They said call if it is under 90, my sats are 85", "en")}
    assert red_flags("They said call if my sats are under 90. Mine are 97", "en", wide=False) == []


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("我胸口压榨样疼痛，出冷汗", "acs"),
        ("我 chest pain 很厉害, can't breathe", "acs"),
        ("my dad 突然嘴歪了，说话不清", "stroke"),
        (
            [{"role": "assistant", "text": "Do you have a fever with a stiff neck?"}, {"role": "person", "text": "有，都有"}],
            "meningitis",
        ),
        ([{"role": "assistant", "text": "发烧伴脖子僵硬吗？"}, {"role": "person", "text": "Yes, both"}], "meningitis"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_message_is_read_in_the_language_that_it_is_written_in(said: Any, rule: str, lang: str) -> None:
    assert rule in [a.rule for a in red_flags(said, lang) if a.state == "raised"]  # type: ignore[arg-type]


def test_a_no_is_a_no_in_the_language_of_the_answer() -> None:
    asked = {"role": "assistant", "text": "Do you have a fever with a stiff neck?"}
    assert red_flags([asked, {"role": "person", "text": "没有"}], "en") == []


@pytest.mark.parametrize(
    "answer", ["能给我开点头孢吗", "可以开点药吗，谢谢", "can you prescribe me antibiotics?", "could I get a refill please"]
)
def test_a_wish_for_a_medicine_is_no_answer_to_a_deciding_question(answer: str) -> None:
    assert is_aside(answer)


@pytest.mark.parametrize(
    "answer", ["能，越来越重", "can you prescribe something for the crushing chest pain", "可以开药吗，喘不上气"]
)
def test_what_tells_more_than_a_wish_is_one(answer: str) -> None:
    assert not is_aside(answer)
