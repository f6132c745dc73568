"""What to do with a message that is not understood: ask once, then hand over; never a loop, never silence by mistake.

A pure state machine: between two answers at most one question is asked (for the intent meant, or for other words), and after a
hand-over nothing is said until a person hands back. Knows neither models nor conversations.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from duologue.kit.text import Lang
from duologue.packs.support.intents.terms import has_han

Understanding = Literal["sure", "unsure", "outside"]
"""A confident intent; several that are likely; none at all."""
_ASKS = re.compile(
    r"[?？]|[吗嘛呢]\W*$|多少|几[点天个号时]|多[久远大重长]|什么时候|哪[里儿个些]|怎[么样]|如何|谁|咋|啥"
    r"|能.{0,8}不\W*$|行不"
    r"|^\W*(?:how|what|when|where|which|who|whose|why|can|could|do|does|did|is|are|will|would|may)\b.*\w\W+\w+\W+\w",
    re.IGNORECASE,
)
"""What makes a whole question of a short message, with or without its mark; in English, with three words beside."""
ASKED = "support_asked"
"""Key in a message's data: which question it was, `clarify` or `rephrase`."""
VAGUE_WORDS, VAGUE_HAN = 4, 6
"""Words, or Han characters, up to which a message that is not understood may be said again in other words."""
Step = Literal["answer", "clarify", "rephrase", "hand_over", "silent"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversation has come since the last answer that helped."""

    has_asked: bool = False
    is_handed_over: bool = False


def decide_step(
    progress: Progress, understanding: Understanding, *, wants_person: bool = False, is_repeat: bool = False
) -> tuple[Step, Progress]:
    """The next step and what is remembered. `is_repeat`: the person says again what was just answered, so the answer was none."""
    if progress.is_handed_over:
        return "silent", progress
    if wants_person:
        return "hand_over", Progress(progress.has_asked, True)
    if understanding == "sure" and not is_repeat:
        return "answer", Progress()
    if progress.has_asked:
        return "hand_over", Progress(True, True)
    return ("clarify" if understanding == "unsure" else "rephrase"), Progress(True)


def is_vague(text: str) -> bool:
    """Whether a message is too short to hold a whole question, and is none."""
    if _ASKS.search(text):
        return False
    han = sum(has_han(character) for character in text)
    return han <= VAGUE_HAN if han else len(text.split()) <= VAGUE_WORDS


def hand_back() -> Progress:
    """A person has given the conversation back: all is open again."""
    return Progress()


_CLARIFY: dict[Lang, str] = {
    "en": "I want to be sure that I help with the right thing. Do you mean: {options}?",
    "zh": "为了准确地帮到您，请问您指的是：{options}？",
}
_REPHRASE: dict[Lang, str] = {
    "en": "I am not sure that I understand. Could you say it in other words? If I still cannot help, a colleague will take over.",
    "zh": "抱歉，我没有完全明白。能换一种说法吗？如果仍然帮不上，会由同事接手。",
}


_ABOUT: dict[Lang, str] = {
    "en": "Is this about {option}? Please tell me in a few more words what you would like to know, or have done.",
    "zh": "您说的是{option}吗？请再多说几个字：您想了解什么，或者希望我们怎么做？",
}
_MORE: dict[Lang, str] = {
    "en": "Thank you. What would you like to know, or have done? A few more words help; if I still cannot help, a colleague will "
    "take over.",
    "zh": "好的。您是想了解什么，或者希望我们怎么处理？请再说得具体一点；如果仍然帮不上，会由同事接手。",
}


def render_question(step: Step, options: Sequence[str], lang: Lang, *, goes_on: bool = False) -> str:
    """The question asked of the person: which of the options is meant, or for other words. Empty for any other step.

    `goes_on`: something was answered before, to which this may be an addition.
    """
    if step == "clarify" and len(options) == 1:
        return _ABOUT[lang].format(option=options[0])
    if step == "clarify" and options:
        return _CLARIFY[lang].format(options=_join(options, lang))
    if step in ("clarify", "rephrase") and goes_on:
        return _MORE[lang]
    return _REPHRASE[lang] if step in ("clarify", "rephrase") else ""


def _join(options: Sequence[str], lang: Lang) -> str:
    *first, last = options
    if not first:
        return last
    return f"{', '.join(first)} or {last}" if lang == "en" else f"{'、'.join(first)}，还是{last}"
