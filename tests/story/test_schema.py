"""Requests that nobody would write by hand (schemathesis, from our own OpenAPI): no answer is a 5xx, every error has one form."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from duologue.interfaces.api import openapi
from tests.program import run, serve, write_script

EXAMPLES = 12
PASSWORD = "a long password"
ENDLESS = {"/api/desk/stream", "/api/chat/conversations/{conversation_id}/stream"}
ENDS_THE_SESSION = {("POST", "/api/auth/sign-out"), ("DELETE", "/api/auth/sessions/{session_id}"), ("DELETE", "/api/auth/sessions")}
OPERATIONS = [
    (method.upper(), path)
    for path, methods in sorted(openapi()["paths"].items())
    for method in methods
    if path not in ENDLESS and (method.upper(), path) not in ENDS_THE_SESSION
]

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a server with one workspace."""
    folder = tmp_path_factory.mktemp("schema")
    script = write_script(folder / "script.json", {"reply": "I do not know."})
    bare: dict[str, Any] = {"engine": "scripted", "scripted_path": str(script), "sample": "false", "rate_limits": "false"}
    added = run(folder / "data", "member", "add", "owner@one.example", "--role", "owner", "-w", "one", "--workspace-name", "One",
                "--password-stdin", stdin=f"{PASSWORD}\n", **bare)  # fmt: skip
    assert added.returncode == 0, added.stderr
    with serve(folder / "data", **bare) as running:
        yield running.base


@pytest.fixture(scope="module")
def session(server: str) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Cookies of an owner and of a person, and the CSRF token of each."""
    with httpx.Client(base_url=server, timeout=30) as client:
        person = client.post("/api/chat/session", json={}).json()
        owner = client.post("/api/auth/sign-in", json={"email": "owner@one.example", "password": PASSWORD}).json()
        return dict(client.cookies), {"X-CSRF-Token": owner["csrf"]}, {"X-CSRF-Token": person["csrf"]}


@pytest.fixture(scope="module")
def schema(server: str) -> Any:
    return schemathesis.openapi.from_url(f"{server}/api/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_breaks_it(server: str, session: Any, schema: Any, method: str, path: str) -> None:
    cookies, owner, person = session
    headers = person if path.startswith("/api/chat") else owner
    operation = next(
        found.ok() for found in schema.get_all_operations()
        if isinstance(found, Ok) and (found.ok().method.upper(), found.ok().path) == (method, path)
    )  # fmt: skip

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        response = case.call(base_url=server, headers=headers, cookies=cookies, timeout=30)
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        if response.status_code >= 400:
            error = response.json()["error"]
            assert set(error) == {"code", "message", "detail"}

    check()


def test_the_description_is_valid(schema: Any) -> None:
    schema.validate()
    assert len(OPERATIONS) > 45
