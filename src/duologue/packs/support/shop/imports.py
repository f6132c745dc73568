"""Orders and events of a shop from CSV. The catalogue is read by `catalogue`; what is kept where, others know.

A row that cannot be read is reported with its line and left out, never guessed at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Literal, TypeVar, cast, get_args

from duologue.packs.support.shop.table import Fault, read_table

EventKind = Literal["view", "cart", "purchase"]
T = TypeVar("T")
OrderStatus = Literal["placed", "packed", "shipped", "delivered", "cancelled", "returned", "refunded"]


@dataclass(frozen=True, slots=True)
class ShopEvent:
    """A person looked at an item, put it into the cart or bought it."""

    person: str
    item: str
    at: datetime
    kind: EventKind = "purchase"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One item of an order. `total` is of the whole order, in `currency`; `email` is the address it was placed with."""

    number: str
    email: str
    placed_at: datetime
    status: OrderStatus
    item: str
    quantity: int
    total: float
    currency: str


def read_events(data: bytes) -> tuple[list[ShopEvent], list[Fault]]:
    """Events of a CSV file with a header `person,item,at[,kind]`, oldest first; `user` and `timestamp` are read as well.

    `at` is ISO 8601 (of UTC where it names no zone) or seconds since 1970. Raises Invalid where the file as a whole cannot be read.
    """

    def one(row: dict[str, str]) -> ShopEvent:
        kind = row.get("kind", "").lower() or "purchase"
        if kind not in get_args(EventKind):
            raise ValueError("the kind is none of view, cart, purchase")
        return ShopEvent(_needed(row, "person"), _needed(row, "item"), _moment(_needed(row, "at")), cast(EventKind, kind))

    found, faults = _read(data, "events", ("person", "item", "at"), {"user": "person", "timestamp": "at"}, one)
    return sorted(found, key=lambda event: event.at), faults


def read_orders(data: bytes) -> tuple[list[OrderLine], list[Fault]]:
    """Lines of a CSV file with a header `number,email,placed_at,status,item[,quantity,total,currency]`, in the file's order.

    Raises Invalid where the file as a whole cannot be read.
    """

    def one(row: dict[str, str]) -> OrderLine:
        status, email = _needed(row, "status").lower(), _needed(row, "email").casefold()
        if status not in get_args(OrderStatus):
            raise ValueError(f"the status is none of {', '.join(get_args(OrderStatus))}")
        if "@" not in email:
            raise ValueError("the e-mail address has no @")
        quantity, total = _number(row.get("quantity", "") or "1", "quantity"), _number(row.get("total", "") or "0", "total")
        if quantity != int(quantity) or quantity < 1 or total < 0:
            raise ValueError("the quantity is no whole number from 1, or the total is negative")
        placed, number, currency = _moment(_needed(row, "placed_at")), _needed(row, "number").upper(), row.get("currency", "")
        order_status = cast(OrderStatus, status)
        return OrderLine(number, email, placed, order_status, _needed(row, "item"), int(quantity), total, currency.upper())

    return _read(data, "orders", ("number", "email", "placed_at", "status", "item"), {}, one)


def _read(
    data: bytes, name: str, needs: tuple[str, ...], other_names: dict[str, str], one: Callable[[dict[str, str]], T]
) -> tuple[list[T], list[Fault]]:
    first = data[:4096].split(b"\n", 1)[0].lower()
    renamed = {old: new for old, new in other_names.items() if old.encode() in first and new.encode() not in first}
    wanted = [next((old for old, new in renamed.items() if new == column), column) for column in needs]
    found, faults = list[T](), list[Fault]()
    for line, row in read_table(data, name, wanted):
        try:
            found.append(one({renamed.get(column, column): value for column, value in row.items()}))
        except ValueError as error:
            faults.append((line, str(error)))
    return found, faults


def _needed(row: dict[str, str], column: str) -> str:
    if not row.get(column):
        raise ValueError(f"the {column} is missing")
    return row[column]


def _number(text: str, what: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not isfinite(found):
        raise ValueError(f"the {what} is not a number")
    return found


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromtimestamp(float(text), UTC) if text.replace(".", "", 1).isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise ValueError("the time is not ISO 8601") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
