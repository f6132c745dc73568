"""What a role may do: one table of role × action. Knows no route and no person."""

from typing import Literal, get_args

from duologue.accounts.model import Role
from duologue.kit.errors import Forbidden

Action = Literal[
    "conversation.read",
    "conversation.write",
    "conversation.control",
    "draft.decide",
    "note.write",
    "knowledge.read",
    "knowledge.write",
    "desk.write",
    "member.read",
    "member.write",
    "model.read",
    "model.write",
    "verdict.read",
    "verdict.export",
    "person.read",
    "person.erase",
    "settings.write",
]
ACTIONS: tuple[Action, ...] = get_args(Action)
ROLES: tuple[Role, ...] = get_args(Role)

_VIEWER: frozenset[Action] = frozenset({"conversation.read", "knowledge.read", "person.read", "verdict.read", "model.read"})
_EXPERT: frozenset[Action] = _VIEWER | {
    "conversation.write",
    "conversation.control",
    "draft.decide",
    "note.write",
    "knowledge.write",
    "member.read",
}
_ADMIN: frozenset[Action] = _EXPERT | {
    "desk.write",
    "member.write",
    "model.write",
    "verdict.export",
    "person.erase",
}
_OWNER: frozenset[Action] = _ADMIN | {"settings.write"}

TABLE: dict[Role, frozenset[Action]] = {"viewer": _VIEWER, "expert": _EXPERT, "admin": _ADMIN, "owner": _OWNER}


def allowed(role: Role, action: Action) -> bool:
    """Whether `role` may do `action`."""
    return action in TABLE[role]


def check_allowed(role: Role, action: Action) -> None:
    """Raise Forbidden unless `role` may do `action`."""
    if not allowed(role, action):
        raise Forbidden(f"The role {role} may not do this ({action}); ask an administrator of the workspace.", action=action)
