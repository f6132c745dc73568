"""Settings: the desk's figures as plots and tables, and as CSV. Knows what is asked of whom; the counting is in `figures`."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

from duologue.kit.errors import NotFound
from duologue.packs.support import repository
from duologue.packs.support.intents.labels import label_of
from duologue.packs.support.pages.intents import guard
from duologue.packs.support.pages.tally import Case, by_topic, count_days, count_handling, count_offers, find_handling, sum_up
from duologue.sdk import Conversation, Download, Host, Panel, PanelContext

MOST = 500
"""Conversations that are counted, the latest; the page says so."""


async def list_cases(host: Host, workspace_id: str, since: datetime) -> list[Case]:
    """The conversations of this pack's desks since a moment, as the figures see them."""
    found = [c for c in await host.list_conversations(workspace_id, limit=MOST) if c.created_at >= since]
    readings = await host.list_readings(workspace_id, name="message", limit=20_000)
    satisfaction = {r.conversation_id: r.data["satisfaction"]["score"] for r in readings if "satisfaction" in r.data}
    return [case for here in found if (case := await _case(host, here, satisfaction.get(here.id))) is not None]


async def _case(host: Host, here: Conversation, satisfaction: float | None) -> Case | None:
    try:
        messages = await host.list_messages(here.workspace_id, here.id, public_only=True)
    except NotFound:
        return None
    texts = [m for m in messages if m.kind == "text"]
    theirs = [m for m in texts if m.author_kind == "person"]
    if not theirs:
        return None
    authors = [(m.author_kind, m.draft_id is not None) for m in texts if m.author_kind in ("ai", "expert")]
    return Case(
        here.id, here.person_id, here.topic, here.status == "resolved", find_handling(authors), here.created_at,
        theirs[-1].created_at, len(texts), satisfaction,
    )  # fmt: skip


async def show_figures(context: PanelContext, days: int = 30) -> Any:
    """Everything that the page shows, of the last days."""
    host, ws = context.host, context.workspace_id
    days = min(max(days, 1), 365)
    now = host.clock.now()
    today = datetime.combine(now.date(), datetime.min.time(), UTC)
    midnights = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    since = midnights[0]
    cases = await list_cases(host, ws, since)
    async with host.read() as tx:
        surveys = [s for s in await repository.list_surveys(tx, ws) if s.asked_at >= since]
        offers = [o for o in await repository.list_offers(tx, ws) if o.at >= since]
        alarms = await repository.list_alarms(tx, ws, since)
        outcomes = await repository.list_outcomes(tx, ws, since)
    topics = by_topic(cases, surveys)
    return {
        "days": [int(day.timestamp()) for day in midnights],
        "volumes": count_days(cases, midnights),
        "handling": count_handling(cases, now),
        "topics": [row | {"label": label_of(row["topic"], context.lang) if row["topic"] else ""} for row in topics],
        "survey": sum_up(surveys),
        "funnel": count_offers(offers),
        "alarms": len(alarms),
        "turns": {"all": len(outcomes), "sent": sum(row.status == "sent" for row in outcomes)},
        "count": len(cases),
        "is_cut": len(cases) >= MOST,
    }


async def export_cases(context: PanelContext, days: int = 30) -> Download:
    """One line per conversation, as CSV."""
    host, ws = context.host, context.workspace_id
    cases = await list_cases(host, ws, host.clock.now() - timedelta(days=min(max(days, 1), 365)))
    async with host.read() as tx:
        surveys = {s.conversation_id: s for s in await repository.list_surveys(tx, ws)}
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("conversation", "started", "topic", "handling", "resolved", "messages", "predicted", "score", "remark"))
    for case in cases:
        survey = surveys.get(case.id)
        writer.writerow((
            case.id, case.started_at.isoformat(), guard(case.topic), case.handling, "yes" if case.is_resolved else "no",
            case.messages, case.satisfaction, survey.score if survey else "", guard(survey.remark) if survey else "",
        ))  # fmt: skip
    return Download("conversations.csv", "text/csv; charset=utf-8", out.getvalue().encode("utf-8-sig"))


FIGURES = Panel(
    "figures", {"en": "Service figures", "zh": "服务数据"}, ("owner", "admin", "viewer"), "figures.js", place="admin", icon="check",
    queries={"figures": show_figures, "export": export_cases},
)  # fmt: skip
