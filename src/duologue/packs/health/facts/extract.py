"""From a dialogue to its facts: what was answered, confirmed and stated, turn by turn. Note and FHIR are views of them.

What nobody asked about is no fact. Knows no diagnosis.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.asked import read_answered, read_confirmed, read_measured
from duologue.packs.health.facts.dialogue import Exchange, Spoken, Turn, find_confirmed, find_exchanges, read_turns
from duologue.packs.health.facts.graph import Fact, FactGraph, Source, key, whole
from duologue.packs.health.facts.mentions import ALLERGENS, READING, Entry, find_mentions, is_pain, read_detail, sentence_of
from duologue.packs.health.language.context import assess
from duologue.packs.health.language.phrases import fold

__all__ = ["Fact", "FactGraph", "Source", "extract_facts"]


def extract_facts(dialogue: Spoken, lang: Lang | None = None) -> FactGraph:
    """The facts of a dialogue. A later word on the same thing supersedes the earlier, whose turns are kept.

    One exception: who said of himself that he has a thing has it, though he denies something narrower after ("on the right side?",
    "right away?"), unless the denial says that it is over or takes the word back.
    """
    turns = read_turns(dialogue)
    language = lang or detect_lang(" ".join(t.text for t in turns))
    facts: dict[tuple[str, str, str], Fact] = {}
    exchanges = {x.answer.index: x for x in find_exchanges(turns, language)}
    confirmed = {after.index: before for before, after in find_confirmed(turns, language)}
    for turn in turns:
        exchange, spoken = exchanges.get(turn.index), detect_lang(turn.text, language)
        if exchange:
            told = {key(f) for f in _stated(turn, spoken, exchange)}
            for fact in read_answered(exchange, detect_lang(exchange.question.text, language), facts):
                if _is_of_the_past(facts.get(key(fact)), fact, turn):
                    continue
                if key(fact) not in told and not _stays(facts.get(key(fact)), fact, f"{exchange.question.text}\n{turn.text}"):
                    _keep(facts, fact)
        if turn.index in confirmed:
            for fact in read_confirmed(confirmed[turn.index], turn, detect_lang(confirmed[turn.index].text, language)):
                if key(fact) not in facts:
                    _keep(facts, fact)
        if turn.role == "patient":
            for fact in _stated(turn, spoken, exchange):
                said = f"{exchange.question.text if exchange else ''}\n{turn.text}"
                is_habit = fact.kind not in ("symptom", "condition")
                if _is_of_the_past(facts.get(key(fact)), fact, turn):
                    continue
                if is_habit or not _stays(facts.get(key(fact)), fact, said):
                    _keep(facts, fact)
            if exchange and not find_mentions(turn.text, spoken):
                asked = fold(exchange.question.text)
                for about, name in _ASKED_OF:
                    if READING[about].search(asked):
                        _place(facts, turn, name)
            for m in read_measured(turn, spoken, exchange):
                source = Source(turn.index, m.start, m.end, turn.text[m.start : m.end])
                _keep(facts, Fact(m.kind, "measure", "present", (source,), value=m.value, unit=m.unit))
    return FactGraph(language, tuple(turns), tuple(facts.values()))


_ASKED_OF = (
    ("where", "side"),
    ("asks_character", "character"),
    ("asks_severity", "severity"),
    ("asks_course", "course"),
    ("asks_onset", "onset"),
)
"""Questions after an attribute, and the attribute."""


def _place(facts: dict[tuple[str, str, str], Fact], turn: Turn, name: str) -> None:
    """An answer that tells a side ("Where?" – "On the right"), how a pain is, how bad or how it goes, and names nothing of its own.

    It is of what was named last; what is asked of a complaint at large (`severity`, `course`), of what was named first.
    """
    m = READING[f"answers_{name}" if f"answers_{name}" in READING else name].search(fold(turn.text).strip(" .。!！"))
    told_of = [f for f in facts.values() if f.kind == "symptom" and f.status == "present"]
    if name == "character":
        told_of = [f for f in told_of if is_pain(f.concept)]
    last = max(told_of, key=lambda f: f.sources[-1].turn, default=None)
    if name in ("severity", "course", "onset"):
        last = next(iter(told_of), None)
    if m and last and name not in last.detail:
        told = next(g for g in m.groups() if g)
        number = "一二三四五六七八九十".find(told) + 1 or (int(told) if told.isdigit() else None)
        told = f"{number}/10" if name == "severity" and number is not None else told
        facts[key(last)] = replace(last, sources=(*last.sources, whole(turn)), detail={**last.detail, name: told})


def _stays(old: Fact | None, new: Fact, said: str) -> bool:
    """Whether what was told stays though `new` denies it: nobody said that it is over, or took the word back."""
    if old is None or old.status != "present" or new.status != "denied":
        return False
    folded = fold(said)
    return not (READING["over"].search(folded) or READING["corrects"].search(folded))


def _is_of_the_past(old: Fact | None, new: Fact, turn: Turn) -> bool:
    """Whether a habit that ended is only told more of ("I quit … two packs a day"), and not said to go on."""
    if old is None or new.kind != "social" or not (old.status == "denied" and old.is_past and new.status == "present"):
        return False
    return not READING["goes_on"].search(fold(turn.text))


def _keep(facts: dict[tuple[str, str, str], Fact], fact: Fact) -> None:
    old = facts.get(key(fact))
    if old is None:
        facts[key(fact)] = fact
        return
    newest = old if fact.status == "unknown" and old.status != "unknown" else fact
    sources = old.sources + tuple(s for s in fact.sources if s not in old.sources)
    detail = {**old.detail, **newest.detail} if newest.status == "present" else {}
    facts[key(fact)] = replace(newest, sources=sources, detail=detail)


def _stated(turn: Turn, lang: Lang, exchange: Exchange | None) -> Iterator[Fact]:
    """What a patient says of himself; of several mentions in a turn the last that says it is over, else a present one."""
    told: dict[tuple[str, str, str], Fact] = {}
    for fact in _mentioned(turn, lang, exchange):
        old = told.get(key(fact))
        if old and old.status == "present" and fact.status == "denied" and not _is_former(turn.text, fact):
            start = fact.sources[0].start
            if not READING["over"].search(fold(turn.text)[max(0, start - 25) : fact.sources[0].end + 12]):
                continue
        if (
            old
            and old.status == "denied"
            and fact.status == "present"
            and (fact.kind == "social" or (fact.is_past and not old.is_past))
        ):
            continue
        told[key(fact)] = replace(fact, detail={**old.detail, **fact.detail}) if old and old.status == fact.status else fact
    yield from told.values()


def _mentioned(turn: Turn, lang: Lang, exchange: Exchange | None) -> Iterator[Fact]:
    asked = fold(exchange.question.text) if exchange else ""
    asked_family, asked_allergy = bool(READING["family"].search(asked)), bool(READING["allergy"].search(asked))
    folded = fold(turn.text)
    for entry, start, end in find_mentions(turn.text, lang):
        how = assess(turn.text, start, end, lang)
        left, right = sentence_of(folded, start, end)
        if how.hypothetical or (asked_allergy and entry.kind == "symptom"):
            continue
        if folded[right : right + 1] == "?" and (entry.kind == "condition" or not READING["wonders"].search(folded[left:right])):
            continue
        if READING["meant_otherwise"].search(folded[left:start]):
            continue
        if entry.concept == "surgery" and READING["only_planned"].search(folded[left:start]):
            continue
        if entry.kind == "social" and exchange and exchange.polarity == "no" and not READING["own"].search(folded[left:right]):
            continue
        around = folded[max(0, start - 40) : end]
        himself = READING["of_himself"].search(folded[left:start])
        family = how.family or asked_family or (entry.kind == "condition" and bool(READING["family"].search(around)))
        family = family and not (himself and not READING["family"].search(himself.group()))
        kind = entry.kind
        if kind == "medication" and (
            asked_allergy
            or READING["allergy"].search(folded[max(left, start - 30) : min(right, end + 30)])
            or READING["not_borne"].search(folded[left:start])
        ):
            kind = "allergy"
        if entry.concept in ALLERGENS and kind != "allergy":
            continue
        past = False
        negated = how.negated or bool(READING["inside"].search(folded[start:end]))
        if kind == "medication" and re.search(r"\bwithout(?: \w+)? $", folded[left:start]):
            continue
        if entry.concept == "surgery" and negated and not READING["operates"].search(folded[start:end]):
            continue
        if kind == "social":
            if negated and READING["heavy"].search(folded[left:start]):
                continue
            if negated and READING["after_all"].match(folded[end:right]) and not _names_habit(turn.text, end, right, entry, lang):
                negated = False
            elif negated:
                past = bool(READING["not_lately"].match(folded[end:right]))
            negated = negated or bool(READING["shuns"].match(folded[end:right]))
        if kind in ("medication", "social") and not negated:
            planned = READING["planned"].search(READING["ended"].sub("", folded[left:start]))
            ended = bool(READING["ended"].search(folded[left:start])) and not planned
            ended = ended or bool(READING["former"].search(folded[left:start]))
            before = bool(READING["used_to"].search(folded[left:start])) and not READING["still"].search(folded[left:right])
            if ended and READING["less_now"].match(folded[end:]):
                ended = before = False
            goes_on = kind == "social" and not before and READING["goes_on"].search(folded[left:right])
            was = kind == "social" and folded[start:end].endswith("ed") and READING["was_for"].match(folded[end:])
            negated = past = bool(ended or was or READING["ended_after"].match(folded[end:right])) and not goes_on
            if kind == "social" and not negated and _was_quit(turn.text, start, entry, lang):
                negated = past = not READING["goes_on"].search(folded)
        negated = negated or (kind == "symptom" and bool(READING["over_now"].match(folded[end:])))
        if kind == "allergy" and READING["not_borne"].search(folded[left:start]):
            negated = False
        source = Source(turn.index, start, end, turn.text[start:end])
        detail = {} if negated else read_detail(turn.text, start, end, kind, lang)
        yield Fact(
            entry.concept, kind, "denied" if negated else "present", (source,), "family" if family else "patient",
            past or (how.historical and not negated), detail=detail, icd10=entry.icd10, evidence=entry.evidence,
        )  # fmt: skip


def _is_former(text: str, fact: Fact) -> bool:
    """Whether a habit is called one of before in so many words: "Tobacco: former smoker"."""
    return fact.kind == "social" and bool(READING["former"].search(fold(text)[: fact.sources[0].start]))


def _names_habit(text: str, left: int, right: int, entry: Entry, lang: Lang) -> bool:
    """Whether a stretch names a habit other than this one."""
    here = [e for e, start, _ in find_mentions(text, lang) if left <= start < right]
    return any(e.kind == "social" and e.concept != entry.concept for e in here)


def _was_quit(text: str, start: int, entry: Entry, lang: Lang) -> bool:
    """Whether a habit was given up in a sentence before, and not another one: "quit drinking in 1984 … drugs"."""
    folded = fold(text)
    for m in READING["quit"].finditer(folded[:start]):
        left, right = sentence_of(folded, m.start(), m.end())
        if not _names_habit(text, left, min(right, start), entry, lang):
            return True
    return False
