"""Beside a conversation at the desk: what was read of it, who the customer is, what could be answered and offered.

Knows no page; the pages are `panels/message.js`, `panels/customer.js` and `panels/suggest.js`.
"""

import itertools
from dataclasses import replace
from typing import Any

from duologue.kit.errors import Invalid
from duologue.kit.ids import new_id
from duologue.kit.text import sentences
from duologue.packs.support import repository
from duologue.packs.support.intents.labels import label_of
from duologue.packs.support.minds import minds_of
from duologue.packs.support.model import Offer
from duologue.packs.support.shop.order_words import STATUS, list_items, money
from duologue.packs.support.shop.orders import open_shop
from duologue.packs.support.talk.offers import find_addresses, make_card, move, render_offers
from duologue.sdk import Conversation, Panel, PanelContext, Passage, Reading, Role

STAFF: tuple[Role, ...] = ("owner", "admin", "expert", "viewer")
WORKERS: tuple[Role, ...] = ("owner", "admin", "expert")
MOST_TURNS, MOST_ORDERS, MOST_EARLIER, MOST_CHARS = 40, 10, 10, 600


def here_of(context: PanelContext) -> Conversation:
    """The conversation beside which the panel stands. Raises Invalid where there is none."""
    if context.conversation is None:
        raise Invalid("This panel stands beside a conversation; name one.")
    return context.conversation


async def _readings(context: PanelContext, here: Conversation) -> list[Reading]:
    found = await context.host.list_readings(here.workspace_id, conversation_id=here.id, name="message")
    return [reading for reading in found if "understanding" in reading.data]


async def show_message(context: PanelContext) -> Any:
    """What was read of the last message, and how each turn sounded."""
    here = here_of(context)
    readings = await _readings(context, here)
    last = readings[-1].data if readings else {}
    labels = {one["intent"]: label_of(one["intent"], context.lang) for one in last.get("intents", ())}
    labels |= {intent: label_of(intent, context.lang) for one in last.get("intents", ()) for intent, _ in one["others"]}
    turns = [
        {"seq": r.seq, "mood": r.data["mood"], "sentiment": r.data["sentiment"], "score": (r.data["scores"] or [3.0])[-1],
         "is_alarming": r.data["is_alarming"]}
        for r in readings[-MOST_TURNS:]
    ]  # fmt: skip
    async with context.host.read() as tx:
        known = await repository.list_alarms(tx, here.workspace_id, here.created_at)
    alarms = [alarm.at.isoformat() for alarm in known if alarm.conversation_id == here.id]
    return {"last": last, "labels": labels, "turns": turns, "alarms": alarms}


async def show_customer(context: PanelContext) -> Any:
    """The customer's orders (by the addresses they wrote here), what they are worth, earlier conversations and surveys."""
    here = here_of(context)
    host, ws, lang = context.host, here.workspace_id, context.lang
    said = [m.body for m in await host.list_messages(ws, here.id, public_only=True) if m.author_kind == "person"]
    shop = open_shop(host.folder, ws)
    orders = [order for address in find_addresses(said) for order in shop.list_of(address)]
    worth: dict[str, float] = {}
    for order in orders:
        if order["status"] not in ("cancelled", "refunded"):
            worth[order["currency"]] = worth.get(order["currency"], 0.0) + float(order["total"])
    earlier = [c for c in await host.list_conversations(ws, person_id=here.person_id) if c.id != here.id]
    async with host.read() as tx:
        surveys = await repository.list_surveys(tx, ws, person_id=here.person_id)
    return {
        "orders": [
            {"number": o["number"], "status": o["status"], "status_text": STATUS[o["status"]][lang], "at": o["placed_at"],
             "items": list_items(o, lang), "total": money(o["total"], o)}
            for o in orders[:MOST_ORDERS]
        ],
        "worth": [money(total, {"currency": currency}) for currency, total in sorted(worth.items())],
        "earlier": [{"id": c.id, "topic": label_of(c.topic, lang) if c.topic else "", "status": c.status,
                     "at": c.created_at.isoformat()} for c in earlier[:MOST_EARLIER]],
        "count": len(earlier),
        "surveys": [{"score": s.score, "remark": s.remark, "predicted": round(s.predicted, 1), "at": s.asked_at.isoformat()}
                    for s in surveys if s.score is not None],
    }  # fmt: skip


async def list_offers(context: PanelContext) -> Any:
    """Offers of this conversation, those that wait first; and the catalogue to choose another item from."""
    here = here_of(context)
    _, items = await minds_of(context.host).shop(context.host, here.workspace_id)
    async with context.host.read() as tx:
        offers = await repository.list_offers(tx, here.workspace_id, conversation_id=here.id)
    shown = sorted(offers, key=lambda offer: (offer.state != "proposed", offer.place))
    return {
        "offers": [_show(offer, items, context) for offer in shown if offer.item in items],
        "items": [{"id": item.id, "title": item.name(context.lang)} for item in items.values() if item.in_stock],
    }


def _show(offer: Offer, items: Any, context: PanelContext) -> dict[str, Any]:
    item = items[offer.item]
    return {"id": offer.id, "item": item.id, "title": item.name(context.lang), "price": item.price_text, "reason": offer.reason,
            "state": offer.state}  # fmt: skip


async def list_answers(context: PanelContext) -> Any:
    """What could be answered to the last message: approved answers to its intents, then the best passages of the knowledge."""
    here = here_of(context)
    host, ws = context.host, here.workspace_id
    messages = [
        m for m in await host.list_messages(ws, here.id, public_only=True) if m.kind == "text" and m.author_kind == "person"
    ]
    if not messages:
        return {"answers": []}
    readings = await _readings(context, here)
    wanted = [one["intent"] for one in readings[-1].data["intents"]] if readings else []
    async with host.read() as tx:
        approved = [a for a in await repository.list_answers(tx, ws) if a.intent in wanted and a.lang == here.lang]
    found = await host.search(ws, messages[-1].body, lang=here.lang, k=3)
    answers = [{"kind": "approved", "title": label_of(a.intent, context.lang), "body": a.body} for a in approved]
    answers += [{"kind": "passage", "title": _name(hit.passage), "body": _cut(hit.passage)} for hit in found.hits]
    return {"answers": answers}


def _name(passage: Passage) -> str:
    """The article, and the part of it where it has parts: two passages of one article are told apart."""
    return f"{passage.title} · {passage.heading}" if passage.heading not in ("", passage.title) else passage.title


def _cut(passage: Passage) -> str:
    """So many of its paragraphs, or of its sentences, as there is room for: what is sent ends where a thought does."""
    body = passage.body.strip()
    for parts, gap in ((body.split("\n\n"), "\n\n"), (sentences(body), " " if passage.lang == "en" else "")):
        sizes = itertools.accumulate(len(part) + len(gap) for part in parts)
        kept = gap.join(part for part, size in zip(parts, sizes, strict=True) if size - len(gap) <= MOST_CHARS).strip()
        if kept:
            return kept
    return body[:MOST_CHARS]


async def send_answer(context: PanelContext, body: str) -> Any:
    """Send an answer as the expert; this takes the conversation over."""
    here = here_of(context)
    if not body.strip():
        raise Invalid("The answer is empty; write something.")
    message = await context.host.post_as(
        here.workspace_id, here.id, context.member_id, new_id("ans"), body.strip(), visibility="public"
    )
    return {"message": message.id}


async def send_offer(context: PanelContext, offer: str) -> Any:
    """Show an offer to the person: by the assistant where it is in control, else as the expert's own message."""
    here = here_of(context)
    host, ws = context.host, here.workspace_id
    _, items = await minds_of(host).shop(host, ws)
    moved = await move(host, ws, offer, ("proposed", "dropped"), "shown", context.member_id, host.clock.now())
    card, body = make_card([moved], items, here.lang), render_offers([moved], items, here.lang)
    said = await host.say(ws, here.id, f"offer:{moved.id}", body, lang=here.lang, data={"card": card})
    if said is None:
        said = await host.post_as(
            ws, here.id, context.member_id, f"offer:{moved.id}", body, visibility="public", data={"card": card}
        )
    host.refresh(ws, here.id)
    return {"message": said.id, "state": moved.state}


async def change_offer(context: PanelContext, offer: str, item: str) -> Any:
    """Put another item in the offer's place; a person chose it, so it has probability 1. Raises Invalid for an unknown item."""
    here = here_of(context)
    host, ws = context.host, here.workspace_id
    _, items = await minds_of(host).shop(host, ws)
    if item not in items:
        raise Invalid("There is no such item in the catalogue.")
    dropped = await move(host, ws, offer, ("proposed",), "dropped", context.member_id, host.clock.now())
    fresh = replace(
        dropped, id=new_id("sof"), item=item, score=0.0, propensity=1.0, reason="", state="proposed", by=context.member_id,
        at=host.clock.now(), decided_at=None,
    )  # fmt: skip
    async with host.write() as tx:
        await repository.add(tx, fresh)
    host.refresh(ws, here.id)
    return _show(fresh, items, context)


async def drop_offer(context: PanelContext, offer: str) -> Any:
    """Do not offer this."""
    here = here_of(context)
    moved = await move(
        context.host, here.workspace_id, offer, ("proposed",), "dropped", context.member_id, context.host.clock.now()
    )
    context.host.refresh(here.workspace_id, here.id)
    return {"state": moved.state}


MESSAGE = Panel(
    "message", {"en": "What they want", "zh": "客户意图"}, STAFF, "message.js", queries={"message": show_message}
)  # fmt: skip
CUSTOMER = Panel("customer", {"en": "Customer", "zh": "客户"}, STAFF, "customer.js", queries={"customer": show_customer})
SUGGEST = Panel(
    "suggest", {"en": "Answers and offers", "zh": "回复与推荐"}, WORKERS, "suggest.js",
    queries={"offers": list_offers, "answers": list_answers},
    commands={"send_answer": send_answer, "send_offer": send_offer, "change_offer": change_offer, "drop_offer": drop_offer},
)  # fmt: skip
