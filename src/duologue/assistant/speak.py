"""What leaves while a model is still writing: tokens for the desk, and for the person only sentences that the evidence supports.

Nothing of it is stored; the message that is committed in the end is the truth. The person's stream stays shut where the turn will
probably end in a draft, so that nobody reads half an answer that is then taken back.
"""

from collections.abc import Callable
from typing import Any

from duologue.assistant.answer import claim_of, split, strip_marks
from duologue.assistant.ground import Grounds
from duologue.store.bus import Audience, Bus, Ephemeral


class Speaker:
    """The streams of one turn. `told` is what the person has read so far."""

    def __init__(self, bus: Bus, workspace_id: str, conversation_id: str, run_id: str, audience: Audience) -> None:
        self._bus = bus
        self._audience = audience
        self._where = (workspace_id, conversation_id)
        self._run_id = run_id
        self._grounds: Callable[[], Grounds] | None = None
        self._is_open: Callable[[], bool] = lambda: False
        self._shown = ""
        self._checked = 0
        self.told = ""
        self._is_shut = False

    def announce(self, state: str) -> None:
        """Say that the turn started or finished: to the person where the assistant answers alone, else to the desk."""
        self._publish("run", self._audience, {"state": state})
        if state == "finished":
            self._publish("tokens", self._audience, {"offset": len(self.told), "text": "", "done": True})

    def prepare(self, grounds: Callable[[], Grounds], is_open: Callable[[], bool]) -> None:
        """Say what sentences are checked against, and whether the person may read along."""
        self._grounds = grounds
        self._is_open = is_open

    def hear(self, text: str) -> None:
        """The model's present reply as far as it has come."""
        if not text.startswith(self._shown):
            self._shown, self._checked = "", 0
        self._publish("tokens", "internal", {"offset": len(self._shown), "text": text[len(self._shown) :], "done": False})
        self._shown = text
        if self._is_shut or self._grounds is None or not self._is_open():
            return
        pieces = split(text)[:-1]
        for sentence, ends in pieces[self._checked :]:
            self._checked += 1
            if not self._grounds().check(claim_of(sentence)).holds:
                self._is_shut = True
                return
            self._tell(strip_marks(sentence) + ends)

    def _tell(self, text: str) -> None:
        self._publish("tokens", "public", {"offset": len(self.told), "text": text, "done": False})
        self.told += text

    def _publish(self, kind: str, audience: Audience, data: dict[str, Any]) -> None:
        self._bus.publish(Ephemeral(kind, *self._where, audience, {"run_id": self._run_id, **data}))
