"""Settings: what customers asked and nobody could answer, gathered; one click makes an expert's answer an article."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from duologue.kit.errors import Invalid
from duologue.packs.support import repository
from duologue.packs.support.minds import HostEncode, think
from duologue.packs.support.model import Outcome
from duologue.packs.support.talk.outcomes import UNANSWERED, catch_up
from duologue.sdk import Host, Matter, Panel, PanelContext, Question

MOST_GAPS, MOST_QUESTIONS = 50, 20


def is_unanswered(row: Outcome) -> bool:
    """Whether a turn found no answer in the knowledge and no article was written since."""
    return row.status != "sent" and row.reason in UNANSWERED and not row.article and bool(row.question.strip())


async def show_gaps(context: PanelContext, days: int = 60) -> Any:
    """The gaps of the last days, the most asked first, each with the expert's answer that may become the article."""
    host, ws = context.host, context.workspace_id
    await catch_up(host, ws)
    async with host.read() as tx:
        rows = await repository.list_outcomes(tx, ws, host.clock.now() - timedelta(days=min(max(days, 1), 365)))
    consents = await host.consents(ws)
    open_rows = [row for row in rows if is_unanswered(row) and consents.allow(row.person_id)]
    encode = HostEncode(host)

    def gather() -> Any:
        from duologue.packs.support.talk.gaps import find_gaps

        return find_gaps([Question(row.message_id, row.question) for row in open_rows], encode)

    gaps = await think(gather)
    by_message = {row.message_id: row for row in open_rows}
    out = []
    for gap in gaps[:MOST_GAPS]:
        answered = await _find_answer(context, [by_message[question.id] for question in gap.questions])
        out.append(
            {"name": gap.name, "lang": gap.lang, "terms": gap.terms, "count": gap.count, "answer": answered,
             "questions": [{"id": q.id, "text": q.text, "conversation": by_message[q.id].conversation_id}
                           for q in gap.questions[:MOST_QUESTIONS]],
             "ids": [question.id for question in gap.questions]}
        )  # fmt: skip
    return {"gaps": out, "asked": len(rows), "open": len(open_rows), "closed": sum(bool(row.article) for row in rows)}


async def gather(host: Host, questions: Sequence[Question]) -> list[Matter]:
    """Questions of one matter, as the gaps are gathered: for every article that the program proposes."""
    encode = HostEncode(host)

    def work() -> list[Matter]:
        from duologue.packs.support.talk.gaps import find_gaps

        gaps = find_gaps(questions, encode)
        return [Matter(gap.name, "zh" if gap.lang == "zh" else "en", tuple(q.id for q in gap.questions)) for gap in gaps]

    return await think(work)


async def _find_answer(context: PanelContext, rows: list[Outcome]) -> str:
    """What an expert wrote after one of the questions, the longest of the first few; empty where nobody did yet."""
    found = [""]
    for row in rows[:5]:
        said = await context.host.list_messages(row.workspace_id, row.conversation_id, public_only=True)
        place = next((m.seq for m in said if m.id == row.message_id), None)
        after = [m for m in said if place is not None and m.seq > place and m.kind == "text"]
        found += [m.body for m in after[:3] if m.author_kind == "expert"]
    return max(found, key=len)


async def write_article(context: PanelContext, title: str, body: str, lang: Literal["en", "zh"], ids: list[str]) -> Any:
    """Make an answer an article of the knowledge, which can be cited at once, and close the gap of these questions."""
    context.check_role("expert")
    title, body = " ".join(title.split())[:200], body.strip()
    if not title or not body:
        raise Invalid("An article needs a title and a text.", why="article")
    host, ws = context.host, context.workspace_id
    name = f"gap-{hashlib.sha256(title.encode()).hexdigest()[:12]}.{lang}.md"
    report = await host.add_article(ws, name, f'---\ntitle: "{title.replace(chr(34), chr(39))}"\n---\n\n# {title}\n\n{body}\n')
    async with host.write() as tx:
        await repository.close_gap(tx, ws, ids, name)
    host.refresh(ws)
    return {"article": name, "failed": [error for _, error in report.failed]}


GAPS = Panel(
    "gaps", {"en": "Knowledge gaps", "zh": "知识缺口"}, ("owner", "admin", "expert"), "gaps.js", place="admin", icon="search",
    queries={"gaps": show_gaps}, commands={"write_article": write_article},
)  # fmt: skip
