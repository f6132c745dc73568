"""Everything that the pack keeps of one learner, as one JSON document; and forgetting it. What a test of all tables holds it to."""

import json
from typing import Any

from duologue.kit.errors import NotFound
from duologue.packs.education.grades import repository as grades
from duologue.packs.education.learners import repository as learners
from duologue.packs.education.lti import repository as lti
from duologue.packs.education.path import repository as calendars
from duologue.packs.education.tutor import repository as ladders
from duologue.sdk import Download, Host, WriteTx


async def collect(host: Host, workspace_id: str, person_id: str, *, unsigned: bool = False) -> dict[str, Any]:
    """All rows of a learner. Drafts of grades only where `unsigned`: a learner sees no score before a teacher has signed it.

    Raises NotFound where nothing is kept.
    """
    async with host.read() as tx:
        rows = await learners.list_learners(tx, workspace_id, person_id)
        answers = await learners.list_answers(tx, workspace_id, person_id=person_id)
        handed_in = await grades.list_submissions(tx, workspace_id, person_id=person_id)
        appeals = await grades.list_appeals(tx, workspace_id, person_id=person_id)
        reads = [r for r in await learners.list_reads(tx, workspace_id) if r[0] == person_id]
        platforms = await lti.list_users(tx, workspace_id, person_id=person_id)
        sent = await lti.list_scores(tx, workspace_id, person_id=person_id)
        helped = await ladders.list_ladders(tx, workspace_id, person_id)
        events = await calendars.list_entries(tx, workspace_id, person_id)
        edits = [e for e in await learners.list_edits(tx, workspace_id) if e[1] == person_id]
    if not rows:
        raise NotFound("Nothing is kept of this learner here.")
    shown = [_plain(one) | ({} if unsigned or one.state == "signed" else {"grade": {}}) for one in handed_in]
    return {
        "learner": _plain(rows[0]),
        "answers": [_plain(a) for a in answers],
        "read": [{"resource": r, "helped": h} for _, r, h in reads],
        "help": [_plain(one) for one in helped],
        "calendar": [{"begins": e.begins, "minutes": e.minutes, "summary": e.summary} for e in events],
        "plan_edits": [body for _, _, body in edits],
        "platforms": [_plain(one) for one in platforms],
        "grades_sent": [one.sent for one in sent if one.sent],
        "homework": shown,
        "appeals": [_plain(one) for one in appeals],
    }


async def to_download(host: Host, workspace_id: str, person_id: str, name: str, *, unsigned: bool = False) -> Download:
    """The same as a file."""
    kept = await collect(host, workspace_id, person_id, unsigned=unsigned)
    return Download(name, "application/json", json.dumps(kept, ensure_ascii=False, indent=1, default=str).encode())


async def erase(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget a learner in all tables of the pack."""
    await learners.erase_person(tx, workspace_id, person_id)
    await grades.erase_person(tx, workspace_id, person_id)
    await lti.erase_person(tx, workspace_id, person_id)
    await ladders.erase_person(tx, workspace_id, person_id)
    await calendars.erase_person(tx, workspace_id, person_id)


def _plain(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__dataclass_fields__}
