"""Pages of the cache: who holds each, which text each contains, and which may be taken next. Knows no tensor.

A full page is known by a hash that is chained through all pages before it, so equal beginnings of texts find the same pages
(the idea of vLLM's prefix cache). A page that nobody holds stays findable until it is taken for something else, the longest
unused first.
"""

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence

from duologue.engine.batch import BLOCK


def chain(parent: bytes, ids: Sequence[int]) -> bytes:
    """The name of a full page: what stands in it and in all pages before."""
    return hashlib.blake2b(array("i", ids).tobytes(), key=parent, digest_size=16).digest()


class Blocks:
    """A fixed number of pages, counted by how many sequences hold each."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._holders = [0] * count
        self._name: list[bytes | None] = [None] * count
        self._known: dict[bytes, int] = {}
        self._free: OrderedDict[int, None] = OrderedDict.fromkeys(range(count))

    @property
    def num_free(self) -> int:
        """Pages that nobody holds."""
        return len(self._free)

    def is_shared(self, block: int) -> bool:
        """Whether more than one sequence reads this page, so that writing needs a copy."""
        return self._holders[block] > 1

    def take(self) -> int | None:
        """A page of one's own, forgetting what stood in it; None where all are held."""
        if not self._free:
            return None
        block, _ = self._free.popitem(last=False)
        name = self._name[block]
        if name is not None:
            del self._known[name]
            self._name[block] = None
        self._holders[block] = 1
        return block

    def hold(self, block: int) -> None:
        """One more sequence holds this page."""
        if self._holders[block] == 0:
            del self._free[block]
        self._holders[block] += 1

    def let_go(self, block: int) -> None:
        """One sequence less; the last one frees the page, whose text stays findable for a while."""
        self._holders[block] -= 1
        if self._holders[block] == 0:
            self._free[block] = None

    def publish(self, block: int, name: bytes) -> None:
        """Let a full page be found. Where the same text is known already, that page stays the one that is found."""
        if name not in self._known and self._name[block] is None:
            self._known[name], self._name[block] = block, name

    def find(self, ids: Sequence[int], root: bytes) -> tuple[list[int], list[bytes]]:
        """The longest run of known full pages with which `ids` begins, short of its last token; with their names."""
        found: list[int] = []
        names: list[bytes] = []
        name = root
        for start in range(0, (len(ids) - 1) // BLOCK * BLOCK, BLOCK):
            name = chain(name, ids[start : start + BLOCK])
            block = self._known.get(name)
            if block is None:
                break
            found.append(block)
            names.append(name)
        return found, names

    def check(self, tables: Sequence[Sequence[int]]) -> None:
        """Compare the counts with the tables of all living sequences; AssertionError where a page leaked."""
        wanted = [0] * self.count
        for table in tables:
            for block in table:
                wanted[block] += 1
        assert wanted == self._holders, "a page is held by nobody, or by more than hold it"
        assert {b for b, n in enumerate(wanted) if n == 0} == set(self._free)
        assert all(self._name[block] == name for name, block in self._known.items())
