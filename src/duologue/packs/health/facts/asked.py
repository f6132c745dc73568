"""What an answer makes of its question, and what a patient confirms: facts that stand in two turns. Knows no note."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.dialogue import Exchange, Turn
from duologue.packs.health.facts.graph import Experiencer, Fact, Kind, Source, Status, whole
from duologue.packs.health.facts.mentions import ALLERGENS, READING, Entry, find_named, read_detail, sentence_of
from duologue.packs.health.language.answers import says_so
from duologue.packs.health.language.context import assess
from duologue.packs.health.language.measures import Measure, find_measures
from duologue.packs.health.language.phrases import fold, load_rules

_GROUPS = frozenset({"antibiotics", "steroids"})
_ASKED_VALUE = {
    "pulse": re.compile(r"pulse|heart rate|心率|脉搏"), "temperature": re.compile(r"temperature|how high|体温|多少度"),
    "spo2": re.compile(r"saturation|oximeter|血氧"), "glucose": re.compile(r"(?:blood )?sugar|glucose|血糖"),
}  # fmt: skip


def read_measured(turn: Turn, lang: Lang, exchange: Exchange | None) -> list[Measure]:
    """The measures of a turn; a bare number is read with the word of the question ("Your pulse?" – "My watch says 110")."""
    found = list(find_measures(turn.text, lang))
    numbers = list(READING["bare"].finditer(turn.text))
    if exchange and len(numbers) == 1 and not found:
        asked = [k for k, p in _ASKED_VALUE.items() if p.search(fold(exchange.question.text))]
        name = {"pulse": "pulse", "temperature": "temperature", "spo2": "saturation", "glucose": "glucose"}
        if len(asked) == 1:
            read = list(find_measures(f"{name[asked[0]]} is {numbers[0].group()}", "en"))
            return [replace(m, start=numbers[0].start(), end=numbers[0].end()) for m in read if m.kind == asked[0]]
    return found


def _is_presupposed(x: Exchange, start: int, entry: Entry, facts: Mapping[tuple[str, str, str], Fact]) -> bool:
    """Whether a question speaks of a thing instead of asking for it: "when did your cough start?", "anything for the rash?"."""
    before = fold(x.question.text)[:start]
    before = before[max(before.rfind(c) for c in ".?!。？！") + 1 :]
    if READING["still"].search(before):
        return False
    if READING["which"].search(before):
        return True
    if x.polarity != "yes" and entry.kind != "medication" and READING["beside"].search(before):
        return True
    present = any(f.concept == entry.concept and f.status == "present" for f in facts.values())
    return bool(READING["about"].search(before)) or (present and bool(READING["known"].search(before)))


@cache
def _either(lang: Lang) -> str:
    """How the questions that decide red flags end: they name several things, and a bare "yes" does not say which."""
    words: list[str] = load_rules("questions.yaml")["unnamed"]
    return words[0 if lang == "en" else 1]


def _takes_for_granted(x: Exchange, start: int, end: int) -> bool:
    question = fold(x.question.text)
    left, _ = sentence_of(question, start, end)
    is_kin = READING["family"].search(question)
    return not is_kin and bool(READING["tells"].search(question[left:start]) or READING["tells_zh"].match(question[end:]))


def read_answered(x: Exchange, lang: Lang, facts: Mapping[tuple[str, str, str], Fact]) -> Iterator[Fact]:
    """The facts of a question with its answer; `facts` are those known before."""
    question, answer = fold(x.question.text), fold(x.answer.text)
    spoken = detect_lang(x.answer.text, lang)
    asked, named = find_named(x.question.text, lang), {e.concept for e, *_ in find_named(x.answer.text, spoken)}
    is_partial = len(asked) > 1 and bool(named & {e.concept for e, *_ in asked})
    is_beside = not says_so(x.answer.text, spoken) and bool(named) and not named & {e.concept for e, *_ in asked}
    status: Status = {"yes": "present", "no": "denied"}.get(x.polarity, "unknown")  # type: ignore[assignment]
    if x.polarity == "other" and READING["family"].search(question) and READING["family"].search(answer):
        status = "present"
    by_name = any(e.kind == "medication" for e, *_ in asked)
    if (
        READING["allergy"].search(question)
        and not by_name
        and not READING["family"].search(question)
        and x.polarity in ("no", "unknown")
    ):
        yield Fact("allergies", "allergy", status, (whole(x.question), whole(x.answer)))
    last = question[x.asked_from :]
    at_large = READING["medicines"].search(last) and not READING["more"].search(last) and not READING["allergy"].search(last)
    if not asked and x.polarity == "no" and at_large:
        yield Fact("medications", "medication", "denied", (whole(x.question), whole(x.answer)))
    heat = [m.value for m in find_measures(x.answer.text, spoken) if m.kind == "temperature"]
    for entry, start, end in asked:
        if entry.kind == "condition" and READING["kin_has"].search(answer) and not READING["family"].search(question):
            sources = (Source(x.question.index, start, end, x.question.text[start:end]), whole(x.answer))
            yield Fact(entry.concept, entry.kind, "present", sources, "family", icd10=entry.icd10, evidence=entry.evidence)
        if entry.concept == "fever" and heat and max(heat) < 38.0:
            continue
        kind: Kind = "allergy" if entry.kind == "medication" and READING["allergy"].search(question) else entry.kind
        if start < x.asked_from or (kind == "medication" and entry.concept in ALLERGENS):
            continue
        if entry.concept == "smoking" and READING["weed"].search(answer) and "smoking" not in named:
            continue
        if kind == "social" and READING["last_time"].search(question[:start]) and READING["long_ago"].search(answer):
            sources = (Source(x.question.index, start, end, x.question.text[start:end]), whole(x.answer))
            yield Fact(entry.concept, kind, "denied", sources, is_past=True)
            continue
        if kind == "allergy" and entry.concept in _GROUPS:
            continue
        if (
            x.polarity not in ("no", "unknown")
            and (entry.concept, kind, "patient") not in facts
            and _takes_for_granted(x, start, end)
        ):
            sources = (Source(x.question.index, start, end, x.question.text[start:end]), whole(x.answer))
            yield Fact(entry.concept, kind, "present", sources, icd10=entry.icd10, evidence=entry.evidence)
            continue
        if (
            is_beside
            or _is_presupposed(x, start, entry, facts)
            or (status == "present" and is_partial and entry.concept not in named)
        ):
            continue
        if status == "present" and entry.concept not in named and x.question.text.endswith(_either(lang)):
            continue
        if status == "denied" and is_partial and entry.concept not in named and READING["no_only"].match(answer):
            continue
        if status == "unknown" and x.polarity == "other" and not (kind == "social" and READING["quit"].search(answer)):
            continue
        how = assess(x.question.text, start, end, lang)
        mine = status
        ended = READING["quit"].search(answer) and not READING["goes_on"].search(answer)
        if kind in ("social", "medication") and ended and (status == "present" or kind == "social"):
            mine = "denied"
        if lang == "en" and how.negated and status != "unknown":
            agrees = READING["checks"].search(question[x.asked_from :])
            contradicts = re.search(r"\bi (?:do|have|am|did)\b(?! ?n.t| not)", answer)
            if status == "present" and not agrees and not contradicts:
                continue
            mine = "present" if status == "present" and contradicts else "denied"
        known = facts.get((entry.concept, kind, "patient"))
        is_list = len({e.concept for e, *_ in asked}) >= _LIST and entry.concept not in named
        if mine == "denied" and is_list and kind == "symptom" and known is not None and known.status == "present":
            continue  # "Could you be pregnant, is there pain low on one side, bleeding, …?" – "No": the belly that he told of hurts
        family: Experiencer = "family" if READING["family"].search(question) else "patient"
        sources = (Source(x.question.index, start, end, x.question.text[start:end]), whole(x.answer))
        past = bool(re.search(r"\bever\b|曾|以前|过吗|过没", question)) and entry.kind == "symptom"
        past = past or (mine == "denied" and kind == "social" and bool(ended))
        detail = {} if mine != "present" else read_detail(x.answer.text, 0, len(x.answer.text), kind, spoken)
        yield Fact(
            entry.concept, kind, mine, sources, family, past, detail=detail, icd10=entry.icd10, evidence=entry.evidence
        )  # fmt: skip


_LIST = 3
"""Findings of a question from which on a bare no takes back nothing that the person told himself."""


def read_confirmed(before: Turn, after: Turn, lang: Lang) -> Iterator[Fact]:
    """What a clinician reads out of the chart and the patient confirms: conditions, medicines and operations, not findings."""
    folded = fold(before.text)
    for entry, start, end in find_named(before.text, lang):
        left, right = sentence_of(folded, start, end)
        is_read = READING["recorded"].search(folded[left:start]) and not READING["not_yet"].search(folded[left:right])
        if entry.kind not in ("condition", "medication") or not is_read or entry.concept in ALLERGENS:
            continue
        how = assess(before.text, start, end, lang)
        if (
            how.negated
            or how.hypothetical
            or how.family
            or READING["family"].search(folded[left:right])
            or READING["allergy"].search(folded[left:right])
        ):
            continue
        sources = (Source(before.index, start, end, before.text[start:end]), whole(after))
        yield Fact(entry.concept, entry.kind, "present", sources, icd10=entry.icd10, evidence=entry.evidence)
