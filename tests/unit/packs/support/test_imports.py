"""CSV as shops export it: separators, encodings, renamed columns, broken lines, broken files."""

from datetime import UTC, datetime

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.support.shop.catalogue import read_catalogue
from duologue.packs.support.shop.imports import read_events, read_orders
from duologue.packs.support.shop.table import read_table

EVENTS = (
    "Person;Item;At;Kind\nada;tent;2026-01-02T10:00:00Z;view\nada;tent;2026-01-01;\n"
    "bo;;2026-01-01;view\nbo;x;soon;view\nbo;x;1;lend\n"
)
ORDERS = (
    "number,email,placed_at,status,item,quantity,total,currency\n"
    "ro-1,Ada@Mail.example,2026-01-01,shipped,tent,2,90.5,gbp\n"
    "RO-2,nobody,2026-01-01,shipped,tent,1,9,gbp\n"
    "RO-3,a@b.example,2026-01-01,lost,tent,1,9,gbp\n"
    "RO-4,a@b.example,2026-01-01,placed,tent,1.5,9,gbp\n"
    "RO-5,a@b.example,2026-01-01,placed,tent,1,nan,gbp\n"
    "RO-6,a@b.example,2026-01-01,placed\n"
)


def test_events_with_semicolons_and_their_faults() -> None:
    events, faults = read_events(EVENTS.encode())
    assert [(e.person, e.item, e.kind) for e in events] == [("ada", "tent", "purchase"), ("ada", "tent", "view")]
    assert events[0].at == datetime(2026, 1, 1, tzinfo=UTC)
    assert [line for line, _ in faults] == [4, 5, 6]


def test_other_names_of_columns_and_seconds_as_times() -> None:
    events, faults = read_events(b"user\titem\ttimestamp\nada\ttent\t86400\n")
    assert (events[0].person, events[0].at, faults) == ("ada", datetime(1970, 1, 2, tzinfo=UTC), [])


def test_orders_and_their_faults() -> None:
    orders, faults = read_orders(ORDERS.encode("utf-8-sig"))
    [one] = orders
    assert (one.number, one.email, one.quantity, one.total, one.currency) == ("RO-1", "ada@mail.example", 2, 90.5, "GBP")
    assert [line for line, _ in faults] == [3, 4, 5, 6, 7]


def test_chinese_from_a_spreadsheet() -> None:
    items, _ = read_catalogue("id,title,in_stock\n1,双人帐篷,无\n".encode("gb18030"))
    assert (items[0].title, items[0].in_stock) == ("双人帐篷", False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"id,title\0\n",
        b"\xff\xfe\x00",
        b"person,item\na,b\n",
        b'person,item,at\n"' + b"x" * 300_000,
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        read_events(data)


def test_a_quotation_mark_that_is_never_closed_refuses_the_file() -> None:
    with pytest.raises(Invalid, match="line 3 is never closed"):
        list(read_table(b'text,intent\nwhere is it,status\n"never closed,x\nfoo,y\n', "examples", ("text", "intent")))
    inch = list(read_table(b'text,intent\na 5" tent,size\n"two\nlines",other\n', "examples", ("text", "intent")))
    assert [row["text"] for _, row in inch] == ['a 5" tent', "two\nlines"]
