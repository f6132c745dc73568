"""The work itself over HTTP: a person asks, a draft waits, an expert decides; knowledge, desks, export, deletion."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from duologue.kit.clock import FrozenClock
from tests.platforms import Browser, House, open_house

ARTICLE = b"# Boots\n\n## Resoling\n\nBoots are resoled in four weeks. It costs 65 pounds.\n\n## Care\n\nWax them twice a year.\n"
RULES = [{"reply": "Boots are resoled in four weeks [1]."}]


@pytest.fixture
async def house(tmp_path: Path, clock: FrozenClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, mode="copilot", rules=RULES, clock=clock) as opened:
        await upload(await opened.member("owner"), "boots.md", ARTICLE)
        yield opened


async def upload(owner: Browser, name: str, data: bytes) -> Any:
    response = await owner.client.post("/api/admin/documents", files=[("files", (name, data))])
    assert response.status_code == 200, response.text
    return response.json()


async def ask(person: Browser, text: str) -> str:
    """A new conversation with one message; its path."""
    started = (await person.post("/api/chat/conversations", {}))["conversation"]
    path = f"/api/chat/conversations/{started['id']}"
    await person.post(f"{path}/messages", {"client_id": "1", "body": text})
    return path


async def wait_for_draft(expert: Browser, conversation_id: str) -> Any:
    """The desk's view of a conversation once its draft is ready."""
    for _ in range(6_000):
        whole = await expert.get(f"/api/desk/conversations/{conversation_id}")
        if any(d["status"] == "ready" for d in whole["drafts"]):
            return whole
        await asyncio.sleep(0.01)
    raise AssertionError("no draft")


async def test_a_person_asks_an_expert_corrects(house: House) -> None:
    person, expert = await house.person(), await house.member("expert")
    path = await ask(person, "How long does resoling boots take?")
    ident = path.rsplit("/", 1)[1]
    whole = await wait_for_draft(expert, ident)
    draft = next(d for d in whole["drafts"] if d["status"] == "ready")
    row = (await expert.get("/api/desk/conversations"))["conversations"][0]
    assert (row["id"], row["draft"]["id"], row["last_message"]["body"]) == (
        ident,
        draft["id"],
        "How long does resoling boots take?",
    )
    assert len((await person.get(path))["messages"]) == 1, "a draft is not for the person's eyes"
    verdict = {"kind": "edit", "final_body": "Four weeks, and five before Christmas.", "shown_at": "2026-01-01T00:00:00Z"}
    given = await expert.post(f"/api/desk/drafts/{draft['id']}/verdict", verdict)
    assert given["message"]["body"] == "Four weeks, and five before Christmas."
    again = await expert.post(f"/api/desk/drafts/{draft['id']}/verdict", verdict)
    assert again["verdict"]["id"] == given["verdict"]["id"], "the same verdict again is the same verdict"
    other = await (await house.member("admin")).call("POST", f"/api/desk/drafts/{draft['id']}/verdict", {"kind": "approve"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "already_decided")
    said = (await person.get(path))["messages"][-1]
    assert (said["author_kind"], said["author_name"], said["draft_id"]) == ("expert", "Expert", None)
    assert "drafted_by" not in said["data"]
    run = (await expert.get(f"/api/desk/runs/{draft['run_id']}"))["run"]
    assert run["model_version"] == given["verdict"]["model_version"]
    assert run["steps"]
    listed = (await expert.get("/api/admin/verdicts"))["verdicts"][0]
    assert listed["reviewer_name"] == "Expert"
    assert "".join(c["text"] for c in listed["diff"] if c["op"] != "new") == draft["body"]
    assert "".join(c["text"] for c in listed["diff"] if c["op"] != "gone") == "Four weeks, and five before Christmas."


async def test_a_stale_draft_cannot_be_sent(house: House) -> None:
    person, expert = await house.person(), await house.member("expert")
    path = await ask(person, "How long does resoling boots take?")
    draft = (await wait_for_draft(expert, path.rsplit("/", 1)[1]))["drafts"][0]
    await person.post(f"{path}/messages", {"client_id": "2", "body": "And what does it cost?"})
    late = await expert.call("POST", f"/api/desk/drafts/{draft['id']}/verdict", {"kind": "approve"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "draft_superseded")
    assert [m["author_kind"] for m in (await person.get(path))["messages"]] == ["person", "person"]


async def test_taking_over_handing_on_and_back(house: House) -> None:
    person, expert, admin = await house.person(), await house.member("expert"), await house.member("admin")
    path = await ask(person, "hello")
    desk = f"/api/desk/conversations/{path.rsplit('/', 1)[1]}"
    taken = await expert.post(f"{desk}/take-over")
    assert taken["conversation"]["holder_name"] == "Expert"
    assert (await admin.call("POST", f"{desk}/take-over", {})).json()["error"]["code"] == "not_in_control"
    assert (await admin.post(f"{desk}/take-over", {"force": True}))["conversation"]["holder_name"] == "Admin"
    assert (await expert.call("POST", f"{desk}/renew", {})).json()["error"]["code"] == "not_in_control"
    assert (await admin.post(f"{desk}/renew"))["conversation"]["lease_expires_at"]
    assert (await admin.post(f"{desk}/hand-to-team", {"team": "repairs"}))["conversation"]["controller"]["id"] == "repairs"
    assert (await admin.get("/api/desk/conversations?view=waiting"))["counts"]["waiting"] == 1
    assert (await admin.post(f"{desk}/hand-back"))["conversation"]["controller"]["kind"] == "ai"
    assert (await admin.post(f"{desk}/mode", {"mode": "human"}))["conversation"]["mode"] == "human"
    assert (await admin.post(f"{desk}/mode", {"mode": None}))["conversation"]["mode"] == "copilot"
    assert (await admin.post(f"{desk}/snooze", {"until": "2126-01-01T00:00:00Z"}))["conversation"]["status"] == "snoozed"
    past = await admin.call("POST", f"{desk}/snooze", {"until": "1999-01-01T00:00:00Z"})
    assert past.json()["error"]["code"] == "invalid"
    assert (await admin.post(f"{desk}/reopen"))["conversation"]["status"] == "open"
    assert (await admin.post(f"{desk}/resolve"))["conversation"]["status"] == "resolved"


async def test_a_person_asks_for_a_person(house: House) -> None:
    person = await house.person("zh")
    path = await ask(person, "你好")
    first = (await person.post(f"{path}/request-human"))["conversation"]
    assert (first["controller"]["kind"], first["attention"]["reason"]) == ("queue", "asked_for_person")
    await person.post(f"{path}/request-human")
    notices = [m for m in (await person.get(path))["messages"] if m["kind"] == "notice"]
    assert len(notices) == 1
    assert notices[0]["lang"] == "zh"


async def test_notes_are_not_for_the_person(house: House) -> None:
    person, expert, viewer = await house.person(), await house.member("expert"), await house.member("viewer")
    path = await ask(person, "hello")
    desk = f"/api/desk/conversations/{path.rsplit('/', 1)[1]}"
    note = {"client_id": "n", "body": "careful", "visibility": "internal"}
    await expert.post(f"{desk}/messages", note)
    assert (await viewer.call("POST", f"{desk}/messages", note | {"client_id": "v"})).status_code == 403
    assert "careful" in [m["body"] for m in (await viewer.get(desk))["messages"]]
    assert "careful" not in [m["body"] for m in (await person.get(path))["messages"]]
    assert (await viewer.get(desk))["conversation"]["controller"]["kind"] == "ai", "a note takes nothing over"


async def test_presence_is_shown_and_forgotten(house: House, clock: FrozenClock) -> None:
    person, expert, viewer = await house.person(), await house.member("expert"), await house.member("viewer")
    desk = f"/api/desk/conversations/{(await ask(person, 'hello')).rsplit('/', 1)[1]}"
    await expert.post(f"{desk}/presence")
    await viewer.post(f"{desk}/presence")
    assert [w["name"] for w in (await viewer.get(desk))["presence"]] == ["Expert", "Viewer"]
    await viewer.post(f"{desk}/presence", {"is_here": False})
    assert [w["name"] for w in (await viewer.get(desk))["presence"]] == ["Expert"]
    clock.advance(60)
    assert (await viewer.get(desk))["presence"] == []


async def test_citations_open_for_whom_they_were_shown(tmp_path: Path) -> None:
    async with open_house(tmp_path, rules=RULES) as house:
        owner, person, other = await house.member("owner"), await house.person(), await house.person()
        await upload(owner, "boots.md", ARTICLE)
        expert = await house.member("expert")
        path = await ask(person, "How long does resoling boots take?")
        cited: list[Any] = []
        for _ in range(6_000):
            messages = (await person.get(path))["messages"]
            cited = [c for m in messages for c in m["citations"]]
            drafts = (await expert.get(f"/api/desk/conversations/{path.rsplit('/', 1)[1]}"))["drafts"]
            if not cited and any(d["status"] == "ready" for d in drafts):
                await expert.post(f"/api/desk/drafts/{drafts[0]['id']}/verdict", {"kind": "approve"})
            if cited:
                break
            await asyncio.sleep(0.01)
        opened = await person.get(f"{path}/passages/{cited[0]['passage_id']}")
        assert opened["document"]["title"] == "Boots"
        assert "four weeks" in opened["passage"]["html"]
        uncited = (await owner.get("/api/admin/search", params={"q": "wax twice a year"}))["hits"]
        others = [h["passage"]["id"] for h in uncited if h["passage"]["id"] not in {c["passage_id"] for c in cited}]
        for passage in others:
            assert (await person.call("GET", f"{path}/passages/{passage}")).status_code == 404
        elsewhere = await ask(other, "hello")
        assert (await other.call("GET", f"{elsewhere}/passages/{cited[0]['passage_id']}")).status_code == 404


async def test_answers_are_rated_and_nothing_else(house: House) -> None:
    person, expert = await house.person(), await house.member("expert")
    path = await ask(person, "hello")
    await expert.post(
        f"/api/desk/conversations/{path.rsplit('/', 1)[1]}/messages", {"client_id": "e", "body": "Hi!", "visibility": "public"}
    )
    question, answer = [m for m in (await person.get(path))["messages"] if m["kind"] == "text"]
    await person.post(f"{path}/messages/{answer['id']}/rating", {"value": "down", "reason": "too short"})
    assert (await person.call("POST", f"{path}/messages/{question['id']}/rating", {"value": "up"})).status_code == 422
    elsewhere = await ask(person, "another")
    assert (await person.call("POST", f"{elsewhere}/messages/{answer['id']}/rating", {"value": "up"})).status_code == 404


async def test_the_list_is_paged_and_searched(house: House, clock: FrozenClock) -> None:
    person, expert = await house.person(), await house.member("expert")
    for number in range(5):
        path = await ask(person, "hello")
        await person.post(f"{path}/request-human")  # no turn moves it up later
        clock.advance(1)
        await person.post(f"{path}/messages", {"client_id": "2", "body": f"question {number} about 100% wool"})

    async def said(**params: Any) -> list[str]:
        listed = await expert.get("/api/desk/conversations", params=params)
        return [r["last_message"]["body"][:10] for r in listed["conversations"]]

    first = await expert.get("/api/desk/conversations", params={"limit": 2})
    assert await said(limit=2) == ["question 4", "question 3"]
    assert await said(limit=2, before=first["conversations"][-1]["id"]) == ["question 2", "question 1"]
    assert await said(q="QUESTION 3") == ["question 3"]
    assert len(await said(q="100%")) == 5
    assert await said(q="1_0") == []


async def test_documents_come_and_go(house: House) -> None:
    expert = await house.member("expert")
    files = [("files", ("a/tents.md", b"# Tents\n\nDry the tent before you pack it.\n")), ("files", ("broken.pdf", b"%PDF-1.4 no"))]
    report = (await expert.client.post("/api/admin/documents", files=files)).json()
    assert [d["uri"] for d in report["ready"]] == ["a/tents.md"]
    assert [f["uri"] for f in report["failed"]] == ["broken.pdf"]
    ident = report["ready"][0]["id"]
    assert (await expert.get(f"/api/admin/documents/{ident}"))["passages"][0]["html"]
    assert (await expert.get("/api/admin/search", params={"q": "dry the tent"}))["hits"][0]["uri"] == "a/tents.md"
    assert (await expert.call("DELETE", f"/api/admin/documents/{ident}")).status_code == 200
    hits = (await expert.get("/api/admin/search", params={"q": "dry the tent"}))["hits"]
    assert all(h["uri"] != "a/tents.md" for h in hits)
    assert (await expert.call("GET", f"/api/admin/documents/{ident}")).status_code == 404
    private = await expert.call("POST", "/api/admin/documents/urls", {"urls": ["http://127.0.0.1:1/x"]})
    assert private.json()["failed"][0]["uri"] == "http://127.0.0.1:1/x"


async def test_desks_and_modes(house: House) -> None:
    admin = await house.member("admin")
    desk = (await admin.post("/api/admin/desks", {"name": "Back", "mode": "human"}))["desk"]
    changed = await admin.call("PATCH", f"/api/admin/desks/{desk['id']}", {"name": "Rear"})
    assert (changed.json()["desk"]["name"], changed.json()["desk"]["mode"]) == ("Rear", "human")
    changed = await admin.call("PATCH", f"/api/admin/desks/{desk['id']}", {"mode": None})
    assert changed.json()["desk"]["mode"] is None
    assert (await admin.call("PUT", "/api/admin/posture", {"scope": "workspace", "mode": "autopilot"})).status_code == 200
    assert (await admin.get("/api/admin/desks"))["postures"] == [{"scope": "workspace", "scope_id": "", "mode": "autopilot"}]
    assert (await admin.call("PATCH", "/api/admin/models", {"threshold": 0.9})).json()["threshold"] == 0.9
    assert (await admin.get("/api/admin/models"))["engine"]["kind"] == "scripted"


@pytest.mark.parametrize("form", ["sft", "dpo", "kto"])
async def test_deletion_follows_into_exports(house: House, form: str) -> None:
    person, expert, admin = await house.person(), await house.member("expert"), await house.member("admin")
    path = await ask(person, "How long does resoling boots take?")
    whole = await wait_for_draft(expert, path.rsplit("/", 1)[1])
    await expert.post(f"/api/desk/drafts/{whole['drafts'][0]['id']}/verdict", {"kind": "edit", "final_body": "Forty days."})
    response = await admin.call("GET", f"/api/admin/export?format={form}")
    assert response.headers["content-disposition"].startswith("attachment")
    assert "Forty days." in response.text
    assert all(json.loads(line) for line in response.text.splitlines())
    assert (await admin.call("DELETE", f"/api/admin/persons/{whole['person']['id']}")).status_code == 200
    assert (await admin.call("GET", f"/api/admin/export?format={form}")).text == ""
    assert (await person.call("GET", path)).status_code == 404
    assert (await person.call("POST", "/api/chat/conversations", {})).status_code == 401
    assert (await admin.get("/api/desk/conversations"))["conversations"] == []
    assert (await admin.call("DELETE", f"/api/admin/persons/{whole['person']['id']}")).status_code == 404


async def test_a_person_stays_the_same_person(house: House) -> None:
    person = await house.person()
    first = await person.post("/api/chat/session", {"workspace": "one", "lang": "zh"})
    second = await person.post("/api/chat/session", {"workspace": "one"})
    assert (first["person_id"], first["csrf"], second["lang"]) == (second["person_id"], second["csrf"], "zh")
    token = (await house.browser().post("/api/chat/session", {"workspace": "one", "bearer": True}))["token"]
    frame = house.browser()
    frame.client.headers["Authorization"] = f"Bearer {token}"
    assert (await frame.call("POST", "/api/chat/conversations", {})).status_code == 200
    again = await frame.post("/api/chat/session", {"workspace": "one", "bearer": True})
    assert again["token"] == token, "the frame's own token is kept where cookies are not"


async def test_a_chat_begins_with_the_questions_of_its_desks_pack(house: House) -> None:
    person = house.browser()
    assert (await person.become_person(house.workspace.slug))["starters"] is None
    (desk,) = await house.platform.conversations.list_desks(house.workspace.id)
    await house.platform.conversations.change_desk(house.workspace.id, desk.id, name=desk.name, mode=desk.mode, pack="support")
    starters = (await person.become_person(house.workspace.slug))["starters"]
    assert set(starters) == {"en", "zh"}
    assert all(starters.values())
