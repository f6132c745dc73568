"""History-taking one question at a time: red flags first, then what safety demands, then what tells most. Works without a model.

The person sees a question or an emergency text and never a diagnosis; `differential` is the clinician's. A question is asked
once, a red flag's once more where the answer is for another one.
`Interview` keeps no clock and no store: its turns are its state, so that it can be replayed.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from duologue.kit.text import Lang
from duologue.packs.health.facts.dialogue import Turn, find_exchanges
from duologue.packs.health.facts.extract import FactGraph, extract_facts
from duologue.packs.health.facts.mentions import is_pain
from duologue.packs.health.interview.differential import Ranked, best_question, load_knowledge, rank
from duologue.packs.health.language.phrases import fold, load_rules
from duologue.packs.health.redflags.deciding import (
    UNNAMED,
    asks_about,
    deciding_question,
    denies,
    evades,
    find_pending,
    is_asked,
)
from duologue.packs.health.redflags.rules import Alarm, Level, raise_level, red_flags

HURTS = "E_53"
"""Pain anywhere: who told of one is not asked."""
SMOKES, SMOKED = "E_79", "E_191"
"""Who smokes is no former smoker, whatever he says to the question for it ("I smoke five a day")."""
_OPEN = {"en": "What brings you here today?", "zh": "您今天哪里不舒服？"}
_GREETING = re.compile(
    r"\W*(?:(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|dear|doctor|doc|dr|(?:anyone |are you )?there|please)\W*)*"
    r"(?:(?:你好|您好|嗨|哈喽|在吗|在不在|有人吗|早上好|上午好|下午好|晚上好|早|医生|大夫|请问|喂|啊|呀)\W*)*"
)
"""Words that tell nothing: who has said no others is asked what brings him."""
_HISTORY = {
    "en": ("When did it start?", "Which medicines do you take?", "Do you have any allergies to medicines?"),
    "zh": ("什么时候开始的？", "现在在吃什么药？", "有药物过敏吗？"),
}
_ABOUT: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "character",
        {"en": "What does it feel like: sharp, dull, burning, pressing?", "zh": "是什么样的疼：刺痛、胀痛、闷痛，还是火辣辣的？"},
    ),
    ("severity", {"en": "How bad is it at its worst, from 0 to 10?", "zh": "0是没有，10是最重，您打几分？"}),
    ("course", {"en": "How has it changed: better, worse, or does it come and go?", "zh": "后来是好转了、加重了，还是时好时坏？"}),
)
"""What is asked of the first complaint besides its onset, in this order, unless it was told; the character of pains only."""
_MEANWHILE = {
    "en": "This may be an emergency. Call {number} now or go to the nearest emergency department; do not drive yourself."
    " A clinician has been told. Stay with someone and keep your phone at hand.",
    "zh": "这可能是急症。请立即拨打 {number} 或前往最近的急诊，不要自己开车。已经通知医生。请让身边有人陪伴，保持电话畅通。",
}
_MEANWHILE_ONESELF = {
    "en": "You don't have to face this alone. Call {number} now or go to the nearest emergency department, and stay with someone."
    " Put what could harm you out of reach. A clinician has been told and will write here.",
    "zh": "您不必独自面对。请立即拨打 {number} 或前往最近的急诊，身边不要离开人，把可能伤害自己的东西放远。"
    "已经通知医生，医生会在这里联系您。",
}
_WAITING = {
    "en": "A clinician has been told and decides what comes next. If anything gets worse, call {number} at once.",
    "zh": "已经通知医生，接下来由医生决定。如果加重，请立即拨打 {number}。",
}
ONCE_MORE: dict[Lang, str] = {
    "en": "Thank you, noted. One thing I must know first, yes or no: ",
    "zh": "好的，记下了。请先回答这一点，有还是没有：",
}
"""Leads a red flag's question where the answer was a figure; after a second one it counts as not denied."""
_DONE = {"en": "Thank you. A clinician will read this and talk with you.", "zh": "谢谢。医生会看到这些内容并与您沟通。"}


def meanwhile(lang: Lang, number: str, *, for_oneself: bool = False) -> str:
    """What a person does until somebody comes; `number` is the place's emergency number. `for_oneself`: he may harm himself."""
    return (_MEANWHILE_ONESELF if for_oneself else _MEANWHILE)[lang].format(number=number)


URGENT = 2
"""The least grave level that ends the questions at once: 1 emergency now, 2 emergency department."""


FOR_ONESELF = frozenset({"suicide", "self_harm"})
"""Rules whose person is told not to stay alone, rather than not to drive."""


def is_for_oneself(alarms: Iterable[Alarm]) -> bool:
    """Whether somebody may harm himself."""
    return any(a.rule in FOR_ONESELF or a.like in FOR_ONESELF for a in alarms)


def grave_of(alarms: Iterable[Alarm]) -> list[Alarm]:
    """The emergencies among alarms: what is raised and cannot wait."""
    return [a for a in alarms if a.state == "raised" and a.level <= URGENT]


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next: a question, an emergency (questioning stops) or the end. `key` names the question's origin."""

    kind: Literal["ask", "escalate", "done"]
    text: str
    key: str
    alarms: tuple[Alarm, ...]
    level: Level


@cache
def _safety() -> dict[str, list[list[str]]]:
    return dict(load_rules("safety.yaml"))


def to_ask(alarms: Sequence[Alarm], turns: list[Turn], asked: Collection[str]) -> Alarm | None:
    """The gravest alarm in doubt whose question has not been put yet; what no rule names is asked about for each turn anew."""
    for alarm in alarms:
        if alarm.state != "ask":
            continue
        if alarm.rule == UNNAMED and not is_asked(alarm.like, alarm.evidence[0].turn, turns):
            return alarm
        if alarm.rule != UNNAMED and f"redflag:{alarm.rule}" not in asked:
            return alarm
    return None


def find_evaded(alarms: Sequence[Alarm], turns: Sequence[Turn]) -> Alarm | None:
    """The alarm in doubt whose question was just put for the first time and got a figure for an answer."""
    question = find_pending(turns)
    put = [a for a in alarms if a.state == "ask" and question is not None and asks_about(question, a.like or a.rule, -1)]
    return next((a for a in put if evades(turns, a.like or a.rule)), None)


def put_again(alarm: Alarm, lang: Lang) -> str:
    """The words of a red flag's question that was evaded."""
    return ONCE_MORE[lang] + deciding_question(alarm.like or alarm.rule, lang)


@dataclass(slots=True)
class Interview:
    """One history. `emergency_number` is the place's own (120, 911, 999, 112).

    An emergency ends the questions, and its text is said once: until a clinician lets them go on (`resume`), the person hears that
    a clinician decides. A level is never lowered by that; what comes new, or is told anew, is an emergency again.
    """

    lang: Lang = "en"
    emergency_number: str = "120 / 911 / 999 / 112"
    max_questions: int = 15
    turns: list[Turn] = field(default_factory=list)
    _asked: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _told_at: int = 0
    _is_waiting: bool = False

    def start(self) -> Step:
        """The opening question."""
        return self._ask("open", _OPEN[self.lang], ())

    def note_asked(self, key: str, words: str) -> None:
        """A question that was asked before, as a talk that is taken up again knows it."""
        self._asked[key] = words

    def resume(self) -> None:
        """A clinician has seen what was said so far and lets the questions go on."""
        self._note_told(red_flags(self.turns, self.lang))
        self._is_waiting = False

    def hear(self, text: str) -> Step:
        """Take the person's words and say what comes next."""
        self.turns.append(Turn(self._next(), "patient", text))
        return self.go_on()

    def _next(self) -> int:
        return self.turns[-1].index + 1 if self.turns else 0

    def go_on(self) -> Step:
        """What comes next after the turns so far."""
        if all(t.role != "patient" or _GREETING.fullmatch(fold(t.text)) for t in self.turns):
            return self.start()
        alarms = tuple(self._decided(a) for a in self._alarms())
        if self._is_news(alarms):
            self._is_waiting = True
            self._note_told(alarms)
            words = meanwhile(self.lang, self.emergency_number, for_oneself=is_for_oneself(grave_of(alarms)))
            return self._escalate("emergency", words, alarms)
        if self._is_waiting:
            return self._escalate("waiting", _WAITING[self.lang].format(number=self.emergency_number), alarms)
        if evaded := find_evaded(alarms, self.turns):
            return self._ask(f"redflag:{evaded.rule}", put_again(evaded, self.lang), alarms)
        doubt = to_ask(alarms, self.turns, self._asked)
        if doubt:
            return self._ask(f"redflag:{doubt.rule}", deciding_question(doubt.like or doubt.rule, self.lang), alarms)
        facts = extract_facts(self.turns, self.lang)
        for complaint in [f.concept for f in facts.of("symptom") if f.status != "denied" and f.experiencer == "patient"]:
            for number, question in enumerate(_safety().get(complaint, [])):
                words = question[0 if self.lang == "en" else 1]
                if words not in self._asked.values() and f"safety:{complaint}:{number}" not in self._asked:
                    return self._ask(f"safety:{complaint}:{number}", words, alarms)
        return self._tell_most(facts, alarms)

    def _alarms(self) -> list[Alarm]:
        """Those of the turns; and what a classifier suspected before the last one, where its question was just put."""
        found, question = red_flags(self.turns, self.lang), find_pending(self.turns)
        if question is not None and not any(a.rule == UNNAMED for a in found):
            before = red_flags([t for t in self.turns if t.index < question.index], self.lang)
            found += [a for a in before if a.rule == UNNAMED and asks_about(question, a.like or a.rule, -1)]
        return found

    def _is_news(self, alarms: Sequence[Alarm]) -> bool:
        """Whether one is an emergency that was not told yet, or that the words since then tell again."""
        if any(a.rule not in self._told for a in grave_of(alarms)):
            return True
        return bool(self._told_at and grave_of(red_flags(self.turns[self._told_at :], self.lang)))

    def _note_told(self, alarms: Sequence[Alarm]) -> None:
        self._told |= {a.rule for a in grave_of(alarms)}
        self._told_at = len(self.turns)

    def _escalate(self, key: str, words: str, alarms: tuple[Alarm, ...]) -> Step:
        self.turns.append(Turn(self._next(), "clinician", words))
        return Step("escalate", words, key, alarms, raise_level(alarms))

    def _decided(self, alarm: Alarm) -> Alarm:
        """An alarm in doubt whose question was just put: raised, unless the answer denies all of it."""
        if alarm.state == "raised" or len(self.turns) < 2:
            return alarm
        question, rule = find_pending(self.turns), alarm.like or alarm.rule
        if question is None or not asks_about(question, rule, -1) or evades(self.turns, rule):
            return alarm
        return alarm if denies(question.text, self.turns[-1].text, self.lang) else replace(alarm, state="raised")

    def known(self, facts: FactGraph | None = None) -> dict[str, bool]:
        """Evidences of the knowledge base that are present or absent so far."""
        graph = facts or extract_facts(self.turns, self.lang)
        known = {
            f.evidence: f.status == "present"
            for f in graph.facts
            if f.evidence and f.experiencer == "patient" and f.status != "unknown" and f.evidence in load_knowledge().evidences
        }
        keys = {words: key for key, words in self._asked.items()}
        for x in find_exchanges(self.turns, self.lang):
            key = keys.get(x.question.text, "")
            if key in load_knowledge().evidences and x.polarity in ("yes", "no"):
                known[key] = x.polarity == "yes"
        if any(f.status == "present" and f.experiencer == "patient" and is_pain(f.concept) for f in graph.of("symptom")):
            known.setdefault(HURTS, True)
        if known.get(SMOKES):
            known[SMOKED] = False
        return known

    def differential(self, top: int = 5) -> list[Ranked]:
        """The clinician's ranked list, with the evidence for and against."""
        return rank(self.known(), top, temperature=1.5)

    def level(self, suggested: Level = 5) -> Level:
        """The triage level so far; a suggestion can only raise it."""
        return raise_level(red_flags(self.turns, self.lang), suggested)

    def _tell_most(self, facts: FactGraph, alarms: tuple[Alarm, ...]) -> Step:
        history = [(f"history:{n}", words) for n, words in enumerate(_HISTORY[self.lang])]
        left = [(key, words) for key, words in history if key not in self._asked]
        if history[0] in left:
            return self._ask(*history[0], alarms)
        complaint = next((f for f in facts.of("symptom") if f.status == "present" and f.experiencer == "patient"), None)
        for name, words in _ABOUT:
            if complaint is None:
                break
            told = name in complaint.detail or (name == "character" and not is_pain(complaint.concept))
            if not told and f"history:{name}" not in self._asked:
                return self._ask(f"history:{name}", words[self.lang], alarms)
        room = self.max_questions - len(self._asked) + 1
        evidence = best_question(self.known(facts), frozenset(self._asked), self.lang, in_talk=True) if room > len(left) else None
        if evidence:
            return self._ask(evidence, load_knowledge().question(evidence, self.lang), alarms)
        if left:
            return self._ask(*left[0], alarms)
        return Step("done", _DONE[self.lang], "done", alarms, raise_level(alarms))

    def _ask(self, key: str, words: str, alarms: tuple[Alarm, ...]) -> Step:
        self._asked[key] = words
        self.turns.append(Turn(self._next(), "clinician", words))
        return Step("ask", words, key, alarms, raise_level(alarms))
