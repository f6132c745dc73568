"""A note written from the fact graph: terse sentences, each linked to the turns that support it. Knows no model.

Only what is a fact is written; denied, unknown and not asked are told apart; no examination that nobody did. What a talk does not
carry of an edited note is found in `support.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from duologue.kit.text import Lang
from duologue.packs.health.facts.dialogue import Spoken
from duologue.packs.health.facts.extract import Fact, FactGraph, extract_facts
from duologue.packs.health.facts.mentions import READING, find_named
from duologue.packs.health.redflags.deciding import UNNAMED, is_denied
from duologue.packs.health.redflags.rules import Alarm, red_flags

_TITLES = {
    "en": {"cc": "Chief complaint", "hpi": "History of present illness", "pmh": "Past history", "medications": "Medications",
           "allergies": "Allergies", "family": "Family history", "social": "Social history", "vitals": "Reported measurements",
           "assessment": "Assessment (for the clinician)"},
    "zh": {"cc": "主诉", "hpi": "现病史", "pmh": "既往史", "medications": "用药史", "allergies": "过敏史", "family": "家族史",
           "social": "个人史", "vitals": "自述测量值", "assessment": "评估（供医生）"},
}  # fmt: skip
_WORDS = {
    "en": {"denies": "Denies {0}.", "unknown": "Unsure about {0}.", "reports": "{0}.", "not asked": "Not asked.",
           "family": "Family: {0}.", "family denied": "Denies family history of {0}.",
           "family unknown": "Unsure about family history of {0}.",
           "denied allergies": "Denies allergies.", "unknown allergies": "Unsure about allergies.",
           "denied medications": "Takes no medicines.", "ended": "No longer: {0}.", "takes": "{0}.",
           "raised": "Red flag: {0}.", "ask": "To be asked about: {0}.",
           "settled": "Asked about and denied: {0}.", "none": "No red flag fired."},
    "zh": {"denies": "否认{0}。", "unknown": "{0}不详。", "reports": "{0}。", "not asked": "未询问。", "family": "家族：{0}。",
           "family denied": "否认{0}家族史。", "family unknown": "{0}家族史不详。",
           "denied allergies": "否认过敏。", "unknown allergies": "过敏史不详。", "denied medications": "未用药。",
           "ended": "已停：{0}。", "takes": "{0}。", "raised": "危险信号：{0}。", "ask": "待询问：{0}。",
           "settled": "已询问，否认：{0}。",
           "none": "未触发危险信号。"},
}  # fmt: skip

_MEASURES = {"temperature": "体温", "pulse": "心率", "spo2": "血氧", "systolic": "收缩压", "diastolic": "舒张压", "glucose": "血糖"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a note with the turns it rests on and the words there; without turns it says what was not asked."""

    section: str
    text: str
    turns: tuple[int, ...]
    quotes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A draft until a clinician signs."""

    lang: Lang
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """The note under the default headings."""
        return self.render([(title, (section,)) for section, title in _TITLES[self.lang].items()])

    def render(self, headings: Iterable[tuple[str, tuple[str, ...]]]) -> str:
        """The note under headings of one's own, each with its sections; a heading with nothing under it is left out."""
        out: list[str] = []
        for title, sections in headings:
            lines = [s.text for section in sections for s in self.sentences if s.section == section]
            if lines:
                out.append(f"{title}\n" + (" " if self.lang == "en" else "").join(lines))
        return "\n\n".join(out)


def section_titles(lang: Lang) -> dict[str, str]:
    """The headings of a note's sections in their order; the plan is the clinician's."""
    return {**_TITLES[lang], "plan": "Plan" if lang == "en" else "处理计划"}


def write_note(dialogue: Spoken, lang: Lang | None = None) -> Note:
    """The note of a dialogue."""
    return note_of(extract_facts(dialogue, lang))


def write_sections(facts: FactGraph) -> dict[str, list[str]]:
    """The note's sentences by section."""
    out: dict[str, list[str]] = {}
    for s in note_of(facts).sentences:
        out.setdefault(s.section, []).append(s.text)
    return out


def note_of(facts: FactGraph) -> Note:
    """The note of a fact graph."""
    w = _WORDS[facts.lang]
    own = sorted((f for f in facts.facts if f.experiencer == "patient"), key=lambda f: (f.sources[0].turn, f.sources[0].start))
    out: list[Sentence] = []

    def say(section: str, pattern: str, items: list[Fact]) -> None:
        if items:
            joined = (", " if facts.lang == "en" else "、").join(_phrase(f, facts.lang) for f in items)
            joined = joined[:1].upper() + joined[1:] if pattern.startswith("{") else joined
            out.append(_sentence(section, pattern.format(joined), [(s.turn, s.words) for f in items for s in f.sources]))

    symptoms = [f for f in own if f.kind == "symptom"]
    present = [f for f in symptoms if f.status == "present" and not f.is_past]
    say("cc", w["reports"], present[:1])
    for f in present:
        say("hpi", w["reports"], [f])
    say("hpi", w["denies"], [f for f in symptoms if f.status == "denied"])
    say("hpi", w["unknown"], [f for f in symptoms if f.status == "unknown"])
    for section, kind in (("pmh", "condition"), ("medications", "medication"), ("allergies", "allergy"), ("social", "social")):
        mine = [f for f in own if f.kind == kind]
        general = [f for f in mine if f.concept in _AT_LARGE]
        named = [f for f in mine if f.concept not in _AT_LARGE]
        say(section, w["reports"], [f for f in named if f.status == "present"])
        say(section, w["ended"], [f for f in named if f.status == "denied" and f.is_past])
        say(section, w["denies"], [f for f in named if f.status == "denied" and not f.is_past])
        say(section, w["unknown"], [f for f in named if f.status == "unknown"])
        if general and not [f for f in named if f.status == "present"]:
            words = w[f"{general[0].status} {general[0].concept}"]
            out.append(_sentence(section, words, [(s.turn, s.words) for f in general for s in f.sources]))
        if not mine:
            out.append(Sentence(section, w["not asked"], ()))
    theirs = [f for f in facts.facts if f.experiencer == "family"]
    for pattern, status in (("family", "present"), ("family denied", "denied"), ("family unknown", "unknown")):
        say("family", w[pattern], [f for f in theirs if f.status == status])
    if not theirs:
        out.append(Sentence("family", w["not asked"], ()))
    say("vitals", w["reports"], [f for f in own if f.kind == "measure" and f.unit not in ("mo", "wk")])
    dangers = find_dangers(facts)
    out += [d.sentence for d in dangers] or [Sentence("assessment", w["none"], ())]
    return Note(facts.lang, tuple(out))


@dataclass(frozen=True, slots=True)
class Danger:
    """A red flag as the note tells it. `state`: raised, still to be asked about (`ask`), or asked about and denied (`settled`)."""

    alarm: Alarm
    state: Literal["raised", "ask", "settled"]
    sentence: Sentence


def find_dangers(facts: FactGraph) -> list[Danger]:
    """The red flags of a talk, each with its sentence."""
    out: list[Danger] = []
    for a in red_flags(list(facts.turns), facts.lang):
        first = min(e.turn for e in a.evidence)
        is_settled = a.state == "ask" and is_denied(a.like or a.rule, first, facts.turns, facts.lang)
        if is_settled and a.rule == UNNAMED:
            continue  # a suspicion without a name that was denied tells a clinician nothing
        state: Literal["raised", "ask", "settled"] = "settled" if is_settled else a.state
        words = _WORDS[facts.lang][state].format(a.title)
        out.append(Danger(a, state, _sentence("assessment", words, [(e.turn, e.words) for e in a.evidence])))
    return out


def _sentence(section: str, text: str, quotes: list[tuple[int, str]]) -> Sentence:
    return Sentence(section, text, tuple(sorted({turn for turn, _ in quotes})), tuple(dict.fromkeys(quotes)))


def _named_by(f: Fact) -> str:
    """The Chinese words that were used for a thing, never a whole answer, and without a denial that stands inside them."""
    for s in reversed(f.sources):
        named = find_named(s.words, "zh")
        if any(e.concept == f.concept and (start, end) == (0, len(s.words)) for e, start, end in named):
            inside = READING["inside"].search(s.words)
            return re.sub("不|没有?", "", s.words) if inside else s.words
    return f.concept


def _phrase(f: Fact, lang: Lang) -> str:
    """A fact in words: in Chinese those that were used, in English the concept with its attributes."""
    if f.kind == "measure":
        name = _MEASURES.get(f.concept, f.concept) if lang == "zh" else f.concept
        return f"{name} {f.value:g} {'°C' if f.unit == 'Cel' else f.unit}"
    name = _named_by(f) if lang == "zh" else f.concept
    detail = [f.detail[k] for k in _DETAILS if k in f.detail]
    if not detail:
        return name
    return f"{name} ({', '.join(detail)})" if lang == "en" else f"{name}（{'，'.join(detail)}）"


_DETAILS = ("dose", "amount", "side", "character", "severity", "onset", "duration", "course")
_AT_LARGE = ("allergies", "medications")
