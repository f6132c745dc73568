"""Keys on a whole platform: made by administrators or the command line, good for what they say, as often as they may."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from duologue.accounts.keys.model import SCOPES
from duologue.accounts.keys.service import KeyService
from duologue.accounts.service import AccountService
from duologue.accounts.tokens import Signer
from duologue.interfaces.v1 import Gateway, create_app
from duologue.interfaces.v1.security import Needs
from duologue.kit.clock import FrozenClock
from duologue.kit.errors import Invalid, NotFound, NotSignedIn, TooManyRequests
from duologue.store.database import Database
from tests.platforms import House, open_house
from tests.program import call

BODY = {"model": "scripted", "messages": [{"role": "user", "content": "x"}]}


async def _workspace(database: Database) -> str:
    return (await AccountService(database, Signer(b"k" * 32)).create_workspace("one", "One", "en")).id


async def test_a_key_is_known_by_its_secret_until_it_is_over(database: Database, clock: FrozenClock) -> None:
    ws, keys = await _workspace(database), KeyService(database)
    secret, key = await keys.add(ws, "  a program ", scopes=("models", "chat"), days=1)
    assert (key.name, key.scopes, key.hint) == ("a program", ("chat", "models"), secret[-4:])
    assert secret not in repr(await keys.list_keys(ws))
    assert (await keys.check(secret)).id == key.id
    with pytest.raises(NotSignedIn):
        await keys.check(secret + "x")
    clock.advance(86_401)
    with pytest.raises(NotSignedIn):
        await KeyService(database).check(secret)


async def test_a_revoked_key_opens_nothing(database: Database) -> None:
    ws, keys = await _workspace(database), KeyService(database)
    secret, key = await keys.add(ws, "a program")
    await keys.check(secret)
    with pytest.raises(NotFound):
        await keys.revoke("wsp_other", key.id)
    await keys.revoke(ws, key.id)
    with pytest.raises(NotSignedIn):
        await keys.check(secret)
    with pytest.raises(NotFound):
        await keys.revoke(ws, key.id)


async def test_requests_and_tokens_are_limited(database: Database, clock: FrozenClock) -> None:
    ws, keys = await _workspace(database), KeyService(database)
    secret, _ = await keys.add(ws, "often", requests_per_minute=2)
    await keys.check(secret)
    await keys.check(secret)
    with pytest.raises(TooManyRequests) as caught:
        await keys.check(secret)
    assert 25 <= caught.value.detail["retry_after_s"] <= 31
    clock.advance(31)
    await keys.check(secret)
    secret, key = await keys.add(ws, "much", tokens_per_minute=100)
    await keys.check(secret)
    keys.spend(key, 200)
    with pytest.raises(TooManyRequests):
        await keys.check(secret)
    clock.advance(61)
    await keys.check(secret)


@pytest.mark.parametrize(
    "given", [{"name": " "}, {"scopes": ()}, {"scopes": ("root",)}, {"requests_per_minute": -1}, {"days": 0.0}]
)
async def test_what_makes_no_key_is_invalid(database: Database, given: dict[str, object]) -> None:
    ws = await _workspace(database)
    with pytest.raises(Invalid):
        await KeyService(database).add(ws, **{"name": "a", **given})  # type: ignore[arg-type]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("keys"), rules=[{"reply": "An answer."}]) as opened:
        yield opened


def _client(house: House, secret: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(house.app)
    return httpx.AsyncClient(transport=transport, base_url="http://test/v1", headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.asyncio(loop_scope="module")
async def test_the_platforms_own_engine_answers_who_has_a_key(house: House) -> None:
    admin = await house.member("admin")
    made = await admin.post("/api/admin/keys", {"name": "a script", "scopes": ["chat", "models"], "requests_per_minute": 4})
    async with _client(house, made["secret"]) as client:
        answer = await client.post("/chat/completions", json=BODY)
        assert answer.json()["choices"][0]["message"]["content"] == "An answer."
        assert {m["id"] for m in (await client.get("/models")).json()["data"]} >= {"scripted"}
        refused = await client.post("/embeddings", json={"model": "x", "input": "y"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "missing_scope")
        await client.get("/models")
        slow = await client.get("/models")
        assert (slow.status_code, slow.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(slow.headers["retry-after"]) <= 16
    listed = await admin.get("/api/admin/keys")
    assert made["secret"] not in str(listed)
    assert [k["name"] for k in listed["keys"]] == ["a script"]
    revoked = await admin.call("DELETE", f"/api/admin/keys/{made['key']['id']}")
    assert revoked.status_code == 200
    async with _client(house, made["secret"]) as client:
        assert (await client.get("/models")).status_code == 401


@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_key_the_platform_tells_nothing(house: House) -> None:
    async with _client(house, "") as client:
        for method, path in (("GET", "/models"), ("POST", "/chat/completions"), ("POST", "/tokenize")):
            answer = await client.request(method, path, json=BODY)
            assert answer.status_code in (400, 401), path
        assert (await client.get("/models")).json()["error"]["type"] == "invalid_request_error"


@pytest.mark.asyncio(loop_scope="module")
async def test_the_models_metrics_stand_beside_the_platforms(house: House) -> None:
    browser = await house.member("admin")
    text = (await browser.client.get("/metrics")).text
    assert "duologue_http_requests_total" in text
    assert 'duologue_model_requests_total{model="scripted",operation="chat",outcome="stop"}' in text


def test_every_route_names_the_scope_that_it_needs() -> None:
    routes = [r for r in iter_route_contexts(create_app(Gateway(models={})).routes) if getattr(r, "dependant", None)]
    scopes = {r.path: [d.call.scope for d in r.dependant.dependencies if isinstance(d.call, Needs)] for r in routes}
    assert len(scopes) >= 9
    assert all(len(found) == 1 and found[0] in SCOPES for found in scopes.values()), scopes


def test_the_command_line_makes_lists_and_revokes_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = {"engine": "none", "sample": "false"}
    made = call(monkeypatch, tmp_path, "member", "add", "o@one.example", "--role", "owner", "-w", "one", "--workspace-name", "One",
                "--password-stdin", stdin="a long password\n", **bare)  # fmt: skip
    assert made.returncode == 0, made.stderr
    added = json.loads(call(monkeypatch, tmp_path, "key", "add", "a script", "--scope", "chat", "--json", **bare).stdout)
    assert added["secret"].startswith("duo-")
    assert added["key"]["scopes"] == ["chat"]
    assert call(monkeypatch, tmp_path, "key", "revoke", added["key"]["id"], **bare).returncode == 0
    listed = [json.loads(line) for line in call(monkeypatch, tmp_path, "key", "list", "--json", **bare).stdout.splitlines()]
    assert [k["name"] for k in listed] == ["a script"]
    assert listed[0]["revoked_at"]
    assert added["secret"] not in str(listed)
    assert call(monkeypatch, tmp_path, "key", "revoke", "key_none", **bare).returncode == 1
