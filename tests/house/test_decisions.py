"""Decisions are numbered without a gap, one page each, and all stand in the index."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs/decisions"
PAGES = sorted(p for p in FOLDER.glob("*.md") if p.name != "README.md")


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(p.name[:4]) for p in PAGES] == list(range(1, len(PAGES) + 1))


def test_each_says_context_decision_and_consequences() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        assert re.match(rf"# {int(page.name[:4])}\. ", text), page.name
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequences")), page.name


def test_the_index_names_each() -> None:
    index = (FOLDER / "README.md").read_text("utf-8")
    assert [p.name for p in PAGES if f"({p.name})" not in index] == []
