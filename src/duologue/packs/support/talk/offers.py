"""Offers in a conversation: when one is proposed, to whom it was shown, and what became of it, with the probability of each choice.

A proposal is seen by experts only; the person sees what an expert sends, or what was asked for. Knows no page.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from duologue.kit.errors import Conflict, NotFound
from duologue.kit.ids import new_id
from duologue.kit.text import EMAIL, Lang, detect_lang
from duologue.packs.support import repository
from duologue.packs.support.minds import minds_of, think
from duologue.packs.support.model import Offer, OfferState
from duologue.packs.support.recommend.welcome import Situation, is_welcome
from duologue.packs.support.shop.catalogue import Item, Rules
from duologue.packs.support.shop.orders import open_shop
from duologue.packs.support.talk.budget import read_budget
from duologue.sdk import Conversation, Host, Message

PROPOSED = 3
NEEDED: Mapping[Lang, str] = {"en": "It fits what you are looking for", "zh": "符合您的需求"}
"""The reason of an offer that a person's words led to, as `recommend/recommender.py` gives it."""
EXPLORE = 0.1
"""Share of places that go to a random one of the best, so that what others would have earned can be estimated."""
SOLVED, ADVICE = "thanks_goodbye", "recommend_item"
GRIEVANCES = frozenset({"complaint", "human"})
NEED_MESSAGES = 4
TROUBLES = frozenset({"damaged_item", "return_item", "exchange_item", "refund_status", "warranty_repair", "payment_problem"})
_BUYS = re.compile(
    r"\b(?:buy|buying|recommend\w*|suggest\w*|looking for|advice|advise|what (?:would|do) you have|which)\b"
    r"|买|推荐|建议|选哪|哪款|有什么",
    re.I,
)
"""Words of somebody who means to buy."""
SERVICE = frozenset({"service", "服务"})
"""Tags of what is done for the customer rather than sold to him."""
_SERVES = re.compile(
    r"\b(?:rent\w*|hir(?:e|ing)|borrow\w*|repair\w*|mend\w*|fix\w*|re-?sol\w*|services?|re-?proof\w*|re-?treat\w*|wash\w*|clean\w*"
    r"|worn|old|leak\w*)\b|租|借|修|补|换底|服务|保养|护理|处理|洗|旧|漏",
    re.I,
)
"""Words of somebody who may want something done."""


async def propose(
    host: Host, here: Conversation, message: Message, data: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]
) -> list[Offer]:
    """What could be offered now; nothing where an offer is not welcome or nothing fits.

    Who refused to be learnt from gets advice only where he asks for it, and from his words alone.
    """
    intents = [one["intent"] for one in data.get("intents", ()) if one["is_in_scope"]] if data["understanding"] == "sure" else []
    asks = (ADVICE in intents and not _is_in_trouble(message, earlier)) or bool(data.get("refines"))
    if not asks and SOLVED not in intents:
        return []
    async with host.read() as tx:
        known = await repository.list_offers(tx, here.workspace_id, conversation_id=here.id)
    seen = [one["intent"] for reading in earlier for one in reading.get("intents", ()) if reading["understanding"] == "sure"]
    refuses = (await host.consents(here.workspace_id)).refuses(here.person_id)
    now = Situation(
        has_consent=asks or not refuses,
        has_complaint=bool(GRIEVANCES & {*seen, *intents}),
        has_open_issue=not asks and SOLVED not in intents,
        is_escalated=here.attention.kind == "requested",
        asked_for_advice=asks,
        satisfaction=data.get("satisfaction", {}).get("score"),
        last_sentiment=data["sentiment"],
        offers_made=len([offer for offer in known if offer.state != "dropped"]),
        offers_refused=len([offer for offer in known if offer.state == "declined"]),
    )
    first = [offer for offer in known if offer.state == "shown" and offer.place == 0] if data.get("refines") else []
    shown = [offer.item for offer in first if offer.reason in NEEDED.values()]  # what is merely liked says nothing of the kind
    decided = [offer for offer in known if offer.state not in ("proposed", "shown")]
    return (
        await _choose(
            host, here, message, decided if data.get("refines") else known, shown, has_consent=not refuses, wants_thing=asks
        )
        if is_welcome(now)
        else []
    )


def _is_in_trouble(message: Message, earlier: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what sounds like a wish to buy goes on about what went wrong: "want the right one asap, it's for a trip"."""
    lately = [one["intent"] for reading in earlier[-2:] for one in reading.get("intents", ()) if one["is_in_scope"]]
    return bool(TROUBLES & set(lately)) and _BUYS.search(message.body) is None


async def _choose(
    host: Host,
    here: Conversation,
    message: Message,
    known: Sequence[Offer],
    shown: Sequence[str],
    *,
    has_consent: bool,
    wants_thing: bool,
) -> list[Offer]:
    """Offers; where a message only says more about those that were `shown` first, of their kinds. Who looks for a thing is offered
    services only where his words speak of one."""
    recommender, items = await minds_of(host).shop(host, here.workspace_id)
    if recommender is None:
        return []
    messages = [m for m in await host.list_messages(here.workspace_id, here.id, public_only=True) if m.author_kind == "person"]
    said = [m.body for m in messages if m.kind == "text" and m.seq > here.episode_seq]
    orders = [order for email in find_addresses(said) for order in open_shop(host.folder, here.workspace_id).list_of(email)]
    async with host.read() as tx:
        taken = [e.item for e in await repository.list_events(tx, here.workspace_id) if e.person == here.person_id]
    bought = [item for order in reversed(orders) for line in order["items"] if (item := find_item(line["sku"], items))]
    region = orders[0]["region"] if orders else ""
    budget = read_budget(said)
    kinds = {_kind(items[item]) for item in shown if item in items}
    need = "\n".join(said[-NEED_MESSAGES:])
    services = find_services(items) if wants_thing and not _SERVES.search(need) else frozenset()
    rules = Rules(
        region=region, max_price=budget.value if budget else None, currency=budget.currency if budget else "",
        leave_out=services | {offer.item for offer in known}, has_consent=has_consent,
    )  # fmt: skip
    history = [*taken, *bought]
    found = await think(lambda: recommender.recommend(k=PROPOSED, history=history, need=need, rules=rules, explore=EXPLORE))
    found = [one for one in found if _kind(items[one.item]) in kinds] or found
    lang = detect_lang(message.body, here.lang)
    titles = {item.id: item.name(lang) for item in items.values()}
    return [
        Offer(
            new_id("sof"), here.workspace_id, here.id, here.person_id, one.item, place, one.score, one.propensity,
            one.reason(lang, titles), "proposed", "", message.created_at,
        )
        for place, one in enumerate(found)
    ]  # fmt: skip


def _kind(item: Item) -> str:
    """What sort of thing an item is: the first of its tags."""
    return item.tags[0] if item.tags else ""


def find_services(items: Mapping[str, Item]) -> frozenset[str]:
    """The items that are services."""
    return frozenset(name for name, item in items.items() if SERVICE & set(item.tags))


def find_addresses(said: Sequence[str]) -> list[str]:
    """The e-mail addresses that a person wrote, each once."""
    return list(dict.fromkeys(match[0].casefold() for text in said for match in EMAIL.finditer(text)))


def find_item(sku: str, items: Mapping[str, Item]) -> str:
    """The item of a stock number, whose end may name a size; empty where the catalogue has none."""
    return max((item for item in items if sku == item or sku.startswith(f"{item}-")), key=len, default="")


def make_card(offers: Sequence[Offer], items: Mapping[str, Item], lang: Lang) -> dict[str, Any]:
    """The card that a message carries."""
    shown = [
        {"id": offer.id, "title": items[offer.item].name(lang), "price": items[offer.item].price_text, "reason": offer.reason}
        for offer in offers
        if offer.item in items
    ]
    return {"pack": "support", "kind": "Offers", "panel": "mine", "offers": shown}


_LEAD: Mapping[Lang, str] = {"en": "This may suit you: {titles}.", "zh": "这些也许适合您：{titles}。"}


_STILL: Mapping[Lang, str] = {
    "en": "With that in mind I would still suggest: {titles}.",
    "zh": "按您补充的要求，我仍然推荐：{titles}。",
}


def render_offers(offers: Sequence[Offer], items: Mapping[str, Item], lang: Lang, *, same: bool = False) -> str:
    """The offers in one sentence, for those who see no card. `same`: they were shown before."""
    titles = (", " if lang == "en" else "、").join(items[offer.item].name(lang) for offer in offers if offer.item in items)
    return (_STILL if same else _LEAD)[lang].format(titles=titles)


async def move(
    host: Host, workspace_id: str, offer_id: str, states: Sequence[OfferState], to: OfferState, by: str, at: datetime, *,
    person_id: str = "",
) -> Offer:  # fmt: skip
    """Change the state of an offer. Raises NotFound (also for another person's), and Conflict where it is elsewhere by now."""
    async with host.write() as tx:
        offer = await repository.find_offer(tx, workspace_id, offer_id)
        if offer is None or (person_id and offer.person_id != person_id):
            raise NotFound("There is no such offer.")
        if offer.state == to:
            return offer
        if offer.state not in states:
            raise Conflict(f"The offer is {offer.state} by now.", state=offer.state)
        offer = replace(offer, state=to, by=by or offer.by, decided_at=at)
        await repository.put(tx, offer)
        return offer
