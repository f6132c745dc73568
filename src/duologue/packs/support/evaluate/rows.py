"""Labelled rows for the pack's evaluation: `train.jsonl` and `test.jsonl` of a folder, sorted by what they are about.

Knows the forms of the rows, no model. A row that cannot be read is counted and left out, never guessed at.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from duologue.kit.errors import Invalid
from duologue.packs.support.mood.dialogue_features import Turn

TaskName = Literal["intents", "oos", "sentiment", "satisfaction", "recommend", "replies"]
TASKS: tuple[TaskName, ...] = ("intents", "oos", "sentiment", "satisfaction", "recommend", "replies")
Kind = Literal["intent", "sentiment", "satisfaction", "recommend", "reply"]
SENTIMENTS = ("positive", "neutral", "negative")


@dataclass(slots=True)
class Rows:
    """The rows of one file by kind, in order, and how many could not be read."""

    intent: list[tuple[str, str | None]] = field(default_factory=list)
    sentiment: list[tuple[str, str]] = field(default_factory=list)
    satisfaction: list[tuple[list[Turn], float]] = field(default_factory=list)
    recommend: list[tuple[str, str, float]] = field(default_factory=list)
    reply: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    unreadable: int = 0


def _intent(row: dict[str, Any]) -> tuple[str, str | None]:
    intent = row["intent"]
    if isinstance(intent, int) and not isinstance(intent, bool):
        intent = str(intent)
    if not isinstance(row["text"], str) or not (intent is None or isinstance(intent, str)) or intent == "":
        raise ValueError
    return row["text"], intent if intent is None else intent.strip()


def _sentiment(row: dict[str, Any]) -> tuple[str, str]:
    label = str(row["label"]).strip().lower()
    if not isinstance(row["text"], str) or label not in SENTIMENTS:
        raise ValueError
    return row["text"], label


def _satisfaction(row: dict[str, Any]) -> tuple[list[Turn], float]:
    score = float(row["score"])
    dialogue = [Turn(str(turn["role"]), str(turn["text"])) for turn in row["dialogue"]]
    if not 1 <= score <= 5 or not any(turn.is_user for turn in dialogue):
        raise ValueError
    return dialogue, score


def _recommend(row: dict[str, Any]) -> tuple[str, str, float]:
    user, item = str(row["user"]), str(row["item"])
    when = _seconds(row["timestamp"])
    if not user or not item or not isfinite(when):
        raise ValueError
    return user, item, when


def _seconds(when: Any) -> float:
    """A number as it is, or a date and time of ISO 8601 (of UTC, where it names no zone)."""
    try:
        return float(when)
    except ValueError:
        found = datetime.fromisoformat(when)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _reply(row: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    of = row["article"]
    return str(row["question"]), str(row.get("answer") or ""), tuple(map(str, of)) if isinstance(of, list) else (str(of),)


_READERS: tuple[tuple[str, Kind, Callable[[dict[str, Any]], Any]], ...] = (
    ("dialogue", "satisfaction", _satisfaction),
    ("item", "recommend", _recommend),
    ("question", "reply", _reply),
    ("intent", "intent", _intent),
    ("label", "sentiment", _sentiment),
)


def read_rows(path: Path) -> Rows:
    """The rows of a JSON-lines file. Raises Invalid where the file is missing or no text."""
    if not path.is_file():
        raise Invalid(f"There is no {path.name} in the data folder; it holds one JSON object per line.", file=path.name)
    rows = Rows()
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name} is not UTF-8 text; save it in UTF-8.", file=path.name) from error
    for line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            kind, reader = next((kind, reader) for key, kind, reader in _READERS if key in row)
            getattr(rows, kind).append(reader(row))
        except (ValueError, KeyError, TypeError, StopIteration, AttributeError, RecursionError):
            rows.unreadable += 1
    return rows
