"""The tree of errors: codes that differ, statuses that HTTP knows, sentences that say what to do."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest

from duologue.kit.errors import CursorExpired, DuologueError
from duologue.kit.registry import Registry


def tree(cls: type[DuologueError] = DuologueError) -> Iterator[type[DuologueError]]:
    yield cls
    for child in cls.__subclasses__():
        if child.__module__ == DuologueError.__module__:
            yield from tree(child)


def test_codes_differ_and_statuses_are_http_s() -> None:
    errors = list(tree())
    assert len({e.code for e in errors}) == len(errors)
    assert all(HTTPStatus(e.status) >= 400 for e in errors)
    assert all((e.__doc__ or "").strip().endswith(".") for e in errors)


def test_an_error_carries_its_sentence_and_detail() -> None:
    error = CursorExpired("Fetch the state again.", cursor=7)
    assert (str(error), error.message, error.detail) == ("Fetch the state again.", "Fetch the state again.", {"cursor": 7})


def test_a_registry_refuses_doubles_and_names_what_it_knows() -> None:
    tools = Registry[int]("tool")
    tools.add("get_order", 1)
    with pytest.raises(DuologueError, match="already a tool called 'get_order'"):
        tools.add("get_order", 2)
    with pytest.raises(DuologueError, match="known: get_order"):
        tools.get("cancel_order")
    assert (tools.get("get_order"), list(tools), len(tools)) == (1, [("get_order", 1)], 1)
