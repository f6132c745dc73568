"""The expert's work on conversations: the list, one conversation whole, speaking, taking over, handing on, the stream.

What is decided on drafts stands in `drafts.py`.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Field
from starlette.responses import StreamingResponse

from duologue.accounts.model import Session
from duologue.accounts.roles import check_allowed
from duologue.conversation.model import Conversation, Mode, Status, Visibility
from duologue.interfaces.api.chat import check_length
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.guard import check_path, find_hidden, seeing
from duologue.interfaces.api.packs import note_read
from duologue.interfaces.api.schemas import (
    ConversationOut,
    Done,
    In,
    Json,
    MessageOut,
    Out,
    PersonOut,
    conversation_json,
    message_json,
    person_json,
)
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined, Services
from duologue.interfaces.api.stream import Since, event_stream
from duologue.kit.errors import NotFound
from duologue.store.bus import Ephemeral
from duologue.store.feed import to_payload

Reader = Annotated[Session, Depends(Needs("conversation.read"))]


async def _is_open(request: Request, session: Reader, services: Joined) -> None:
    """What a pack hides from a member is not to be acted on either."""
    await check_path(services, session, request)


router = APIRouter(prefix="/api/desk", tags=["desk"], responses=RESPONSES, dependencies=[Depends(_is_open)])

Writer = Annotated[Session, Depends(Needs("note.write"))]
Pilot = Annotated[Session, Depends(Needs("conversation.control"))]

View = Literal["mine", "waiting", "ai", "all"]


class DraftBadgeOut(Out):
    id: str
    confidence: float | None
    status: str


class RowOut(ConversationOut):
    is_hidden: bool = Field(description="Not the member's to read; its words are left out.")
    person: PersonOut | None
    last_message: MessageOut | None
    draft: DraftBadgeOut | None


class CountsOut(Out):
    mine: int
    waiting: int
    ai: int
    all: int


class ListOut(Out):
    conversations: list[RowOut]
    counts: CountsOut


class PresentOut(Out):
    member_id: str
    name: str


class WholeOut(Out):
    conversation: ConversationOut
    messages: list[MessageOut]
    drafts: list[Json]
    person: PersonOut | None
    earlier: list[ConversationOut]
    runs: list[Json]
    cursor: int = Field(description="Follow the stream from here.")
    presence: list[PresentOut]


class ExpertMessageIn(In):
    client_id: str = Field(min_length=1, max_length=80, description="Made by the client; sending it again changes nothing.")
    body: str = Field(min_length=1)
    visibility: Visibility = Field(description="`internal` is a note for the team; `public` takes the conversation over.")


class SentOut(Out):
    message: MessageOut
    conversation: ConversationOut


class ChangedOut(Out):
    conversation: ConversationOut


class TakeOverIn(In):
    force: bool = Field(False, description="Also where another expert holds it.")


class HandToTeamIn(In):
    team: str = Field("", max_length=64)


class SnoozeIn(In):
    until: AwareDatetime


class ModeIn(In):
    mode: Mode | None = Field(description="null: as inherited from topic, desk or workspace.")


class LabelIn(In):
    topic: str | None = Field(None, max_length=64)
    subject: str | None = Field(None, max_length=200)


class PresenceIn(In):
    is_here: bool = True


async def _changed(services: Services, conversation: Conversation) -> Json:
    names = await services.names.of(conversation.workspace_id)
    return {"conversation": conversation_json(conversation, names, is_public=False)}


@router.get("/conversations", response_model=ListOut)
async def list_conversations(
    session: Reader,
    services: Joined,
    view: View = "all",
    status: Status | None = None,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str, Query(max_length=64, description="Id of the last conversation that is already shown.")] = "",
) -> Json:
    """Conversations of the workspace, newest first, with what a list shows of each."""
    ws, me = session.workspace.id, session.member.id
    page = await services.inbox.get_page(ws, view, me, status=status, query=q, before=before, limit=limit)
    found, last = page.conversations, page.last_messages
    people, drafts, names, hidden = await asyncio.gather(
        services.accounts.find_persons(ws, {c.person_id for c in found}),
        services.assistant.find_open_drafts(ws, [c.id for c in found]),
        services.names.of(ws),
        find_hidden(services, session, found),
    )
    rows = []
    for c in found:
        if c.id in hidden and q:
            continue  # that its words match is already a word too many
        draft = None if c.id in hidden else drafts.get(c.id)
        rows.append(
            conversation_json(c, names, is_public=False)
            | ({"subject": ""} if c.id in hidden else {})
            | {
                "is_hidden": c.id in hidden,
                "person": person_json(people[c.person_id]) if c.person_id in people else None,
                "last_message": message_json(last[c.id], names, is_public=False) if c.id in last and c.id not in hidden else None,
                "draft": {"id": draft.id, "confidence": draft.confidence, "status": draft.status} if draft else None,
            }
        )
    return {"conversations": rows, "counts": page.counts}


@router.get("/conversations/{conversation_id}", response_model=WholeOut)
async def get_conversation(conversation_id: str, session: Reader, services: Joined) -> Json:
    """One conversation with everything that the desk shows beside it."""
    ws = session.workspace.id
    snapshot = await services.conversations.snapshot(ws, conversation_id, "internal")
    await note_read(services, session, snapshot.conversation)
    person_id = snapshot.conversation.person_id
    drafts, runs, earlier, names, people = await asyncio.gather(
        services.assistant.list_drafts(ws, conversation_id),
        services.assistant.list_runs(ws, conversation_id),
        services.conversations.list_of_person(ws, person_id),
        services.names.of(ws),
        services.accounts.find_persons(ws, {person_id}),
    )
    return {
        "conversation": conversation_json(snapshot.conversation, names, is_public=False),
        "messages": [message_json(m, names, is_public=False) for m in snapshot.messages],
        "drafts": [to_payload(d) for d in drafts],
        "person": person_json(people[person_id]) if person_id in people else None,
        "earlier": [conversation_json(c, names, is_public=False) for c in earlier if c.id != conversation_id],
        "runs": [to_payload(r) for r in runs],
        "cursor": snapshot.cursor,
        "presence": services.presence.who(ws, conversation_id),
    }


@router.post("/conversations/{conversation_id}/messages", response_model=SentOut)
async def post_message(conversation_id: str, given: ExpertMessageIn, session: Writer, services: Joined) -> Json:
    """Answer the person (which takes the conversation over), or leave a note for the team."""
    if given.visibility == "public":
        check_allowed(session.member.role, "conversation.write")
    check_length(services, given.body)
    ws = session.workspace.id
    posted = await services.conversations.post_expert_message(
        ws, conversation_id, session.member.id, given.client_id, given.body, given.visibility
    )
    message = message_json(posted.message, await services.names.of(ws), is_public=False)
    return {"message": message} | await _changed(services, posted.conversation)


@router.post("/conversations/{conversation_id}/take-over", response_model=ChangedOut)
async def take_over(conversation_id: str, given: TakeOverIn, session: Pilot, services: Joined) -> Json:
    """Take the conversation; the assistant is silent from now on. Conflict where another expert holds it."""
    done = await services.conversations.take_over(session.workspace.id, conversation_id, session.member.id, force=given.force)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/renew", response_model=ChangedOut)
async def renew_lease(conversation_id: str, session: Pilot, services: Joined) -> Json:
    """Say that one is still here; the takeover's lease begins anew."""
    done = await services.conversations.renew_lease(session.workspace.id, conversation_id, session.member.id)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/hand-to-team", response_model=ChangedOut)
async def hand_to_team(conversation_id: str, given: HandToTeamIn, session: Pilot, services: Joined) -> Json:
    """Put the conversation into a team's queue."""
    done = await services.conversations.hand_to_team(session.workspace.id, conversation_id, given.team, session.member.id)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/hand-back", response_model=ChangedOut)
async def hand_back(conversation_id: str, session: Pilot, services: Joined) -> Json:
    """Let the assistant answer again."""
    done = await services.conversations.hand_back(session.workspace.id, conversation_id, session.member.id)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/resolve", response_model=ChangedOut)
async def resolve(conversation_id: str, session: Pilot, services: Joined) -> Json:
    """The matter is settled."""
    done = await services.conversations.resolve(session.workspace.id, conversation_id, session.member.id)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/reopen", response_model=ChangedOut)
async def reopen(conversation_id: str, session: Pilot, services: Joined) -> Json:
    """The matter is not settled after all."""
    done = await services.conversations.reopen(session.workspace.id, conversation_id, session.member.id)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/snooze", response_model=ChangedOut)
async def snooze(conversation_id: str, given: SnoozeIn, session: Pilot, services: Joined) -> Json:
    """Out of the list until a moment, or until the person writes."""
    until: datetime = given.until
    done = await services.conversations.snooze(session.workspace.id, conversation_id, until, session.member.id)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/mode", response_model=ChangedOut)
async def set_mode(conversation_id: str, given: ModeIn, session: Pilot, services: Joined) -> Json:
    """How much the assistant may do in this conversation."""
    done = await services.conversations.set_mode(session.workspace.id, conversation_id, given.mode, session.member.id)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/label", response_model=ChangedOut)
async def label(conversation_id: str, given: LabelIn, session: Pilot, services: Joined) -> Json:
    """Name the topic and the subject."""
    done = await services.conversations.label(session.workspace.id, conversation_id, topic=given.topic, subject=given.subject)
    return await _changed(services, done)


@router.post("/conversations/{conversation_id}/typing", response_model=Done)
async def show_typing(conversation_id: str, session: Pilot, services: Joined) -> Json:
    """Let the person and the team see that one types. Not stored."""
    await services.conversations.get(session.workspace.id, conversation_id)
    data = {"who": "expert", "member_id": session.member.id, "name": session.member.name}
    services.database.bus.publish(Ephemeral("typing", session.workspace.id, conversation_id, "public", data))
    return {"ok": True}


@router.post("/conversations/{conversation_id}/presence", response_model=Done)
async def show_presence(conversation_id: str, given: PresenceIn, session: Reader, services: Joined) -> Json:
    """Say that one looks at this conversation; again every 30 s. Not stored."""
    ws, member = session.workspace.id, session.member
    await services.conversations.get(ws, conversation_id)
    services.presence.see(ws, conversation_id, member.id, member.name, is_here=given.is_here)
    return {"ok": True}


@router.get("/stream", response_class=StreamingResponse)
async def stream(session: Reader, services: Joined, since: Since = None) -> StreamingResponse:
    """Server-sent events of the whole workspace from `since` on (see stream.py for the frames)."""
    ws, sign_in, member_id = session.workspace.id, session.sign_in.id, session.member.id

    async def check() -> None:
        if not any(s.id == sign_in for s in await services.accounts.list_sign_ins(ws, member_id)):
            raise NotFound("This session is over.")

    see = seeing(services, session)
    return event_stream(services, ws, since, audience="internal", conversation_id=None, check=check, may_see=see)
