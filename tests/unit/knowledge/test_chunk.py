"""Passages follow the structure of the text, keep their place, and lose nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from duologue.knowledge.chunk import MAX_SIZE, cut, measure, plain

GUIDE = """# Delivery

We deliver to four regions.

## Prices

| Region | Price |
| --- | --- |
| UK | £3.95 |
| EU | €9.95 |

Free over £50.

## Islands

### Highlands

Two more days.

### Scilly

By boat, on Tuesdays.
"""


def test_a_section_is_a_passage_and_a_few_introducing_words_join_it() -> None:
    chunks = cut(GUIDE, "Delivery")
    assert [c.heading for c in chunks] == ["Prices", "Islands › Highlands", "Islands › Scilly"]
    assert GUIDE[chunks[0].start : chunks[0].end].startswith("We deliver")
    assert GUIDE[chunks[1].start : chunks[1].end] == "Two more days."


def test_a_heading_that_is_not_the_title_stays_in_the_path() -> None:
    assert cut(GUIDE, "Shop")[1].heading == "Delivery › Islands › Highlands"


def test_a_table_stays_whole_with_its_header() -> None:
    rows = "".join(f"| Item {n} | £{n} |\n" for n in range(60))
    text = f"# Prices\n\n{'Some words about it. ' * 20}\n\n| Item | Price |\n| --- | --- |\n{rows}\n{'And more words. ' * 20}"
    held = [text[c.start : c.end] for c in cut(text)]
    assert sum("| Item | Price |" in body and "| Item 59 | £59 |" in body for body in held) == 1


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = "".join(f"Sentence number {n} says a little about nothing. " for n in range(100)).strip()
    bodies = [text[c.start : c.end] for c in cut(text)]
    assert len(bodies) > 3
    assert all(body.startswith("Sentence") and body.endswith(".") for body in bodies)
    assert all(measure(body) <= MAX_SIZE for body in bodies)


def test_a_long_chinese_paragraph_is_cut_between_sentences() -> None:
    text = "".join(f"第{n}句话说明退货需要保留吊牌并且在期限以内寄回。" for n in range(80))
    bodies = [text[c.start : c.end] for c in cut(text)]
    assert len(bodies) > 2
    assert all(body.endswith("。") and len(body) <= 2 * MAX_SIZE + 20 for body in bodies)


def test_text_without_any_border_is_cut_all_the_same() -> None:
    text = "字" * 5000
    assert all(c.end - c.start <= 2 * MAX_SIZE for c in cut(text))


def test_headings_alone_make_no_passage() -> None:
    assert cut("# One\n\n## Two\n") == []


def test_marks_are_taken_off_a_heading() -> None:
    assert plain("**Bold** and [a link](https://x.example)") == "Bold and a link"


MARKDOWN = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "# A",
                "## B",
                "### 三",
                "- one\n- two",
                "1. first\n2. second",
                "> quoted",
                "```\ncode\n```",
                "---",
                "| a | b |\n| - | - |\n| 1 | 2 |",
            ]
        ),
        st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=300),
    ),
    max_size=12,
).map("\n\n".join)


@given(MARKDOWN)
def test_passages_come_in_order_do_not_overlap_and_are_not_blank(text: str) -> None:
    chunks = cut(text)
    assert all(text[c.start : c.end].strip() == text[c.start : c.end] != "" for c in chunks)
    assert all(one.end <= other.start for one, other in pairwise(chunks))


@given(st.lists(st.text(alphabet="abc 。.字\n", min_size=1, max_size=400), max_size=6).map("\n\n".join))
def test_no_letter_of_plain_prose_is_lost(text: str) -> None:
    kept = "".join(text[c.start : c.end] for c in cut(text))
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


def test_marks_without_words_do_not_pile_up() -> None:
    text = "=.= " * 20_000
    assert max(c.end - c.start for c in cut(text)) < 5_000
