"""What a person may do: start a session, talk, stop an answer, ask for a person, rate, open a citation, follow the stream.

A person sees his own conversations and their public messages only; everything else does not exist for him.
"""

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from duologue.accounts.tokens import PersonRef
from duologue.conversation.model import Conversation
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.passages import PassageInPlaceOut, get_passage_in_place
from duologue.interfaces.api.schemas import (
    ConversationOut,
    Done,
    In,
    Json,
    MessageOut,
    Out,
    PublicDeskOut,
    conversation_json,
    message_json,
)
from duologue.interfaces.api.security import (
    ANYBODY,
    PERSON,
    PERSON_COOKIE,
    PERSON_COOKIE_S,
    check_same_site,
    get_person_token,
    set_cookie,
)
from duologue.interfaces.api.services import Joined, Services
from duologue.interfaces.api.stays import allows
from duologue.interfaces.api.stream import Since, event_stream
from duologue.kit.errors import Conflict, NotFound, NotSignedIn, TooLarge
from duologue.kit.text import Lang
from duologue.review.model import RatingValue
from duologue.store.bus import Ephemeral

router = APIRouter(prefix="/api/chat", tags=["chat"], responses=RESPONSES)


class SessionIn(In):
    workspace: str = Field("", max_length=64, description="Short name of the workspace; empty means the first one.")
    lang: Lang | None = None
    bearer: bool = Field(False, description="Also return the token, for a page on another site that cannot keep cookies.")


class PublicWorkspaceOut(Out):
    slug: str
    name: str
    lang: Lang


class VoiceOut(Out):
    hears: bool = Field(description="POST /api/chat/hear turns speech into text.")
    says: bool = Field(description="A message's `/speech` is its sound.")


class SessionOut(Out):
    person_id: str
    workspace: PublicWorkspaceOut
    csrf: str = Field(description="Send it as X-CSRF-Token with every unsafe method.")
    desks: list[PublicDeskOut]
    lang: Lang
    voice: VoiceOut
    max_chars: int = Field(description="Characters that a message may have.")
    starters: Json | None = Field(None, description="Questions to begin with, by language; null where the desk's pack has none.")
    token: str | None = Field(None, description="Only where `bearer` was asked for; send it as `Authorization: Bearer`.")


class StartIn(In):
    desk_id: str | None = Field(None, max_length=64, description="Which desk; null means the first one.")
    lang: Lang | None = None


class ConversationsOut(Out):
    conversations: list[ConversationOut]


class StartedOut(Out):
    conversation: ConversationOut


class LiveRunOut(Out):
    run_id: str
    text: str
    offset: int


class TranscriptOut(Out):
    conversation: ConversationOut
    messages: list[MessageOut]
    cursor: int = Field(description="Follow the stream from here.")
    run: LiveRunOut | None


class PersonMessageIn(In):
    client_id: str = Field(min_length=1, max_length=80, description="Made by the client; sending it again changes nothing.")
    body: str = Field(min_length=1)


class SentOut(Out):
    message: MessageOut


class RatingIn(In):
    value: RatingValue
    reason: str = Field("", max_length=2_000)


class ConsentOut(Out):
    may_learn: bool = Field(description="Whether the assistant may learn from this person's conversations.")


class ConsentIn(In):
    may_learn: bool


async def get_own(services: Services, person: PersonRef, conversation_id: str) -> Conversation:
    """A conversation of this person, or NotFound."""
    conversation = await services.conversations.get(person.workspace_id, conversation_id)
    if conversation.person_id != person.person_id:
        raise NotFound("There is no such conversation.")
    return conversation


def check_length(services: Services, body: str) -> None:
    """Raise TooLarge where a message is longer than the setting allows."""
    most = services.settings.max_message_chars
    if len(body) > most:
        raise TooLarge(f"A message has at most {most} characters; this one has {len(body)}.", max_chars=most)


async def _json(services: Services, conversation: Conversation) -> Json:
    return conversation_json(conversation, await services.names.of(conversation.workspace_id), is_public=True)


@router.post("/session", response_model=SessionOut)
async def start_session(given: SessionIn, request: Request, response: Response, address: ANYBODY, services: Joined) -> Json:
    """Become a person, or stay the one that the cookie names. Sets the cookie `duo_person`."""
    check_same_site(request)
    accounts = services.accounts
    workspace = await accounts.get_workspace(given.workspace)
    lang = given.lang or workspace.lang
    (token, is_bearer), person = get_person_token(request), None
    try:
        ref = accounts.read_person_token(token)
        if ref.workspace_id == workspace.id:
            person = await accounts.get_person(workspace.id, ref.person_id)
    except (NotSignedIn, NotFound):
        person = None
    if person is None:
        services.limits.starts.take(address)
        person = await accounts.start_person(workspace.id, lang)
        token = accounts.person_token(person)
    elif given.lang and given.lang != person.lang:
        person = await accounts.set_person_lang(workspace.id, person.id, given.lang)
    if not is_bearer:
        set_cookie(response, services.settings, PERSON_COOKIE, token, PERSON_COOKIE_S)
    desks = await services.conversations.list_desks(workspace.id)
    return {
        "person_id": person.id,
        "workspace": {"slug": workspace.slug, "name": workspace.name, "lang": workspace.lang},
        "csrf": accounts.csrf(token),
        "desks": [{"id": d.id, "name": d.name} for d in desks],
        "voice": {
            "hears": await allows(services, workspace.id, desks[0].id if desks else "", services.hear),
            "says": await allows(services, workspace.id, desks[0].id if desks else "", services.say),
        },
        "max_chars": services.settings.max_message_chars,
        "starters": _starters(services, desks[0].pack if desks else ""),
        "lang": person.lang,
        "token": token if given.bearer else None,
    }


def _starters(services: Services, pack: str) -> Json | None:
    found = next((p.starters for p in services.packs if p.name == pack), {})
    return {str(lang): list(questions) for lang, questions in found.items()} or None


@router.get("/consent", response_model=ConsentOut)
async def get_consent(person: PERSON, services: Joined) -> Json:
    """Whether the assistant may learn from what this person wrote."""
    return {"may_learn": (await services.consents.look(person.workspace_id)).allow(person.person_id)}


@router.put("/consent", response_model=ConsentOut)
async def say_consent(given: ConsentIn, person: PERSON, services: Joined) -> Json:
    """Allow or refuse it. A no also takes what was theirs out of every dataset."""
    await services.consents.say(person.workspace_id, person.person_id, may_learn=given.may_learn)
    return {"may_learn": given.may_learn}


@router.get("/conversations", response_model=ConversationsOut)
async def list_conversations(person: PERSON, services: Joined) -> Json:
    """The person's own conversations, newest first."""
    found = await services.conversations.list_of_person(person.workspace_id, person.person_id)
    return {"conversations": [await _json(services, c) for c in found]}


@router.post("/conversations", response_model=StartedOut)
async def start_conversation(given: StartIn, request: Request, person: PERSON, services: Joined) -> Json:
    """Open a conversation at a desk."""
    services.limits.sends.take(person.person_id)
    try:
        known = await services.accounts.get_person(person.workspace_id, person.person_id)
    except NotFound:
        raise NotSignedIn("This chat session is over; open the page again.") from None
    desks = {d.id: d for d in await services.conversations.list_desks(person.workspace_id)}
    desk = desks.get(given.desk_id) if given.desk_id else next(iter(desks.values()), None)
    if desk is None:
        raise NotFound("There is no such desk.")
    lang = given.lang or known.lang
    conversation = await services.conversations.start(person.workspace_id, person.person_id, desk.id, lang)
    return {"conversation": await _json(services, conversation)}


@router.get("/conversations/{conversation_id}", response_model=TranscriptOut)
async def get_conversation(conversation_id: str, person: PERSON, services: Joined) -> Json:
    """The conversation as the person may see it, and the answer that is being written."""
    await get_own(services, person, conversation_id)
    run = services.live.find(person.workspace_id, conversation_id)
    snapshot = await services.conversations.snapshot(person.workspace_id, conversation_id, "public")
    names = await services.names.of(person.workspace_id)
    return {
        "conversation": conversation_json(snapshot.conversation, names, is_public=True),
        "messages": [message_json(m, names, is_public=True) for m in snapshot.messages],
        "cursor": snapshot.cursor,
        "run": {"run_id": run.run_id, "text": run.text, "offset": run.offset} if run else None,
    }


@router.post("/conversations/{conversation_id}/messages", response_model=SentOut)
async def post_message(conversation_id: str, given: PersonMessageIn, person: PERSON, services: Joined) -> Json:
    """Say something. The same `client_id` again returns the first result."""
    check_length(services, given.body)
    services.limits.sends.take(person.person_id)
    posted = await services.conversations.post_person_message(
        person.workspace_id, conversation_id, person.person_id, given.client_id, given.body
    )
    return {"message": message_json(posted.message, {}, is_public=True)}


@router.post("/conversations/{conversation_id}/stop", response_model=Done)
async def stop_answer(conversation_id: str, person: PERSON, services: Joined) -> Json:
    """Stop the answer that is being written; what was said so far stays."""
    await get_own(services, person, conversation_id)
    await services.assistant.stop(person.workspace_id, conversation_id, person.person_id)
    return {"ok": True}


@router.post("/conversations/{conversation_id}/request-human", response_model=StartedOut)
async def request_human(conversation_id: str, person: PERSON, services: Joined) -> Json:
    """Ask for a person; always works, and twice is once."""
    await get_own(services, person, conversation_id)
    conversation = await services.conversations.request_human(
        None, None, person.workspace_id, conversation_id, "asked_for_person", by=person.person_id
    )
    if conversation is None:
        raise Conflict("The conversation changed in the meantime; look at it again.")
    return {"conversation": await _json(services, conversation)}


@router.post("/conversations/{conversation_id}/resolve", response_model=StartedOut)
async def resolve(conversation_id: str, person: PERSON, services: Joined) -> Json:
    """The matter is settled."""
    await get_own(services, person, conversation_id)
    conversation = await services.conversations.resolve(person.workspace_id, conversation_id, person.person_id)
    return {"conversation": await _json(services, conversation)}


@router.post("/conversations/{conversation_id}/typing", response_model=Done)
async def show_typing(conversation_id: str, person: PERSON, services: Joined) -> Json:
    """Let the desk see that the person types. Not stored."""
    await get_own(services, person, conversation_id)
    data = {"who": "person", "person_id": person.person_id}
    services.database.bus.publish(Ephemeral("typing", person.workspace_id, conversation_id, "internal", data))
    return {"ok": True}


@router.post("/conversations/{conversation_id}/messages/{message_id}/rating", response_model=Done)
async def rate_message(conversation_id: str, message_id: str, given: RatingIn, person: PERSON, services: Joined) -> Json:
    """A thumb on an answer, with a reason; a later one replaces an earlier one."""
    await get_own(services, person, conversation_id)
    message = await services.conversations.get_message(person.workspace_id, message_id)
    if message.conversation_id != conversation_id:
        raise NotFound("There is no such message.")
    await services.review.rate(person.workspace_id, message_id, person.person_id, given.value, given.reason)
    return {"ok": True}


@router.get("/conversations/{conversation_id}/passages/{passage_id}", response_model=PassageInPlaceOut)
async def get_passage(conversation_id: str, passage_id: str, person: PERSON, services: Joined) -> Json:
    """A passage that an answer of this conversation cites; no other one."""
    await get_own(services, person, conversation_id)
    snapshot = await services.conversations.snapshot(person.workspace_id, conversation_id, "public")
    if not any(c.passage_id == passage_id for m in snapshot.messages for c in m.citations):
        raise NotFound("No answer of this conversation cites this passage.")
    return await get_passage_in_place(services, person.workspace_id, passage_id)


@router.get("/conversations/{conversation_id}/stream", response_class=StreamingResponse)
async def stream(conversation_id: str, person: PERSON, services: Joined, since: Since = None) -> StreamingResponse:
    """Server-sent events of this conversation, public ones only, from `since` on (see stream.py for the frames)."""
    await get_own(services, person, conversation_id)

    async def check() -> None:
        await get_own(services, person, conversation_id)

    return event_stream(services, person.workspace_id, since, audience="public", conversation_id=conversation_id, check=check)
