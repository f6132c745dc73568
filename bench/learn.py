"""300 verdicts given through the program, and what `duologue learn` makes of them and takes for it.

`python -m bench.learn [--count 300] [--keep FOLDER] [--json]`. A scripted expert corrects the drafts of the embedded model in a
workspace with the sample shop's knowledge (questions and wordings of `--task corrections`, three a person); then the command itself
runs as its own process, and its clock and processor time are reported beside what its scorecard says. FOLDER keeps the workspace:
given again, the verdicts that stand there are learnt from, and a run that was cut short goes on.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from duologue.assistant.model import Draft
from duologue.bootstrap import build, start, stop
from duologue.interfaces.platform import Platform
from duologue.kit.ids import new_id
from duologue.kit.settings import Settings
from duologue.learning.corrections import HOUSE, SEED, WORDINGS, read_questions

SLUG = "bench"
ASKED_BY_ONE = 3
READ = timedelta(minutes=1)
TURN_S = 120
SHOWN = ("edit_distance", "preference_accuracy", "bits_per_byte", "general_bits_per_byte")


async def give_verdicts(folder: Path, count: int) -> int:
    """Correct that many drafts; how many there were to correct. Nothing where the workspace is there."""
    settings = Settings(data_dir=folder, sample=False, engine="local", rate_limits=False)
    platform = build(settings)
    await start(platform)
    try:
        if any(w.slug == SLUG for w in await platform.accounts.list_workspaces()):
            return 0
        return await _give(platform, count)
    finally:
        await stop(platform)


async def _give(platform: Platform, count: int) -> int:
    ws = (await platform.accounts.create_workspace(SLUG, "Bench", "en")).id
    expert = await platform.accounts.add_member(ws, "expert@bench.example", "Erin", "expert", "a long password")
    desk = await platform.conversations.ensure_desk(ws, "Front", "copilot")
    for folder in sorted({s.folder.parent for p in platform.packs if p.name == "support" for s in p.sources}):
        await platform.knowledge.ingest_folder(ws, folder)
    draw, asked, given = random.Random(SEED), read_questions(), 0
    person = None
    for i in range(count):
        lang, question, answer = draw.choice(asked)
        if person is None or i % ASKED_BY_ONE == 0:
            person = await platform.accounts.start_person(ws, "zh" if lang == "zh" else "en")
        talk = await platform.conversations.start(ws, person.id, desk.id, "zh" if lang == "zh" else "en")
        body = draw.choice(WORDINGS[lang]).format(q=question)
        await platform.conversations.post_person_message(ws, talk.id, person.id, new_id("bch"), body)
        draft = await _wait(platform, ws, talk.id)
        if draft is None:
            continue
        shown = platform.database.clock.now() - READ
        final = HOUSE[lang].format(a=answer)
        await platform.review.decide(ws, draft.id, expert.id, "edit", final_body=final, shown_at=shown)
        given += 1
    return given


async def _wait(platform: Platform, ws: str, conversation_id: str) -> Draft | None:
    """The draft that the turn ended with, if it did."""
    async with asyncio.timeout(TURN_S):
        while True:
            runs = await platform.assistant.list_runs(ws, conversation_id)
            if runs and runs[0].status != "running":
                drafts = await platform.assistant.list_drafts(ws, conversation_id)
                return next((d for d in drafts if d.status == "ready" and d.kind == "reply"), None)
            await asyncio.sleep(0.02)


def learn(folder: Path) -> tuple[list[dict[str, Any]], float, float]:
    """`duologue learn` as its own process: what it said, minutes on the clock, minutes of the processor. Raises RuntimeError."""
    given = {"DUOLOGUE_DATA_DIR": str(folder), "DUOLOGUE_ENGINE": "local", "DUOLOGUE_SAMPLE": "false"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "duologue", "learn", "--workspace", SLUG, "--json"]
    done = subprocess.run(command, env=os.environ | given, stdout=subprocess.PIPE, text=True, check=False)
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"duologue learn ended with {done.returncode}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [json.loads(line) for line in done.stdout.splitlines()], clock / 60, used / 60


def measure(folder: Path, count: int, *, as_json: bool) -> None:
    """Give the verdicts, learn, print."""
    began = time.perf_counter()
    given = asyncio.run(give_verdicts(folder, count))
    said, clock, used = learn(folder)
    scores = [one | {"note": f"[{one['low']:+.3f}, {one['high']:+.3f}]"} for one in said if one.get("metric") in SHOWN]
    rows: list[dict[str, Any]] = [
        {"metric": "verdicts", "value": given, "note": f"0: those of before; {(time.perf_counter() - began) / 60 - clock:.1f} min"},
        {"metric": "minutes", "value": round(clock, 2), "note": "duologue learn on the clock"},
        {"metric": "processor_minutes", "value": round(used, 2), "note": "duologue learn, all threads"},
        *scores,
        {"metric": "gates_passed", "value": float(not said[-1]["in_the_way"]), "note": said[-1]},
    ]
    for row in rows:
        print(json.dumps({"task": "learn", **row}, ensure_ascii=False) if as_json else row, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.keep:
        measure(given.keep, given.count, as_json=given.json)
        return
    with tempfile.TemporaryDirectory(prefix="duologue-bench-learn-") as name:
        measure(Path(name), given.count, as_json=given.json)


if __name__ == "__main__":
    main()
