"""The sample workspace is prepared once, whole, whatever happens meanwhile; and never beside somebody's own data."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from duologue.bootstrap.sample import OWNER, PASSWORD, SCENES, SIGN_INS, SLUG
from tests.platforms import open_for_test
from tests.program import environment, free_port, serve


def desk_of(base: str, email: str = OWNER.email) -> httpx.Client:
    """A signed-in member of the sample workspace."""
    client = httpx.Client(base_url=base, timeout=60)
    me = client.post("/api/auth/sign-in", json={"workspace": SLUG, "email": email, "password": PASSWORD})
    assert me.status_code == 200, me.text
    return client


def check_whole(base: str) -> None:
    """All members can sign in; every scene stands there once, with its verdicts."""
    for email, _ in SIGN_INS:
        desk_of(base, email)
    owner = desk_of(base)
    rows = owner.get("/api/desk/conversations", params={"limit": 200}).json()["conversations"]
    assert sorted(r["person"]["name"] for r in rows) == sorted(s.name for s in SCENES)
    documents = owner.get("/api/admin/documents").json()["documents"]
    assert len(documents) >= 80
    assert [d["uri"] for d in documents if d["status"] != "ready"] == []
    assert len({d["uri"] for d in documents}) == len(documents)


@pytest.mark.slow
def test_killed_at_any_moment_it_is_finished_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for files, pause_s in ((1, 0.3), (2, 2.0)):
        process = subprocess.Popen(
            [sys.executable, "-m", "duologue", "serve", "--port", str(free_port())],
            env=environment(data, engine="none"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 60
        while time.monotonic() < until and len(list(data.glob("*.db"))) < files:
            time.sleep(0.02)
        time.sleep(pause_s)
        process.kill()
        process.wait()
    with serve(data, engine="none", timeout_s=180) as server:
        check_whole(server.base)
        assert server.stop() == 0
    with serve(data, engine="none") as server:
        check_whole(server.base)


async def test_not_beside_somebodys_own_workspace(tmp_path: Path) -> None:
    async with open_for_test(tmp_path) as platform:
        await platform.accounts.create_workspace("mine", "Mine", "en")
    async with open_for_test(tmp_path, sample=True) as platform:
        assert [w.slug for w in await platform.accounts.list_workspaces()] == ["mine"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
async def test_public_passwords_are_not_offered_to_the_network(tmp_path: Path, host: str) -> None:
    async with open_for_test(tmp_path, sample=True, host=host) as platform:
        assert await platform.accounts.list_workspaces() == []
