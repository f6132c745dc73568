"""What the shop offers, and the rules by which an item may be offered at all. Knows neither persons nor scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from duologue.packs.support.encode import Encode
from duologue.packs.support.features import Features
from duologue.packs.support.table import Fault, read_table

LIKE_MOST = 50
"""Likenesses kept per item."""


@dataclass(frozen=True, slots=True)
class Item:
    """A product or service. `price` in the shop's currency; no `regions` means everywhere; `tags` say what it is."""

    id: str
    title: str
    text: str = ""
    price: float | None = None
    tags: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    in_stock: bool = True

    @property
    def words(self) -> str:
        """All that is said about the item."""
        return "\n".join(part for part in (self.title, " ".join(self.tags), self.text) if part)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be offered to this person now. `has_consent` False: their history is not used, only what they say now."""

    region: str = ""
    max_price: float | None = None
    needs_stock: bool = True
    tags: frozenset[str] = frozenset()
    leave_out: frozenset[str] = frozenset()
    has_consent: bool = True

    def allow(self, item: Item) -> bool:
        """Whether an item may be offered: in stock, sold in the region, within the price, with one of the tags, not left out."""
        return (
            (item.in_stock or not self.needs_stock)
            and (not self.region or not item.regions or self.region in item.regions)
            and (self.max_price is None or (item.price is not None and item.price <= self.max_price))
            and (not self.tags or bool(self.tags & set(item.tags)))
            and item.id not in self.leave_out
        )


def read_catalogue(data: bytes) -> tuple[list[Item], list[Fault]]:
    """Items of a CSV file with a header `id,title[,text,price,tags,regions,in_stock]`, and (line, fault) of the rows left out.

    Tags and regions are parted by `;` or `|`. Raises Invalid where the header lacks `id` or `title` or the file is no text.
    """
    items: dict[str, Item] = {}
    faults: list[Fault] = []
    for line, row in read_table(data, "catalogue's rows", ("id", "title")):
        name, title = row["id"], row["title"]
        try:
            price = float(row["price"]) if row.get("price") else None
        except ValueError:
            price = np.nan
        if price is not None and not 0 <= price < np.inf:
            faults.append((line, "the price is not a number from 0"))
            continue
        if not name or not title or name in items:
            faults.append((line, "the id stands there twice" if name in items else "id or title is missing"))
            continue
        stock = (row.get("in_stock") or "yes").lower() not in ("0", "no", "false", "否", "无")
        items[name] = Item(name, title, row.get("text", ""), price, _list(row, "tags"), _list(row, "regions"), stock)
    return list(items.values()), faults


def _list(row: Mapping[str, str], column: str) -> tuple[str, ...]:
    parts = row.get(column, "").replace("|", ";").split(";")
    return tuple(part.strip() for part in parts if part.strip())


class Content:
    """What items are, by their words and an encoder's vectors: for items that nobody has taken yet, and for needs in words."""

    def __init__(self, items: Sequence[Item], encode: Encode | None = None) -> None:
        texts = [item.words for item in items]
        self._features = Features(encode).fit(texts)
        self._rows = self._rows_of(texts)

    def _rows_of(self, texts: Sequence[str]) -> csr_matrix:
        return normalize(self._features.join(self._features.terms(texts), self._features.vectors(texts)))

    def match(self, need: str) -> NDArray[np.float64]:
        """How well each item fits what a person says they need, (I,), 0..1."""
        found: NDArray[np.float64] = np.asarray((self._rows @ self._rows_of([need]).T).todense()).ravel()
        return np.clip(found, 0.0, 1.0)

    def likeness(self) -> csr_matrix:
        """How alike items are, (I, I), zero diagonal, the most alike of each row."""
        return nearest(self._rows)


def nearest(rows: csr_matrix, keep: int = LIKE_MOST) -> csr_matrix:
    """Cosines of rows of unit length, (I, I), without the diagonal; of each row the `keep` greatest."""
    kept, columns, starts = [], [], [0]
    for start in range(0, rows.shape[0], 512):
        block = (rows[start : start + 512] @ rows.T).toarray()
        block[np.arange(len(block)), start + np.arange(len(block))] = 0.0
        best = np.argsort(-block, axis=1, kind="stable")[:, :keep]
        for line, places in zip(block, best, strict=True):
            places = places[line[places] > 0]
            kept.append(line[places])
            columns.append(places)
            starts.append(starts[-1] + len(places))
    flat = (np.concatenate(kept), np.concatenate(columns)) if kept else (np.zeros(0), np.zeros(0, int))
    return csr_matrix((*flat, np.array(starts)), shape=(rows.shape[0], rows.shape[0]))
