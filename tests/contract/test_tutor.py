"""A learner who is stuck, in a conversation with the education pack's assistant, from the first words to the right result."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from duologue.bootstrap import create_app
from tests.platforms import Browser, House, add_house, open_for_test


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_for_test(tmp_path / "p", rules=[{"reply": "The answer is 5."}]) as platform:
        house = await add_house(platform, create_app(platform), "one")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="School", mode="autopilot", pack="education")
        yield house


async def say(house: House, person: Browser, conversation_id: str, text: str) -> Any:
    """The last message once the turn has ended."""
    sent = await person.post(f"/api/chat/conversations/{conversation_id}/messages", {"client_id": text, "body": text})
    ws, message_id = house.workspace.id, sent["message"]["id"]
    for _ in range(3_000):
        runs = [r for r in await house.platform.assistant.list_runs(ws, conversation_id) if r.message_id == message_id]
        if runs and runs[0].status != "running":
            snapshot = await house.platform.conversations.snapshot(ws, conversation_id, "internal")
            return snapshot.messages[-1]
        await asyncio.sleep(0.02)
    raise AssertionError("nobody answered")


async def begin(house: House) -> tuple[Browser, str]:
    person = await house.person()
    return person, (await person.post("/api/chat/conversations", {}))["conversation"]["id"]


async def test_who_is_stuck_is_tutored_and_not_told(house: House) -> None:
    person, here = await begin(house)
    first = await say(house, person, here, "I am stuck on 7x + 2 = 37")
    assert first.data["tutor"]["move"] == "begin"
    begged = await say(house, person, here, "Just tell me the answer, please")
    assert (begged.author_kind, begged.data["tutor"]["state"]["level"]) == ("ai", 0)
    slip = await say(house, person, here, "7x + 2 = 37\n7x = 39\nx = 39/7")
    assert "7x = 39" in slip.body
    for message in (first, begged, slip):
        assert "5" not in message.body
        assert "x = 5" not in str(message.data)
    done = await say(house, person, here, "x = 5")
    assert (done.data["tutor"]["move"], done.data["tutor"]["state"]["is_solved"]) == ("right", True)


async def test_a_learner_writes_chinese_and_the_course_has_the_question(house: House) -> None:
    person, here = await begin(house)
    first = await say(house, person, here, "我卡住了：解方程 2x = 10。")
    assert first.data["tutor"]["id"] == "equation-multiply-1"
    hinted = await say(house, person, here, "2x = 10\nx = 10 - 2\nx = 8")
    assert "x = 10 - 2" in hinted.body
    assert (await say(house, person, here, "x = 5")).data["tutor"]["move"] == "right"


async def test_a_sum_is_not_the_one_with_another_sign_in_front(house: House) -> None:
    """The course has −1/2 + 1/3, whose answer and hints are others."""
    person, here = await begin(house)
    first = await say(house, person, here, "help me with 1/2 + 1/3")
    assert first.data["tutor"]["text"] == "1/2 + 1/3"
    assert "holds" in (await say(house, person, here, "3/6 + 2/6")).body
    assert (await say(house, person, here, "5/6 is that right")).data["tutor"]["move"] == "right"


async def test_who_has_solved_one_and_asks_for_more_gets_another_of_its_kind(house: House) -> None:
    person, here = await begin(house)
    for lost, solved, more in (
        ("我卡住了：解方程 2x = 10。", "x = 5", "再来一道"),
        ("I am stuck on 7x + 2 = 37", "x=5", "thanks! next one?"),
    ):
        first = await say(house, person, here, lost)
        assert (await say(house, person, here, solved)).data["tutor"]["move"] == "right"
        other = await say(house, person, here, more)
        assert other.data["tutor"]["text"] not in ("", first.data["tutor"]["text"])
        assert other.data["tutor"]["text"] in other.body
        assert not other.data["tutor"]["state"]["is_solved"]


async def test_what_is_no_homework_is_left_to_the_assistant(house: House) -> None:
    person, here = await begin(house)
    assert "tutor" not in (await say(house, person, here, "When is the school open?")).data
    await say(house, person, here, "I am stuck on 7x + 2 = 37")
    assert "tutor" not in (await say(house, person, here, "What is a common denominator?")).data
