"""Who looks at which conversation just now. Kept in memory, forgotten after a silence, never stored."""

from duologue.kit.clock import Clock

SILENCE_S = 45.0


class Presence:
    """Members by conversation, each with the moment of the last sign of life."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], dict[str, tuple[str, float]]] = {}

    def see(self, workspace_id: str, conversation_id: str, member_id: str, name: str) -> None:
        """Note that a member looks at a conversation; he looks at one at a time."""
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
