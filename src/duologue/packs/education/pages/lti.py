"""The owner's page of learning platforms: what to enter there, registrations, who arrives as staff, links and grades sent."""

from dataclasses import replace
from typing import Any

from duologue.kit.errors import Conflict, Invalid, NotFound
from duologue.kit.ids import new_id
from duologue.packs.education.grades.repository import list_homework
from duologue.packs.education.lti import far_side, repository
from duologue.packs.education.lti.model import Registration
from duologue.packs.education.problems import in_words
from duologue.sdk import Panel, PanelContext


async def state(context: PanelContext) -> Any:
    """Everything about platforms in this school."""
    ws, settings = context.workspace_id, context.host.settings
    async with context.host.read() as tx:
        known = await repository.list_registrations(tx, ws)
        users = await repository.list_users(tx, ws)
        links = await repository.list_links(tx, ws)
        scores = await repository.list_scores(tx, ws)
        homework = await list_homework(tx, ws)
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    failed = [{"link": s.link_id, "error": in_words(s.error, context.lang), "tries": s.tries} for s in scores if s.error]
    return {
        "tool": {"login": f"{base}/lti/login", "launch": f"{base}/lti/launch", "keys": f"{base}/lti/jwks"},
        "is_owner": context.role == "owner",
        "registrations": [
            {
                n: str(getattr(r, n))
                for n in ("id", "name", "issuer", "client_id", "deployment_id", "auth_url", "token_url", "key_set_url")
            }
            | {"has_consent": r.has_consent}
            for r in known
        ],
        "staff": [
            {"registration_id": u.registration_id, "sub": u.sub, "name": u.name, "email": u.member_email}
            for u in users
            if u.role == "staff"
        ],
        "links": [
            {
                "registration_id": k.registration_id,
                "id": k.id,
                "title": k.title,
                "homework_id": k.homework_id,
                "has_gradebook": bool(k.endpoint),
                "sent": sum(bool(s.sent) for s in scores if s.link_id == k.id),
            }
            for k in links
        ],
        "homework": [{"id": h.id, "title": h.title} for h in homework],
        "failed": failed,
    }


async def register(
    context: PanelContext,
    name: str,
    issuer: str,
    client_id: str,
    deployment_id: str,
    auth_url: str,
    token_url: str,
    key_set_url: str,
    has_consent: bool = False,
) -> Any:
    """Register a deployment of a platform for this school; the owner alone. Raises Conflict where it is registered already."""
    context.check_role("owner")
    for value, what in ((issuer, "issuer"), (client_id, "client_id"), (deployment_id, "deployment_id")):
        if not 0 < len(value.strip()) <= 500:
            raise Invalid(f"Copy the {what} from the platform; it has 1 to 500 characters.", field=what)
    urls = {
        w: far_side.check_address(u, w) for w, u in (("auth_url", auth_url), ("token_url", token_url), ("key_set_url", key_set_url))
    }
    row = Registration(
        id=new_id("lti"), workspace_id=context.workspace_id, name=name.strip()[:80] or issuer, issuer=issuer.strip(),
        client_id=client_id.strip(), deployment_id=deployment_id.strip(), has_consent=has_consent, by=context.member_id,
        at=context.host.clock.now(), **urls,
    )  # fmt: skip
    async with context.host.write() as tx:
        known = await repository.list_registrations(tx, issuer=row.issuer, client_id=row.client_id)
        if any(r.deployment_id == row.deployment_id for r in known):
            raise Conflict("This deployment is registered already.")
        if any((r.key_set_url, r.auth_url) != (row.key_set_url, row.auth_url) for r in known):
            raise Conflict("Another deployment of this client is registered with other addresses.")
        await repository.save_registration(tx, row)
    return {"id": row.id}


async def unregister(context: PanelContext, registration_id: str) -> Any:
    """Take a registration away, with who came by it."""
    context.check_role("owner")
    async with context.host.write() as tx:
        if not await repository.drop_registration(tx, context.workspace_id, registration_id):
            raise NotFound("There is no such registration.")
    return {"gone": registration_id}


async def link_member(context: PanelContext, registration_id: str, sub: str, email: str) -> Any:
    """Let somebody who arrives as staff be a member here: an expert or a viewer. An empty address undoes it."""
    context.check_role("owner")
    async with context.host.write() as tx:
        user = await repository.find_user(tx, registration_id, sub)
        if user is None or user.workspace_id != context.workspace_id:
            raise NotFound("Nobody of that name has arrived from the platform.")
        await repository.save_user(tx, replace(user, member_email=email.strip().lower()))
    return {"email": email}


async def bind(context: PanelContext, registration_id: str, link_id: str, homework_id: str) -> Any:
    """Say which homework a place in the platform's course opens; none: the learner's page."""
    async with context.host.write() as tx:
        link = await repository.find_link(tx, registration_id, link_id)
        if link is None or link.workspace_id != context.workspace_id:
            raise NotFound("There is no such link.")
        if homework_id and homework_id not in {h.id for h in await list_homework(tx, context.workspace_id)}:
            raise NotFound("There is no such homework.")
        await repository.save_link(tx, replace(link, homework_id=homework_id))
    return {"homework_id": homework_id}


PANEL = Panel(
    "lti",
    {"en": "Learning platforms", "zh": "学习平台"},
    ("owner", "admin"),
    "lti.js",
    place="admin",
    icon="book",
    queries={"state": state},
    commands={"register": register, "unregister": unregister, "link_member": link_member, "bind": bind},
)
