"""What an expert changed in a draft, word by word (Chinese: character by character), for eyes and not for machines."""

import difflib
import re
from typing import Literal, TypedDict

_PIECE = re.compile(r"[A-Za-z0-9_'’-]+|\s+|.", re.DOTALL)


class Change(TypedDict):
    """A stretch of text that stayed, went or came."""

    op: Literal["same", "gone", "new"]
    text: str


def diff(before: str, after: str) -> list[Change]:
    """The stretches in order; joining `same` and `gone` gives `before`, joining `same` and `new` gives `after`."""
    a, b = _PIECE.findall(before), _PIECE.findall(after)
    changes: list[Change] = []
    for op, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            changes.append({"op": "same", "text": "".join(a[a0:a1])})
            continue
        if a1 > a0:
            changes.append({"op": "gone", "text": "".join(a[a0:a1])})
        if b1 > b0:
            changes.append({"op": "new", "text": "".join(b[b0:b1])})
    return changes
