"""The models of each workspace, learned when first needed and again when their examples change; and the threads they run on.

Where the libraries of the extra `support` are missing there are no models: messages are still read by rules. Knows no message.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from duologue.kit.log import get_logger
from duologue.packs.support import repository
from duologue.packs.support.intents.slots import SlotReader
from duologue.packs.support.shop.catalogue import Item, read_catalogue
from duologue.packs.support.shop.imports import ShopEvent
from duologue.packs.support.shop.orders import SAMPLE
from duologue.packs.support.talk.routing import Route, load_routes
from duologue.sdk import Consents, Host

if TYPE_CHECKING:
    from duologue.packs.support.intents.classifier import IntentModel
    from duologue.packs.support.mood.satisfaction import SatisfactionModel
    from duologue.packs.support.mood.sentiment import SentimentModel
    from duologue.packs.support.recommend.recommender import Recommender

log = get_logger(__name__)
T = TypeVar("T")

EVER = datetime(1970, 1, 1, tzinfo=UTC)
ENCODE_TIMEOUT_S = 300
"""For 4,000 examples at once on a busy machine."""
_reading = ThreadPoolExecutor(1, thread_name_prefix="support-read")
_learning = ThreadPoolExecutor(1, thread_name_prefix="support-learn")
"""Threads of their own: the encoder, which the models wait for, runs on the program's."""


class HostEncode:
    """The program's encoder, as the models call it from their thread; with `of_sentences` the slower one that knows sentences."""

    def __init__(self, host: Host, *, of_sentences: bool = False) -> None:
        self._encode = host.encode_sentences if of_sentences else host.encode
        self._loop = asyncio.get_running_loop()
        self.name = (host.sentences if of_sentences else host.encoder).name

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text, (n, d)."""
        if not len(texts):
            return np.zeros((0, 1), np.float32)
        found = asyncio.run_coroutine_threadsafe(self._encode(list(texts)), self._loop).result(timeout=ENCODE_TIMEOUT_S)
        return np.asarray(found, np.float32)


async def think(function: Callable[[], T], *, is_learning: bool = False) -> T:
    """Run what takes the processor, off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_learning if is_learning else _reading, function)


@dataclass(frozen=True, slots=True)
class Models:
    """What reads a message."""

    intents: "IntentModel"
    sentiment: "SentimentModel"
    satisfaction: "SatisfactionModel"


@dataclass(frozen=True, slots=True)
class Mind:
    """A workspace's models and settings. `version`: of the intents, 0 for those shipped; `models` None without the libraries."""

    version: int
    models: Models | None
    slots: SlotReader
    routes: Mapping[str, Route]


@dataclass(slots=True)
class Minds:
    """The minds of this process."""

    _models: dict[str, tuple[tuple[Any, ...], Models | None]] = field(default_factory=dict)
    _left_out: dict[str, tuple[int, Consents, frozenset[str]]] = field(default_factory=dict)
    _recommenders: dict[str, tuple[tuple[Any, ...], "Recommender | None", dict[str, Item]]] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def of(self, host: Host, workspace_id: str) -> Mind:
        """The workspace's mind, learned where it is not at hand."""
        async with host.read() as tx:
            number = await repository.find_active_number(tx, workspace_id)
            own = await repository.list_routes(tx, workspace_id)
        async with self._lock(f"{workspace_id} intents"):
            left_out = await self.find_left_out(host, workspace_id, number)
            stamp = (number, host.sentences.name, left_out)
            known = self._models.get(workspace_id)
            if known is None or known[0] != stamp:
                known = (stamp, await self._learn(host, workspace_id, number, left_out))
                self._models[workspace_id] = known
        _, items = await self.shop(host, workspace_id)
        names = {item.id: [item.title, *([item.title_zh] if item.title_zh else [])] for item in items.values()}
        return Mind(number, known[1], SlotReader(names), load_routes() | own)

    async def find_left_out(self, host: Host, workspace_id: str, number: int) -> frozenset[str]:
        """Examples that are the words of persons who do not let them be learnt from; looked for when a consent changes."""
        if not number:
            return frozenset()
        consents = await host.consents(workspace_id)
        known = self._left_out.get(workspace_id)
        if known is None or known[:2] != (number, consents):
            async with host.read() as tx:
                version = await repository.find_active(tx, workspace_id)
                asked = await repository.list_outcomes(tx, workspace_id, EVER, limit=0)
            theirs = {row.question for row in asked if not consents.allow(row.person_id)}
            found = frozenset(text for text, _ in (version.examples if version else ()) if text in theirs)
            known = self._left_out[workspace_id] = (number, consents, found)
        return known[2]

    async def _learn(self, host: Host, workspace_id: str, number: int, left_out: frozenset[str]) -> Models | None:
        async with host.read() as tx:
            version = await repository.find_active(tx, workspace_id) if number else None
        encode = HostEncode(host, of_sentences=True)

        def learn() -> Models | None:
            try:
                from duologue.packs.support.intents.classifier import IntentModel
                from duologue.packs.support.intents.starter import starter_examples, with_strangers
                from duologue.packs.support.mood.satisfaction import SatisfactionModel
                from duologue.packs.support.mood.sentiment import SentimentModel
            except ModuleNotFoundError as error:
                log.warning("%s is not installed, so intents are not read: pip install 'duologue[support]'", error.name)
                return None
            kept = [one for one in version.examples if one[0] not in left_out] if version else []
            texts, intents = zip(*kept, strict=True) if kept else starter_examples()
            return Models(IntentModel(encode).fit(*with_strangers(texts, intents)), SentimentModel(encode), SatisfactionModel())

        return await think(learn, is_learning=True)

    async def shop(self, host: Host, workspace_id: str) -> tuple["Recommender | None", dict[str, Item]]:
        """The recommender and the catalogue by id; the sample's where none was imported."""
        async with host.read() as tx:
            changes = await repository.shop_stamp(tx, workspace_id)
        stamp = (changes, await host.consents(workspace_id))
        async with self._lock(f"{workspace_id} shop"):
            known = self._recommenders.get(workspace_id)
            if known is None or known[0] != stamp:
                async with host.read() as tx:
                    catalogue = await repository.list_items(tx, workspace_id)
                    events = list_learnt(await repository.list_events(tx, workspace_id), stamp[-1])
                catalogue = catalogue or sample_catalogue()
                encode = HostEncode(host)

                def learn() -> "Recommender | None":
                    try:
                        from duologue.packs.support.recommend.recommender import Recommender
                    except ModuleNotFoundError:
                        return None
                    columns = [e.person for e in events], [e.item for e in events], [e.at.timestamp() for e in events]
                    return Recommender(encode=encode).fit(*columns, catalogue)

                known = (stamp, await think(learn, is_learning=True), {item.id: item for item in catalogue})
                self._recommenders[workspace_id] = known
        return known[1], known[2]

    def forget(self, workspace_id: str) -> None:
        """Learn anew when asked next."""
        self._models.pop(workspace_id, None)
        self._recommenders.pop(workspace_id, None)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


def list_learnt(events: Sequence[ShopEvent], consents: Consents) -> list[ShopEvent]:
    """What is learnt from of what was bought and looked at: nothing of who said no. Customers of an imported list, who never wrote
    here and so were never asked, are the owner's to answer for, whatever the rule is for who said nothing."""
    return [event for event in events if not consents.refuses(event.person)]


def sample_catalogue() -> list[Item]:
    """The items of the sample shop."""
    return read_catalogue(SAMPLE.with_name("catalogue.csv").read_bytes())[0]


_MINDS: "WeakKeyDictionary[Host, Minds]" = WeakKeyDictionary()


def minds_of(host: Host) -> Minds:
    """The minds that belong to one program; several run beside each other in tests."""
    return _MINDS.setdefault(host, Minds())


async def prepare(host: Host, workspace_id: str) -> None:
    """Learn a workspace's mind before its first message needs it."""
    await minds_of(host).of(host, workspace_id)
