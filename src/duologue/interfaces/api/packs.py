"""The panels of packs over HTTP: which there are, what they ask and what they do. A pack writes no route of its own.

A query is a GET whose parameters are the function's; a command is a POST with them as JSON, or as a form where a file comes along.
`conversation_id` and `lang` say beside which conversation and in which language the panel stands.
"""

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, get_type_hints
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from duologue.accounts.model import Session
from duologue.accounts.tokens import PersonRef
from duologue.conversation.model import Conversation
from duologue.interfaces.api.chat import get_own
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import In, Json, Out
from duologue.interfaces.api.security import MEMBER, PERSON
from duologue.interfaces.api.services import Joined, Services
from duologue.kit.errors import Forbidden, Invalid, NotFound, TooLarge
from duologue.kit.text import Lang
from duologue.sdk import Download, Pack, Panel, PanelContext, PanelFunction, Title, Upload
from duologue.store.feed import to_payload

router = APIRouter(prefix="/api", tags=["packs"], responses=RESPONSES)

ConversationId = Annotated[str, Query(max_length=64, description="The conversation beside which the panel stands.")]
AskedLang = Annotated[Lang | None, Query(description="The language of the page.")]


class PanelOut(Out):
    name: str
    title: Json
    place: str
    module: str = Field(description="Path of the ES module below the pack's panels.")
    icon: str


class PackOut(Out):
    name: str
    title: Json
    version: str
    panels: list[PanelOut]
    topics: Json = Field(description="Names of the topics that the pack sets, by topic and language.")


class PacksOut(Out):
    packs: list[PackOut]
    desks: Json = Field(description="Name of the pack by id of the desk.")


class Command(In):
    model_config = ConfigDict(extra="allow")


@router.get("/packs", response_model=PacksOut)
async def list_packs(session: MEMBER, services: Joined) -> Json:
    """The packs with the panels that the caller's role sees, and which desk belongs to which."""
    desks = {d.id: d.pack for d in await services.conversations.list_desks(session.workspace.id) if d.pack}
    return {"packs": [_pack_json(p, session.member.role) for p in services.packs if p.name in desks.values()], "desks": desks}


@router.get("/chat/packs", response_model=PacksOut)
async def list_packs_for_person(person: PERSON, services: Joined) -> Json:
    """The packs of the workspace's desks with the panels that a person sees."""
    desks = {d.id: d.pack for d in await services.conversations.list_desks(person.workspace_id) if d.pack}
    return {"packs": [_pack_json(p, "person") for p in services.packs if p.name in desks.values()], "desks": desks}


@router.get("/packs/{pack}/{panel}/{name}")
async def ask(
    pack: str, panel: str, name: str, request: Request, session: MEMBER, services: Joined,
    conversation_id: ConversationId = "", lang: AskedLang = None,
) -> Response:  # fmt: skip
    """What a member's panel asks."""
    found = _find(services, pack, panel, session.member.role)
    context = await _for_member(services, session, pack, conversation_id, lang)
    return await _call(found.queries, name, context, _arguments_of(request))


@router.post("/packs/{pack}/{panel}/{name}")
async def act(
    pack: str, panel: str, name: str, request: Request, session: MEMBER, services: Joined,
    conversation_id: ConversationId = "", lang: AskedLang = None,
) -> Response:  # fmt: skip
    """What a member does in a panel."""
    found = _find(services, pack, panel, session.member.role)
    context = await _for_member(services, session, pack, conversation_id, lang)
    return await _call(found.commands, name, context, await _body_of(request, services))


@router.get("/chat/packs/{pack}/{panel}/{name}")
async def ask_as_person(
    pack: str, panel: str, name: str, request: Request, person: PERSON, services: Joined,
    conversation_id: ConversationId = "", lang: AskedLang = None,
) -> Response:  # fmt: skip
    """What a person's panel asks."""
    found = _find(services, pack, panel, "person")
    context = await _for_person(services, person, pack, conversation_id, lang)
    return await _call(found.queries, name, context, _arguments_of(request))


@router.post("/chat/packs/{pack}/{panel}/{name}")
async def act_as_person(
    pack: str, panel: str, name: str, request: Request, person: PERSON, services: Joined,
    conversation_id: ConversationId = "", lang: AskedLang = None,
) -> Response:  # fmt: skip
    """What a person does in a panel."""
    found = _find(services, pack, panel, "person")
    context = await _for_person(services, person, pack, conversation_id, lang)
    services.limits.sends.take(person.person_id)
    return await _call(found.commands, name, context, await _body_of(request, services))


def _pack_json(pack: Pack, role: str) -> Json:
    panels = [
        {"name": p.name, "title": _title(p.title), "place": p.place, "module": p.module, "icon": p.icon}
        for p in pack.panels
        if role in p.roles
    ]
    topics = {topic: _title(title) for topic, title in pack.topics.items()}
    return {"name": pack.name, "title": _title(pack.title), "version": pack.version, "panels": panels, "topics": topics}


def _title(title: Title) -> Json:
    return {str(lang): text for lang, text in title.items()}


def _find(services: Services, pack: str, panel: str, role: str) -> Panel:
    for known in services.packs:
        for found in known.panels:
            if (known.name, found.name) == (pack, panel):
                if role == "person" and role not in found.roles:
                    break  # for persons, what is not theirs does not exist
                if role not in found.roles:
                    raise Forbidden(f"The role {role} may not see this panel; ask an administrator of the workspace.", action=panel)
                return found
    raise NotFound("There is no such panel.")


async def note_read(services: Services, session: Session, here: Conversation) -> None:
    """Tell the pack of a conversation's desk that a member has opened it."""
    desks = await services.conversations.list_desks(here.workspace_id)
    name = next((d.pack for d in desks if d.id == here.desk_id), "")
    for pack in services.packs:
        if pack.name == name:
            await pack.note_read(services.hosts[name], here, session.member.id, session.member.name)


async def _check_desk(services: Services, workspace_id: str, pack: str) -> None:
    """NotFound where no desk of the workspace belongs to the pack: a pack is a workspace's own choice."""
    if all(desk.pack != pack for desk in await services.conversations.list_desks(workspace_id)):
        raise NotFound("There is no such panel.")


async def _for_member(services: Services, session: Session, pack: str, conversation_id: str, lang: Lang | None) -> PanelContext:
    workspace_id, member = session.workspace.id, session.member
    await _check_desk(services, workspace_id, pack)
    here = await services.conversations.get(workspace_id, conversation_id) if conversation_id else None

    async def confirm(password: str) -> None:
        await services.accounts.confirm(member, password)

    return PanelContext(
        host=services.hosts[pack], workspace_id=workspace_id, role=member.role, lang=lang or member.lang, member_id=member.id,
        member_name=member.name, team=member.team, conversation=here, confirm=confirm,
    )  # fmt: skip


async def _for_person(services: Services, person: PersonRef, pack: str, conversation_id: str, lang: Lang | None) -> PanelContext:
    known = await services.accounts.get_person(person.workspace_id, person.person_id)
    await _check_desk(services, person.workspace_id, pack)
    here = await get_own(services, person, conversation_id) if conversation_id else None
    return PanelContext(
        host=services.hosts[pack], workspace_id=person.workspace_id, role="person", lang=lang or known.lang,
        person_id=person.person_id, conversation=here,
    )  # fmt: skip


def _arguments_of(request: Request) -> Json:
    """The query's parameters; one that is given several times is a list."""
    given: Json = {}
    for key in request.query_params:
        if key not in ("conversation_id", "lang"):
            values = request.query_params.getlist(key)
            given[key] = values if len(values) > 1 else values[0]
    return given


async def _body_of(request: Request, services: Services) -> Json:
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        form = await request.form(max_files=20, max_part_size=services.settings.max_upload_bytes)
        return {key: await _upload(value, services) if isinstance(value, UploadFile) else value for key, value in form.items()}
    try:
        given = Command.model_validate(await request.json() if await request.body() else {})
    except ValueError as error:
        raise Invalid("The body is a JSON object with the command's parameters.") from error
    return given.model_dump()


async def _upload(file: UploadFile, services: Services) -> Upload:
    content = await file.read(services.settings.max_upload_bytes + 1)
    if len(content) > services.settings.max_upload_bytes:
        most = services.settings.max_upload_bytes
        raise TooLarge(f"The file {file.filename} is larger than {most} bytes.", max_bytes=most)
    return Upload(file.filename or "file", file.content_type or "application/octet-stream", content)


async def _call(functions: Mapping[str, PanelFunction], name: str, context: PanelContext, given: Json) -> Response:
    function = functions.get(name)
    if function is None:
        raise NotFound("There is no such panel.")
    result = await function(context, **_check(function, given))
    if isinstance(result, Download):
        named = f"attachment; filename*=UTF-8''{quote(result.name)}"
        return Response(result.content, media_type=result.media_type, headers={"Content-Disposition": named})
    return JSONResponse(to_payload(result) if is_dataclass(result) else jsonable_encoder(result))


def _check(function: PanelFunction, given: Json) -> Json:
    """The arguments as the signature types them. Raises Invalid naming the first that does not fit."""
    try:
        values = _schema(function).model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "parameters"
        raise Invalid(f"The request cannot be understood; see {where}: {first['msg']}.", field=where) from error
    return {key: getattr(values, key) for key in type(values).model_fields}


@cache
def _schema(function: PanelFunction) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    fields: Json = {
        key: (hints.get(key, Any), ... if p.default is inspect.Parameter.empty else p.default)
        for key, p in list(inspect.signature(function).parameters.items())[1:]
    }
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    return create_model(getattr(function, "__name__", "Call"), __config__=config, **fields)
