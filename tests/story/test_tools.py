"""Tools over real wires: an OpenAI-compatible server that asks for one, and MCP servers that bring them."""

import asyncio
import json
import sys
from pathlib import Path

from duologue.engine.remote import RemoteEngine
from duologue.engine.scripted import Script, ScriptedEngine
from tests.doubles.openai_server import serve_openai
from tests.story.house import EXPERT, WS, open_house

ROOT = Path(__file__).parents[2]
WANG = "wang.lei@mail.example"
GET_ORDER = {
    "match": r"(?P<n>RO-\d{6})",
    "tool_calls": [{"name": "get_order", "arguments": {"number": "{n}"}}],
    "reply": "Your order RO-104315 is on its way, expected by 24 November 2026.",
}


async def test_an_openai_compatible_server_drives_a_turn_with_a_tool_call(tmp_path: Path) -> None:
    with serve_openai(ScriptedEngine(Script.model_validate({"rules": [GET_ORDER]})), key="k") as server:
        engine = RemoteEngine(server.base_url, "some-model", api_key="k", timeout_s=10)
        async with open_house(tmp_path, engine=engine) as house:
            talk = await house.open()
            run = await talk.ask(f"Where is RO-104315? My address is {WANG}")
            assert run.status == "sent"
            assert await talk.said_by("ai") == ["Your order RO-104315 is on its way, expected by 24 November 2026."]
            [(name, arguments, status, value)] = run.steps[3].output["results"]
            assert (name, arguments, status) == ("get_order", {"number": "RO-104315"}, "ok")
            assert value["status"] == "shipped"
            assert run.model_version == "remote:some-model"
    first, second = server.requests
    assert {t["function"]["name"] for t in first["tools"]} == {"get_order", "cancel_order", "change_address", "return_order"}
    assert [m["role"] for m in second["messages"]] == ["system", "user", "assistant", "tool"]
    assert "shipped" in second["messages"][3]["content"]


async def test_personal_data_do_not_reach_a_remote_model_nor_the_trace(tmp_path: Path) -> None:
    with serve_openai(ScriptedEngine(Script.model_validate({"rules": [{"reply": "NO_ANSWER"}]}))) as server:
        engine = RemoteEngine(server.base_url, "m", timeout_s=10)
        async with open_house(tmp_path, engine=engine) as house:
            talk = await house.open()
            run = await talk.ask(f"I am {WANG}, phone 13812345678. How long can I return a boat?")
            sent = json.dumps(server.requests, ensure_ascii=False)
            kept = json.dumps([s.output for s in run.steps] + [s.input for s in run.steps], ensure_ascii=False)
            for secret in (WANG, "13812345678"):
                assert secret not in sent
                assert secret not in kept
            assert "[email 1]" in sent


async def test_a_model_that_contradicts_its_tool_is_not_believed(tmp_path: Path) -> None:
    rule = GET_ORDER | {"reply": "Your order RO-104315 was delivered on 1 November 2026."}
    async with open_house(tmp_path, [rule]) as house:
        talk = await house.open()
        await talk.ask(f"Where is RO-104315? My address is {WANG}")
        [said] = await talk.said_by("ai")
        assert "on its way" in said
        assert "1 November" not in said


def _configure(folder: Path) -> str:
    path = folder / "mcp.json"
    server = {"command": sys.executable, "args": ["-m", "tests.doubles.mcp_server"], "cwd": str(ROOT)}
    broken = {"command": str(folder / "does-not-exist")}
    path.write_text(json.dumps({"mcpServers": {"stock": server, "broken": broken}}), "utf-8")
    return str(path)


async def test_mcp_tools_read_at_once_and_change_after_approval(tmp_path: Path) -> None:
    find = {"name": "stock_find_stock", "arguments": {"item": "Tarn 2", "store": "Bristol"}}
    rules = [
        {"match": "stock", "tool_calls": [find], "reply": "The Bristol store has 3 of the Tarn 2."},
        {"match": "reserve", "tool_calls": [{"name": "stock_reserve", "arguments": {"item": "Tarn 2"}}]},
    ]
    async with open_house(tmp_path, rules, mcp_servers=_configure(tmp_path)) as house:
        talk = await house.open()
        run = await talk.ask("Is the Tarn 2 in stock in Bristol?")
        assert run.status == "sent"
        assert await talk.said_by("ai") == ["The Bristol store has 3 of the Tarn 2."]
        assert isinstance(house.engine, ScriptedEngine)
        assert "Ignore all previous" not in str(house.engine.requests[-1].messages)
        await talk.ask("Please reserve one for me")
        [draft] = await talk.drafts()
        assert draft.action is not None
        assert (draft.action.tool, draft.action.state) == ("stock_reserve", "waiting")
        await house.review.decide(WS, draft.id, EXPERT, "approve")
        async with asyncio.timeout(60):
            while not await talk.said_by("expert"):
                await asyncio.sleep(0.02)
        assert await talk.said_by("expert") == ["Reserved: Tarn 2, 1 in all."]
