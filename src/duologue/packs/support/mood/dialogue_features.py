"""A dialogue, seen at its last user turn, as numbers: how long, how repetitive, how it sounds, what was said last.

Knows no model of satisfaction. Shapes: n dialogues, S signs.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue.packs.support.intents.terms import shorten, tokens
from duologue.packs.support.mood.lexicon import weigh

Floats = NDArray[np.float64]
USER_ROLES = frozenset({"user", "person", "customer", "USER", "User"})
LAST_TURNS = 40

SIGNS = (
    "turns", "last_length", "mean_length", "questions", "exclamations", "repeats", "unanswered", "mood_last", "mood_earlier",
    "thanks",
    "refusal", "correction", "overlap", "reply_failed",
)  # fmt: skip

_THANKS = ("thank", "thanks", "thx", "great", "perfect", "appreciate", "谢谢", "感谢", "多谢", "好的谢", "辛苦")
_REFUSAL = ("no", "nope", "not", "don't", "dont", "never", "不", "没", "别")
_CORRECTION = (
    "instead",
    "actually",
    "wrong",
    "already",
    "again",
    "still",
    "said",
    "told",
    "meant",
    "other",
    "不是",
    "不对",
    "说了",
    "还是",
    "又",
    "怎么还",
    "到底",
)
_FAILED = (
    "sorry",
    "unfortunately",
    "unable",
    "couldn't",
    "cannot",
    "failed",
    "not available",
    "no results",
    "抱歉",
    "对不起",
    "无法",
    "不能",
    "没有找到",
    "暂时",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said. `role` is `user` (also person, customer) or anything else for the other side."""

    role: str
    text: str

    @property
    def is_user(self) -> bool:
        """Whether the person being served said it."""
        return self.role in USER_ROLES or self.role.lower() in USER_ROLES


@dataclass(frozen=True, slots=True)
class View:
    """What is read of a dialogue: the last user turn, the reply before it, earlier user turns, and the numbers (S,)."""

    last: str
    reply: str
    earlier: str
    signs: Floats


def view(dialogue: Sequence[Turn]) -> View:
    """The dialogue up to and with its last user turn; an empty one gives empty texts."""
    turns = [turn for turn in dialogue if turn.text.strip()]
    while turns and not turns[-1].is_user:
        turns.pop()
    count = sum(turn.is_user for turn in turns)
    turns = turns[-LAST_TURNS:]
    said = [shorten(turn.text) for turn in turns if turn.is_user]
    last = said[-1] if said else ""
    reply = shorten(turns[-2].text) if len(turns) > 1 and not turns[-2].is_user else ""
    earlier = " \n ".join(said[-4:-1])
    return View(last, reply, earlier, _signs(turns, said, last, reply, count))


def _signs(turns: Sequence[Turn], said: Sequence[str], last: str, reply: str, count: int) -> Floats:
    lower, lower_reply = last.lower(), reply.lower()
    own = set(tokens(last))
    before = set(tokens(said[-2])) if len(said) > 1 else set()
    in_a_row = sum(a.is_user and b.is_user for a, b in itertools.pairwise(turns))
    words = own & set(_REFUSAL) or {r for r in _REFUSAL if len(r) == 1 and r in lower}
    return np.array(
        [
            np.log1p(count),
            np.log1p(len(last)),
            np.log1p(np.mean([len(s) for s in said]) if said else 0.0),
            min(last.count("?") + last.count("？"), 3),
            min(last.count("!") + last.count("！"), 3),
            min(list(said).count(last) - 1, 3) if said else 0,
            in_a_row / max(len(said), 1),
            np.tanh(weigh(last).value / 3),
            np.tanh(sum(weigh(s).value for s in said[-4:-1]) / 4),
            float(any(word in lower for word in _THANKS)),
            float(bool(words)),
            float(sum(word in lower for word in _CORRECTION)),
            len(own & before) / max(len(own | before), 1),
            float(any(word in lower_reply for word in _FAILED)),
        ]
    )
