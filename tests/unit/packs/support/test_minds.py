"""What the support pack learns from persons: nothing of who does not let it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from duologue.assistant.host import Host, Nobody
from duologue.kit.settings import Settings
from duologue.packs.support import repository
from duologue.packs.support.minds import Minds, list_learnt
from duologue.packs.support.model import Outcome, Version
from duologue.packs.support.shop.imports import ShopEvent
from duologue.review.consent import Consents
from duologue.store.database import Database

W, NOW = "wsp_1", datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
async def host(tmp_path: Path) -> Any:
    """A host whose consents may be set: `host.said`."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    said: dict[str, bool] = {}

    async def look(workspace_id: str) -> Consents:
        assert workspace_id == W
        return Consents(said=dict(said))

    async with database.write() as tx:
        await tx.conn.run_sync(repository.metadata.create_all)
    edge: Any = object()
    made = Host("support", database, edge, edge, _Quiet(), Settings(data_dir=tmp_path), encoder=edge, sentences=edge, consents=look)
    yield made, said
    await database.aclose()


class _Quiet:
    """An engine that is never asked."""

    class info:
        is_outside = False


async def test_labelled_words_of_who_refuses_are_no_examples_any_more(host: Any) -> None:
    here, said = host
    examples = (("Where is my tent?", "order_status"), ("Can I pay in cash?", "payment"), ("Do you sell boats?", None))
    async with here.write() as tx:
        await repository.put(tx, Version("v1", W, 1, examples, {}, "", "mem_1", NOW, True))
        for n, (person, text) in enumerate((("per_1", examples[0][0]), ("per_2", examples[1][0]))):
            await repository.add(tx, Outcome(f"msg_{n}", W, f"cnv_{n}", person, text, "", "drafted", "", NOW))
    minds = Minds()
    assert await minds.find_left_out(here, W, 1) == frozenset()
    said["per_1"] = False
    assert await minds.find_left_out(here, W, 1) == {"Where is my tent?"}
    assert await minds.find_left_out(here, W, 0) == frozenset(), "what ships was nobody's"
    said["per_1"] = True
    assert await minds.find_left_out(here, W, 1) == frozenset()


def test_a_recommender_learns_of_nobody_who_said_no() -> None:
    events = [ShopEvent(person, "tent", NOW, "bought") for person in ("per_1", "per_2", "imported 17")]
    refusing = Consents("only_given", {"per_1": False, "per_2": True})
    assert [e.person for e in list_learnt(events, refusing)] == ["per_2", "imported 17"]


def test_where_nobody_can_be_asked_nothing_is_learnt() -> None:
    assert not Nobody().allow("per_1")
    assert Nobody() == Nobody()
