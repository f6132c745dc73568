"""Speech: what a person or an expert says into the microphone comes back as text to look at and send; a message is read aloud.

Sound is never stored. Where what is said at a desk may not leave this machine, or only without personal data, no ear and no mouth
elsewhere is used: nobody can take personal data out of a recording.
"""

import re
from typing import Annotated

from bs4 import BeautifulSoup
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from duologue.accounts.model import Session
from duologue.conversation.model import Message
from duologue.interfaces.api.chat import get_own
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.render import render_html
from duologue.interfaces.api.schemas import Json, Out
from duologue.interfaces.api.security import PERSON, Needs
from duologue.interfaces.api.services import Joined, Services
from duologue.interfaces.api.stays import allows
from duologue.kit.errors import Forbidden, Invalid, NotFound, TooLarge
from duologue.kit.text import Lang

router = APIRouter(prefix="/api", tags=["voice"], responses=RESPONSES)

Writer = Annotated[Session, Depends(Needs("note.write"))]
InLang = Annotated[Lang | None, Query(description="The language that is expected; without it the model finds out.")]
Where = Annotated[str, Query(alias="conversation_id", max_length=64, description="Empty: before the first message.")]
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
SOUND = {"requestBody": {"required": True, "content": BINARY}}
MOST_SAID = 4_000
"""Characters of a message that are read aloud."""


class HeardOut(Out):
    text: str = Field(description="What was understood; empty where nothing was said.")
    lang: str = Field(description="What it was taken for; empty where nobody says.")


def to_say(message: Message) -> str:
    """The words of a message as one would read them out: without signs of Markdown and marks of sources."""
    text = BeautifulSoup(render_html(message.body), "html.parser").get_text(" ")
    known = {str(c.number) for c in message.citations}
    return re.sub(r"\s*\[(\d{1,3})\]", lambda m: "" if m[1] in known else m[0], text).strip()


async def _understand(request: Request, services: Services, workspace_id: str, desk_id: str, lang: Lang | None) -> Json:
    ear = services.hear
    if ear is None:
        raise NotFound("Nothing listens here; the operator sets DUOLOGUE_VOICE_HEAR.")
    if not await allows(services, workspace_id, desk_id, ear):
        raise Forbidden("What is said here may not leave this machine, and the speech model is on another one. Please type.")
    audio, most = await request.body(), services.settings.max_upload_bytes
    if not audio:
        raise Invalid("There is no sound in this request; record it again.")
    if len(audio) > most:
        raise TooLarge(f"A recording has at most {most} bytes; this one has {len(audio)}.", max_bytes=most)
    heard = await ear.hear(audio, request.headers.get("content-type", ""), lang or "")
    return {"text": heard.text[: services.settings.max_message_chars], "lang": heard.lang}


@router.post("/chat/hear", response_model=HeardOut, openapi_extra=SOUND)
async def hear_person(request: Request, person: PERSON, services: Joined, lang: InLang = None, conversation_id: Where = "") -> Json:
    """What a person said, as text; nothing is sent yet and nothing is kept."""
    services.limits.sends.take(person.person_id)
    desk_id = (await get_own(services, person, conversation_id)).desk_id if conversation_id else ""
    return await _understand(request, services, person.workspace_id, desk_id, lang)


@router.post("/desk/hear", response_model=HeardOut, openapi_extra=SOUND)
async def hear_expert(request: Request, session: Writer, services: Joined, conversation_id: Where, lang: InLang = None) -> Json:
    """What an expert dictates for a conversation, as text; nothing is sent yet and nothing is kept."""
    here = await services.conversations.get(session.workspace.id, conversation_id)
    return await _understand(request, services, session.workspace.id, here.desk_id, lang)


@router.get(
    "/chat/conversations/{conversation_id}/messages/{message_id}/speech",
    response_class=Response,
    responses={200: {"content": {"audio/*": {}}, "description": "A file of sound."}},
)
async def read_aloud(conversation_id: str, message_id: str, person: PERSON, services: Joined) -> Response:
    """A public message of the person's conversation as sound."""
    here = await get_own(services, person, conversation_id)
    message = await services.conversations.get_message(person.workspace_id, message_id)
    if message.conversation_id != conversation_id or message.visibility != "public" or message.kind != "text":
        raise NotFound("There is no such message.")
    if services.say is None:
        raise NotFound("Nothing reads aloud here; the operator sets DUOLOGUE_VOICE_SAY.")
    if not await allows(services, person.workspace_id, here.desk_id, services.say):
        raise Forbidden("What is said here may not leave this machine, and the voice is on another one.")
    services.limits.sends.take(person.person_id)
    spoken = await services.say.say(to_say(message)[:MOST_SAID], message.lang)
    return Response(spoken.audio, media_type=spoken.media_type, headers={"Cache-Control": "private, max-age=3600"})
