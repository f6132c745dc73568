"""What a page that opens in the middle of an answer is shown."""

from duologue.interfaces.api.live import Live, LiveRun
from duologue.store.bus import Bus, Ephemeral


def tokens(offset: int, text: str, audience: str = "public", run_id: str = "r") -> Ephemeral:
    data = {"run_id": run_id, "offset": offset, "text": text}
    return Ephemeral("tokens", "w", "c", audience, data)  # type: ignore[arg-type]


def test_text_grows_and_goes() -> None:
    bus = Bus()
    live = Live(bus)
    assert live.find("w", "c") is None
    bus.publish(Ephemeral("run", "w", "c", "public", {"run_id": "r", "state": "started"}))
    assert live.find("w", "c") == LiveRun("r", "")
    bus.publish(tokens(0, "Four "))
    bus.publish(tokens(5, "weeks."))
    bus.publish(tokens(5, "weeks."))
    bus.publish(tokens(0, "a draft", "internal"))
    found = live.find("w", "c")
    assert found == LiveRun("r", "Four weeks.")
    assert found.offset == 11
    assert live.find("w", "d") is None
    bus.publish(Ephemeral("run", "w", "c", "public", {"run_id": "r", "state": "finished"}))
    assert live.find("w", "c") is None
    bus.publish(Ephemeral("tokens", "w", "c", "public", {"run_id": "r", "offset": 0, "text": "", "done": True}))
    assert live.find("w", "c") is None, "the end of the tokens may come after the end of the run"


def test_another_run_begins_anew() -> None:
    bus = Bus()
    live = Live(bus)
    bus.publish(tokens(0, "one"))
    bus.publish(tokens(0, "two", run_id="s"))
    assert live.find("w", "c") == LiveRun("s", "two")
