"""Who may what, from the route table itself: a route that says nothing of its callers, or a role that gets too far, fails here."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from duologue.accounts.roles import ROLES, allowed
from duologue.bootstrap import create_app
from duologue.interfaces.api.app import openapi
from duologue.interfaces.api.security import CSRF_HEADER, Anybody, Needs, SignedIn, Somebody
from tests.platforms import Browser, House, add_house, open_for_test

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPEN = {
    ("POST", "/api/chat/session"),
    ("POST", "/api/auth/sign-in"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
}
Guard = Anybody | Needs | SignedIn | Somebody


def routes(app: FastAPI) -> list[tuple[str, str, list[Guard]]]:
    """(method, path, guards) of every route of the API."""
    found = []
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        path = route.path or ""
        if dependant is None or not (path.startswith("/api/") or path in ("/healthz", "/metrics")) or "/i18n/" in path:
            continue
        guards = [d.call for d in dependant.dependencies if isinstance(d.call, Guard)]
        found += [(method, path, guards) for method in sorted(set(route.methods or ()) - {"HEAD"})]
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, House]]:
    async with open_for_test(tmp_path_factory.mktemp("access"), rules=[{"reply": "An answer."}]) as platform:
        app = create_app(platform)
        yield await add_house(platform, app, "one", "copilot"), await add_house(platform, app, "two")


async def status_of(app: FastAPI, browser: Browser, method: str, path: str, body: Any = None) -> int:
    """The status of a request, without waiting for the end of a stream."""
    request = browser.client.build_request(method, path, json=body)
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": request.read(), "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not started.done():
            started.set_result(message["status"])

    headers = [(k.lower(), v) for k, v in request.headers.raw]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "headers": headers,
        "path": path, "raw_path": path.encode(), "query_string": b"", "client": ("127.0.0.1", 1), "server": ("duologue.test", 80),
    }  # fmt: skip
    asking = asyncio.create_task(app(scope, receive, send))
    try:
        return await asyncio.wait_for(asyncio.shield(started), 20)
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_every_route_says_who_may_call_it(houses: tuple[House, House]) -> None:
    found = routes(houses[0].app)
    assert len(found) > 50
    assert [(m, p) for m, p, guards in found if len(guards) != 1] == []
    assert {(m, p) for m, p, (guard,) in found if isinstance(guard, Anybody)} == OPEN


async def test_every_route_is_described(houses: tuple[House, House]) -> None:
    paths = openapi()["paths"]
    for method, path, _ in routes(houses[0].app):
        operation = paths[path][method.lower()]
        assert operation["description"], (method, path)
        assert operation["responses"]["default"], (method, path)


def _concrete(path: str) -> str:
    return re.sub(r"{(\w+)}", "nobody", path)


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_gets_as_far_as_the_table_says(houses: tuple[House, House], role: Any) -> None:
    house = houses[0]
    browser = await house.member(role)
    for method, path, (guard,) in routes(house.app):
        if not isinstance(guard, Needs):
            continue
        status = await status_of(house.app, browser, method, _concrete(path), None if method == "GET" else {})
        assert (status == 403) is (not allowed(role, guard.action)), (method, path, role, status)
        assert status not in (401, 500), (method, path, role, status)


async def test_without_a_session_nothing_opens(houses: tuple[House, House]) -> None:
    house = houses[0]
    for method, path, (guard,) in routes(house.app):
        if not isinstance(guard, Anybody):
            body = None if method == "GET" else {}
            assert await status_of(house.app, house.browser(), method, _concrete(path), body) == 401, (method, path)


async def test_a_person_is_no_member_and_a_member_is_no_person(houses: tuple[House, House]) -> None:
    house = houses[0]
    person, member = await house.person(), await house.member("owner")
    for method, path, (guard,) in routes(house.app):
        body = None if method == "GET" else {}
        if isinstance(guard, Needs | SignedIn):
            assert await status_of(house.app, person, method, _concrete(path), body) == 401, (method, path)
        if isinstance(guard, Somebody):
            assert await status_of(house.app, member, method, _concrete(path), body) == 401, (method, path)


async def test_unsafe_methods_need_the_token_of_their_own_session(houses: tuple[House, House]) -> None:
    house = houses[0]
    owner, other, person = await house.member("owner"), await house.member("admin"), await house.person()
    for method, path, (guard,) in routes(house.app):
        if method == "GET" or isinstance(guard, Anybody):
            continue
        browser = person if isinstance(guard, Somebody) else owner
        mine = browser.client.headers[CSRF_HEADER]
        for wrong in ("", "x", other.client.headers[CSRF_HEADER]):
            browser.client.headers[CSRF_HEADER] = wrong
            assert await status_of(house.app, browser, method, _concrete(path), {}) == 403, (method, path)
        browser.client.headers[CSRF_HEADER] = mine


# A valid body for every route that names something by its id, so that what answers 404 is the look-up and nothing before it.
BODIES: dict[str, Any] = {
    "POST /api/chat/conversations/{conversation_id}/messages": {"client_id": "c", "body": "hello"},
    "POST /api/chat/conversations/{conversation_id}/messages/{message_id}/rating": {"value": "up"},
    "POST /api/desk/conversations/{conversation_id}/messages": {"client_id": "c", "body": "hello", "visibility": "public"},
    "POST /api/desk/conversations/{conversation_id}/snooze": {"until": "2126-01-01T00:00:00Z"},
    "POST /api/desk/conversations/{conversation_id}/mode": {"mode": "human"},
    "POST /api/desk/drafts/{draft_id}/verdict": {"kind": "approve"},
    "POST /api/admin/learning/versions/{version}/promote": {"password": "a long password"},
    "POST /api/admin/learning/versions/{version}/try": {"password": "a long password"},
}


async def _things_of(house: House) -> dict[str, str]:
    """Ids of one of everything in a workspace."""
    person = await house.person()
    ws = house.workspace.id
    uploaded = await (await house.member("owner")).client.post(
        "/api/admin/documents", files={"files": ("boots.md", b"# Boots\n\nBoots are resoled in four weeks.\n")}
    )
    document = uploaded.json()["ready"][0]
    passages = (await house.platform.knowledge.get_document(ws, document["id"])).passages
    started = (await person.post("/api/chat/conversations", {}))["conversation"]
    sent = await person.post(f"/api/chat/conversations/{started['id']}/messages", {"client_id": "1", "body": "How long are boots?"})
    runs: list[Any] = []
    for _ in range(6_000):
        runs = await house.platform.assistant.list_runs(ws, started["id"])
        if runs and runs[0].status != "running":
            break
        await asyncio.sleep(0.01)
    drafts = await house.platform.assistant.list_drafts(ws, started["id"])
    session = await house.platform.accounts.list_sign_ins(ws, house.members["owner"].id)
    _, key = await house.platform.keys.add(ws, "a program")
    return {
        "conversation_id": started["id"],
        "message_id": sent["message"]["id"],
        "person_id": started["person_id"],
        "document_id": document["id"],
        "passage_id": passages[0].id,
        "run_id": runs[0].id,
        "draft_id": drafts[0].id,
        "desk_id": started["desk_id"],
        "member_id": house.members["viewer"].id,
        "session_id": session[0].id,
        "pack": "support",
        "key_id": key.id,
    }


def _path(path: str, things: dict[str, str]) -> str:
    """The path with the ids of the things; what there is none of is asked for by a name that nobody has."""
    return path.format(**dict.fromkeys(re.findall(r"{(\w+)}", path), "nothing") | things)


async def test_what_is_in_another_workspace_does_not_exist(houses: tuple[House, House]) -> None:
    theirs, mine = houses
    things = await _things_of(theirs)
    owner, person = await mine.member("owner"), await mine.person()
    before = await _state(theirs, things)
    tried = 0
    for method, path, (guard,) in routes(mine.app):
        names = re.findall(r"{(\w+)}", path)
        if not names:
            continue
        concrete = _path(path, things)
        browser = person if isinstance(guard, Somebody) else owner
        body = None if method in ("GET", "DELETE") else BODIES.get(f"{method} {path}", {})
        assert await status_of(mine.app, browser, method, concrete, body) == 404, (method, path)
        tried += 1
    assert tried > 30
    assert await _state(theirs, things) == before


async def test_ids_of_another_workspace_in_a_body_do_not_exist_either(houses: tuple[House, House]) -> None:
    theirs, mine = houses
    desk = (await theirs.platform.conversations.list_desks(theirs.workspace.id))[0]
    owner, person = await mine.member("owner"), await mine.person()
    posture = {"scope": "desk", "scope_id": desk.id, "mode": "human"}
    assert (await owner.call("PUT", "/api/admin/posture", posture)).status_code == 404
    assert (await person.call("POST", "/api/chat/conversations", {"desk_id": desk.id})).status_code == 404
    listed = await owner.get("/api/desk/conversations")
    assert all(c["workspace_id"] == mine.workspace.id for c in listed["conversations"])
    assert (await owner.get("/api/admin/search", params={"q": "boots resoled"}))["hits"] == []


async def _state(house: House, things: dict[str, str]) -> Any:
    ws = house.workspace.id
    snapshot = await house.platform.conversations.snapshot(ws, things["conversation_id"], "internal")
    return (
        snapshot,
        await house.platform.assistant.list_drafts(ws, things["conversation_id"]),
        await house.platform.knowledge.list_documents(ws),
        await house.platform.accounts.list_members(ws),
        await house.platform.conversations.list_desks(ws),
        await house.platform.keys.list_keys(ws),
    )


async def test_another_person_of_the_same_workspace_sees_nothing(houses: tuple[House, House]) -> None:
    house = houses[0]
    things = await _things_of(house)
    stranger = await house.person()
    for method, path, (guard,) in routes(house.app):
        if isinstance(guard, Somebody) and "{" in path:
            body = None if method == "GET" else BODIES.get(f"{method} {path}", {})
            assert await status_of(house.app, stranger, method, _path(path, things), body) == 404, (method, path)
