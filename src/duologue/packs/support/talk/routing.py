"""To whom a message goes: the team of its topic, how urgent it is, and how much the assistant may do about it alone.

Routes come from `routes.toml`, or from a desk's own file of the same form. Of several intents in one message the most cautious mode
and the most urgent priority count, and the team of the most urgent one. Knows no conversation.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from duologue.kit.errors import Invalid

Priority = Literal["low", "normal", "high", "urgent"]
Mode = Literal["autopilot", "copilot", "human"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
MODES: tuple[Mode, ...] = get_args(Mode)
SHIPPED = Path(__file__).with_name("routes.toml")
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Route:
    """A team by name (empty: any), how urgent, and the posture that the topic asks for at most."""

    team: str = ""
    priority: Priority = "normal"
    mode: Mode = "autopilot"


def load_routes(text: str | None = None) -> dict[str, Route]:
    """Routes by intent, of a TOML text; the shipped ones without. Raises Invalid naming the entry that cannot be read."""
    try:
        found = tomllib.loads(SHIPPED.read_text("utf-8") if text is None else text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"The routes are not valid TOML: {error}.") from error
    return {name: _route(name, entry) for name, entry in found.items()}


def _route(name: str, entry: object) -> Route:
    if not isinstance(entry, dict) or not set(entry) <= {"team", "priority", "mode"}:
        raise Invalid(f"The route {name!r} is a table with team, priority and mode, and nothing else.")
    priority, mode = entry.get("priority", "normal"), entry.get("mode", "autopilot")
    if priority not in PRIORITIES:
        raise Invalid(f"The priority of {name!r} is one of {', '.join(PRIORITIES)}.")
    if mode not in MODES:
        raise Invalid(f"The mode of {name!r} is one of {', '.join(MODES)}.")
    return Route(str(entry.get("team", "")), cast(Priority, priority), cast(Mode, mode))


def find_route(intents: Sequence[str], routes: Mapping[str, Route], *, is_angry: bool = False) -> Route:
    """The route of a message with these intents, surest first (none: the route of `other`). Anger makes it one step more urgent."""
    other = routes.get(OTHER, Route())
    found = [routes.get(intent, other) for intent in intents] or [other]
    lead = max(found, key=lambda route: PRIORITIES.index(route.priority))
    urgency = PRIORITIES.index(lead.priority) + is_angry
    strictest = max(found, key=lambda route: MODES.index(route.mode)).mode
    return replace(lead, priority=PRIORITIES[min(urgency, len(PRIORITIES) - 1)], mode=strictest)
