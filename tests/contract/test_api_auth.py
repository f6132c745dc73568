"""Members sign in, out, everywhere out; wrong passwords are slowed down and tell nothing; cookies are what they should be."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duologue.bootstrap import create_app
from duologue.kit.clock import FrozenClock
from tests.platforms import PASSWORD, House, add_house, open_for_test, open_house


@pytest.fixture
async def house(tmp_path: Path, clock: FrozenClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, clock=clock) as opened:
        yield opened


async def test_sign_in_and_out(house: House) -> None:
    browser = house.browser()
    assert (await browser.call("GET", "/api/auth/me")).status_code == 401
    me = await browser.sign_in("one", " Expert@One.example ")
    assert (me["member"]["role"], me["workspace"]["slug"]) == ("expert", "one")
    assert "password" not in str(me)
    assert (await browser.get("/api/auth/me"))["csrf"] == me["csrf"]
    await browser.post("/api/auth/sign-out")
    assert (await browser.call("GET", "/api/auth/me")).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_strange_sites(house: House) -> None:
    browser = house.browser()
    body = {"workspace": "one", "email": "owner@one.example", "password": PASSWORD}
    set_cookie = (await browser.call("POST", "/api/auth/sign-in", body)).headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    assert "secure" not in set_cookie
    refused = await browser.call("POST", "/api/auth/sign-in", body, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403


async def test_behind_tls_cookies_are_secure(tmp_path: Path) -> None:
    async with open_house(tmp_path, secure_cookies=True) as house:
        body = {"workspace": "one", "email": "owner@one.example", "password": PASSWORD}
        response = await house.browser().call("POST", "/api/auth/sign-in", body)
        assert "secure" in response.headers["set-cookie"].lower()
        assert "max-age" in response.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("workspace", "email", "password"),
    [
        ("one", "owner@one.example", "wrong password"),
        ("one", "nobody@one.example", PASSWORD),
        ("two", "owner@one.example", PASSWORD),
        ("one", "owner@one.example", ""),
    ],
)
async def test_what_is_wrong_is_not_told(house: House, workspace: str, email: str, password: str) -> None:
    body = {"workspace": workspace, "email": email, "password": password}
    response = await house.browser().call("POST", "/api/auth/sign-in", body)
    assert response.status_code == 401
    assert response.json()["error"]["message"] == "The e-mail address or the password is wrong."


async def test_guessing_is_slowed_down_for_the_account(house: House, clock: FrozenClock) -> None:
    body = {"workspace": "one", "email": "owner@one.example", "password": "wrong password"}
    statuses = [(await house.browser().call("POST", "/api/auth/sign-in", body)).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    right = body | {"password": PASSWORD}
    slowed = await house.browser().call("POST", "/api/auth/sign-in", right)
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) == slowed.json()["error"]["detail"]["retry_after_s"]
    clock.advance(31)
    assert (await house.browser().call("POST", "/api/auth/sign-in", right)).status_code == 200


async def test_guessing_many_accounts_is_slowed_down_for_the_address(house: House) -> None:
    statuses = []
    for number in range(32):
        body = {"workspace": "one", "email": f"nobody{number}@one.example", "password": "wrong password"}
        statuses.append((await house.browser().call("POST", "/api/auth/sign-in", body)).status_code)
    assert statuses == [401] * 30 + [429] * 2


async def test_sessions_are_listed_and_revoked(house: House) -> None:
    first, second = await house.member("expert"), await house.member("expert")
    sessions = (await first.get("/api/auth/sessions"))["sessions"]
    assert [s["is_current"] for s in sessions].count(True) == 1
    other = next(s for s in sessions if not s["is_current"])
    assert (await first.call("DELETE", f"/api/auth/sessions/{other['id']}")).status_code == 200
    assert (await second.call("GET", "/api/auth/me")).status_code == 401
    assert (await first.call("DELETE", f"/api/auth/sessions/{other['id']}")).status_code == 404
    third = await house.member("expert")
    assert (await first.call("DELETE", "/api/auth/sessions")).status_code == 200
    assert (await third.call("GET", "/api/auth/me")).status_code == 401
    assert (await first.call("GET", "/api/auth/me")).status_code == 200


async def test_a_session_ends_by_itself(house: House, clock: FrozenClock) -> None:
    browser = await house.member("viewer")
    clock.advance(13 * 86_400)
    assert (await browser.call("GET", "/api/auth/me")).status_code == 200
    clock.advance(2 * 86_400)
    assert (await browser.call("GET", "/api/auth/me")).status_code == 401


async def test_a_new_password_ends_the_other_sessions(house: House) -> None:
    first, second = await house.member("admin"), await house.member("admin")
    wrong = await first.call("POST", "/api/auth/password", {"current": "not it at all", "new": "another password"})
    assert wrong.status_code == 401
    short = await first.call("POST", "/api/auth/password", {"current": PASSWORD, "new": "short"})
    assert short.status_code == 422
    await first.post("/api/auth/password", {"current": PASSWORD, "new": "another password"})
    assert (await first.call("GET", "/api/auth/me")).status_code == 200
    assert (await second.call("GET", "/api/auth/me")).status_code == 401
    await house.browser().sign_in("one", "admin@one.example", "another password")


async def test_a_deactivated_member_is_out_at_once(house: House) -> None:
    owner, viewer = await house.member("owner"), await house.member("viewer")
    changed = await owner.call("PATCH", f"/api/admin/members/{house.members['viewer'].id}", {"is_active": False})
    assert changed.json()["member"]["is_active"] is False
    assert (await viewer.call("GET", "/api/auth/me")).status_code == 401
    body = {"workspace": "one", "email": "viewer@one.example", "password": PASSWORD}
    assert (await house.browser().call("POST", "/api/auth/sign-in", body)).status_code == 401


async def test_the_last_owner_stays(house: House) -> None:
    owner = await house.member("owner")
    path = f"/api/admin/members/{house.members['owner'].id}"
    for change in ({"role": "admin"}, {"is_active": False}):
        response = await owner.call("PATCH", path, change)
        assert response.status_code == 409, change
    promoted = await owner.call("PATCH", f"/api/admin/members/{house.members['admin'].id}", {"role": "owner"})
    assert promoted.status_code == 200
    assert (await owner.call("PATCH", path, {"role": "viewer"})).status_code == 200


async def test_an_admin_cannot_make_or_touch_an_owner(house: House) -> None:
    admin = await house.member("admin")
    new = {"email": "new@one.example", "role": "owner", "password": PASSWORD}
    assert (await admin.call("POST", "/api/admin/members", new)).status_code == 403
    assert (await admin.call("PATCH", f"/api/admin/members/{house.members['owner'].id}", {"name": "X"})).status_code == 403
    assert (await admin.call("PATCH", f"/api/admin/members/{house.members['admin'].id}", {"role": "owner"})).status_code == 403
    assert (await admin.call("POST", "/api/admin/members", new | {"role": "expert"})).status_code == 200
    assert (await admin.call("POST", "/api/admin/members", new | {"role": "expert"})).status_code == 409


async def test_public_passwords_work_on_this_machine_only(tmp_path: Path) -> None:
    async with open_for_test(tmp_path, host="0.0.0.0") as platform:
        house = await add_house(platform, create_app(platform), "one")
        sample = await platform.accounts.create_workspace("sample", "Sample", "en", is_sample=True)
        await platform.accounts.add_member(sample.id, "owner@sample.example", "O", "owner", PASSWORD)
        body = {"workspace": "sample", "email": "owner@sample.example", "password": PASSWORD}
        refused = await house.browser().call("POST", "/api/auth/sign-in", body)
        assert refused.status_code == 403
        await house.member("owner")


async def test_every_answer_carries_the_security_headers(house: House) -> None:
    for path in ("/healthz", "/api/auth/me", "/api/nothing", "/api/openapi.json", "/metrics"):
        headers = (await house.browser().call("GET", path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "same-origin"
    assert (await house.browser().call("GET", "/api/auth/me")).headers["cache-control"] == "no-store"
