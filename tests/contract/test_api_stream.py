"""Event streams over a real socket: replay then live, nothing twice, nothing of others, a prompt end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from duologue.store.bus import Ephemeral
from tests.platforms import Browser, House, listen, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, mode="human") as opened:
        yield opened


class Follower:
    """Reads a stream in the background; `frames` holds (event, id, data)."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, int | None, Any]] = []
        self.comments = 0
        self.is_over = False

    async def read(self, response: httpx.Response) -> None:
        event, ident, data = "", None, ""
        async for line in response.aiter_lines():
            name, _, value = line.partition(":")
            match name:
                case "event":
                    event = value.strip()
                case "id":
                    ident = int(value)
                case "data":
                    data = value.strip()
                case "" if line:
                    self.comments += 1
                case "" if data:
                    self.frames.append((event, ident, json.loads(data)))
                    event, ident, data = "", None, ""
        self.is_over = True

    async def wait(self, count: int) -> list[Any]:
        """The data of the first `count` frames, once they are there."""
        for _ in range(6_000):
            if len(self.frames) >= count:
                break
            await asyncio.sleep(0.01)
        assert len(self.frames) >= count, self.frames
        return [data for _, _, data in self.frames]


@asynccontextmanager
async def follow(browser: Browser, base: str, path: str, since: int | None = None) -> AsyncIterator[Follower]:
    """Open a stream as the browser's session."""
    follower = Follower()
    params = {} if since is None else {"since": since}
    cookies = dict(browser.client.cookies)
    async with (
        httpx.AsyncClient(base_url=base, cookies=cookies, timeout=10) as client,
        client.stream("GET", path, params=params) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in response.headers["cache-control"]
        reading = asyncio.create_task(follower.read(response))
        try:
            yield follower
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def start(person: Browser) -> tuple[str, str, int]:
    """A conversation: its path, the path of its messages, and its cursor."""
    started = (await person.post("/api/chat/conversations", {}))["conversation"]
    path = f"/api/chat/conversations/{started['id']}"
    return path, f"{path}/messages", (await person.get(path))["cursor"]


async def silence(house: House, path: str) -> None:
    """Have an expert hold the conversation, so that no turn of the assistant adds events of its own."""
    await house.platform.conversations.take_over(house.workspace.id, path.rsplit("/", 1)[1], house.members["expert"].id)


async def say(browser: Browser, path: str, text: str, **more: str) -> Any:
    return (await browser.post(path, {"client_id": text, "body": text} | more))["message"]


async def test_replay_then_live_and_nothing_twice(house: House) -> None:
    person = await house.person()
    path, messages, cursor = await start(person)
    await say(person, messages, "one")
    await say(person, messages, "two")
    async with listen(house.app) as base, follow(person, base, f"{path}/stream", cursor) as follower:
        await follower.wait(2)
        await say(person, messages, "three")
        await say(person, messages, "three")
        got = await follower.wait(3)
        assert [d["payload"]["message"]["body"] for d in got] == ["one", "two", "three"]
        assert [i for _, i, _ in follower.frames] == [d["cursor"] for d in got] == sorted(d["cursor"] for d in got)
        assert got[0]["payload"]["message"]["html"] == "<p>one</p>\n"


async def test_of_a_talk_that_its_pack_hides_from_a_member_only_that_it_moved(house: House) -> None:
    conversations, ws = house.platform.conversations, house.workspace.id
    (desk,) = await conversations.list_desks(ws)
    await conversations.change_desk(ws, desk.id, name="Clinic", mode="human", pack="health")
    person, expert, owner = await house.person(), await house.member("expert"), await house.member("owner")
    path, messages, _ = await start(person)
    await conversations.take_over(ws, path.rsplit("/", 1)[1], house.members["owner"].id)
    cursor = (await person.get(path))["cursor"]
    async with (
        listen(house.app) as base,
        follow(expert, base, "/api/desk/stream", cursor) as barred,
        follow(owner, base, "/api/desk/stream", cursor) as caring,
    ):
        await say(person, messages, "a secret")
        assert (await caring.wait(1))[0]["payload"]["message"]["body"] == "a secret"
        first = (await barred.wait(1))[0]
        assert (first["kind"], first["payload"]) == ("Hidden", {})
        assert "secret" not in json.dumps(barred.frames)


async def test_what_is_followed_is_what_is_fetched(house: House) -> None:
    """State at a cursor plus the stream from there on is the state that a later fetch gives."""
    person, expert = await house.person(), await house.member("expert")
    path, messages, cursor = await start(person)
    first = await person.get(path)
    ident = first["conversation"]["id"]
    desk = f"/api/desk/conversations/{ident}"
    async with listen(house.app) as base, follow(person, base, f"{path}/stream", cursor) as follower:
        await say(person, messages, "hello")
        await say(expert, f"{desk}/messages", "a note", visibility="internal")
        await say(expert, f"{desk}/messages", "good morning", visibility="public")
        await expert.post(f"{desk}/hand-to-team", {"team": "repairs"})
        await expert.post(f"{desk}/resolve")
        last = await person.get(path)
        for _ in range(6_000):
            if follower.frames and follower.frames[-1][1] == last["cursor"]:
                break
            await asyncio.sleep(0.01)
        seen = [m["seq"] for m in first["messages"]] + [
            d["payload"]["message"]["seq"] for _, _, d in follower.frames if d["kind"] == "MessagePosted"
        ]
        assert seen == [m["seq"] for m in last["messages"]]
        status = [d["payload"]["status"] for _, _, d in follower.frames if d["kind"] == "StatusChanged"]
        assert status == ["resolved"] == [last["conversation"]["status"]]


async def test_a_person_gets_nothing_internal_and_nothing_of_others(house: House) -> None:
    person, other, expert = await house.person(), await house.person(), await house.member("expert")
    path, messages, cursor = await start(person)
    other_path, other_messages, _ = await start(other)
    ident = path.rsplit("/", 1)[1]
    async with listen(house.app) as base, follow(person, base, f"{path}/stream", cursor) as follower:
        await say(other, other_messages, "of another person")
        await say(expert, f"/api/desk/conversations/{ident}/messages", "a note", visibility="internal")
        await expert.post(f"/api/desk/conversations/{ident}/label", {"subject": "difficult", "topic": "refunds"})
        bus, ws = house.platform.database.bus, house.workspace.id
        bus.publish(Ephemeral("tokens", ws, ident, "internal", {"text": "a draft"}))
        bus.publish(Ephemeral("tokens", ws, other_path.rsplit("/", 1)[1], "public", {"text": "for another"}))
        bus.publish(Ephemeral("tokens", ws, ident, "public", {"run_id": "r", "offset": 0, "text": "for me"}))
        await say(person, messages, "mine")
        got = await follower.wait(2)
        text = json.dumps(got)
        assert [d["data"]["text"] for d in got if d["kind"] == "tokens"] == ["for me"]
        assert [d["payload"]["message"]["body"] for d in got if d["kind"] == "MessagePosted"] == ["mine"]
        assert not any(word in text for word in ("of another person", "a note", "difficult", "refunds", "a draft", "for another"))


async def test_the_desk_gets_the_whole_workspace(house: House) -> None:
    person, expert = await house.person(), await house.member("expert")
    async with listen(house.app) as base, follow(expert, base, "/api/desk/stream") as follower:
        await asyncio.sleep(0.1)
        path, messages, _ = await start(person)
        await silence(house, path)
        await say(person, messages, "hello")
        await person.post(f"{path}/typing")
        got = await follower.wait(4)
        assert [d["kind"] for d in got] == ["ConversationStarted", "ControlChanged", "MessagePosted", "typing"]


async def test_a_cursor_from_nowhere_is_reset(house: House) -> None:
    person = await house.person()
    path, messages, cursor = await start(person)
    async with listen(house.app) as base, follow(person, base, f"{path}/stream", cursor + 1_000) as follower:
        assert (await follower.wait(1))[0] == {"cursor": cursor}
        assert follower.frames[0][0] == "reset"
        await say(person, messages, "on it goes")
        assert (await follower.wait(2))[1]["payload"]["message"]["body"] == "on it goes"


async def test_streams_end_when_the_server_stops(house: House) -> None:
    person = await house.person()
    path, _, cursor = await start(person)
    async with listen(house.app) as base:
        stream = follow(person, base, f"{path}/stream", cursor)
        follower = await stream.__aenter__()
        await asyncio.sleep(0.1)
        assert house.services.metrics.open_streams == 1
        began = time.monotonic()
    took_s = time.monotonic() - began
    await asyncio.sleep(0.05)
    assert follower.is_over
    assert took_s < 2
    await stream.__aexit__(None, None, None)
    assert house.services.metrics.open_streams == 0


async def test_a_page_that_goes_away_is_forgotten(house: House) -> None:
    person = await house.person()
    path, messages, cursor = await start(person)
    async with listen(house.app) as base:
        async with follow(person, base, f"{path}/stream", cursor) as follower:
            await say(person, messages, "hello")
            await follower.wait(1)
        for _ in range(6_000):
            if not house.services.metrics.open_streams:
                break
            await asyncio.sleep(0.01)
        assert house.services.metrics.open_streams == 0


async def test_many_readers_all_get_everything_in_order(house: House) -> None:
    person, expert = await house.person(), await house.member("expert")
    path, messages, _ = await start(person)
    await silence(house, path)
    cursor = (await person.get(path))["cursor"]
    async with listen(house.app) as base:
        streams = [follow(expert, base, "/api/desk/stream", cursor) for _ in range(20)]
        followers = [await s.__aenter__() for s in streams]
        for number in range(30):
            await say(person, messages, f"message {number}")
        for follower in followers:
            got = await follower.wait(30)
            assert [d["payload"]["message"]["body"] for d in got] == [f"message {n}" for n in range(30)]
        for stream in streams:
            await stream.__aexit__(None, None, None)
