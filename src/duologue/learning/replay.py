"""The replay lab: conversations of the last days through a candidate, beside what was really sent. Nothing of it reaches anybody.

A replay is a folder `replays/<id>` of the workspace: `replay.json` says what was asked for and how it stands, `cases.jsonl` has a
line per answer. A replay that was paused or cut short goes on behind its last line. The present model answers the same questions
with the same knowledge beside the candidate, so that only the model differs.
"""

import json
import os
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from duologue.assistant.model import Turn
from duologue.conversation.model import Message
from duologue.conversation.service import ConversationService
from duologue.kit.text import detect_lang
from duologue.learning.compare import distance

State = Literal["running", "paused", "done", "failed", "cancelled"]
MOST_CASES, MOST_CONVERSATIONS = 300, 1_000
SETTINGS = ""
"""The name of the model of the settings."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay. `version` is the candidate (empty: the model of the settings), `total` the answers it goes through."""

    id: str
    version: str
    present: str
    days: int
    by_name: str
    at: str
    state: State = "running"
    total: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """An answer that was really sent, and the turn that would have led to it."""

    turn: Turn
    sent: Message


async def gather(
    conversations: ConversationService, workspace_id: str, since: datetime, allow: Callable[[str], bool]
) -> list[Case]:
    """The answers that were sent since, latest first, to questions of persons whom `allow` lets be learnt from."""
    found: list[Case] = []
    for conversation in await conversations.list_(workspace_id, limit=MOST_CONVERSATIONS):
        if conversation.updated_at < since or len(found) >= MOST_CASES:
            break
        if not allow(conversation.person_id):
            continue
        snapshot = await conversations.snapshot(workspace_id, conversation.id, "public")
        texts = [m for m in snapshot.messages if m.kind == "text"]
        for before, message in reversed(list(pairwise(texts))):
            if message.created_at < since or before.author_kind != "person" or message.author_kind not in ("ai", "expert"):
                continue
            heard = max((m.seq for m in texts if m.seq < before.seq and m.author_kind != "person"), default=0)
            history = tuple(m for m in texts if m.seq <= heard)
            unheard = tuple(m for m in texts if heard < m.seq < before.seq)
            turn = Turn(f"replay_{message.id}", conversation, before, conversation.lang, history, unheard)
            found.append(Case(replace(turn, lang=detect_lang(turn.question, conversation.lang)), message))
    return found[:MOST_CASES]


def since(at: datetime, days: int) -> datetime:
    """The moment from which conversations are replayed."""
    return at - timedelta(days=days)


class Lab:
    """One workspace's replays below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "replays"

    def list_replays(self) -> list[Replay]:
        """Latest first."""
        found = [Replay(**json.loads(path.read_text("utf-8"))) for path in self.folder.glob("*/replay.json")]
        return sorted(found, key=lambda one: (one.at, one.id), reverse=True)

    def find(self, replay_id: str) -> Replay | None:
        """One of them."""
        return next((one for one in self.list_replays() if one.id == replay_id), None)

    def put(self, replay: Replay) -> Replay:
        """Keep what was asked for and how it stands."""
        path = self.folder / replay.id / "replay.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(replay), ensure_ascii=False), "utf-8")
        os.replace(part, path)
        return replay

    def set_state(self, replay: Replay, state: State, error: str = "") -> Replay:
        """The same replay in another state."""
        return self.put(replace(replay, state=state, error=error))

    def read(self, replay_id: str) -> list[dict[str, Any]]:
        """The lines so far; one that a crash cut short is passed over."""
        path = self.folder / replay_id / "cases.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def add(self, replay_id: str, row: dict[str, Any]) -> None:
        """Keep one line."""
        path = self.folder / replay_id / "cases.jsonl"
        with path.open("a+b") as file:
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash cut the last line short
                    file.write(b"\n")
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def make_row(case: Case, candidate: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
    """A line of a replay: the question, what was sent and by whom, and what either model would have said."""
    sent = case.sent
    for side in (candidate, present):
        side["distance"] = distance(str(side["body"]), sent.body)
    return {
        "message_id": sent.id, "conversation_id": sent.conversation_id, "at": sent.created_at.isoformat(), "lang": case.turn.lang,
        "question": case.turn.question, "sent": sent.body, "sent_by": sent.author_kind,
        "model": str(sent.data.get("model") or sent.data.get("drafted_by") or ""), "candidate": candidate, "present": present,
    }  # fmt: skip


def summarise(rows: list[dict[str, Any]], seed: int = 20, draws: int = 2_000) -> dict[str, Any]:
    """Wins and losses of the candidate (nearer to what was sent than the present model), and the interval of the difference."""
    differences = [row["candidate"]["distance"] - row["present"]["distance"] for row in rows]
    n = len(rows)
    if not n:
        return {"n": 0}
    draw = random.Random(seed)
    means = sorted(sum(draw.choices(differences, k=n)) / n for _ in range(draws))
    by_side = {
        side: {
            "distance": sum(row[side]["distance"] for row in rows) / n,
            "sent": sum(bool(row[side]["is_sent"]) for row in rows) / n,
        }
        for side in ("candidate", "present")
    }
    return {
        "n": n, "wins": sum(d < -1e-9 for d in differences), "losses": sum(d > 1e-9 for d in differences), **by_side,
        "low": means[int(0.025 * draws)], "high": means[int(0.975 * draws) - 1],
    }  # fmt: skip
