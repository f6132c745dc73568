"""The fact graph of a consultation: what was said, by whom, in which turn, and how it was meant.

Every fact has its turns. Present, denied and unknown differ, and what nobody asked about is no fact. Note, differential and FHIR
are views of the graph. Knows no diagnosis.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Literal

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.context import assess
from duologue.packs.health.dialogue import Exchange, Spoken, Turn, find_exchanges, read_turns
from duologue.packs.health.measures import find_measures
from duologue.packs.health.phrases import fold, load_rules

Status = Literal["present", "denied", "unknown"]
Experiencer = Literal["patient", "family"]
Kind = Literal["symptom", "condition", "medication", "allergy", "social", "measure"]


@dataclass(frozen=True, slots=True)
class Source:
    """The words in a turn that a fact rests on."""

    turn: int
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was said. `experiencer` is patient or family; `is_past` for what is over; `value` and `unit` for measures."""

    concept: str
    kind: Kind
    status: Status
    sources: tuple[Source, ...]
    experiencer: Experiencer = "patient"
    is_past: bool = False
    value: float | None = None
    unit: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    icd10: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class FactGraph:
    """Facts of one dialogue, in the order in which they were first said."""

    lang: Lang
    turns: tuple[Turn, ...]
    facts: tuple[Fact, ...]

    def of(self, *kinds: Kind) -> list[Fact]:
        return [f for f in self.facts if f.kind in kinds]

    def status(self, concept: str) -> Status | Literal["not asked"]:
        """What is known of the patient's own `concept`."""
        return next((f.status for f in self.facts if f.concept == concept and f.experiencer == "patient"), "not asked")


@dataclass(frozen=True, slots=True)
class _Entry:
    concept: str
    kind: Kind
    pattern: re.Pattern[str]
    icd10: str = ""
    evidence: str = ""


@cache
def _entries(lang: Lang) -> tuple[_Entry, ...]:
    column = 1 if lang == "en" else 2
    out = [
        _Entry(name, row[0], re.compile(_edged(row[column], lang)), row[3], row[4])
        for name, row in load_rules("facts.yaml").items()
    ]
    for english, chinese in load_rules("drugs.yaml").items():
        words = english if lang == "en" else f"{chinese}|{english}"
        out.append(_Entry(english.split("|")[0].rstrip("?"), "medication", re.compile(_edged(words, lang))))
    return tuple(out)


def _edged(words: str, lang: Lang) -> str:
    return rf"(?<![a-z])(?:{words})(?![a-z])" if lang == "en" else f"(?:{words})"


_FAMILY = re.compile(
    r"\b(?:mother|father|mom|mum|dad|brother|sister|aunt|uncle|grand\w+|cousin|parents?|family|relatives?)\b"
    r"|爸|妈|父亲|母亲|爷爷|奶奶|外公|外婆|姥|哥|姐|弟|妹|家里人?|家族|家人"
)
_ALLERGY = re.compile(r"allerg|reaction to|过敏")
_NO_ALLERGY = re.compile(r"(?:no|not|any|known)[\w ]* allerg|没有?[^,。]*过敏|无[^,。]*过敏")
_DOSE = re.compile(r"(\d+(?:\.\d+)?)\s*(mg|mcg|g|ml|units?|毫克|微克|克|毫升|单位)", re.I)
_DURATION = re.compile(
    r"(?:for|since|past|last|about|over)?[^\S\n]*(?:the )?(?:past |last )?"
    r"((?:\d+|an?|one|two|three|four|five|six|seven|eight|ten|couple of|few|several)"
    r" (?:hours?|days?|weeks?|months?|years?))(?: ago)?"
    r"|((?:\d+|[一二两三四五六七八九十几半]+)(?:个)?(?:多)?(?:小时|天|周|星期|月|年)前?)"
)
_SEVERITY = re.compile(
    r"\b(mild|moderate|severe|slight|terrible|unbearable|\d+ ?(?:/|out of) ?10)\b|(轻微|中度|剧烈|严重|厉害|有点|[0-9]+分)"
)
_SIDE = re.compile(r"\b(left|right|both)\b|(左|右|双|两)(?=侧|边|手|脚|腿|眼|耳|膝|肩|胳膊)")
_COURSE = re.compile(
    r"\b(worse|worsening|better|improving|constant|intermittent|comes and goes|on and off)\b"
    r"|(加重|好转|越来越\w|时好时坏|持续|间断|一阵阵)"
)


def extract_facts(dialogue: Spoken, lang: Lang | None = None) -> FactGraph:
    """The facts of a dialogue. A later word on the same thing supersedes the earlier, whose turns are kept."""
    turns = read_turns(dialogue)
    language = lang or detect_lang(" ".join(t.text for t in turns))
    facts: dict[tuple[str, str, str], Fact] = {}
    exchanges = {x.answer.index: x for x in find_exchanges(turns, language)}
    for turn in turns:
        found: list[Fact] = []
        exchange = exchanges.get(turn.index)
        if exchange:
            found += _answered(exchange, language, facts)
        if turn.role == "patient":
            found += _stated(turn, language, exchange)
            found += [
                Fact(
                    m.kind,
                    "measure",
                    "present",
                    (Source(turn.index, m.start, m.end, turn.text[m.start : m.end]),),
                    value=m.value,
                    unit=m.unit,
                )
                for m in find_measures(turn.text, language)
            ]
        for fact in found:
            _keep(facts, fact)
    return FactGraph(language, tuple(turns), tuple(facts.values()))


def _keep(facts: dict[tuple[str, str, str], Fact], fact: Fact) -> None:
    key = (fact.concept, fact.kind, fact.experiencer)
    old = facts.get(key)
    if old is None:
        facts[key] = fact
        return
    newest = old if fact.status == "unknown" and old.status != "unknown" else fact
    sources = old.sources + tuple(s for s in fact.sources if s not in old.sources)
    facts[key] = Fact(
        newest.concept, newest.kind, newest.status, sources, newest.experiencer, newest.is_past, newest.value, newest.unit,
        {**old.detail, **newest.detail}, newest.icd10, newest.evidence,
    )  # fmt: skip


@lru_cache(maxsize=2048)
def _mentions(text: str, lang: Lang) -> tuple[tuple[_Entry, int, int], ...]:
    """What a text names, each thing once. A name inside a longer one is none: "coughing up blood" is no cough."""
    folded = fold(text)
    found = [(entry, m) for entry in _entries(lang) for m in entry.pattern.finditer(folded)]
    whole = [(e, m) for e, m in found if not any(_holds(n, m) for o, n in found if o is not e)]
    first: dict[str, tuple[_Entry, int, int]] = {}
    for entry, m in whole:
        first.setdefault(f"{entry.kind}/{entry.concept}", (entry, m.start(), m.end()))
    return tuple(first.values())


def _holds(outer: re.Match[str], inner: re.Match[str]) -> bool:
    return outer.start() <= inner.start() and inner.end() <= outer.end() and outer.span() != inner.span()


def _stated(turn: Turn, lang: Lang, exchange: Exchange | None) -> Iterator[Fact]:
    asked_family = bool(exchange and _FAMILY.search(fold(exchange.question.text)))
    asked_allergy = bool(exchange and _ALLERGY.search(fold(exchange.question.text)))
    for entry, start, end in _mentions(turn.text, lang):
        how = assess(turn.text, start, end, lang)
        if how.hypothetical or (asked_allergy and entry.kind == "symptom"):
            continue
        around = fold(turn.text)[max(0, start - 40) : end]
        family = how.family or asked_family or (entry.kind == "condition" and bool(_FAMILY.search(around)))
        kind = entry.kind
        if kind == "medication" and (asked_allergy or _ALLERGY.search(fold(turn.text)[max(0, start - 30) : end + 30])):
            kind = "allergy"
        source = Source(turn.index, start, end, turn.text[start:end])
        detail = {} if how.negated else _detail(turn.text, start, end, kind)
        yield Fact(
            entry.concept, kind, "denied" if how.negated else "present", (source,), "family" if family else "patient",
            how.historical, detail=detail, icd10=entry.icd10, evidence=entry.evidence,
        )  # fmt: skip


_WHICH = re.compile(
    r"\b(?:when|how (?:long|many|often|much|bad)|what|where|which|why|who)\b[^.?!]*$"
    r"|什么时候|多久|多长|几[天次年]|哪|怎么|为什么|多少"
)
_KNOWN = re.compile(r"(?:\b(?:the|your|this|that|these|those|for|from|with)(?: \w+){0,2}|这个?|那个?|您的|你的) ?$")
_FOR = re.compile(r"\b(?:for|about|with) (?:your|the)(?: \w+){0,2} ?$")


def _is_presupposed(x: Exchange, start: int, concept: str, facts: Mapping[tuple[str, str, str], Fact]) -> bool:
    """Whether a question speaks of a thing instead of asking for it: "when did your cough start?", "anything for the rash?"."""
    before = fold(x.question.text)[:start]
    if _WHICH.search(before[max(before.rfind(c) for c in ".?!。？！") + 1 :]):
        return True
    present = any(f.concept == concept and f.status == "present" for f in facts.values())
    return bool(_FOR.search(before)) or (present and bool(_KNOWN.search(before)))


def _answered(x: Exchange, lang: Lang, facts: Mapping[tuple[str, str, str], Fact]) -> Iterator[Fact]:
    question = fold(x.question.text)
    asked, named = _mentions(x.question.text, lang), {e.concept for e, *_ in _mentions(x.answer.text, lang)}
    is_partial = len(asked) > 1 and bool(named & {e.concept for e, *_ in asked})
    status: Status = {"yes": "present", "no": "denied"}.get(x.polarity, "unknown")  # type: ignore[assignment]
    if _ALLERGY.search(question) and x.polarity == "no":
        yield Fact("allergies", "allergy", "denied", (_whole(x.question), _whole(x.answer)))
    clause = max((question.rfind(c, 0, -1) for c in ".。!"), default=-1) + 1
    for entry, start, end in asked:
        if start < clause or (_ALLERGY.search(question) and entry.kind == "medication"):
            continue
        if _is_presupposed(x, start, entry.concept, facts) or (status == "present" and is_partial and entry.concept not in named):
            continue
        if status == "unknown" and x.polarity == "other":
            continue
        family: Experiencer = "family" if _FAMILY.search(question) else "patient"
        sources = (Source(x.question.index, start, end, x.question.text[start:end]), _whole(x.answer))
        past = bool(re.search(r"\bever\b|曾|以前|过吗|过没", question)) and entry.kind == "symptom"
        detail = {} if status != "present" else _detail(x.answer.text, 0, len(x.answer.text), entry.kind)
        yield Fact(
            entry.concept, entry.kind, status, sources, family, past, detail=detail, icd10=entry.icd10, evidence=entry.evidence
        )


def _whole(turn: Turn) -> Source:
    return Source(turn.index, 0, len(turn.text), turn.text)


def _detail(text: str, start: int, end: int, kind: str) -> dict[str, str]:
    """Attributes that stand in the mention's own sentence, in the words that were used."""
    left = max(text.rfind(c, 0, start) for c in ".。!?！？\n") + 1
    right = min(
        (i for c in ".。!?！？\n" if (i := text.find(c, end)) >= 0 and not text[i : i + 2].strip(".").isdigit()), default=len(text)
    )
    stretch = fold(text[left:right])
    patterns = (
        {"dose": _DOSE}
        if kind == "medication"
        else {"duration": _DURATION, "severity": _SEVERITY, "side": _SIDE, "course": _COURSE}
    )
    if kind in ("allergy", "social", "condition"):
        patterns = {"duration": _DURATION} if kind == "condition" else {}
    out = {}
    for name, pattern in patterns.items():
        m = pattern.search(stretch)
        if m:
            out[name] = " ".join(g for g in m.groups() if g) if name != "dose" else m.group().strip()
    return out
