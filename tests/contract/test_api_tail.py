"""The shared tail of the feed: complete from any cursor, and without a word of a person who was erased."""

from duologue.conversation.service import ConversationService
from duologue.interfaces.api.tail import Tail
from duologue.store.bus import Audience
from duologue.store.database import Database
from duologue.store.feed import Record

W = "wsp_a"


async def to_text(record: Record, audience: Audience) -> bytes:
    return str(record.payload).encode()


async def test_an_erased_person_is_not_replayed_from_memory(database: Database) -> None:
    service, tail = ConversationService(database), Tail(database, to_text)
    desk = await service.ensure_desk(W, "Help")
    start = await tail.cursor(W)
    for person in ("per_ada", "per_bob"):
        talk = await service.start(W, person, desk.id, "en")
        await service.post_person_message(W, talk.id, person, "c1", f"I am {person}.")

    async def read(since: int) -> tuple[list[int], bytes]:
        items, _ = await tail.after(W, since)
        return [i.record.cursor for i in items], b"".join([await tail.bytes(i, "internal") for i in items])

    before, text = await read(start)
    assert b"I am per_ada." in text
    async with database.write() as tx:
        await service.erase_person(tx, W, "per_ada")
    after, text = await read(start)
    assert after == [*before, before[-1] + 1]
    assert b"I am per_ada." not in text
    assert b"I am per_bob." in text
