"""Signed grades go to the platform's gradebook: nothing before a teacher has signed all that a learner handed in.

Source: 1EdTech, Assignment and Grade Services 2.0, section 3.4. What was sent is kept, so that a restart sends nothing twice; what
failed is tried again, later each time.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from duologue.kit.errors import DuologueError, Unavailable
from duologue.kit.log import get_logger
from duologue.packs.education.grades.repository import Homework, Submission, list_homework, list_submissions
from duologue.packs.education.lti import far_side, repository
from duologue.packs.education.lti.model import ITEM_SCOPE, SCORE_SCOPE, Link, Registration, Score
from duologue.sdk import Chore, Host

log = get_logger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 30, 6 * 3600
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def make_score(row: Homework, handed_in: Sequence[Submission]) -> dict[str, Any]:
    """The grade of one learner's homework; empty while anything of it waits for a teacher."""
    if not handed_in or any(one.state != "signed" for one in handed_in):
        return {}
    is_whole = {one.item for one in handed_in} >= {item["id"] for item in row.items}
    total = round(sum(float(one.signed["score"]) for one in handed_in), 4)
    return {"scoreGiven": total, "scoreMaximum": len(row.items), "activityProgress": "Completed" if is_whole else "InProgress",
            "gradingProgress": "FullyGraded" if is_whole else "Pending"}  # fmt: skip


async def send_scores(host: Host) -> None:
    """Send what is signed and not yet sent, of all schools."""
    now = host.clock.now()
    async with host.read() as tx:
        waiting = [s for s in await repository.list_scores(tx) if s.next_at is None or s.next_at <= now]
        registrations = {r.id: r for r in await repository.list_registrations(tx)}
    for score in waiting:
        here = registrations.get(score.registration_id)
        async with host.read() as tx:
            # read anew for each: the grade before may have made the column of the gradebook
            link = await repository.find_link(tx, score.registration_id, score.link_id)
            if link is None or here is None or not link.homework_id or not link.endpoint:
                continue
            row = next((h for h in await list_homework(tx, link.workspace_id) if h.id == link.homework_id), None)
            mine = await list_submissions(tx, link.workspace_id, homework_id=link.homework_id, person_id=score.person_id)
            users = await repository.list_users(tx, link.workspace_id, person_id=score.person_id)
        wanted = make_score(row, mine) if row else {}
        sub = next((u.sub for u in users if u.registration_id == here.id), "")
        if not wanted or wanted == score.sent or not sub:
            continue
        done = await _try(host, here, link, score, sub, wanted)
        async with host.write() as tx:
            if any(
                s.registration_id == here.id and s.link_id == link.id
                for s in await repository.list_scores(tx, person_id=score.person_id)
            ):
                await repository.save_score(tx, done)


async def _try(host: Host, here: Registration, link: Link, score: Score, sub: str, wanted: dict[str, Any]) -> Score:
    now = host.clock.now()
    try:
        token = await get_token(host, here, [s for s in (SCORE_SCOPE, ITEM_SCOPE) if s in link.scopes])
        address = await _line_item(host, link, token, int(wanted["scoreMaximum"]))
        path, mark, query = address.partition("?")
        body = wanted | {"userId": sub, "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/vnd.ims.lis.v1.score+json"}
        await far_side.ask("POST", f"{path}/scores{mark}{query}", headers=headers, json=body)
        return replace(score, sent=wanted, tries=0, error="", next_at=None)
    except DuologueError as error:
        log.warning("a grade could not be sent to %s: %s", here.name, error.message)
        wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**score.tries)
        return replace(score, tries=score.tries + 1, error=error.message, next_at=now + timedelta(seconds=wait))


async def get_token(host: Host, here: Registration, scopes: Sequence[str]) -> str:
    """An access token for the platform's services, asked for with a token of our own. Raises Unavailable."""
    from duologue.packs.education.lti.keys import sign

    now = int(host.clock.now().timestamp())
    claims = {"iss": here.client_id, "sub": here.client_id, "aud": here.token_url, "iat": now, "exp": now + 300,
              "jti": secrets.token_urlsafe(16)}  # fmt: skip
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": sign(host.folder, claims),
            "scope": " ".join(scopes)}  # fmt: skip
    found = await far_side.ask("POST", here.token_url, data=form)
    token = found.get("access_token") if isinstance(found, dict) else None
    if not isinstance(token, str) or not token:
        raise Unavailable(f"{here.name} gives no access token.")
    return token


async def _line_item(host: Host, link: Link, token: str, maximum: int) -> str:
    """The column of the gradebook, made where the platform leaves that to the tool."""
    if found := link.endpoint.get("lineitem"):
        return far_side.check_address(str(found), "lineitem")
    if not link.endpoint.get("lineitems") or ITEM_SCOPE not in link.scopes:
        raise Unavailable("The platform has no gradebook column for this activity, and lets none be made.")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/vnd.ims.lis.v2.lineitem+json"}
    body = {"scoreMaximum": maximum, "label": link.title or "Homework", "resourceLinkId": link.id, "resourceId": link.homework_id}
    address = far_side.check_address(str(link.endpoint["lineitems"]), "lineitems")
    made = await far_side.ask("POST", address, headers=headers, json=body)
    item = far_side.check_address(str(made.get("id", "")) if isinstance(made, dict) else "", "lineitem")
    async with host.write() as tx:
        await repository.save_link(tx, replace(link, endpoint=link.endpoint | {"lineitem": item}))
    return item


SENDING = Chore("send_grades", 10.0, send_scores)
