"""A year of the sample shop through the program: 5,000 conversations that customers begin and a team answers, earning autonomy.

`python -m bench.year [--count 5000] [--seed 1] [--alpha 0.1] [--fixed 0.8] [--out FILE] [--json]`. The program is whole: database,
support pack, search, the embedded model, recall, decision, reviews, blind reviews, thumbs. Customers and experts are scripted and
know the policy (`bench/policy.py`), which changes twice. Every draft is decided on at once, every blind review given; so each
answer has a truth, also those that nobody looked at. With `--fixed` the program's plain threshold decides, and no blind review is
given. FILE keeps a line per conversation, after one that says how the year was played.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from bench.policy import Matter, make_policy, read_questions, weigh
from duologue.assistant.model import Draft
from duologue.bootstrap import build, start, stop
from duologue.interfaces.platform import Platform
from duologue.kit.ids import new_id
from duologue.kit.settings import Settings
from duologue.learning.autonomy import Rules
from duologue.learning.corrections import WORDINGS
from duologue.learning.repository import Choice

DRIFTS = (0.34, 0.68)
"""Shares of the year after which the policy changes."""
TASTE, COMPLAINS, DELTA = 0.01, 0.25, 0.1
"""Right answers that an expert words otherwise all the same; wrong lone answers that their person rates down."""
READ = timedelta(minutes=1)
TURN_S = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one question. `confidence` is None where there was no answer to be had.

    `matter`: its place among the questions; `taught`: what an expert last wrote to it, `""`, `now` or `before` the policy changed.
    """

    phase: int
    matter: int
    taught: str
    topic: str
    lang: str
    confidence: float | None
    is_sent: bool
    is_right: bool
    would_change: bool


class Shop:
    """A workspace of the sample shop in a running program, its customers and its expert."""

    def __init__(self, platform: Platform, matters: Sequence[Matter], seed: int) -> None:
        self._platform = platform
        self._matters = matters
        self._weights = weigh(matters, seed)
        self._draw = random.Random(f"year {seed}")
        self._asked: dict[str, tuple[int, bool]] = {}
        self._taught: dict[int, str] = {}
        self._ws = self._desk = self._expert = ""

    async def open(self, choice: Choice | None, threshold: float | None) -> None:
        """The shop with its knowledge; on autopilot, by earned autonomy or the program's threshold."""
        p = self._platform
        self._ws = ws = (await p.accounts.create_workspace("year", "Year", "en")).id
        self._expert = (await p.accounts.add_member(ws, "expert@year.example", "Erin", "expert", "a long password")).id
        self._desk = (await p.conversations.ensure_desk(ws, "Front", "autopilot")).id
        for folder in sorted({s.folder.parent for pack in p.packs if pack.name == "support" for s in pack.sources}):
            await p.knowledge.ingest_folder(ws, folder)
        if threshold is None:
            await p.autonomy.choose(ws, choice)

    async def serve(self, phase: int, *, reviews: bool) -> Answer:
        """One customer and what the team makes of it."""
        p, ws = self._platform, self._ws
        (number,) = self._draw.choices(range(len(self._matters)), self._weights)
        matter = self._matters[number]
        taught = "" if number not in self._taught else "now" if self._taught[number] == matter.texts[phase] else "before"
        wording = self._draw.choice(WORDINGS[matter.lang])
        lang: Any = matter.lang
        person = await p.accounts.start_person(ws, lang)
        talk = await p.conversations.start(ws, person.id, self._desk, lang)
        await p.conversations.post_person_message(ws, talk.id, person.id, new_id("yr"), wording.format(q=matter.question))
        draft = await self._wait(talk.id)
        is_right = draft is not None and matter.is_right(draft.body, phase)
        would_change = not is_right or self._draw.random() < TASTE
        self._asked[talk.id] = (number, would_change)
        is_sent = draft is not None and draft.status == "auto_sent"
        if draft is not None and is_sent and not is_right and self._draw.random() < COMPLAINS:
            said = (await p.conversations.list_public_messages(ws, [talk.id]))[talk.id]
            await p.review.rate(ws, next(m.id for m in said if m.draft_id == draft.id), person.id, "down")
        if draft is not None and not is_sent:
            await self._decide(draft, number, phase, would_change=would_change)
        if reviews:
            await self._review(phase)
        topic = (await p.conversations.get(ws, talk.id)).topic
        confidence = draft.confidence if draft else None
        return Answer(phase, number, taught, topic, matter.lang, confidence, is_sent, is_right, would_change)

    async def _wait(self, conversation_id: str) -> Draft | None:
        """The answer that the turn ended with, sent or to be decided on; None where there is none."""
        p, ws = self._platform, self._ws
        async with asyncio.timeout(TURN_S):
            while True:
                runs = await p.assistant.list_runs(ws, conversation_id)
                if runs and runs[0].status != "running":
                    drafts = await p.assistant.list_drafts(ws, conversation_id)
                    return next((d for d in drafts if d.status in ("ready", "auto_sent") and d.kind == "reply"), None)
                await asyncio.sleep(0.02)

    async def _decide(self, draft: Draft, number: int, phase: int, *, would_change: bool) -> None:
        shown, p = self._platform.database.clock.now() - READ, self._platform
        if not would_change:
            await p.review.decide(self._ws, draft.id, self._expert, "approve", shown_at=shown)
            return
        kind: Any = "edit" if draft.body.strip() else "respond"
        final = self._teach(number, phase)
        await p.review.decide(self._ws, draft.id, self._expert, kind, final_body=final, shown_at=shown)

    async def _review(self, phase: int) -> None:
        """Every blind review that waits."""
        while (found := (await self._platform.autonomy.next_audit(self._ws))[0]) is not None:
            number, would_change = self._asked[found.conversation_id]
            final = self._teach(number, phase) if would_change else ""
            await self._platform.autonomy.audit(self._ws, found.id, self._expert, final_text=final)

    def _teach(self, number: int, phase: int) -> str:
        """What the expert writes, who knows the policy."""
        self._taught[number] = self._matters[number].texts[phase]
        return self._matters[number].answer(phase)


async def play(folder: Path, count: int, seed: int, rules: Rules, fixed: float | None) -> list[Answer]:
    """A year; its answers in their order."""
    given: dict[str, Any] = {} if fixed is None else {"autopilot_threshold": fixed}
    platform = build(Settings(data_dir=folder, sample=False, engine="local", rate_limits=False, **given))
    await start(platform)
    try:
        shop = Shop(platform, make_policy(read_questions(), seed, len(DRIFTS)), seed)
        await shop.open(Choice(rules), fixed)
        answers = []
        for i in track(range(count), "conversations", console=Console(stderr=True)):
            phase = sum(i >= share * count for share in DRIFTS)
            answers.append(await shop.serve(phase, reviews=fixed is None))
        return answers
    finally:
        await stop(platform)


def measure(answers: Sequence[Answer], alpha: float, note: str) -> list[dict[str, Any]]:
    """Risk and coverage between the changes."""
    rows: list[dict[str, Any]] = []
    for phase in sorted({a.phase for a in answers}):
        mine = [a for a in answers if a.phase == phase]
        sent = [a for a in mine if a.is_sent]
        wrong = sum(a.would_change for a in sent) / len(sent) if sent else 0.0
        rows += [
            {"task": f"year.phase{phase + 1}", "metric": "risk", "value": wrong, "baseline": alpha, "n": len(sent), "note": note},
            {"task": f"year.phase{phase + 1}", "metric": "coverage", "value": len(sent) / len(mine), "n": len(mine), "note": note},
        ]
    return rows


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alpha", type=float, default=0.1)
    parser.add_argument("--fixed", type=float)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="duologue-year-") as name:
        answers = asyncio.run(play(Path(name), given.count, given.seed, Rules(given.alpha, DELTA), given.fixed))
    minutes = (time.perf_counter() - began) / 60
    if given.out:
        head = {"seed": given.seed, "alpha": given.alpha, "fixed": given.fixed}
        given.out.write_text("".join(json.dumps(row) + "\n" for row in (head, *map(asdict, answers))), "utf-8")
    how = f"threshold {given.fixed}" if given.fixed else f"earned, δ {DELTA}"
    rows = measure(answers, given.alpha, f"{given.count} conversations, seed {given.seed}, {how}")
    rows.append({"task": "year", "metric": "minutes", "value": minutes, "n": given.count, "note": how})
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if given.json else row, flush=True)


if __name__ == "__main__":
    main()
