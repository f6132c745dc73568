"""The JSON that goes in and out, as OpenAPI describes it. Values mirror the frozen nouns; a message carries its HTML too.

`Public…` functions leave out what is the house's business: drafts, labels, who drafted.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from duologue.accounts.model import Member, Person, Role, SignIn, Workspace
from duologue.conversation.model import (
    AttentionKind,
    AuthorKind,
    ControllerKind,
    Conversation,
    Desk,
    Message,
    MessageKind,
    Mode,
    Status,
    Visibility,
)
from duologue.interfaces.api.render import render_html
from duologue.kit.text import Lang
from duologue.store.feed import to_payload

BY_SYSTEM = ("drafted_by", "model_version", "prompt_version", "confidence", "reason_detail")
"""Keys of a message's `data` that persons do not get."""

Json = dict[str, Any]


class Out(BaseModel):
    """Fields that a newer server adds are passed on."""

    model_config = ConfigDict(extra="allow")


class In(BaseModel):
    """What a client sends; unknown fields are refused, so that nothing is silently ignored."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def check_text(cls, value: object) -> object:
        """Text that no database can hold is refused here: NUL, and halves of surrogate pairs."""
        if isinstance(value, str) and ("\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)):
            raise ValueError("the text holds a NUL or half a surrogate pair")
        return value


class WorkspaceOut(Out):
    id: str
    slug: str
    name: str
    lang: Lang
    is_sample: bool


class MemberOut(Out):
    id: str
    email: str
    name: str
    role: Role
    team: str
    lang: Lang
    is_active: bool
    created_at: datetime


class SignInOut(Out):
    id: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_current: bool


class PersonOut(Out):
    id: str
    name: str
    lang: Lang
    fields: Json
    created_at: datetime


class DeskOut(Out):
    id: str
    name: str
    mode: Mode | None
    pack: str
    created_at: datetime


class PublicDeskOut(Out):
    id: str
    name: str


class ControllerOut(Out):
    kind: ControllerKind
    id: str = ""


class AttentionOut(Out):
    kind: AttentionKind
    reason: str | None = None
    at: datetime | None = None


class ConversationOut(Out):
    id: str
    workspace_id: str
    desk_id: str
    person_id: str
    lang: Lang
    topic: str
    subject: str
    status: Status
    snoozed_until: datetime | None
    mode: Mode
    mode_override: Mode | None
    controller: ControllerOut
    lease_expires_at: datetime | None
    attention: AttentionOut
    control_epoch: int
    last_seq: int
    last_public_seq: int
    episode_seq: int
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None
    holder_name: str = Field("", description="Name of the member in control, empty otherwise.")


class MessageOut(Out):
    id: str
    workspace_id: str
    conversation_id: str
    seq: int
    client_id: str
    author_kind: AuthorKind
    author_id: str
    visibility: Visibility
    kind: MessageKind
    body: str
    lang: Lang
    citations: list[Json]
    draft_id: str | None
    run_id: str | None
    data: Json
    created_at: datetime
    html: str = Field(description="The body as sanitised HTML; citation markers stay as [1].")
    author_name: str = Field("", description="Name of the member who wrote it, empty otherwise.")


class Done(Out):
    """The change was made."""

    ok: Literal[True] = True


def workspace_json(workspace: Workspace) -> Json:
    """A workspace."""
    return to_payload(workspace)


def member_json(member: Member) -> Json:
    """A member."""
    return to_payload(member)


def sign_in_json(sign_in: SignIn, current: str) -> Json:
    """A sign-in; `current` is the id of the one that asks."""
    return to_payload(sign_in) | {"is_current": sign_in.id == current}


def person_json(person: Person) -> Json:
    """A person."""
    return to_payload(person)


def desk_json(desk: Desk) -> Json:
    """A desk."""
    return to_payload(desk)


def conversation_json(conversation: Conversation, names: dict[str, str], *, is_public: bool) -> Json:
    """A conversation as a member, or as its person, may see it."""
    payload = to_payload(conversation)
    return conversation_payload(payload, names, is_public=is_public)


def conversation_payload(payload: Json, names: dict[str, str], *, is_public: bool) -> Json:
    """The same from JSON values, as events carry them."""
    controller = payload["controller"]
    payload = payload | {"holder_name": names.get(controller["id"], "") if controller["kind"] == "human" else ""}
    return payload | {"topic": "", "subject": ""} if is_public else payload


def message_json(message: Message, names: dict[str, str], *, is_public: bool) -> Json:
    """A message with its HTML."""
    return message_payload(to_payload(message), names, is_public=is_public)


def message_payload(payload: Json, names: dict[str, str], *, is_public: bool) -> Json:
    """The same from JSON values, as events carry them."""
    author = names.get(payload["author_id"], "") if payload["author_kind"] == "expert" else ""
    payload = payload | {"html": render_html(payload["body"]), "author_name": author}
    if is_public:
        payload |= {"draft_id": None, "data": {k: v for k, v in payload["data"].items() if k not in BY_SYSTEM}}
    return payload
