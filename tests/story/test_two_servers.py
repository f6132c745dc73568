"""Two servers on one PostgreSQL: what is said at the one is seen at the other, stored or not."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.conftest import fresh_postgres
from tests.program import Server, person, run, serve, write_script

pytestmark = pytest.mark.postgres
T = TypeVar("T")


def follow(server: Server, client: httpx.Client, path: str, seen: list[str], ready: threading.Event) -> None:
    """Note what a stream of this server brings, until it ends."""
    with httpx.Client(base_url=server.base, cookies=client.cookies, timeout=30) as reader, reader.stream("GET", path) as stream:
        ready.set()
        for line in stream.iter_lines():
            if line.startswith("data:"):
                seen.append(json.loads(line[5:])["kind"])
                if "MessagePosted" in seen and "typing" in seen:
                    return


def wait_for(look: Callable[[], T], timeout_s: float = 20) -> T:
    """What `look` gives once it gives anything."""
    until = time.monotonic() + timeout_s
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


async def test_what_is_said_at_one_is_seen_at_the_other(tmp_path: Path, postgres_server: str) -> None:
    url = await fresh_postgres(postgres_server)
    script = write_script(tmp_path / "script.json", {"reply": "I do not know."})
    bare = {"engine": "scripted", "scripted_path": str(script), "sample": "false", "database_url": url}
    one, two = tmp_path / "one", tmp_path / "two"
    owner_of_one = ("owner@one.example", "--role", "owner", "--workspace", "one", "--workspace-name", "One")
    added = run(one, "member", "add", *owner_of_one, "--password-stdin", stdin="a long password\n", **bare)
    assert added.returncode == 0, added.stderr
    two.mkdir()
    shutil.copy(one / "person.key", two / "person.key")
    with serve(one, **bare) as here, serve(two, **bare) as there:
        client, path = person(here.base)
        owner = httpx.Client(base_url=there.base, timeout=30)
        me = owner.post("/api/auth/sign-in", json={"email": "owner@one.example", "password": "a long password"}).json()
        owner.headers["X-CSRF-Token"] = me["csrf"]
        seen: list[str] = []
        ready = threading.Event()
        reading = threading.Thread(target=follow, args=(here, client, f"{path}/stream", seen, ready), daemon=True)
        reading.start()
        assert ready.wait(30)
        desk = path.replace("/chat/", "/desk/")
        assert owner.post(f"{desk}/typing", json={}).status_code == 200
        assert owner.post(f"{desk}/messages", json={"client_id": "1", "body": "hello", "visibility": "public"}).status_code == 200
        assert owner.post(f"{desk}/presence", json={}).status_code == 200
        me_here = {"email": "owner@one.example", "password": "a long password"}
        with httpx.Client(base_url=here.base, timeout=30) as elsewhere:
            assert elsewhere.post("/api/auth/sign-in", json=me_here).status_code == 200
            assert wait_for(lambda: elsewhere.get(desk).json()["presence"]) == [
                {"member_id": me["member"]["id"], "name": me["member"]["name"]}
            ]
        reading.join(30)
        assert not reading.is_alive(), seen
        assert here.stop() == 0
        assert there.stop() == 0
