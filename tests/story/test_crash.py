"""`kill -9` at random moments of a running turn: no message lost, none doubled, and the turn is finished or visibly handed over."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
KILLS = 4


def _child(mode: str, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.story.crash_child", mode, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_killed_turn_is_finished_once_after_the_restart(tmp_path: Path) -> None:
    rng = random.Random(2)
    for _ in range(KILLS):
        child = _child("post", tmp_path)
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "posted\n", child.communicate(timeout=5)[1]
            time.sleep(rng.uniform(0.0, 1.4))
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.communicate()
    after = _child("recover", tmp_path)
    out, errors = after.communicate(timeout=120)
    assert after.returncode == 0, errors
    told = json.loads(out.splitlines()[-1])
    assert len(told) == KILLS
    for one in told:
        assert [seq for seq, _, _ in one["messages"]] == list(range(1, len(one["messages"]) + 1))
        authors = [author for _, author, kind in one["messages"] if kind == "text"]
        notices = [kind for _, _, kind in one["messages"] if kind == "notice"]
        assert authors[0] == "person"
        assert authors.count("person") == 1
        assert (authors.count("ai"), len(notices)) in ((1, 0), (0, 1)), one
        assert [status for status, _ in one["runs"]].count("sent") == authors.count("ai")
    assert any(attempt > 1 for one in told for _, attempt in one["runs"]), "no turn was cut in the middle"
