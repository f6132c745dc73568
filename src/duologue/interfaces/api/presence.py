"""Who looks at which conversation just now. Kept in memory, forgotten after a silence, never stored.

Signs of life travel on the bus, so that several processes on one database know the same.
"""

from duologue.kit.clock import Clock
from duologue.store.bus import Bus, Ephemeral, Signal

SILENCE_S = 45.0


class Presence:
    """Members by conversation, each with the moment of the last sign of life."""

    def __init__(self, clock: Clock, bus: Bus) -> None:
        self._clock, self._bus = clock, bus
        self._seen: dict[tuple[str, str], dict[str, tuple[str, float]]] = {}
        bus.tap(self._hear)

    def see(self, workspace_id: str, conversation_id: str, member_id: str, name: str, *, is_here: bool = True) -> None:
        """Tell, here and in every other process, that a member looks at a conversation, or no more."""
        data = {"member_id": member_id, "name": name, "is_here": is_here}
        self._bus.publish(Ephemeral("presence", workspace_id, conversation_id, "internal", data))

    def _hear(self, signal: Signal) -> None:
        if isinstance(signal, Ephemeral) and signal.kind == "presence":
            data = signal.data
            here = signal.conversation_id if data["is_here"] else ""
            self._note(signal.workspace_id, here, data["member_id"], data["name"])

    def _note(self, workspace_id: str, conversation_id: str, member_id: str, name: str) -> None:
        """A member looks at one conversation at a time, or at none."""
        for (workspace, other), seen in list(self._seen.items()):
            if workspace == workspace_id and other != conversation_id:
                seen.pop(member_id, None)
                if not seen:
                    del self._seen[workspace, other]
        if conversation_id:
            at = self._clock.now().timestamp()
            self._seen.setdefault((workspace_id, conversation_id), {})[member_id] = (name, at)

    def who(self, workspace_id: str, conversation_id: str) -> list[dict[str, str]]:
        """`{"member_id", "name"}` of those who look at it now, by name."""
        limit = self._clock.now().timestamp() - SILENCE_S
        seen = self._seen.get((workspace_id, conversation_id), {})
        here = [{"member_id": m, "name": name} for m, (name, at) in seen.items() if at >= limit]
        return sorted(here, key=lambda w: (w["name"], w["member_id"]))
