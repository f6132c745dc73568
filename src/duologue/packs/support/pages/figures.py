"""Settings: the desk's figures as plots and tables, and as CSV. Knows what is asked of whom; the counting is in `figures`."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from duologue.kit.ids import id_at
from duologue.packs.support import repository
from duologue.packs.support.intents.labels import label_of
from duologue.packs.support.pages.intents import guard
from duologue.packs.support.pages.tally import Case, by_topic, count_days, count_handling, count_offers, find_handling, sum_up
from duologue.sdk import Conversation, Download, Host, Message, Panel, PanelContext

MOST, AT_ONCE = 10_000, 500
"""Conversations that are counted, the latest changed (the page says where there are more), and read at a time."""


async def list_cases(host: Host, workspace_id: str, since: datetime) -> tuple[list[Case], bool]:
    """The conversations of this pack's desks that began since a moment, as the figures see them; whether some were left out."""
    found, is_cut = await host.list_since(workspace_id, since, MOST)
    satisfaction: dict[str, float] = {}
    after = id_at("msg", since)
    while part := await host.list_readings(workspace_id, name="message", after=after, limit=AT_ONCE):
        after = part[-1].message_id
        satisfaction |= {r.conversation_id: r.data["satisfaction"]["score"] for r in part if "satisfaction" in r.data}
    cases: list[Case] = []
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        said = await host.list_public_messages(workspace_id, [here.id for here in some])
        made = (_case(here, said.get(here.id, []), satisfaction.get(here.id)) for here in some)
        cases += [case for case in made if case is not None]
    return cases, is_cut


def _case(here: Conversation, messages: Sequence[Message], satisfaction: float | None) -> Case | None:
    texts = [m for m in messages if m.kind == "text"]
    theirs = [m for m in texts if m.author_kind == "person"]
    if not theirs:
        return None
    authors = [(m.author_kind, m.draft_id is not None) for m in texts if m.author_kind in ("ai", "expert")]
    is_waiting = texts[-1].author_kind == "person" and here.status != "resolved" and here.attention.kind == "requested"
    return Case(
        here.id, here.person_id, here.topic, here.status == "resolved", find_handling(authors, is_waiting=is_waiting),
        here.created_at, theirs[-1].created_at, len(texts), satisfaction,
    )  # fmt: skip


async def show_figures(context: PanelContext, days: int = 30) -> Any:
    """Everything that the page shows, of the last days."""
    host, ws = context.host, context.workspace_id
    days = min(max(days, 1), 365)
    now = host.clock.now()
    today = datetime.combine(now.date(), datetime.min.time(), UTC)
    midnights = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    since = midnights[0]
    cases, is_cut = await list_cases(host, ws, since)
    async with host.read() as tx:
        surveys = await repository.list_surveys(tx, ws, since=since)
        offers = await repository.list_offers(tx, ws, since=since)
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
        "is_cut": is_cut,
    }


async def export_cases(context: PanelContext, days: int = 30) -> Download:
    """One line per conversation, as CSV."""
    host, ws = context.host, context.workspace_id
    since = host.clock.now() - timedelta(days=min(max(days, 1), 365))
    cases, _ = await list_cases(host, ws, since)
    async with host.read() as tx:
        surveys = {s.conversation_id: s for s in await repository.list_surveys(tx, ws, since=since)}
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


async def export_offers(context: PanelContext, days: int = 30) -> Download:
    """One line per offer as CSV, with the probability of its choice and its reward: what an evaluation off policy needs."""
    host, ws = context.host, context.workspace_id
    since = host.clock.now() - timedelta(days=min(max(days, 1), 365))
    async with host.read() as tx:
        offers = await repository.list_offers(tx, ws, since=since)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("at", "conversation", "item", "place", "score", "propensity", "state", "reward", "by", "decided_at"))
    for one in offers:
        writer.writerow((
            one.at.isoformat(), one.conversation_id, guard(one.item), one.place, one.score, one.propensity, one.state,
            int(one.state == "accepted"), guard(one.by), one.decided_at.isoformat() if one.decided_at else "",
        ))  # fmt: skip
    return Download("offers.csv", "text/csv; charset=utf-8", out.getvalue().encode("utf-8-sig"))


FIGURES = Panel(
    "figures", {"en": "Service figures", "zh": "服务数据"}, ("owner", "admin", "viewer"), "figures.js", place="admin", icon="check",
    queries={"figures": show_figures, "export": export_cases, "export_offers": export_offers},
)  # fmt: skip
