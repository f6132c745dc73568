"""Signals within a process: who hears what, and what a slow listener loses."""

from duologue.store.bus import Bus, Ephemeral, FeedMoved, Signal


def typing(workspace_id: str = "wsp") -> Ephemeral:
    return Ephemeral("typing", workspace_id, "cnv", "public")


async def test_subscribers_hear_their_workspace_only() -> None:
    bus = Bus()
    async with bus.subscribe("wsp_a") as ours, bus.subscribe("wsp_a") as too, bus.subscribe("wsp_b") as others:
        bus.publish(typing("wsp_a"))
        assert (ours.get_nowait(), too.get_nowait(), others.empty()) == (typing("wsp_a"), typing("wsp_a"), True)
    assert bus.list_workspace_ids() == []
    bus.publish(typing("wsp_a"))


async def test_what_comes_from_outside_is_not_sent_out_again() -> None:
    bus, inside, outside = Bus(), list[Signal](), list[Signal]()
    bus.tap(inside.append)
    bus.add_outlet(outside.append)
    bus.publish(typing())
    bus.deliver(FeedMoved("wsp", 7))
    assert inside == [typing(), FeedMoved("wsp", 7)]
    assert outside == [typing()]


async def test_a_slow_subscriber_is_sent_to_the_feed() -> None:
    bus = Bus(queue_length=2)
    async with bus.subscribe("wsp") as queue:
        for _ in range(3):
            bus.publish(typing())
        signals = [queue.get_nowait() for _ in range(queue.qsize())]
    assert signals == [typing(), FeedMoved("wsp", 0)], "0 says: look yourself"
