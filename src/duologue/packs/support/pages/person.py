"""What a customer sees and answers by a card: offers and the survey. A person reaches only what is theirs."""

from typing import Any

from duologue.packs.support import repository
from duologue.packs.support.minds import minds_of
from duologue.packs.support.model import OfferState
from duologue.packs.support.talk.offers import move
from duologue.packs.support.talk.surveys import answer_survey, render_thanks
from duologue.sdk import Panel, PanelContext


async def show_mine(context: PanelContext) -> Any:
    """The offers that were shown to this person, and the surveys."""
    async with context.host.read() as tx:
        offers = await repository.list_offers(tx, context.workspace_id, person_id=context.person_id)
        surveys = await repository.list_surveys(tx, context.workspace_id, person_id=context.person_id)
    _, items = await minds_of(context.host).shop(context.host, context.workspace_id)
    shown = [offer for offer in offers if offer.state in ("shown", "accepted", "declined") and offer.item in items]
    return {
        "offers": [{"id": o.id, "title": items[o.item].name(context.lang), "price": items[o.item].price_text, "reason": o.reason,
                    "state": o.state} for o in shown],
        "surveys": [{"id": s.id, "score": s.score, "remark": s.remark, "at": s.asked_at.isoformat()} for s in surveys],
    }  # fmt: skip


async def answer_offer(context: PanelContext, offer: str, is_accepted: bool) -> Any:
    """Take an offer or turn it down; the last word counts."""
    to: OfferState = "accepted" if is_accepted else "declined"
    moved = await move(
        context.host, context.workspace_id, offer, ("shown", "accepted", "declined"), to, "", context.host.clock.now(),
        person_id=context.person_id,
    )  # fmt: skip
    context.host.refresh(context.workspace_id, moved.conversation_id)
    return {"id": moved.id, "state": moved.state}


async def give_score(context: PanelContext, survey: str, score: int, remark: str = "") -> Any:
    """Answer a survey."""
    row = await answer_survey(context.host, context.workspace_id, survey, score, remark, person_id=context.person_id)
    return {"score": row.score, "thanks": render_thanks(score, context.lang)}


MINE = Panel(
    "mine", {"en": "Offers and surveys", "zh": "推荐与评价"}, ("person",), "mine.js", place="chat",
    queries={"mine": show_mine}, commands={"answer_offer": answer_offer, "answer_survey": give_score},
)  # fmt: skip
