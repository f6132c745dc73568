"""Everything that goes wrong has one form, and what is too much is refused before it is read."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from duologue.kit.clock import FrozenClock
from tests.platforms import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, max_message_chars=100, max_upload_bytes=1_000) as opened:
        yield opened


def check(response: Any, status: int, code: str) -> dict[str, Any]:
    """The error of a response, which has one form."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "detail"}
    assert body["error"]["code"] == code
    assert body["error"]["message"].endswith((".", ":"))
    found: dict[str, Any] = body["error"]
    return found


async def test_one_form_for_all(house: House) -> None:
    person, owner = await house.person(), await house.member("owner")
    check(await house.browser().call("GET", "/api/desk/conversations"), 401, "not_signed_in")
    check(await (await house.member("viewer")).call("POST", "/api/admin/desks", {"name": "x"}), 403, "forbidden")
    check(await owner.call("GET", "/api/desk/runs/run_0"), 404, "not_found")
    error = check(await owner.call("POST", "/api/admin/desks", {"nam": "x"}), 422, "invalid")
    assert {f["field"] for f in error["detail"]["fields"]} == {"body.name", "body.nam"}
    check(await person.client.post("/api/chat/conversations", content=b"{not json", headers={"Content-Type": "application/json"}),
          422, "invalid")  # fmt: skip


async def test_routes_that_do_not_exist(house: House) -> None:
    response = await house.browser().call("GET", "/api/nothing")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
    response = await house.browser().call("DELETE", "/healthz")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "invalid")


async def test_a_long_message_is_refused(house: House) -> None:
    person = await house.person()
    started = (await person.post("/api/chat/conversations", {}))["conversation"]
    path = f"/api/chat/conversations/{started['id']}/messages"
    await person.post(path, {"client_id": "1", "body": "长" * 100})
    error = check(await person.call("POST", path, {"client_id": "2", "body": "长" * 101}), 413, "too_large")
    assert error["detail"]["max_chars"] == 100


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_huge_body_is_not_read(house: House, is_chunked: bool) -> None:
    person = await house.person()
    content = b'{"lang": "en", "x": "' + b"x" * 2_000_000 + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    headers = {"Content-Type": "application/json"}
    response = await person.client.post("/api/chat/conversations", content=chunks() if is_chunked else content, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")


async def test_a_large_file_is_refused_by_name(house: House) -> None:
    owner = await house.member("owner")
    response = await owner.client.post("/api/admin/documents", files={"files": ("big.md", b"x" * 2_000)})
    assert check(response, 413, "too_large")["detail"]["file"] == "big.md"


@pytest.mark.parametrize("text", [r"a\u0000b", r"\ud800", r"half \udc00 a pair"])
async def test_text_that_no_database_can_hold(house: House, text: str) -> None:
    person = await house.person()
    started = (await person.post("/api/chat/conversations", {}))["conversation"]
    content, headers = f'{{"client_id": "1", "body": "{text}"}}', {"Content-Type": "application/json"}
    response = await person.client.post(f"/api/chat/conversations/{started['id']}/messages", content=content, headers=headers)
    check(response, 422, "invalid")


@pytest.mark.parametrize(
    "path", ["/api/desk/runs/%00", "/api/desk/conversations?q=%00", "/api/desk/runs/%ff", "/api/desk/stream?since=-1"]
)
async def test_odd_addresses(house: House, path: str) -> None:
    owner = await house.member("owner")
    response = await owner.call("GET", path)
    assert response.status_code in (404, 422)
    assert response.json()["error"]["code"] in ("not_found", "invalid")


async def test_asking_too_often(tmp_path: Path, clock: FrozenClock) -> None:
    async with open_house(tmp_path, rate_limits=True, clock=clock) as house:
        person, other = await house.person(), await house.person()
        started = (await person.post("/api/chat/conversations", {}))["conversation"]
        path = f"/api/chat/conversations/{started['id']}/messages"
        codes = [(await person.call("POST", path, {"client_id": str(n), "body": "hi"})).status_code for n in range(20)]
        assert codes[:10] == [200] * 10
        assert codes[-5:] == [429] * 5
        assert (await other.call("POST", "/api/chat/conversations", {})).status_code == 200
        clock.advance(60)
        assert (await person.call("POST", path, {"client_id": "later", "body": "hi"})).status_code == 200


async def test_metrics_count_routes_and_not_addresses(house: House) -> None:
    owner = await house.member("owner")
    await owner.call("GET", "/api/desk/runs/run_secret")
    await owner.call("GET", "/api/strangers/path")
    text = (await owner.call("GET", "/metrics")).text
    assert 'duologue_http_requests_total{method="GET",route="/api/desk/runs/{run_id}",status="404"} 1' in text
    assert "secret" not in text
    assert "strangers" not in text
