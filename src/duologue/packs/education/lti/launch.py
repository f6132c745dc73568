"""A platform opens the program: the sign-in begins, the signed launch is checked, and it is said who arrives. Knows no HTTP.

Source: 1EdTech Security Framework 1.0, sections 5.1.1 to 5.1.3 (OIDC third-party initiated login, validation of the id_token).
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from duologue.kit.errors import Conflict, Forbidden, Invalid, NotFound
from duologue.kit.text import Lang
from duologue.packs.education.grades.repository import list_homework
from duologue.packs.education.learners.classroom import join
from duologue.packs.education.learners.repository import list_learners
from duologue.packs.education.lti import far_side, repository
from duologue.packs.education.lti.keys import sign
from duologue.packs.education.lti.model import AGS, CLAIM, DEEP, TEACHERS, Link, Registration, Score, User
from duologue.sdk import Host, LtiArrival, LtiChoice, LtiStep

WAIT = timedelta(minutes=10)
LEEWAY_S = 60
_KEYS: dict[str, KeySet] = {}
"""Key sets by address; one that lacks a key is fetched anew."""


async def begin(host: Host, asked: Mapping[str, str], base_url: str) -> LtiStep:
    """The platform's sign-in page with a state and a nonce of our own. Raises Invalid, NotFound."""
    issuer, client_id = asked.get("iss", ""), asked.get("client_id", "")
    target = asked.get("target_link_uri", "")
    if not issuer or not asked.get("login_hint") or not target:
        raise Invalid("A launch begins with iss, login_hint and target_link_uri; open the activity from your course again.")
    if urlsplit(target)[:2] != urlsplit(base_url)[:2]:
        raise Invalid("The target of this launch is another server.", field="target_link_uri")
    async with host.read() as tx:
        known = await repository.list_registrations(tx, issuer=issuer, client_id=client_id)
    if wanted := asked.get("lti_deployment_id"):
        known = [r for r in known if r.deployment_id == wanted] or known
    if not known:
        raise NotFound("This learning platform is not registered here; ask the owner to register it.")
    if len({r.client_id for r in known}) > 1:
        raise Invalid("This platform has several registrations here and must name its client_id.", field="client_id")
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    async with host.write() as tx:
        await repository.add_launch(tx, _hash(state), nonce, issuer, known[0].client_id, host.clock.now() + WAIT)
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": known[0].client_id,
        "redirect_uri": f"{base_url}/lti/launch",
        "state": state,
        "nonce": nonce,
        "login_hint": asked["login_hint"],
    }
    if hint := asked.get("lti_message_hint"):
        query["lti_message_hint"] = hint
    mark = "&" if urlsplit(known[0].auth_url).query else "?"
    return LtiStep(f"{known[0].auth_url}{mark}{urlencode(query)}", state)


def _hash(state: str) -> str:
    return sha256(state.encode()).hexdigest()


async def enter(host: Host, sent: Mapping[str, str], kept_state: str, base_url: str) -> LtiArrival:
    """Who arrives. Raises Forbidden for whatever of the launch does not hold, and for staff that the owner has not linked."""
    state = sent.get("state", "")
    if not state or not secrets.compare_digest(state.encode(), kept_state.encode()):
        raise Forbidden("This launch was begun in another browser; open the activity from your course again, in a new window.")
    async with host.write() as tx:
        begun = await repository.take_launch(tx, _hash(state))
    if begun is None or begun["expires_at"] < host.clock.now():
        raise Forbidden("This launch was used already or took too long; open the activity from your course again.")
    if sent.get("error"):
        raise Forbidden("Your learning platform did not sign you in; sign in there and open the activity again.")
    async with host.read() as tx:
        known = await repository.list_registrations(tx, issuer=begun["issuer"], client_id=begun["client_id"])
    claims = await read_token(host, sent.get("id_token", ""), begun, known)
    deployment = str(claims.get(f"{CLAIM}deployment_id", ""))
    here = next((r for r in known if r.deployment_id == deployment), None)
    if here is None:
        raise Forbidden("This deployment of the platform is not registered here; ask the owner to register it.")
    return await _arrive(host, here, claims, base_url)


async def read_token(host: Host, token: str, begun: Mapping[str, Any], known: list[Registration]) -> dict[str, Any]:
    """The claims of a token that holds. Raises Forbidden."""
    if not known:
        raise Forbidden("This learning platform is not registered here any more.")
    addresses = dict.fromkeys(r.key_set_url for r in known)
    found: dict[str, Any] | None = None
    for address in addresses:
        try:
            found = dict(await _decode(token, address))
            break
        except (JoseError, ValueError) as error:
            problem = error
    if found is None:
        raise Forbidden("The launch is not signed by the platform's key.") from problem
    try:
        now = host.clock.now().timestamp()
        registry = jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": begun["issuer"]},
            sub={"essential": True},
            aud={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": begun["nonce"]},
        )
        registry.validate(found)
    except ExpiredTokenError as error:
        raise Forbidden("This launch has expired; open the activity from your course again.") from error
    except JoseError as error:
        raise Forbidden("The launch is not what this server asked for; open the activity from your course again.") from error
    audience = found["aud"] if isinstance(found["aud"], list) else [found["aud"]]
    party = found.get("azp")
    if begun["client_id"] not in audience or (len(audience) > 1 and party is None) or party not in (None, begun["client_id"]):
        raise Forbidden("The launch is meant for another tool.")
    if found.get(f"{CLAIM}version") != "1.3.0" or not _is_name(str(found["sub"])):
        raise Forbidden("The launch is not LTI 1.3, or does not say who arrives.")
    return found


def _is_name(text: str) -> bool:
    """Whether this can name something of the platform's: 1 to 255 characters that are seen."""
    return 0 < len(text) <= 255 and text.isprintable()


async def _decode(token: str, address: str) -> dict[str, Any]:
    """The claims of a signed token; a key that is not known has the set fetched once more."""
    for is_fresh in (False, True):
        if is_fresh or address not in _KEYS:
            found = await far_side.ask("GET", address)
            if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
                raise ValueError("this is no key set")
            _KEYS[address] = KeySet.import_key_set(cast(Any, found))
            is_fresh = True
        try:
            return dict(jwt.decode(token, _KEYS[address], algorithms=["RS256"]).claims)
        except (InvalidKeyIdError, ValueError):
            if is_fresh:
                raise
    raise ValueError("unreachable")


def _part(claims: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A claim that is an object; empty where it is none."""
    found = claims.get(name)
    return found if isinstance(found, dict) else {}


async def _arrive(host: Host, here: Registration, claims: dict[str, Any], base_url: str) -> LtiArrival:
    message, sub = claims.get(f"{CLAIM}message_type"), str(claims["sub"])
    lang: Lang = "zh" if str(_part(claims, f"{CLAIM}launch_presentation").get("locale", "")).lower().startswith("zh") else "en"
    roles = claims.get(f"{CLAIM}roles") or []
    is_staff = any(str(r).endswith(TEACHERS) for r in roles)
    name = str(claims.get("name") or claims.get("given_name") or "")[:80] if is_staff or here.has_consent else ""
    async with host.write() as tx:
        user = await repository.find_user(tx, here.id, sub)
        if user is None:
            user = User(here.id, sub, here.workspace_id, name, "staff" if is_staff else "learner", host.clock.now())
        user = replace(user, name=name or user.name, role="staff" if is_staff else "learner")
        await repository.save_user(tx, user)
        link = await _keep_link(tx, here, claims, base_url) if message == "LtiResourceLinkRequest" else None
    if message not in ("LtiResourceLinkRequest", "LtiDeepLinkingRequest") or (message == "LtiResourceLinkRequest" and link is None):
        raise Forbidden("This kind of launch is not supported; add the tool as an activity or by deep linking.")
    key = f"{here.id}\n{sub}\n{link.id if link else ''}"
    if not is_staff:
        if message == "LtiDeepLinkingRequest":
            raise Forbidden("Only teachers add activities.")
        page = "homework" if link is not None and link.homework_id else "learning"
        return LtiArrival(here.workspace_id, key, name, lang, page, person_id=user.person_id)
    if not user.member_email:
        raise Forbidden(
            "You arrive as a teacher whom nobody has linked to a member here yet; ask the owner to do so on “Learning platforms”."
        )
    if message == "LtiDeepLinkingRequest":
        return await _choices(host, here, claims, key, lang, user.member_email, base_url)
    return LtiArrival(here.workspace_id, key, name, lang, "grades", member_email=user.member_email)


async def _keep_link(tx: Any, here: Registration, claims: dict[str, Any], base_url: str) -> Link | None:
    """What the launch says of its place and its gradebook; a homework that somebody chose for it stays."""
    told = _part(claims, f"{CLAIM}resource_link")
    link_id = str(told.get("id", ""))
    if not _is_name(link_id):
        return None
    target = parse_qs(urlsplit(str(claims.get(f"{CLAIM}target_link_uri", ""))).query)
    wanted = str(_part(claims, f"{CLAIM}custom").get("homework") or (target.get("homework") or [""])[0])
    before = await repository.find_link(tx, here.id, link_id)
    known = {h.id for h in await list_homework(tx, here.workspace_id)}
    homework = (before.homework_id if before else "") or (wanted if wanted in known else "")
    kept = before.endpoint if before else {}
    endpoint = _part(claims, AGS) or kept
    if "lineitem" in kept and "lineitem" not in endpoint and kept.get("lineitems") == endpoint.get("lineitems"):
        endpoint = endpoint | {"lineitem": kept["lineitem"]}  # the column that this tool made: not all platforms tell it again
    link = Link(here.id, link_id, here.workspace_id, str(told.get("title", ""))[:200], homework, dict(endpoint))
    await repository.save_link(tx, link)
    return link


async def settle(host: Host, arrival: LtiArrival, person_id: str) -> tuple[str, str]:
    """Keep which person a learner is, and that his grade for this link is to be sent: (the person that counts, the page).

    Without consent the page is the one that asks for it, and nothing but who he is there is kept.
    """
    registration_id, sub, link_id = arrival.key.split("\n")
    async with host.write() as tx:
        user = await repository.find_user(tx, registration_id, sub)
        if user is None:
            raise Conflict("The platform's registration was taken away meanwhile.")
        if not user.person_id:
            user = replace(user, person_id=person_id)
            await repository.save_user(tx, user)
        known = {
            (s.registration_id, s.link_id) for s in await repository.list_scores(tx, user.workspace_id, person_id=user.person_id)
        }
        if link_id and (registration_id, link_id) not in known:
            await repository.save_score(tx, Score(registration_id, link_id, user.person_id, user.workspace_id))
        here = next(r for r in await repository.list_registrations(tx, user.workspace_id) if r.id == registration_id)
        has_joined = bool(await list_learners(tx, user.workspace_id, user.person_id))
    if here.has_consent and not has_joined:
        await join(host, here.workspace_id, user.person_id, user.name or "–", arrival.lang)
    return user.person_id, arrival.page if has_joined or here.has_consent else "learning"


async def _choices(
    host: Host, here: Registration, claims: dict[str, Any], key: str, lang: Lang, email: str, base_url: str
) -> LtiArrival:
    """Deep linking: the homework that a teacher may add to the course, each with the signed answer that adds it."""
    settings = _part(claims, f"{DEEP}deep_linking_settings")
    back = far_side.check_address(str(settings.get("deep_link_return_url", "")), "deep_link_return_url")
    if "ltiResourceLink" not in (settings.get("accept_types") or []):
        raise Forbidden("Your platform does not take links of this tool here.")
    async with host.read() as tx:
        rows = await list_homework(tx, here.workspace_id)
    now = int(host.clock.now().timestamp())
    choices = []
    for row in [None, *rows]:
        title = row.title if row else {"en": "My learning", "zh": "我的学习"}[lang]
        item: dict[str, Any] = {
            "type": "ltiResourceLink",
            "title": title,
            "url": f"{base_url}/lti/launch",
            "window": {"targetName": "_blank"},
        }
        if row:
            item["url"] += f"?homework={row.id}"
            item |= {
                "custom": {"homework": row.id},
                "lineItem": {"label": title, "scoreMaximum": len(row.items), "resourceId": row.id},
            }
        answer = {
            "iss": here.client_id,
            "aud": [here.issuer],
            "iat": now,
            "exp": now + 600,
            "nonce": secrets.token_urlsafe(16),
            f"{CLAIM}deployment_id": here.deployment_id,
            f"{CLAIM}message_type": "LtiDeepLinkingResponse",
            f"{CLAIM}version": "1.3.0",
            f"{DEEP}content_items": [item],
        }
        if "data" in settings:
            answer[f"{DEEP}data"] = settings["data"]
        choices.append(LtiChoice(title, {"JWT": sign(host.folder, answer)}))
    return LtiArrival(here.workspace_id, key, "", lang, "grades", member_email=email, choices=tuple(choices), return_url=back)
