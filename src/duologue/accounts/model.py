"""Who is who: a workspace, its members with their roles, their sign-ins, and the persons who talk with it.

Frozen values; secrets (password hashes, tokens) are not part of them.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from duologue.kit.text import Lang

Role = Literal["owner", "admin", "expert", "viewer"]
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


def is_email(text: str) -> bool:
    """Whether a text has the form of an e-mail address."""
    return bool(_EMAIL.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Workspace:
    """An organisation's own room. `is_sample` marks the prepared one, whose passwords are public."""

    id: str
    slug: str
    name: str
    lang: Lang
    is_sample: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works in a workspace. `team` may be empty."""

    id: str
    workspace_id: str
    email: str
    name: str
    role: Role
    team: str
    lang: Lang
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """One signed-in browser of a member; `id` names it for revoking and is no secret."""

    id: str
    workspace_id: str
    member_id: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A member as a request finds him: who, where, and by which sign-in."""

    sign_in: SignIn
    member: Member
    workspace: Workspace


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who talks with the assistant; anonymous unless he says more. `fields` is what he or a pack noted of him."""

    id: str
    workspace_id: str
    name: str
    lang: Lang
    fields: dict[str, Any]
    created_at: datetime
