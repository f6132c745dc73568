"""Every role × every action, written out: whoever changes the table changes this page too."""

import pytest

from duologue.accounts.model import Role
from duologue.accounts.roles import ACTIONS, ROLES, TABLE, Action, allowed, check_allowed
from duologue.kit.errors import Forbidden

#                         viewer expert admin owner
EXPECTED: dict[Action, tuple[int, int, int, int]] = {
    "conversation.read": (1, 1, 1, 1),
    "conversation.write": (0, 1, 1, 1),
    "conversation.control": (0, 1, 1, 1),
    "draft.decide": (0, 1, 1, 1),
    "note.write": (0, 1, 1, 1),
    "knowledge.read": (1, 1, 1, 1),
    "knowledge.write": (0, 1, 1, 1),
    "desk.write": (0, 0, 1, 1),
    "member.read": (0, 1, 1, 1),
    "member.write": (0, 0, 1, 1),
    "model.read": (1, 1, 1, 1),
    "model.write": (0, 0, 1, 1),
    "verdict.read": (1, 1, 1, 1),
    "verdict.export": (0, 0, 1, 1),
    "person.read": (1, 1, 1, 1),
    "person.erase": (0, 0, 1, 1),
    "settings.write": (0, 0, 0, 1),
}
COLUMNS: tuple[Role, ...] = ("viewer", "expert", "admin", "owner")


def test_the_page_is_complete() -> None:
    assert set(EXPECTED) == set(ACTIONS)
    assert set(COLUMNS) == set(ROLES) == set(TABLE)


@pytest.mark.parametrize("role", COLUMNS)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_role_may_do_what_the_page_says(role: Role, action: Action) -> None:
    may = bool(EXPECTED[action][COLUMNS.index(role)])
    assert allowed(role, action) is may
    if may:
        check_allowed(role, action)
    else:
        with pytest.raises(Forbidden) as caught:
            check_allowed(role, action)
        assert caught.value.detail == {"action": action}


@pytest.mark.parametrize(("lower", "higher"), [("viewer", "expert"), ("expert", "admin"), ("admin", "owner")])
def test_a_higher_role_may_do_all_that_a_lower_one_may(lower: Role, higher: Role) -> None:
    assert TABLE[lower] < TABLE[higher]
