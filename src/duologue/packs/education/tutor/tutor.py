"""A tutor for one question: finds the first wrong step, chooses a move, climbs a ladder, and is checked before it speaks.

Knows an item, what the learner wrote and how far the ladder was climbed; knows no storage and calls no model. A model may word
a move: `prompt` is what it sees, never the key; `check` is what its words must pass, else the prepared ones are said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from duologue.kit.text import Lang, detect_lang
from duologue.packs.education.grading.grade import MATH, grade
from duologue.packs.education.grading.grade import field as item_field
from duologue.packs.education.tutor.leak import find_leak
from duologue.packs.education.tutor.words import say
from duologue.packs.education.tutor.wrong_step import check_sums, find_broken_line, find_wrong_step, holds, numbers_of, split_steps
from duologue.sdk import ChatMessage, fence

Move = Literal["begin", "ask", "hint", "example", "explain", "tell", "right"]
LADDER: tuple[Move, ...] = ("ask", "hint", "hint", "example", "explain", "tell")
"""The moves by level. Each try of the learner's own climbs one; begging climbs none. Three hints and an example before telling."""
MAX_GUESSES = 3
"""Bare results that are judged right or wrong; after that the learner has to show work, lest the numbers be tried one by one."""
MOST_BY_GUESSING = 3
"""The highest level that bare results reach; explaining and telling take lines of the learner's own."""
_WORK = re.compile(r"[=<>≤≥]|\d\s*[-+*/×÷−]\s*\d|\n\s*\S+.*\n")
_UNSURE = re.compile(
    r"\bidk\b|\bi(?: really)? (?:don['’]?t|do not) (?:know|get|understand)|\bno (?:idea|clue)\b|\bdunno\b|\bnot sure\b"
    r"|\bi['’]?m (?:lost|stuck)\b|不知道|不会(?!告诉)|没思路|不懂|没头绪|不明白",
    re.IGNORECASE,
)
_LOW = re.compile(
    r"\b(?:hate|dumb|stupid|useless|give up|too hard|can['’]?t do (?:this|it|maths?)|cry(?:ing)?)\b"
    r"|太难|太笨|好笨|学不会|讨厌|放弃|哭",
    re.IGNORECASE,
)
_UNWORKED = re.compile(r"[\d)]\s*[-−+*×÷]\s*[\d(]")
_SIGN = r"(?:[\d\s.()=+\-−*/×÷]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))*"
_RUN = re.compile(rf"{_SIGN}\d{_SIGN}")
_RESULT = re.compile(
    r"^\W*(?:(?:i (?:think|got|get)|is it|it(?:'s| is)|the answer is|maybe|so|我(?:觉得|算出)(?:是|得)?|是不是|答案是|得|是)\s*)*"
    r"(?P<value>(?:[a-zA-Z]\s*[=:<>]\s*)?[-−+]?\s*[\d零一二两三四五六七八九十百分之又点½¼¾√π.,/%() ]*"
    r"[\d零一二两三四五六七八九十½¼¾π%)]\s*[a-zA-Z°\u4e00-\u9fff]{0,5})\W*(?:吗|么|right)?\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TutorState:
    """How far the ladder was climbed, how many bare results were judged, and what was tried. JSON by `to_json`."""

    level: int = -1
    guesses: int = 0
    tried: tuple[str, ...] = ()
    is_solved: bool = False

    def to_json(self) -> dict[str, Any]:
        """For a message's data."""
        return {"level": self.level, "guesses": self.guesses, "tried": list(self.tried), "is_solved": self.is_solved}


def read_state(value: Mapping[str, Any]) -> TutorState:
    """The state of `to_json`; what is missing starts anew."""
    tried = tuple(str(t) for t in value.get("tried", ()))
    return TutorState(int(value.get("level", -1)), int(value.get("guesses", 0)), tried, bool(value.get("is_solved")))


@dataclass(frozen=True, slots=True)
class TutorReply:
    """What the tutor says and the state after it. `wrong_step` counts from 0; `blocked` lists why words were not said."""

    text: str
    move: Move
    state: TutorState
    wrong_step: int | None = None
    blocked: tuple[str, ...] = field(default=())


class Tutor:
    """`item`: a mapping or object with `text, key, type, options, hints, steps`. `examples`: other items of the same skill.

    `reply(state, text)` is pure: the same words in the same state get the same reply.
    """

    def __init__(self, item: object, lang: Lang | None = None, examples: Sequence[object] = ()) -> None:
        self.item = item
        self.problem = str(item_field(item, "text", "") or item_field(item, "problem", ""))
        self.key = str(item_field(item, "key", ""))
        self.lang: Lang = lang or detect_lang(self.problem)
        self._options = {str(k): str(v) for k, v in dict(item_field(item, "options", {})).items()}
        self._hints = tuple(str(hint) for hint in item_field(item, "hints", ()))
        self._steps = tuple(str(step) for step in item_field(item, "steps", ()))
        self._examples = tuple(examples)

    def find_wrong_step(self, solution: str | Sequence[str], asked: str = "", reference: str = "") -> int | None:
        """The index of the first wrong step of a solution, from 0; None where there are no steps."""
        return find_wrong_step(self.problem, solution, asked, reference or "\n".join(self._steps))

    def reply(self, state: TutorState, text: str) -> TutorReply:
        """The next move for what the learner wrote. `text` may be a message or lines of work."""
        is_bare = len(text) < 60 and "\n" not in text.strip() and text.count("=") < 2
        result = _RESULT.match(text.strip()) if is_bare else None
        steps = [step for step in split_steps(text) if _WORK.search(step)] if _WORK.search(text) and not result else []
        if len(steps) == 1 and self._is_question(steps[0]):
            steps = []
        is_new = bool(steps or result) and _bare(text) not in state.tried
        tried = (*state.tried, _bare(text))[-20:] if steps or result else state.tried
        if state.is_solved:
            return self._speak("right", say("right", self.lang), replace(state, tried=tried), checked=False)
        broken = find_broken_line(self.problem, steps)
        guesses = state.guesses + bool(result and not steps and is_new)
        may_judge = bool(steps) or guesses <= MAX_GUESSES
        if may_judge and self._is_right(text, steps, result):
            done = replace(state, tried=tried, guesses=guesses, is_solved=broken is None)
            return self._speak(
                "right", say("right" if broken is None else "right_but_step", self.lang), done, broken, checked=False
            )
        begging = not steps and not result
        level = state.level + 1 if is_new or state.level < 0 else state.level
        level = min(level, len(LADDER) - 1 if steps else max(state.level, MOST_BY_GUESSING))
        after = TutorState(level, guesses, tried)
        if state.level < 0 and begging:
            return self._speak("begin", say("begin", self.lang), after)
        if begging:
            return self._encourage(text, after)
        if not is_new:
            again = say("ask_work", self.lang)
            return self._speak("ask", f"{again} {self._words(max(level, 0), steps, None)}".strip(), after)
        if steps and broken is None and holds(self.problem, steps[-1]):
            shown = say("good_step", self.lang, step=steps[-1])
            after = replace(after, level=max(state.level, 0))  # what is right climbs nothing
            return self._speak("ask", say("good_step_hidden", self.lang) if self._leak(shown) else shown, after)
        if result and not steps and guesses > MAX_GUESSES:
            return self._speak("ask", say("ask_work", self.lang), replace(after, level=state.level))
        place = broken if broken is not None else self._suspect(steps)
        before = say("wrong", self.lang) + " " if result and not steps and self.key else ""
        return self._speak(LADDER[level], before + self._words(level, steps, place), after, place)

    def prompt(self, reply: TutorReply, text: str) -> list[ChatMessage]:
        """What a model may see to word a move: the problem, what the learner wrote, the prepared words."""
        order = (
            "You are a tutor. Say the prepared words again in one or two warm sentences in the learner's language. Do not work "
            "anything out, name no result, add no number that the prepared words do not have."
        )
        parts = (("problem", self.problem), ("learner", text), ("prepared", reply.text))
        told = "\n".join(fence(label, part, self.lang) for label, part in parts)
        return [ChatMessage("system", order), ChatMessage("user", told)]

    def check(self, reply: TutorReply, wording: str) -> TutorReply:
        """The reply in a model's words where they leak nothing and every sum in them is true, else as it was prepared."""
        if not wording.strip() or reply.move in ("tell", "right"):
            return reply
        why = self._leak(wording) or ("untrue" if any(not one.is_right for one in check_sums(wording)) else "")
        if not why and not set(numbers_of(wording)) <= set(numbers_of(f"{reply.text} ; {self.problem}")):
            why = "number"  # one that nobody has named: a result made up, or half of the key
        return replace(reply, blocked=(*reply.blocked, why)) if why else replace(reply, text=wording.strip())

    def _encourage(self, text: str, state: TutorState) -> TutorReply:
        """For who has written no work: who does not know how to begin gets the first hint; who begs, a word and a small step."""
        if _UNSURE.search(text):
            level = max(state.level, 1)
            lead = say("comfort" if _LOW.search(text) else "unsure", self.lang)
            words = f"{lead} {self._words(level, [], None)}"
            return self._speak(LADDER[level], words, replace(state, level=level))
        kinds = ("comfort",) if _LOW.search(text) else ("no_telling", "no_telling_2", "no_telling_3")
        first = say(kinds[len(_bare(text)) % len(kinds)], self.lang)
        then = self._words(state.level, [], None) if state.level > 0 else say("begin_small", self.lang)
        return self._speak("ask", f"{first} {then}", state)

    def _is_right(self, text: str, steps: Sequence[str], result: re.Match[str] | None) -> bool:
        if not self.key:
            return False
        answers = [result["value"], result["value"].rsplit("=", 1)[-1]] if result else []
        if steps:
            answers += [steps[-1], steps[-1].rsplit("=", 1)[-1]]
        if self._options and len(text) < 60:
            answers = [text]
        if not _UNWORKED.search(self.key):
            answers = [one for one in answers if not _UNWORKED.search(one.rsplit("=", 1)[-1])]  # 3/6 + 2/6 is on the way
        kind = str(item_field(self.item, "type", "math"))
        return kind in (*MATH, "choice", "choices", "ordering") and any(
            grade(self.item, a).is_correct for a in answers if a.strip()
        )

    def _is_question(self, step: str) -> bool:
        """Whether a line repeats the question's own equation or sum, and no more."""
        runs = [_bare(m[0]) for m in _RUN.finditer(step) if _bare(m[0])]
        return all(run in _bare(self.problem) for run in runs)

    def _suspect(self, steps: Sequence[str]) -> int | None:
        return find_wrong_step(self.problem, steps, "", "\n".join(self._steps)) if len(steps) > 1 and self.key else None

    def _words(self, level: int, steps: Sequence[str], place: int | None) -> str:
        """The prepared words of a level; each candidate that would leak gives way to a plainer one."""
        move = LADDER[level]
        if move == "tell" and self.key:
            return say("tell", self.lang, steps=" ".join(self._steps), result=self.key)
        out: list[str] = []
        if place is not None and place < len(steps):
            shown = say("ask_step", self.lang, step=steps[place])
            out.append(say("ask_step_hidden", self.lang, place=place + 1) if self._leak(shown) else shown)
        elif steps and move == "ask":
            out.append(say("ask_next", self.lang))
        elif move == "ask":
            out.append(say("ask_work", self.lang))
        if move == "hint":
            hint = self._hints[min(level - 1, len(self._hints) - 1)] if self._hints else ""
            plain = say("hint_plain" if level < 2 else "hint_check", self.lang)
            out.append(say("hint", self.lang, hint=hint) if hint and not self._leak(hint) else plain)
        if move == "example":
            out.append(self._example() or say("hint_small", self.lang))
        if move in ("explain", "tell"):
            safe = [step for step in self._steps[:-1] if not self._leak(step)]
            out.append(say("explain", self.lang, steps=" ".join(safe)) if safe else say("explain_plain", self.lang))
        return " ".join(out)

    def _example(self) -> str:
        for other in self._examples:
            worked = " ".join(str(step) for step in item_field(other, "steps", ()))
            shown = say("example", self.lang, problem=str(item_field(other, "text", "")), steps=worked)
            if worked and str(item_field(other, "text", "")) != self.problem and not self._leak(shown):
                return shown
        return ""

    def _leak(self, text: str) -> str:
        return find_leak(text, self.key, self.problem, self._options)

    def _speak(self, move: Move, text: str, state: TutorState, place: int | None = None, checked: bool = True) -> TutorReply:
        if not checked or (move == "tell" and self.key):
            return TutorReply(text, move, state, place)
        why = self._leak(text)
        return TutorReply(say("begin", self.lang) if why else text, move, state, place, (why,) if why else ())


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()[:80]
