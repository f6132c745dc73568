"""A learner comes from a platform, is graded, and the signed grade goes back; whatever of a launch does not hold is refused."""

import base64
import hashlib
import hmac
import json
import re
import stat
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

pytest.importorskip("joserfc", reason="needs the extra education")
pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.kit.clock import FrozenClock
from duologue.packs.education.course import sample_course
from duologue.packs.education.grades.repository import list_submissions
from duologue.packs.education.lti import repository
from duologue.packs.education.lti.scores import send_scores
from tests.doubles.lti_platform import CLAIM, TEACHER, LearningPlatform, public_pem, serve_platform
from tests.platforms import Browser, House, add_house, open_for_test

LTI, GRADES = "/api/packs/education/lti", "/api/packs/education/grades"
HOMEWORK, LEARNING = "/api/chat/packs/education/homework", "/api/chat/packs/education/learning"
DEEP = "https://purl.imsglobal.org/spec/lti-dl/claim/"
TARGET = "https://duologue.test/lti/launch"


@dataclass
class World:
    """A school, and the platform that is registered with it."""

    house: House
    platform: LearningPlatform
    registration: str

    def browser(self) -> Browser:
        """A browser that reaches the school over HTTPS."""
        transport = httpx.ASGITransport(self.house.app, raise_app_exceptions=False)
        return Browser(httpx.AsyncClient(transport=transport, base_url="https://duologue.test"))

    async def member(self, role: Any) -> Browser:
        """A member's browser."""
        browser = self.browser()
        await browser.sign_in("riverside", self.house.members[role].email)
        return browser

    async def begin(self, browser: Browser, **more: str) -> dict[str, str]:
        """The platform starts the sign-in; what the tool asks it."""
        asked = {
            "iss": self.platform.url,
            "login_hint": "u1",
            "target_link_uri": TARGET,
            "client_id": "client-1",
            "lti_message_hint": "m",
        }
        response = await browser.client.post("/lti/login", data=asked | more)
        assert response.status_code == 302, response.text
        parts = urlsplit(response.headers["location"])
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.platform.url}/auth"
        found = {k: v[0] for k, v in parse_qs(parts.query).items()}
        assert {
            k: found[k]
            for k in ("scope", "response_type", "response_mode", "prompt", "client_id", "redirect_uri", "lti_message_hint")
        } == {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": "client-1",
            "redirect_uri": TARGET,
            "lti_message_hint": "m",
        }
        return found

    async def launch(self, browser: Browser, token: str = "", **claims: Any) -> httpx.Response:
        """A whole launch; the answer that the browser gets in the end."""
        asked = await self.begin(browser)
        sent = token or self.platform.sign(self.platform.claims(**({"nonce": asked["nonce"]} | claims)))
        return await browser.client.post("/lti/launch", data={"id_token": sent, "state": asked["state"]})

    async def learner(self, sub: str = "u1", **claims: Any) -> Browser:
        """A learner who has arrived."""
        browser = self.browser()
        response = await self.launch(browser, sub=sub, **claims)
        assert response.status_code == 303, response.text
        await browser.become_person("riverside")
        return browser


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FrozenClock(datetime.now(UTC))
    with serve_platform() as platform:
        async with open_for_test(tmp_path / "p", engine="none", clock=clock) as school:
            house = await add_house(school, create_app(school), "riverside")
            (desk,) = await school.conversations.list_desks(house.workspace.id)
            await school.conversations.change_desk(house.workspace.id, desk.id, name="Homework", mode="copilot", pack="education")
            here = World(house, platform, "")
            owner = await here.member("owner")
            here.registration = (await owner.post(f"{LTI}/register", given(platform)))["id"]
            platform.tool_keys = await here.browser().get("/lti/jwks")
            yield here


def given(platform: LearningPlatform, **more: Any) -> dict[str, Any]:
    """What the owner copies from the platform."""
    return {
        "name": "Moodle",
        "issuer": platform.url,
        "client_id": "client-1",
        "deployment_id": "dep-1",
        "auth_url": f"{platform.url}/auth",
        "token_url": f"{platform.url}/token",
        "key_set_url": f"{platform.url}/keys",
    } | more


async def assign(world: World) -> str:
    teacher = await world.member("expert")
    made = await teacher.post(
        f"{GRADES}/assign", {"title": "Week 1", "due": "2030-01-01", "items": [{"id": "simplify-1"}, {"id": "compare-1"}]}
    )
    return str(made["id"])


async def test_a_learner_arrives_works_and_the_signed_grade_goes_back_once(world: World) -> None:
    homework = await assign(world)
    platform, host = world.platform, world.house.platform.hosts["education"]
    browser = world.browser()
    response = await world.launch(browser, homework=homework)
    assert (response.status_code, response.headers["location"]) == (303, "/packs/education/learning?as=person&workspace=riverside")
    await browser.become_person("riverside")
    await browser.post(f"{LEARNING}/take_part", {"name": "Ada", "consent": True})
    again = await world.launch(browser, homework=homework)
    assert again.headers["location"] == "/packs/education/homework?as=person&workspace=riverside"

    from duologue.packs.education.course import sample_course

    teacher = await world.member("expert")
    for item in ("simplify-1", "compare-1"):
        await browser.post(
            f"{HOMEWORK}/hand_in", {"homework_id": homework, "item": item, "text": sample_course("en").item(item).key}
        )
        await teacher.post(f"{GRADES}/grade_some", {})
        await send_scores(host)
    assert platform.scores == [], "nothing goes out before a teacher has signed"
    async with host.read() as tx:
        from duologue.packs.education.grades.repository import list_submissions

        first, second = await list_submissions(tx, world.house.workspace.id)
    await teacher.post(f"{GRADES}/sign_one", {"submission_id": first.id, "score": 1.0})
    await send_scores(host)
    assert platform.scores == [], "one of two answers still waits"
    await teacher.post(f"{GRADES}/sign_one", {"submission_id": second.id, "score": 0.5})
    platform.is_down = True
    await send_scores(host)
    owner = await world.member("owner")
    assert "503" in (await owner.get(f"{LTI}/state"))["failed"][0]["error"]
    platform.is_down = False
    await send_scores(host)
    assert platform.scores == [], "it waits before it tries again"
    assert isinstance(host.clock, FrozenClock)
    host.clock.advance(31)
    for _ in range(3):
        await send_scores(host)
    ((item, body),) = platform.scores
    assert (item, body["userId"], body["scoreGiven"], body["scoreMaximum"]) == ("1", "u1", 1.5, 2)
    assert (body["activityProgress"], body["gradingProgress"]) == ("Completed", "FullyGraded")
    assert [i["resourceId"] for i in platform.items] == [homework]
    await teacher.post(f"{GRADES}/sign_one", {"submission_id": second.id, "score": 1.0})
    await send_scores(host)
    assert [b["scoreGiven"] for _, b in platform.scores] == [1.5, 2.0]
    assert len(platform.items) == 1

    await browser.post(f"{LEARNING}/leave", {})
    async with host.read() as tx:
        assert [u for u in await repository.list_users(tx, world.house.workspace.id) if u.role == "learner"] == []
        assert await repository.list_scores(tx) == []


async def _hand_in_and_sign(world: World, homework: str, subs: Sequence[str]) -> list[Browser]:
    """Learners who have arrived, agreed and answered everything right, each grade signed."""
    teacher, browsers = await world.member("expert"), []
    for sub in subs:
        browser = await world.learner(sub, homework=homework)
        await browser.post(f"{LEARNING}/take_part", {"name": sub, "consent": True})
        for item in ("simplify-1", "compare-1"):
            key = sample_course("en").item(item).key
            await browser.post(f"{HOMEWORK}/hand_in", {"homework_id": homework, "item": item, "text": key})
        browsers.append(browser)
    while (await teacher.post(f"{GRADES}/grade_some", {}))["left"]:
        pass
    async with world.house.platform.hosts["education"].read() as tx:
        waiting = await list_submissions(tx, world.house.workspace.id, homework_id=homework)
    for one in waiting:
        await teacher.post(f"{GRADES}/sign_one", {"submission_id": one.id, "score": 1.0})
    return browsers


async def test_a_class_signed_at_once_has_one_column_in_the_gradebook(world: World) -> None:
    homework, platform = await assign(world), world.platform
    browsers = await _hand_in_and_sign(world, homework, ("u1", "u2", "u3"))
    await send_scores(world.house.platform.hosts["education"])
    assert len(platform.items) == 1
    assert {(item, body["userId"]) for item, body in platform.scores} == {("1", u) for u in ("u1", "u2", "u3")}
    await world.launch(browsers[0], homework=homework)  # the platform tells again what it told at first
    await _hand_in_and_sign(world, homework, ("u4",))
    await send_scores(world.house.platform.hosts["education"])
    assert [body["userId"] for _, body in platform.scores][3:] == ["u4"]
    assert len(platform.items) == 1


@pytest.mark.parametrize(
    "endpoint",
    [
        {"scope": None, "lineitems": "https://x.example/items"},
        {"scope": 7},
        {"scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"], "lineitems": "https://[bad"},
        {"scope": [], "lineitem": "https://x.example:port/1"},
    ],
)
async def test_a_gradebook_that_makes_no_sense_holds_up_nobody_elses_grades(world: World, endpoint: dict[str, Any]) -> None:
    homework, host = await assign(world), world.house.platform.hosts["education"]
    await _hand_in_and_sign(world, homework, ("u1", "u2"))
    async with host.write() as tx:
        (good,) = await repository.list_links(tx)
        await repository.save_link(tx, replace(good, id="0", endpoint=endpoint))
        first, _ = await repository.list_scores(tx)
        await repository.save_score(tx, replace(first, link_id="0"))
    await send_scores(host)
    assert {body["userId"] for _, body in world.platform.scores} == {"u1", "u2"}
    failed = (await (await world.member("owner")).get(f"{LTI}/state"))["failed"]
    assert [(f["link"], f["tries"]) for f in failed] == [("0", 1)]


@pytest.mark.parametrize("address", ["https://[bad", "https://x.example:port/token", "ftp://x.example/"])
async def test_an_address_that_is_none_is_one_sentence(world: World, address: str) -> None:
    owner = await world.member("owner")
    body = given(world.platform, deployment_id="dep-2", token_url=address)
    response = await owner.call("POST", f"{LTI}/register", body)
    assert response.status_code == 422
    assert "token_url" in response.json()["error"]["message"]


async def test_the_same_learner_is_the_same_person_and_others_are_others(world: World) -> None:
    seen = []
    for sub in ("u1", "u2", "u1"):
        browser = world.browser()
        await world.launch(browser, sub=sub)
        seen.append((await browser.become_person("riverside"))["person_id"])
    assert seen[0] == seen[2] != seen[1]
    async with world.house.platform.hosts["education"].read() as tx:
        assert {u.name for u in await repository.list_users(tx, world.house.workspace.id)} == {""}, "no name before consent"


async def test_consent_that_the_school_holds_lets_learners_take_part_at_once(world: World) -> None:
    owner = await world.member("owner")
    await owner.post(f"{LTI}/register", given(world.platform, deployment_id="dep-2", has_consent=True))
    browser = await world.learner("u9", **{f"{CLAIM}deployment_id": "dep-2"})
    me = await browser.get(f"{LEARNING}/me")
    assert (me["joined"], me["name"], me["is_minor"]) == (True, "Name u9", True)


async def test_a_teacher_is_a_member_only_if_the_owner_linked_him(world: World) -> None:
    browser = world.browser()
    refused = await world.launch(browser, sub="t1", role=TEACHER)
    assert (refused.status_code, "ask the owner" in refused.text) == (403, True)
    assert (await browser.call("GET", "/api/auth/me")).status_code == 401
    owner, admin = await world.member("owner"), await world.member("admin")
    (one,) = (await owner.get(f"{LTI}/state"))["staff"]
    assert (one["name"], one["email"]) == ("Name t1", "")
    asked = {"registration_id": world.registration, "sub": "t1"}
    assert (await admin.call("POST", f"{LTI}/link_member", asked | {"email": "expert@riverside.example"})).status_code == 403
    for role in ("owner", "admin"):
        await owner.post(f"{LTI}/link_member", asked | {"email": f"{role}@riverside.example"})
        assert (await world.launch(world.browser(), sub="t1", role=TEACHER)).status_code == 403
    await owner.post(f"{LTI}/link_member", asked | {"email": "expert@riverside.example"})
    arrived = await world.launch(browser, sub="t1", role=TEACHER)
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/packs/education/grades")
    assert (await browser.get("/api/auth/me"))["member"]["email"] == "expert@riverside.example"


async def test_a_teacher_adds_homework_by_deep_linking(world: World) -> None:
    homework = await assign(world)
    owner = await world.member("owner")
    deep = {
        f"{CLAIM}message_type": "LtiDeepLinkingRequest",
        f"{DEEP}deep_linking_settings": {
            "deep_link_return_url": f"{world.platform.url}/back",
            "accept_types": ["ltiResourceLink"],
            "data": "d7",
        },
    }
    assert (await world.launch(world.browser(), sub="u1", **deep)).status_code == 403
    assert (await world.launch(world.browser(), sub="t1", role=TEACHER, **deep)).status_code == 403
    await owner.post(
        f"{LTI}/link_member", {"registration_id": world.registration, "sub": "t1", "email": "expert@riverside.example"}
    )
    shown = await world.launch(world.browser(), sub="t1", role=TEACHER, **deep)
    assert shown.status_code == 200
    assert f"form-action {world.platform.url}" in shown.headers["content-security-policy"]
    tokens = re.findall(r'name="JWT" value="([^"]+)"', shown.text)
    key: Any = RSAAlgorithm.from_jwk(world.platform.tool_keys["keys"][0])
    claims = jwt.decode(tokens[1], key, algorithms=["RS256"], audience=world.platform.url)
    assert (claims["iss"], claims[f"{DEEP}data"], claims[f"{CLAIM}deployment_id"]) == ("client-1", "d7", "dep-1")
    (item,) = claims[f"{DEEP}content_items"]
    assert (item["type"], item["custom"], item["lineItem"]["scoreMaximum"]) == ("ltiResourceLink", {"homework": homework}, 2)


async def test_a_launch_holds_once_and_in_one_browser(world: World) -> None:
    browser, stranger = world.browser(), world.browser()
    asked = await world.begin(browser)
    sent = {"id_token": world.platform.sign(world.platform.claims(asked["nonce"])), "state": asked["state"]}
    assert (await stranger.client.post("/lti/launch", data=sent)).status_code == 403
    cookies = dict(browser.client.cookies)
    assert (await browser.client.post("/lti/launch", data=sent)).status_code == 303
    for name, value in cookies.items():
        browser.client.cookies.set(name, value, domain="duologue.test", path="/lti")
    replayed = await browser.client.post("/lti/launch", data=sent)
    assert (replayed.status_code, "used already" in replayed.text) == (403, True)
    other = await world.begin(browser)
    mixed = await browser.client.post("/lti/launch", data={"id_token": sent["id_token"], "state": other["state"]})
    assert mixed.status_code == 403, "a token with the nonce of another launch"


BROKEN: dict[str, dict[str, Any]] = {
    "wrong audience": {"aud": "client-2"},
    "several audiences without azp": {"aud": ["client-1", "client-2"]},
    "azp of another": {"aud": ["client-1", "client-2"], "azp": "client-2"},
    "wrong issuer": {"iss": "https://evil.example"},
    "wrong nonce": {"nonce": "other"},
    "no subject": {"sub": ""},
    "a subject in two lines": {"sub": "u1\nu2"},
    "a place in two lines": {f"{CLAIM}resource_link": {"id": "a\nb"}},
    "wrong version": {f"{CLAIM}version": "1.1"},
    "unknown deployment": {f"{CLAIM}deployment_id": "dep-9"},
    "unknown message": {f"{CLAIM}message_type": "LtiSubmissionReviewRequest"},
    "no place": {f"{CLAIM}resource_link": {}},
}


async def test_whatever_does_not_hold_is_refused(world: World) -> None:
    for why, change in BROKEN.items():
        response = await world.launch(world.browser(), **change)
        assert response.status_code == 403, why
        assert "duo_person" not in response.headers.get("set-cookie", ""), why
    now = int(world.house.platform.hosts["education"].clock.now().timestamp())
    for why, change in {
        "expired": {"exp": now - 120, "iat": now - 400},
        "of the future": {"iat": now + 4000, "exp": now + 9000},
    }.items():
        assert (await world.launch(world.browser(), **change)).status_code == 403, why
    browser, good = world.browser(), world.platform.claims
    asked = await world.begin(browser)
    claims = good(asked["nonce"])
    forged = {
        "another key": world.platform.sign(claims, key=rsa.generate_private_key(65537, 2048)),
        "another key id": world.platform.sign(claims, key=rsa.generate_private_key(65537, 2048), kid="k9"),
        "no signature": jwt.encode(claims, None, algorithm="none"),
        "the public key as a secret": _confused(claims, world.platform),
        "no token": "x.y.z",
        "nothing": "",
    }
    for why, token in forged.items():
        browser = world.browser()
        asked = await world.begin(browser)
        refused = await browser.client.post("/lti/launch", data={"id_token": token, "state": asked["state"]})
        assert refused.status_code == 403, why
    chinese = {"accept-language": "fr, zh-CN;q=0.9, en;q=0.5"}
    refused = await browser.client.post("/lti/launch", data={"id_token": "", "state": asked["state"]}, headers=chinese)
    assert 'lang="zh"' in refused.text
    assert "请从课程里重新打开" in refused.text
    late, clock = world.browser(), world.house.platform.hosts["education"].clock
    asked = await world.begin(late)
    assert isinstance(clock, FrozenClock)
    clock.advance(660)
    sent = {"id_token": world.platform.sign(good(asked["nonce"])), "state": asked["state"]}
    assert (await late.client.post("/lti/launch", data=sent)).status_code == 403


def _confused(claims: dict[str, Any], platform: LearningPlatform) -> str:
    """HS256 with the public key for its secret: what takes any algorithm falls for it."""
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in ({"alg": "HS256", "kid": "k1"}, claims)]
    mac = hmac.new(public_pem(platform.key), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


async def test_a_platform_may_change_its_key(world: World) -> None:
    assert (await world.launch(world.browser())).status_code == 303
    world.platform.key, world.platform.kid = rsa.generate_private_key(65537, 2048), "k2"
    assert (await world.launch(world.browser())).status_code == 303


async def test_a_sign_in_that_is_not_the_platforms_is_refused(world: World) -> None:
    browser = world.browser()
    good = {"iss": world.platform.url, "login_hint": "u1", "target_link_uri": TARGET}
    for change, status in (
        ({"iss": "https://evil.example"}, 404),
        ({"client_id": "client-9"}, 404),
        ({"login_hint": ""}, 422),
        ({"target_link_uri": "https://evil.example/lti/launch"}, 422),
    ):
        assert (await browser.client.get("/lti/login", params=good | change)).status_code == status
    assert (await browser.client.get("/lti/login", params=good)).status_code == 302


async def test_the_owner_registers_and_the_key_is_kept_safely(world: World) -> None:
    owner, admin = await world.member("owner"), await world.member("admin")
    assert (await admin.call("POST", f"{LTI}/register", given(world.platform, deployment_id="d"))).status_code == 403
    assert (await owner.call("POST", f"{LTI}/register", given(world.platform))).status_code == 409
    for change in ({"key_set_url": "http://moodle.example/keys"}, {"token_url": "ftp://x"}, {"auth_url": ""}, {"issuer": " "}):
        assert (await owner.call("POST", f"{LTI}/register", given(world.platform, deployment_id="d") | change)).status_code == 422
    path = world.house.platform.settings.data_dir / "packs/education/lti-key.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public = world.platform.tool_keys["keys"][0]
    assert set(public) == {"n", "e", "use", "alg", "kty", "kid"}
    await owner.post(f"{LTI}/unregister", {"registration_id": world.registration})
    assert (
        await world.browser().client.get(
            "/lti/login", params={"iss": world.platform.url, "login_hint": "u", "target_link_uri": TARGET}
        )
    ).status_code == 404
