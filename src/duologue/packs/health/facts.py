"""The fact graph of a consultation: what was said, by whom, in which turn, and how it was meant.

Every fact has its turns. Present, denied and unknown differ, and what nobody asked about is no fact. Note, differential and FHIR
are views of the graph. Knows no diagnosis.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Literal

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.answers import says_so
from duologue.packs.health.context import assess
from duologue.packs.health.dialogue import Exchange, Spoken, Turn, find_confirmed, find_exchanges, read_turns
from duologue.packs.health.measures import Measure, find_measures
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
_ALLERGY = re.compile(r"allerg|react(?:ed|ions?)?\b[^.?!]{0,12} to\b|过敏")
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
    """The facts of a dialogue. A later word on the same thing supersedes the earlier, whose turns are kept.

    One exception: who said of himself that he has a thing has it, though he denies a narrower question after ("on the right side?",
    "right away?"), unless the denial says that it is over.
    """
    turns = read_turns(dialogue)
    language = lang or detect_lang(" ".join(t.text for t in turns))
    facts: dict[tuple[str, str, str], Fact] = {}
    exchanges = {x.answer.index: x for x in find_exchanges(turns, language)}
    confirmed = {after.index: before for before, after in find_confirmed(turns, language)}
    for turn in turns:
        exchange = exchanges.get(turn.index)
        if exchange:
            over = bool(_OVER.search(fold(f"{exchange.question.text}\n{exchange.answer.text}")))
            for fact in _answered(exchange, language, facts):
                old = facts.get(_key(fact))
                if not (fact.status == "denied" and old and old.status == "present" and not over):
                    _keep(facts, fact)
        if turn.index in confirmed:
            for fact in _confirmed(confirmed[turn.index], turn, language):
                if _key(fact) not in facts:
                    _keep(facts, fact)
        if turn.role == "patient":
            for fact in _stated(turn, language, exchange):
                _keep(facts, fact)
            for m in _measured(turn, language, exchange):
                source = Source(turn.index, m.start, m.end, turn.text[m.start : m.end])
                _keep(facts, Fact(m.kind, "measure", "present", (source,), value=m.value, unit=m.unit))
    return FactGraph(language, tuple(turns), tuple(facts.values()))


_ASKED_VALUE = {
    "pulse": re.compile(r"pulse|heart rate|心率|脉搏"), "temperature": re.compile(r"temperature|how high|体温|多少度"),
    "spo2": re.compile(r"saturation|oximeter|血氧"), "glucose": re.compile(r"(?:blood )?sugar|glucose|血糖"),
}  # fmt: skip
_BARE = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.]*\d|%)")


def _measured(turn: Turn, lang: Lang, exchange: Exchange | None) -> list[Measure]:
    """The measures of a turn; a bare number is read with the word of the question ("Your pulse?" – "My watch says 110")."""
    found = list(find_measures(turn.text, lang))
    numbers = list(_BARE.finditer(turn.text))
    if exchange and len(numbers) == 1 and not found:
        asked = [k for k, p in _ASKED_VALUE.items() if p.search(fold(exchange.question.text))]
        name = {"pulse": "pulse", "temperature": "temperature", "spo2": "saturation", "glucose": "glucose"}
        if len(asked) == 1:
            read = list(find_measures(f"{name[asked[0]]} is {numbers[0].group()}", "en"))
            return [replace(m, start=numbers[0].start(), end=numbers[0].end()) for m in read if m.kind == asked[0]]
    return found


_OVER = re.compile(
    r"\b(?:still|any ?more|no longer|now|gone|went away|stopped|resolved|cleared|better)\b|还|现在|不再|好了|停了|戒|没了|消了|退了"
)


def _key(fact: Fact) -> tuple[str, str, str]:
    return fact.concept, fact.kind, fact.experiencer


def _keep(facts: dict[tuple[str, str, str], Fact], fact: Fact) -> None:
    old = facts.get(_key(fact))
    if old is None:
        facts[_key(fact)] = fact
        return
    newest = old if fact.status == "unknown" and old.status != "unknown" else fact
    sources = old.sources + tuple(s for s in fact.sources if s not in old.sources)
    detail = {**old.detail, **newest.detail} if newest.status == "present" else {}
    facts[_key(fact)] = replace(newest, sources=sources, detail=detail)


@lru_cache(maxsize=2048)
def _mentions(text: str, lang: Lang) -> tuple[tuple[_Entry, int, int], ...]:
    """What a text names, in order. A name inside a longer one is none: "coughing up blood" is no cough."""
    folded = fold(text)
    found = [(entry, m) for entry in _entries(lang) for m in entry.pattern.finditer(folded)]
    whole = [(e, m) for e, m in found if not any(_holds(n, m) for o, n in found if o is not e)]
    return tuple((e, m.start(), m.end()) for e, m in whole)


def _named(text: str, lang: Lang) -> tuple[tuple[_Entry, int, int], ...]:
    """Each thing that a text names once, where it stands first."""
    first: dict[str, tuple[_Entry, int, int]] = {}
    for entry, start, end in _mentions(text, lang):
        first.setdefault(f"{entry.kind}/{entry.concept}", (entry, start, end))
    return tuple(first.values())


def _holds(outer: re.Match[str], inner: re.Match[str]) -> bool:
    return outer.start() <= inner.start() and inner.end() <= outer.end() and outer.span() != inner.span()


_ALLERGENS = frozenset({"latex", "peanuts", "shellfish", "pollen"})
_ENDED = re.compile(
    r"\b(?:quit|gave up|given up|giving up|stopp?(?:ed|ing)?|came off|(?:am|have been|i'm) off|no longer|used to|ran out of)\b[^.,;!?]{0,30}$"
    r"|(?:戒|停|早就停)[^,。]{0,4}$"
)
_ENDED_AFTER = re.compile(r"^[^.;!?,。]{0,4}(?:戒|停|早停)|^,? ?(?:but )?i (?:quit|stopped|gave (?:it|that|them) up)|^ free\b|^[^.;!?\n]{0,40}\b(?:quit|stopped)\b")
_INSIDE = re.compile(r"^non-?|\b(?:don't|do n't|do not|never)\b|(?:不|没有?)(?:疼|痛|酸|胀|抖|烧|僵|麻|肿|晕|慌)")
_WONDERS = re.compile(r"\b(?:i|i'm|i've|i'd|my|he|she|his|her|we|it)\b|我|他|她")


def _stated(turn: Turn, lang: Lang, exchange: Exchange | None) -> Iterator[Fact]:
    """What a patient says of himself; of several mentions of a thing in a turn the last that tells of it now, else a present one."""
    told: dict[tuple[str, str, str], Fact] = {}
    for fact in _mentioned(turn, lang, exchange):
        old = told.get(_key(fact))
        if old and old.status == "present" and fact.status == "denied":
            start = fact.sources[0].start
            if not _OVER.search(fold(turn.text)[max(0, start - 25) : fact.sources[0].end + 12]):
                continue
        told[_key(fact)] = replace(fact, detail={**old.detail, **fact.detail}) if old and old.status == fact.status else fact
    yield from told.values()


def _mentioned(turn: Turn, lang: Lang, exchange: Exchange | None) -> Iterator[Fact]:
    asked = fold(exchange.question.text) if exchange else ""
    asked_family, asked_allergy = bool(_FAMILY.search(asked)), bool(_ALLERGY.search(asked))
    folded = fold(turn.text)
    for entry, start, end in _mentions(turn.text, lang):
        how = assess(turn.text, start, end, lang)
        left, right = _sentence_of(folded, start, end)
        if how.hypothetical or (asked_allergy and entry.kind == "symptom"):
            continue
        if folded[right : right + 1] == "?" and not _WONDERS.search(folded[left:right]):
            continue
        around = folded[max(0, start - 40) : end]
        family = how.family or asked_family or (entry.kind == "condition" and bool(_FAMILY.search(around)))
        kind = entry.kind
        if kind == "medication" and (asked_allergy or _ALLERGY.search(folded[max(left, start - 30) : min(right, end + 30)])):
            kind = "allergy"
        if entry.concept in _ALLERGENS and kind != "allergy":
            continue
        negated = how.negated or bool(_INSIDE.search(folded[start:end]))
        if kind in ("medication", "social") and not negated:
            negated = bool(_ENDED.search(folded[left:start]) or _ENDED_AFTER.match(folded[end:right]))
        source = Source(turn.index, start, end, turn.text[start:end])
        detail = {} if negated else _detail(turn.text, start, end, kind)
        yield Fact(
            entry.concept, kind, "denied" if negated else "present", (source,), "family" if family else "patient",
            how.historical, detail=detail, icd10=entry.icd10, evidence=entry.evidence,
        )  # fmt: skip


_WHICH = re.compile(
    r"\b(?:when|how (?:long|many|often|much|bad)|what|where|which|why|who)\b[^.?!]*$"
    r"|什么时候|多久|多长|几[天次年]|哪|怎么|为什么|多少"
)
_KNOWN = re.compile(r"(?:\b(?:the|your|this|that|these|those|for|from|with)(?: \w+){0,2}|这个?|那个?|您的|你的) ?$")
_FOR = re.compile(r"\b(?:for|about|with) (?:your|the)(?: \w+){0,2} ?$")
_BESIDE = re.compile(
    r"\b(?:during|after|before|since|following|because of|due to|caused by|triggered by|treat\w+ (?:for|of)|complications? \w+|related to"
    r"|side effects? (?:of|from|with)|problems? with (?:the|your)|time (?:that )?you(?:'ve)? (?:had|have had|felt)(?: \w+){0,4}|(?:while|when) (?:she|you|he) (?:was|were|are|is)|on|take for|taking for)"
    r"(?: (?:or|and) \w+)?(?: (?:the|your|his|her|this|that|either|feelings?))?(?: \w+)? ?$"
)


def _is_presupposed(x: Exchange, start: int, entry: _Entry, facts: Mapping[tuple[str, str, str], Fact]) -> bool:
    """Whether a question speaks of a thing instead of asking for it: "when did your cough start?", "anything for the rash?"."""
    before = fold(x.question.text)[:start]
    before = before[max(before.rfind(c) for c in ".?!。？！") + 1 :]
    if _WHICH.search(before) or (entry.kind != "medication" and _BESIDE.search(before)):
        return True
    present = any(f.concept == entry.concept and f.status == "present" for f in facts.values())
    return bool(_FOR.search(before)) or (present and bool(_KNOWN.search(before)))


_TELLS = re.compile(
    r"\b(?:when|where|how (?:long|often|bad|much)|which)\b[^.?!]{0,30}\b(?:the|your|his|her|this|that|you had|been having)(?: \w+){0,2} ?$"
    r"|\bhow(?:'s| is| are| has| have)? (?:the|your|his|her)(?: \w+)? ?$|\btell me (?:more )?about (?:the|your|his|her|this)(?: \w+)? ?$"
)
"""A question that takes a thing for granted; whoever answers it without a no has it."""
_GROUPS = frozenset({"antibiotics", "steroids"})
_TELLS_ZH = re.compile(r"^[^。？?！!]{0,6}(?:怎么(?:样|个)|多久|多长|什么时候|哪(?:里|儿|个位置))")


def _takes_for_granted(x: Exchange, start: int, end: int) -> bool:
    question = fold(x.question.text)
    left, _ = _sentence_of(question, start, end)
    is_kin = _FAMILY.search(question)
    return not is_kin and bool(_TELLS.search(question[left:start]) or _TELLS_ZH.match(question[end:]))


_CHECKS = re.compile(r"^\s*(?:so|and|okay|ok|but)?,? ?(?:no|not|you (?:don't|do not|have no|haven't|deny|never))\b|(?:right|correct) ?\?|没有?[^?？]{0,12}吧")
_NO_ONLY = re.compile(r"\s*(?:no\b(?! ?[,.])|(?:没有?|无)(?![,.]))")


def _answered(x: Exchange, lang: Lang, facts: Mapping[tuple[str, str, str], Fact]) -> Iterator[Fact]:
    question, answer = fold(x.question.text), fold(x.answer.text)
    asked, named = _named(x.question.text, lang), {e.concept for e, *_ in _named(x.answer.text, lang)}
    is_partial = len(asked) > 1 and bool(named & {e.concept for e, *_ in asked})
    is_beside = not says_so(x.answer.text, lang) and bool(named) and not named & {e.concept for e, *_ in asked}
    status: Status = {"yes": "present", "no": "denied"}.get(x.polarity, "unknown")  # type: ignore[assignment]
    if x.polarity == "other" and _FAMILY.search(question) and _FAMILY.search(answer):
        status = "present"
    by_name = any(e.kind == "medication" for e, *_ in asked)
    if _ALLERGY.search(question) and not by_name and not _FAMILY.search(question) and x.polarity in ("no", "unknown"):
        yield Fact("allergies", "allergy", status, (_whole(x.question), _whole(x.answer)))
    for entry, start, end in asked:
        kind: Kind = "allergy" if entry.kind == "medication" and _ALLERGY.search(question) else entry.kind
        if start < x.asked_from or (kind == "medication" and entry.concept in _ALLERGENS):
            continue
        if kind == "allergy" and entry.concept in _GROUPS:
            continue
        if x.polarity not in ("no", "unknown") and (entry.concept, kind, "patient") not in facts and _takes_for_granted(x, start, end):
            sources = (Source(x.question.index, start, end, x.question.text[start:end]), _whole(x.answer))
            yield Fact(entry.concept, kind, "present", sources, icd10=entry.icd10, evidence=entry.evidence)
            continue
        if is_beside or _is_presupposed(x, start, entry, facts) or (status == "present" and is_partial and entry.concept not in named):
            continue
        if status == "denied" and is_partial and entry.concept not in named and _NO_ONLY.match(answer):
            continue
        if status == "unknown" and x.polarity == "other":
            continue
        how = assess(x.question.text, start, end, lang)
        mine = status
        if lang == "en" and how.negated and status != "unknown":
            if status == "present" and not _CHECKS.search(question[x.asked_from :]):
                continue
            mine = "denied"
        family: Experiencer = "family" if _FAMILY.search(question) else "patient"
        sources = (Source(x.question.index, start, end, x.question.text[start:end]), _whole(x.answer))
        past = bool(re.search(r"\bever\b|曾|以前|过吗|过没", question)) and entry.kind == "symptom"
        detail = {} if mine != "present" else _detail(x.answer.text, 0, len(x.answer.text), kind)
        yield Fact(
            entry.concept, kind, mine, sources, family, past, detail=detail, icd10=entry.icd10, evidence=entry.evidence
        )  # fmt: skip


_RECORDED = re.compile(
    r"(?:\b(?:you|she|he|patient) (?:have|has|had|were diagnosed with|was diagnosed with|suffers? from|take|takes|(?:are|is|'re) (?:taking|on))"
    r"|\byou've (?:got|had)|\b(?:medical )?history (?:significant for|of)|\byour)\b[^.?!;]{0,80}$|您有|你有|有过|您的|在吃|得过"
)
_NOT_YET = re.compile(
    r"\b(?:will|would|should|could|can|may|might|if|unless|going to|gon na|let's|plan|risk|think|looks? like|start|try|consider|prescrib\w+"
    r"|recommend|exam|feel|today)\b|如果|可能|考虑|建议|开点|试试"
)


def _confirmed(before: Turn, after: Turn, lang: Lang) -> Iterator[Fact]:
    """What a clinician reads out of the chart and the patient confirms: conditions, medicines and operations, not findings."""
    folded = fold(before.text)
    for entry, start, end in _named(before.text, lang):
        left, right = _sentence_of(folded, start, end)
        is_read = _RECORDED.search(folded[left:start]) and not _NOT_YET.search(folded[left:right])
        if entry.kind not in ("condition", "medication") or not is_read or entry.concept in _ALLERGENS:
            continue
        how = assess(before.text, start, end, lang)
        if how.negated or how.hypothetical or how.family or _FAMILY.search(folded[left:right]) or _ALLERGY.search(folded[left:right]):
            continue
        sources = (Source(before.index, start, end, before.text[start:end]), _whole(after))
        yield Fact(entry.concept, entry.kind, "present", sources, icd10=entry.icd10, evidence=entry.evidence)


def _whole(turn: Turn) -> Source:
    return Source(turn.index, 0, len(turn.text), turn.text)


def _sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The place of the sentence around a mention; a point inside a number ends none."""
    left = max(text.rfind(c, 0, start) for c in ".。!?！？\n") + 1
    while left and text[left - 1] == "." and text[left : left + 1].isdigit():
        left = max(text.rfind(c, 0, left - 1) for c in ".。!?！？\n") + 1
    ends = (i for c in ".。!?！？\n" if (i := text.find(c, end)) >= 0 and not text[i : i + 2].strip(".").isdigit())
    return left, min(ends, default=len(text))


def _detail(text: str, start: int, end: int, kind: str) -> dict[str, str]:
    """Attributes that stand in the mention's own sentence, in the words that were used; the nearest of each kind, behind it first."""
    left, right = _sentence_of(text, start, end)
    folded = fold(text)
    patterns = (
        {"dose": _DOSE}
        if kind == "medication"
        else {"duration": _DURATION, "severity": _SEVERITY, "side": _SIDE, "course": _COURSE}
    )
    if kind in ("allergy", "social", "condition"):
        patterns = {"duration": _DURATION} if kind == "condition" else {}
    out = {}
    for name, pattern in patterns.items():
        behind = pattern.search(folded, end, right) if name == "dose" else None
        m = behind or pattern.search(folded, left, right)
        if m:
            out[name] = " ".join(g for g in m.groups() if g) if name != "dose" else m.group().strip()
    return out
