"""To whom a message goes: shipped routes, several intents at once, anger, files that cannot be read."""

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.support.intents.starter import starter_examples
from duologue.packs.support.talk.routing import MODES, PRIORITIES, Route, find_route, load_routes


def test_the_shipped_routes_are_about_the_starter_intents() -> None:
    assert set(load_routes()) - {"other"} <= set(starter_examples()[1])


def test_of_several_intents_the_most_cautious_mode_and_the_most_urgent_priority_count() -> None:
    routes = {"a": Route("x", "low", "copilot"), "b": Route("y", "high", "autopilot"), "other": Route("z")}
    assert find_route(["a", "b"], routes) == Route("y", "high", "copilot")
    assert find_route(["unheard of"], routes) == find_route([], routes) == Route("z")
    assert find_route(["a"], routes, is_angry=True).priority == "normal"
    assert find_route(["complaint"], load_routes(), is_angry=True) == Route("complaints", "urgent", "human")


def test_adding_an_intent_never_makes_a_message_less_urgent_or_less_guarded() -> None:
    routes = load_routes()
    for one in routes:
        for other in routes:
            alone, both = find_route([one], routes), find_route([one, other], routes)
            assert PRIORITIES.index(both.priority) >= PRIORITIES.index(alone.priority)
            assert MODES.index(both.mode) >= MODES.index(alone.mode)


@pytest.mark.parametrize("text", ["[a", "a = 3", '[a]\npriority = "soon"', '[a]\nmode = "alone"', '[a]\nteams = "x"'])
def test_routes_that_cannot_be_read(text: str) -> None:
    with pytest.raises(Invalid):
        load_routes(text)
