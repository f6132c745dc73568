"""A whole study, killed with -9 at each of its stages and begun anew as an operator or a server does: it ends with one version."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from duologue.kit.ids import new_id
from tests.platforms import PASSWORD, open_for_test
from tests.program import environment, serve
from tests.unit.learning.test_kill import write_base

pytest.importorskip("torch", reason="torch is not installed")
pytestmark = pytest.mark.slow

STAGES = ["dataset", "finetune", "prefer", "compare", "exams", "metric"]
"""What a run says as it goes on; `metric` is the report, after the version was noted."""
ALONE = {"OMP_NUM_THREADS": "1"}


async def correct(folder: Path, count: int = 80) -> None:
    """A workspace in which an expert corrected what a model drafted, and a tiny model beside it."""
    write_base(folder / "base")
    (folder / "house").mkdir()
    (folder / "house" / "stoves.md").write_text("# Stoves\n\nA stove is tested twice before it is sold.\n", "utf-8")
    async with open_for_test(folder, rules=[{"reply": "A stove is tested twice before it is sold."}]) as platform:
        workspace = await platform.accounts.create_workspace("tents", "Tents", "en")
        ws = workspace.id
        desk = await platform.conversations.ensure_desk(ws, "Front", "copilot")
        member = await platform.accounts.add_member(ws, "owner@tents.example", "Olivia", "owner", PASSWORD)
        await platform.knowledge.ingest_folder(ws, folder / "house")
        for i in range(count):
            person = await platform.accounts.start_person(ws, "en")
            talk = await platform.conversations.start(ws, person.id, desk.id, "en")
            await platform.conversations.post_person_message(
                ws, talk.id, person.id, new_id("tst"), f"Is stove {i} tested before it is sold?"
            )
            while not (drafts := await platform.assistant.list_drafts(ws, talk.id)):
                await asyncio.sleep(0.01)
            await platform.review.decide(ws, drafts[0].id, member.id, "respond", final_body=f"Stove {i} is safe.")


def learn(folder: Path, *, until: str = "", dataset: str = "", **more: str) -> tuple[int, list[dict[str, Any]]]:
    """`duologue learn`, killed with -9 as soon as it speaks of a stage; its exit code and what it said."""
    command = [sys.executable, "-m", "duologue", "learn", "--workspace", "tents", "--json"]
    given = environment(folder / "data", engine="none", model_dir=folder / "base", **more)
    process = subprocess.Popen(
        [*command, *(["--dataset", dataset] if dataset else [])], env=given | ALONE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(json.loads(line))
        if until and (said[-1].get("part") == until or until in said[-1]):
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stdout.read()
    return process.wait(), said


async def test_a_study_killed_at_each_stage_ends_with_one_version(tmp_path: Path) -> None:
    await correct(tmp_path)
    name = ""
    for stage in STAGES:
        code, said = learn(tmp_path, until=stage, dataset=name)
        assert code == -signal.SIGKILL, (stage, said[-3:])
        name = said[0]["dataset"]
        parts = {one.get("part") for one in said}
        assert "finetune" not in parts or stage in ("finetune", "prefer"), stage
        assert "prefer" not in parts or stage in ("prefer", "compare"), stage
    code, said = learn(tmp_path, dataset=name)
    assert code == 0
    assert {one["metric"] for one in said if "metric" in one} >= {"edit_distance", "preference_accuracy", "planted", "strange"}
    versions = list((tmp_path / "data/learning").glob("*/runs/*/version.json"))
    assert len(versions) == 1
    assert said[-1]["version"] == json.loads(versions[0].read_text())["name"]
    assert not list((tmp_path / "data/learning").rglob("*.part"))


async def test_a_server_that_is_killed_leaves_no_learner_behind_and_the_next_one_goes_on(tmp_path: Path) -> None:
    await correct(tmp_path)
    settings = {"engine": "local", "model_dir": tmp_path / "base", "sample": "false", "rate_limits": "false"}
    seen: list[str] = []
    for stage in ("finetune", "compare", ""):
        with serve(tmp_path / "data", **settings) as server, httpx.Client(base_url=server.base, timeout=60) as client:
            me = client.post(
                "/api/auth/sign-in", json={"workspace": "tents", "email": "owner@tents.example", "password": PASSWORD}
            ).json()
            client.headers["X-CSRF-Token"] = me["csrf"]
            if not seen:
                assert client.post("/api/admin/learning/run").status_code == 200
            until = time.monotonic() + 600
            while (run := client.get("/api/admin/learning").json()["run"])["state"] == "running" and run["part"] != stage:
                assert time.monotonic() < until, run
                seen.append(run["part"])
                time.sleep(0.05)
            assert run["state"] == ("running" if stage else "done"), run
            if stage:
                server.stop(signal.SIGKILL)
    assert len(list((tmp_path / "data/learning").glob("*/runs/*/version.json"))) == 1


async def test_the_same_setting_spreads_a_study_over_two_processes(tmp_path: Path) -> None:
    await correct(tmp_path)
    code, said = learn(tmp_path, learn_torchrun="--standalone --nproc-per-node 2")
    assert code == 0, said[-2:]
    assert max(one["share"] for one in said if one.get("part") == "finetune") == 1.0
    assert said[-1]["version"].startswith("base+")
