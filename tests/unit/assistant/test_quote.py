"""Pieces of a passage, and the answer that is made of them: exact in the source, readable as text, fitting the question."""

from dataclasses import replace

import pytest

from duologue.assistant.quote import find_quotes
from duologue.kit.text import Lang
from duologue.knowledge.model import Hit, Passage
from duologue.knowledge.units import readable, units

PRICES = """We repair **any** brand, see [the list](https://shop.example/list).

| Repair | Bristol | Chengdu |
| --- | --- | --- |
| Replace a zip | £18 | ¥120 |
| Resole a pair of boots | £65 | ¥420 |

How to send it:

1. Wash it.
2. Pack it. Add a note.
3. Send it to Bristol.

- Express: add £15.
- Cleaning: £10 if it arrives
  dirty or wet.
"""
PRICES_ZH = "检测一律免费。报价 30 天内有效；过期要重新报价。\n\n| 项目 | 价格 |\n| --- | --- |\n| 换拉链 | ¥120 |\n"


FILLER = "\n\nThe workshop is in the old mill behind the market, and the people there know wool." * 12


def passage(body: str, lang: Lang = "en", heading: str = "", title: str = "Repairs", ident: str = "psg_1") -> Passage:
    return Passage(ident, "wsp_1", "doc_1", 1, title, heading, body, 0, len(body), lang)


def hit(found: Passage, score: float = 0.5) -> Hit:
    return Hit(found, score, 1, 1, 1.0, 1.0)


def test_pieces_are_readable_and_exact() -> None:
    pieces = units(PRICES, "en")
    assert [(u.kind, u.text) for u in pieces] == [
        ("sentence", "We repair any brand, see the list."),
        ("row", "Replace a zip — Bristol: £18; Chengdu: ¥120"),
        ("row", "Resole a pair of boots — Bristol: £65; Chengdu: ¥420"),
        ("sentence", "How to send it:"),
        ("step", "Wash it."),
        ("step", "Pack it. Add a note."),
        ("step", "Send it to Bristol."),
        ("item", "Express: add £15."),
        ("item", "Cleaning: £10 if it arrives dirty or wet."),
    ]
    for unit in pieces:
        raw = PRICES[unit.start : unit.end]
        assert raw == raw.strip()
        if unit.kind != "row":
            assert readable(raw) == unit.text


def test_chinese_pieces() -> None:
    assert [u.text for u in units(PRICES_ZH, "zh")] == ["检测一律免费。", "报价 30 天内有效；过期要重新报价。", "换拉链：¥120"]


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("", []),
        ("# Heading only", ["heading"]),
        ("|", []),
        ("| a | b |", ["row"]),
        ("No end of sentence", ["sentence"]),
    ],
)
def test_odd_passages_break_nothing(body: str, kinds: list[str]) -> None:
    assert [u.kind for u in units(body, "en")] == kinds


def test_a_row_is_quoted_as_a_sentence_and_cited_as_it_stands() -> None:
    [quote, *_] = find_quotes("How much is it to replace a zip?", [hit(passage(PRICES + FILLER))])
    assert quote.render(1) == "Replace a zip — Bristol: £18; Chengdu: ¥120 [1]"
    citation = quote.cite(1)
    assert citation.quote == "| Replace a zip | £18 | ¥120 |"
    assert citation.quote in PRICES


def test_steps_are_quoted_whole_with_their_lead() -> None:
    [quote, *_] = find_quotes("How do I pack it and send it to you?", [hit(passage(PRICES + FILLER))])
    assert quote.render(1) == "How to send it:\n\n1. Wash it.\n2. Pack it. Add a note.\n3. Send it to Bristol. [1]"


def test_a_short_passage_is_quoted_whole() -> None:
    body = "Tents may be returned within 30 days.\n\n- With a card: 45 days\n- Without: 30 days"
    [quote] = find_quotes("How long may a student return it?", [hit(passage(body))])
    assert quote.render(1) == "Tents may be returned within 30 days.\n\n- With a card: 45 days\n- Without: 30 days [1]"


def test_of_a_table_only_the_rows_that_are_meant_are_quoted() -> None:
    rows = ["USA, Canada", "Switzerland, Norway", "Japan, Korea", "Macao"]
    body = "We do not send gear there.\n\n| Where | Gear |\n| --- | --- |\n" + "\n".join(f"| {row} | No |" for row in rows)
    [quote] = find_quotes("Do you send gear to Norway?", [hit(passage(body))])
    assert quote.render(1) == "We do not send gear there.\n\n- Switzerland, Norway: No [1]"
    [every] = find_quotes("Where do you not send gear?", [hit(passage(body))])
    assert all(row in every.render(1) for row in rows)


PARCELS = """- Gas, which goes by ground.
- Parcels longer than 1.2 metres.

Express costs £7.95 for any order."""


def test_the_price_that_is_asked_for_comes_first() -> None:
    [quote] = find_quotes("What does express cost?", [hit(passage(PARCELS))])
    assert quote.render(1).startswith("Express costs £7.95 for any order.\n\n- Gas")
    assert quote.cite(1).quote == PARCELS[2:]
    [other] = find_quotes("Which parcels are longer than express takes?", [hit(passage(PARCELS))])
    assert other.render(1).startswith("- Gas")


COVER = """Everything has our own warranty.

| Part | Cover |
| --- | --- |
| Any item | 2 years |
| Tent poles | 5 years |
| Backpack frames | 5 years |

The 5 years of backpack frames are for the first owner."""


def test_a_row_that_is_named_in_part_comes_first_and_the_others_stay() -> None:
    [quote] = find_quotes("How long is the warranty on a backpack?", [hit(passage(COVER))])
    assert quote.render(1).startswith("- Backpack frames: 5 years\n- Any item: 2 years\n- Tent poles")
    [named] = find_quotes("How long are backpack frames covered?", [hit(passage(COVER))])
    assert named.render(1).startswith("- Backpack frames: 5 years\n\nEverything")


def test_the_table_comes_before_the_remark_on_it_where_both_hold_what_is_asked_for() -> None:
    body = "We pack by hand.\n\n| | Price |\n| --- | --- |\n| Standard | £4 |\n| Express | £8 |\n| Pickup | Free |\n\n"
    body += "The £50 is counted after discounts. Express stays £8 however large the express order is."
    [quote] = find_quotes("How much is express?", [hit(passage(body))])
    assert quote.render(1).startswith("- Express: £8\n\nWe pack")


def test_a_row_with_the_words_but_without_the_time_that_is_asked_for_hides_no_other() -> None:
    body = "| | About |\n| --- | --- |\n| Kind | An invoice by mail |\n| Time | Within 24 hours |\n| Again | Ask us |"
    [quote] = find_quotes("When do I get the invoice?", [hit(passage(body))])
    assert "Within 24 hours" in quote.render(1)


def test_a_remark_on_a_table_brings_the_table() -> None:
    table = "| Region | Late after |\n| --- | --- |\n| UK | 4 days |\n| EU | 8 days |\n| Hong Kong | 5 days |"
    body = f"{FILLER}\n\n{table}\n\nThe days of a parcel are counted from dispatch."
    [quote] = find_quotes("From when are the days of a parcel counted?", [hit(passage(body))])
    assert quote.render(1).startswith("- UK: 4 days\n- EU: 8 days\n- Hong Kong: 5 days\n\nThe days")


def test_of_equal_passages_the_one_from_the_beginning_of_its_document_goes_first() -> None:
    rule = passage("Parcels arrive within days.", ident="psg_1")
    special = replace(passage("Parcels arrive within days.", ident="psg_2"), ordinal=5)
    assert find_quotes("When do parcels arrive?", [hit(special, 0.6), hit(rule, 0.5)])[0].passage.id == "psg_1"


def test_what_leans_on_the_words_before_it_stays_behind_them() -> None:
    body = "Gas goes by ground.\n\nIt costs £2 more."
    [quote] = find_quotes("How much is gas?", [hit(passage(body))])
    assert quote.render(1).startswith("Gas goes by ground.")


def test_of_two_pieces_with_the_same_words_the_nearer_one_is_quoted() -> None:
    body = f"Blue tents are dear.{FILLER}\n\nRed tents are dear.{FILLER}"
    second = body.index("Red")
    for near in (0, second):
        found = Hit(passage(body), 0.5, 1, 1, 1.0, 0.1, said={near: 0.9})
        [quote] = find_quotes("Are tents dear?", [found])
        assert quote.cite(1).quote.startswith("Red" if near else "Blue")


def test_an_answer_that_leans_on_the_sentence_before_brings_it() -> None:
    long = "The coat is made of wool. " * 30
    body = f"{long}Tents may be returned within 30 days. But students have 45 days for that. {long}"
    [quote, *_] = find_quotes("Do students have more days?", [hit(passage(body))])
    assert "Tents may be returned within 30 days. But students have 45 days for that." in quote.render(1)


def test_a_second_passage_is_quoted_where_the_first_leaves_the_question_open() -> None:
    first = passage("Tents may be returned within 30 days.", ident="psg_1")
    second = passage("Gift cards are sent by e-mail.", ident="psg_2")
    quotes = find_quotes("Can tents be returned, and how are gift cards sent?", [hit(first, 0.5), hit(second, 0.45)])
    assert {q.passage.id for q in quotes} == {"psg_1", "psg_2"}
    assert quotes[1].render(2).endswith("[2]")


@pytest.mark.parametrize(
    ("question", "body", "lang"),
    [
        (
            "When do you open on Sundays?",
            "We open Monday to Saturday at 9:30, and on Sundays at 11:00.\n\nThe nearest car park is five minutes on foot.",
            "en",
        ),
        ("周日几点开门？", "周一至周六9:30开门，周日11:00开门。\n\n地铁站出来走3分钟，停车可免费停2小时。", "zh"),
    ],
)
def test_minutes_on_foot_are_no_time_of_day(question: str, body: str, lang: Lang) -> None:
    (quote,) = find_quotes(question, [hit(passage(body, lang))])
    assert quote.render(1).startswith(body[:10])


def test_nothing_found_is_no_quote() -> None:
    assert find_quotes("anything", []) == []
    assert find_quotes("anything", [hit(passage("# Only a heading"))]) == []
