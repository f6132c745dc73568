"""What the running answers say so far, so that a page that opens in the middle shows it. In memory only.

Listens to the `run` and `tokens` signals of its process; the stored message replaces all of it.
"""

from collections import OrderedDict
from dataclasses import dataclass

from duologue.store.bus import Bus, Ephemeral, Signal

MOST = 5_000


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A running turn: the text that its audience has seen; the next token starts at `offset`."""

    run_id: str
    text: str = ""

    @property
    def offset(self) -> int:
        return len(self.text)


class Live:
    """Running turns by conversation, as persons may see them."""

    def __init__(self, bus: Bus) -> None:
        self._runs: OrderedDict[tuple[str, str], LiveRun] = OrderedDict()
        bus.tap(self._on_signal)

    def find(self, workspace_id: str, conversation_id: str) -> LiveRun | None:
        """The turn that runs now, if one does."""
        return self._runs.get((workspace_id, conversation_id))

    def _on_signal(self, signal: Signal) -> None:
        if not isinstance(signal, Ephemeral) or signal.audience != "public" or signal.kind not in ("run", "tokens"):
            return
        key, run_id = (signal.workspace_id, signal.conversation_id), str(signal.data.get("run_id", ""))
        is_over = signal.data.get("state") == "finished" or bool(signal.data.get("done"))
        if is_over:
            self._runs.pop(key, None)
        elif signal.kind == "run":
            self._runs[key] = LiveRun(run_id)
        else:
            run = self._runs.get(key)
            if run is None and signal.data.get("done"):
                return  # the end of a run that has ended already
            text = run.text if run and run.run_id == run_id else ""
            self._runs[key] = LiveRun(run_id, text[: int(signal.data.get("offset", 0))] + str(signal.data.get("text", "")))
        if len(self._runs) > MOST:
            self._runs.popitem(last=False)
