"""What the shop offers, and the rules by which an item may be offered at all. Knows neither persons nor scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan

from duologue.kit.text import Lang
from duologue.packs.support.shop.order_words import money
from duologue.packs.support.shop.table import Fault, read_table


@dataclass(frozen=True, slots=True)
class Item:
    """A product or service. `price` in `currency` (GBP, CNY …; empty: the shop's own); no `regions` means everywhere; `tags` say
    what it is."""

    id: str
    title: str
    text: str = ""
    price: float | None = None
    tags: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    in_stock: bool = True
    title_zh: str = ""
    currency: str = ""

    def name(self, lang: Lang) -> str:
        """The title in a language, or the other one."""
        return self.title_zh if lang == "zh" and self.title_zh else self.title

    @property
    def price_text(self) -> str | None:
        """The price as it is written, None where there is none."""
        return None if self.price is None else money(self.price, {"currency": self.currency})

    @property
    def words(self) -> str:
        """All that is said about the item."""
        return "\n".join(part for part in (self.title, self.title_zh, " ".join(self.tags), self.text) if part)


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be offered to this person now. `has_consent` False: their history is not used, only what they say now.

    `currency`: of `max_price`, where it is known; prices in another one cannot be compared, and are too high.
    """

    region: str = ""
    max_price: float | None = None
    currency: str = ""
    needs_stock: bool = True
    tags: frozenset[str] = frozenset()
    leave_out: frozenset[str] = frozenset()
    has_consent: bool = True

    def allow(self, item: Item) -> bool:
        """Whether an item may be offered: in stock, sold in the region, within the price, with one of the tags, not left out."""
        return (
            (item.in_stock or not self.needs_stock)
            and (not self.region or not item.regions or self.region in item.regions)
            and self._is_within(item)
            and (not self.tags or bool(self.tags & set(item.tags)))
            and item.id not in self.leave_out
        )

    def _is_within(self, item: Item) -> bool:
        if self.max_price is None:
            return True
        is_comparable = not self.currency or not item.currency or item.currency == self.currency
        return is_comparable and item.price is not None and item.price <= self.max_price


def read_catalogue(data: bytes) -> tuple[list[Item], list[Fault]]:
    """Items of a CSV file with a header `id,title[,title_zh,text,price,currency,tags,regions,in_stock]`, and (line, fault)
    of the rows left out.

    Tags and regions are parted by `;` or `|`. Raises Invalid where the header lacks `id` or `title` or the file is no text.
    """
    items: dict[str, Item] = {}
    faults: list[Fault] = []
    for line, row in read_table(data, "catalogue's rows", ("id", "title")):
        name, title = row["id"], row["title"]
        try:
            price = float(row["price"]) if row.get("price") else None
        except ValueError:
            price = nan
        if price is not None and not 0 <= price < inf:
            faults.append((line, "the price is not a number from 0"))
            continue
        if not name or not title or name in items:
            faults.append((line, "the id stands there twice" if name in items else "id or title is missing"))
            continue
        stock = (row.get("in_stock") or "yes").lower() not in ("0", "no", "false", "否", "无")
        items[name] = Item(name, title, row.get("text", ""), price, _list(row, "tags"), _list(row, "regions"), stock,
                           row.get("title_zh", ""), row.get("currency", "").strip().upper()[:8])  # fmt: skip
    return list(items.values()), faults


def _list(row: Mapping[str, str], column: str) -> tuple[str, ...]:
    parts = row.get(column, "").replace("|", ";").split(";")
    return tuple(part.strip() for part in parts if part.strip())
