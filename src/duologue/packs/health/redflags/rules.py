"""Red flags in what a person says: rules as data, read before anything else, without any model.

`rules/redflags.yaml` names concepts; `rules/concepts-<lang>.yaml` says how people put them; `context.py` and `answers.py` say
whether they are meant. A level that a rule has set is never lowered here: `raise_level` only raises, whatever a model suggests.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.dialogue import Exchange, Spoken, Turn, find_exchanges, langs_in, read_turns
from duologue.packs.health.language.answers import asks_score, lost_functions, read_score, says_so
from duologue.packs.health.language.context import Assertion, assess, is_past, is_supposed, opens_negation
from duologue.packs.health.language.measures import answered_measures, derive_concepts
from duologue.packs.health.language.phrases import Mention, fold, load_lexicon, load_rules
from duologue.packs.health.language.setting import cleared_until, is_long_over, is_told_of, said_of_now
from duologue.packs.health.redflags.classifier import suspect
from duologue.packs.health.redflags.deciding import UNNAMED as UNNAMED_RULE
from duologue.packs.health.redflags.deciding import is_asked, without_evaded

if TYPE_CHECKING:
    from duologue.sdk import SentenceVectors

Level = Literal[1, 2, 3, 4, 5]
"""1 emergency now, 2 emergency department, 3 seen today, 4 appointment, 5 self-care."""
State = Literal["raised", "ask"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words behind a concept: characters `start` to `end` of the turn `turn`; `is_certain` is false for an unclear answer."""

    concept: str
    turn: int
    start: int
    end: int
    words: str
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rule that fired. `raised` has all that it needs; `ask` has its core, the rest is unknown and is asked now.

    `like`, where no rule fired and a classifier suspects one: the rule whose texts it comes nearest to, and whose question decides.
    """

    rule: str
    version: int
    level: Level
    state: State
    title: str
    source: str
    evidence: tuple[Evidence, ...]
    like: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Alternatives of which one must be present, or, excluding, none."""

    concepts: frozenset[str]
    excludes: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as read from the file."""

    id: str
    level: Level
    title: Mapping[str, str]
    source: str
    when: tuple[tuple[Part, ...], ...]
    ask: tuple[tuple[Part, ...], ...]
    unless: frozenset[str]


def _parts(line: str) -> tuple[Part, ...]:
    return tuple(Part(frozenset(p.strip(" !").split("|")), p.strip().startswith("!")) for p in line.split("+"))


@cache
def load_redflag_rules() -> tuple[int, tuple[Rule, ...]]:
    """The version of the rules and the rules."""
    data = load_rules("redflags.yaml")
    rules = tuple(
        Rule(
            r["id"],
            r["level"],
            {"en": r["en"], "zh": r["zh"]},
            r["source"],
            tuple(_parts(x) for x in r["when"]),
            tuple(_parts(x) for x in r.get("ask", [])),
            frozenset(r.get("unless", [])),
        )
        for r in data["rules"]
    )
    return int(data["version"]), rules


def red_flags(text_or_turns: Spoken, lang: Lang | None = None, *, wide: bool = True) -> list[Alarm]:
    """Alarms in a text or a dialogue, gravest first; an empty list where none of the rules has reason to fire.

    In turns where no rule finds anything, a classifier may say that a person's words sound like an emergency; that is asked about.
    `wide=False` leaves the classifier out.
    """
    turns = without_evaded(read_turns(text_or_turns))
    language = lang or detect_lang(" ".join(t.text for t in turns))
    found = find_concepts(turns, language)
    version, rules = load_redflag_rules()
    alarms = [a for rule in rules if (a := _apply(rule, version, found, language))]
    if wide:
        alarms += _unnamed(turns, version, language, {e.turn for a in alarms for e in a.evidence})
    return sorted(alarms, key=lambda a: (a.level, a.state == "ask"))


UNNAMED: Mapping[Lang, str] = {"en": "Possible emergency that no rule names", "zh": "规则未命名的可能急症"}


INTIMATE = frozenset({"suicide", "self_harm", "harm_others", "abuse", "psychosis"})
"""Rules whose question hurts where it is out of place: not asked by likeness alone where the words point to other rules only."""


OF_PREGNANCY = frozenset({"ectopic", "pregnancy_bleeding", "fetal_movement", "preeclampsia", "labour", "postpartum"})


def _unnamed(turns: list[Turn], version: int, lang: Lang, named: set[int]) -> list[Alarm]:
    """What a classifier suspects in what the person tells: the first turn not asked about yet, else the last that was.

    A bare answer is left to the rules, and so is a turn in which a rule found something (`named`).
    """
    exchanges = {x.answer.index: x for x in find_exchanges(turns, lang)}
    last: Alarm | None = None
    for turn in turns:
        spoken = detect_lang(turn.text, lang)
        told = _told_beyond(turn, exchanges.get(turn.index), spoken) if turn.role == "patient" and turn.index not in named else ""
        marks = marks_in(told, spoken) if told else ()
        like = _suspected(told, marks, spoken) if told else None
        if like in INTIMATE and any(m.startswith("near:") for m in marks) and f"near:{like}" not in marks:
            like = ""  # "my daughter is burning up" sounds like burning oneself, and tells of a fever
        if like in OF_PREGNANCY and any(
            "age_50" in marks_in(t.text, detect_lang(t.text, lang)) for t in turns if t.role == "patient"
        ):
            like = ""
        if like is not None:
            evidence = (Evidence(UNNAMED_RULE, turn.index, 0, len(turn.text), turn.text, False),)
            last = Alarm(UNNAMED_RULE, version, 2, "ask", UNNAMED[lang], "own classifier, see weights/README.md", evidence, like)
            if not is_asked(like, turn.index, turns):
                break
    return [] if last is None else [last]


def _suspected(told: str, marks: tuple[str, ...], lang: Lang) -> str | None:
    """The rule that a text sounds like, if what it says of now still sounds so without its asides; None where nothing does."""
    if over := cleared_until(told, lang):
        told = told[over:]
        marks = marks_in(told, lang)
    like = suspect(told, marks, vector_of(told), lang)
    if like is None:
        return None
    meant = [(start, end) for _, start, end, how in _assessed(told, lang) if how.is_present]
    figures = [(m.start, m.end) for m in load_lexicon(lang).find(told, frozenset({"figure"}))]
    left = said_of_now(told, figures, meant, lang)
    return like if left == told or (left and suspect(left, marks_in(left, lang), vector_of(left), lang) is not None) else None


_OPENING = re.compile(r"[^,.;:!?，。；：！？]*(?:[,.;:!?，。；：！？]\s*|\bbut\b)")
_OPEN = re.compile(
    r"\bwhat (?:brings|brought|can i do|is wrong|seems|happened|is (?:it|the (?:matter|problem|trouble)))|\bwhat(?:'s| is| has) "
    r"(?:wrong|worrying|brought|going on|up|the (?:matter|problem|trouble))|tell me|describe"
    r"|how (?:are|have|is) (?:you|he|she|it)\b"
    r"|说说|讲讲|不舒服|哪儿不好|怎么了|怎么个|什么情况|看什么|难受|因为什么"
)
"""Questions after the complaint itself, whose answer is no bare one however it opens."""
_NARROW = re.compile(r"\b(?:which|where|how (?:long|many|much|often|old))\b|\bmedic|\btablets?\b|\bpills?\b|哪|多少|几|药")
"""Questions after one thing, whose answer names it."""
LEAST_TOLD: Mapping[Lang, int] = {"en": 6, "zh": 8}
"""Words, in Chinese characters, that an answer has beyond its yes or no before a classifier reads them; twice that without one,
and half where it is neither."""


def _told_beyond(turn: Turn, x: Exchange | None, lang: Lang) -> str:
    """What a turn tells of itself: all of it, or of an answer what comes after its yes or no, if that is more than a few words."""
    if x is not None and tells_of_old(x):
        return ""
    if x is None or _OPEN.search(fold(x.question.text)):
        return turn.text
    if x.polarity == "other":
        return turn.text if _length(turn.text, lang) >= LEAST_TOLD[lang] / 2 else ""
    opens = says_so(turn.text, lang)
    opening = _OPENING.match(turn.text) if opens else None
    rest = turn.text[opening.end() :] if opening else "" if opens or _NARROW.search(fold(x.question.text)) else turn.text
    return rest if _length(rest, lang) >= LEAST_TOLD[lang] * (1 if opens else 2) else ""


def _length(text: str, lang: Lang) -> int:
    return len(text.split()) if lang == "en" else len(text)


@lru_cache(maxsize=2048)
def vector_of(text: str) -> NDArray[np.float32] | None:
    """The sentence vector of a text, None where the program brings no encoder."""
    vectors = _sentence_vectors()
    return None if vectors is None else vectors([text])[0]


@cache
def _sentence_vectors() -> "SentenceVectors | None":
    from duologue.sdk import find_sentence_vectors

    return find_sentence_vectors()


def raise_level(alarms: Iterable[Alarm], suggested: Level = 5) -> Level:
    """The triage level: the gravest of the alarms' and of a suggestion. A suggestion can raise it and can't lower it."""
    return min((*(a.level for a in alarms), suggested))


def find_concepts(turns: list[Turn], lang: Lang) -> dict[str, list[Evidence]]:
    """Concepts that are meant as present, with their words; of unclear answers the concepts asked for, as not certain."""
    found: dict[str, list[Evidence]] = {}
    exchanges = list(find_exchanges(turns, lang))
    of_old = {x.answer.index for x in exchanges if tells_of_old(x)}
    for turn in turns:
        if turn.role == "patient" and turn.index not in of_old:
            for e in (e for spoken in langs_in(turn.text, lang) for e in _stated(turn, spoken)):
                found.setdefault(e.concept, []).append(e)
    for x in (x for x in exchanges if x.answer.index not in of_old):
        for e in (e for spoken in langs_in(f"{x.question.text} {x.answer.text}", lang) for e in _answered(x, spoken)):
            found.setdefault(e.concept, []).append(e)
    return found


_ASKS_ALLERGIES = re.compile(r"\ballerg(?:y|ies|ic)\b[^?]{0,40}\?|过敏(?:史)?[^？?]{0,4}[？?]|对[^？?]{0,10}过敏")
_NOW = re.compile(
    r"\b(?:now|just (?:now|had|ate|took|got)|today|tonight|this (?:morning|evening|afternoon)|minutes?|hours?|ago|"
    r"yesterday|can'?t|cannot|breath\w*|closing|(?:is|are) swelling|faint\w*|chok\w+|but|also|however)\b"
    r"|现在|刚|正|今天|今早|今晚|昨|分钟|小时|喘|憋|气短|呼吸|晕|堵|紧|但|不过"
)
_REACTION = re.compile(r"\b(?:hives|rash\w*|itch\w*|swell\w*|swollen|swelled|welts?|blister\w*)\b|疹|痒|肿|风团|起泡")


def tells_of_old(x: Exchange) -> bool:
    """Whether an answer names allergies and what they did once ("sulfa gives me hives"): no reaction of now, unless it says so."""
    answer = fold(x.answer.text)
    if not _ASKS_ALLERGIES.search(fold(x.question.text)) or _NOW.search(answer) or not _REACTION.search(answer):
        return False
    return "pain_any" not in {m.concept for m in load_lexicon(detect_lang(answer)).find(x.answer.text)}


def _answered(x: Exchange, lang: Lang) -> Iterator[Evidence]:
    """What an answer makes of its question, in one of the languages of the two."""
    words = x.answer.text
    if asks_score(x.question.text):
        score = read_score(words)
        if score is not None and score >= SEVERE:
            yield Evidence("severe", x.answer.index, 0, len(words), words)
        return
    if x.polarity == "no":
        for concept in lost_functions(x.question.text[x.asked_from :], lang):
            yield Evidence(concept, x.answer.index, 0, len(words), words, False)
    if x.polarity == "no" or is_past(words, lang):
        return
    for e in _stated(x.question, lang, asked=True):
        yield replace(e, is_certain=x.polarity == "yes")
    yield from _across(x, lang)
    for concept, start, end in answered_measures(x.question.text, words, lang):
        yield Evidence(concept, x.answer.index, start, end, words[start:end])


SEVERE = 8
"""Of ten: from here on a pain is severe; the usual bands of the numeric rating scale are 1 to 3, 4 to 6 and 7 to 10."""


def _across(x: Exchange, lang: Lang) -> Iterator[Evidence]:
    """What only question and answer together say: "How many tablets?" – "About forty"."""
    if len(x.answer.text) <= 40:
        asked = len(x.question.text) + 1
        for m in load_lexicon(lang).find(f"{x.question.text} {x.answer.text}"):
            if m.start < asked - 1 and m.end > asked:
                yield Evidence(m.concept, x.answer.index, 0, m.end - asked, x.answer.text[: m.end - asked])


def _stated(turn: Turn, lang: Lang, *, asked: bool = False) -> Iterable[Evidence]:
    for concept, start, end in _meant(turn.text, lang, asked):
        yield Evidence(concept, turn.index, start, end, turn.text[start:end])


def marks_in(text: str, lang: Lang) -> tuple[str, ...]:
    """What a classifier is told of a text: the concepts that are meant, those that are not and why, and rules half fulfilled."""
    marks, meant = set(), set()
    for concept, _, _, how in _assessed(text, lang):
        if how.is_present:
            meant.add(concept)
        marks |= {f"{name}:{x}" for name in _WAYS if getattr(how, name) for x in ("", concept)}
    for rule in load_redflag_rules()[1]:
        for line in (*rule.when, *rule.ask):
            needed = [bool(p.concepts & meant) for p in line if not p.excludes]
            if any(needed):
                marks.add(f"near:{rule.id}")
    return tuple(sorted(marks | meant))


_WAYS = ("negated", "historical", "hypothetical", "family")


def _meant(text: str, lang: Lang, asked: bool) -> Iterator[tuple[str, int, int]]:
    """Concepts of a text that are meant, with their places."""
    for concept, start, end, how in _assessed(text, lang):
        if how.is_present or (asked and not how.family and not how.historical):
            yield concept, start, end


@lru_cache(maxsize=2048)
def _assessed(text: str, lang: Lang) -> tuple[tuple[str, int, int, Assertion], ...]:
    """Concepts that a text names, with their places and how they are meant; a talk's turns come again with each new one."""
    lexicon = load_lexicon(lang)
    mentions = list(lexicon.find(text))
    figures = [(m.start, m.end) for m in mentions if m.concept == "figure"]
    spans = [(m.concept, m.start, m.end) for m in mentions if m.concept != "figure" and not _is_broken(text, m, lang)]
    out = []
    measured = list(derive_concepts(text, lang))
    for concept, start, end in [*spans, *measured]:
        if any(start < e and s < end for s, e in figures):
            continue
        how = _in_setting(assess(text, start, end, lang), concept, text, (start, end), lang)
        if how.hypothetical and (concept, start, end) in measured and not is_supposed(text, start, end, lang):
            how = replace(how, hypothetical=False)
        out.append((concept, start, end, how))
    return tuple(out)


NEVER_CLEARED = frozenset({"suicide", "selfharm", "harm_others", "harm_intent", "abuse", "overdose", "poison"})
"""What no good result of a test ends."""


def _in_setting(how: Assertion, concept: str, text: str, span: tuple[int, int], lang: Lang) -> Assertion:
    """How a mention is meant once the text around it is read as well."""
    if is_told_of(text, span[0], lang):
        return replace(how, hypothetical=True)
    over = is_long_over(text, span[1], lang) or (concept not in NEVER_CLEARED and span[1] <= cleared_until(text, lang))
    return replace(how, historical=True) if over else how


def _is_broken(text: str, mention: Mention, lang: Lang) -> bool:
    """Whether a negation stands between the parts of a mention: "knee swollen, no fever"."""
    return any(opens_negation(text[a:b], lang) for a, b in mention.gaps)


def _apply(rule: Rule, version: int, found: Mapping[str, list[Evidence]], lang: Lang) -> Alarm | None:
    if rule.unless & found.keys():
        return None
    best: Alarm | None = None
    for state, lines in (("raised", rule.when), ("ask", rule.ask)):
        for line in lines:
            evidence = _match(line, found)
            if evidence is None:
                continue
            sure = all(e.is_certain for e in evidence)
            alarm = Alarm(
                rule.id,
                version,
                rule.level,
                "raised" if sure and state == "raised" else "ask",
                rule.title[lang],
                rule.source,
                evidence,
            )
            if alarm.state == "raised":
                return alarm
            best = best or alarm
    return best


def _match(line: tuple[Part, ...], found: Mapping[str, list[Evidence]]) -> tuple[Evidence, ...] | None:
    evidence: list[Evidence] = []
    for part in line:
        here = [e for c in sorted(part.concepts & found.keys()) for e in found[c]]
        if part.excludes:
            if here:
                return None
        elif not here:
            return None
        else:
            evidence.append(max(here, key=lambda e: e.is_certain))
    return tuple(evidence)
