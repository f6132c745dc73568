"""Decks that Anki's own database layout describes, and statements that a record store would take."""

import io
import sqlite3
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

pytest.importorskip("genanki", reason="needs the extra education")

from duologue.packs.education.course import Item, sample_course
from duologue.packs.education.grades.repository import Submission
from duologue.packs.education.interchange import xapi
from duologue.packs.education.interchange.anki import write_deck
from duologue.packs.education.learners.repository import AnswerRow
from tests.unit.packs.education.xapi_rules import faults

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def _open(content: bytes, folder: Path) -> sqlite3.Connection:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (folder / "collection.anki2").write_bytes(archive.read("collection.anki2"))
    return sqlite3.connect(folder / "collection.anki2")


def test_a_deck_holds_every_question_with_its_answer_and_skills(tmp_path: Path) -> None:
    course = sample_course("zh")
    due = {course.items[7].skills[0]: date(2026, 12, 1)}
    trap = Item(
        "trap", "choice", ("a skill",), "<script>alert(1)</script>", "A", options={"A": "x & y", "B": "z"}, steps=("1 < 2",)
    )
    deck = _open(write_deck(course.title, [*course.items, trap], due, "zh"), tmp_path)
    rows = {fields.split("\x1f")[3]: (fields.split("\x1f"), tags) for fields, tags in deck.execute("SELECT flds, tags FROM notes")}
    assert set(rows) == {i.id for i in course.items} | {"trap"}
    assert deck.execute("SELECT count(*) FROM cards").fetchone() == (201,)
    fields, tags = rows["trap"]
    assert fields[:3] == ["&lt;script&gt;alert(1)&lt;/script&gt;<div>A. x &amp; y</div><div>B. z</div>", "A. x &amp; y",
                          "<ol><li>1 &lt; 2</li></ol>"]  # fmt: skip
    assert tags.split() == ["a_skill"]
    fields, tags = rows[course.items[7].id]
    assert "2026-12-01" in fields[0]
    assert "due::2026-12-01" in tags.split()
    again = _open(write_deck(course.title, course.items[:3]), tmp_path)
    guids = {g for (g,) in again.execute("SELECT guid FROM notes")}
    assert guids <= {g for (g,) in _open(write_deck(course.title, course.items), tmp_path).execute("SELECT guid FROM notes")}


def _maker(secret: bytes = b"s" * 32) -> xapi.Statements:
    return xapi.Statements("https://school.example/", secret, "en")


def test_statements_follow_the_specification_and_name_nobody() -> None:
    course = sample_course("en")
    rows = [
        AnswerRow(f"ans_{k}", "wsp", "per_ada", i.id, i.skills, "my dog Bruno", k % 2 == 0, k % 3, AT)
        for k, i in enumerate(course.items)
    ]
    rows.append(AnswerRow("ans_x", "wsp", "per_ben", "gone from the course", ("s",), "x", True, 0, AT))
    one = Submission(
        "sub", "wsp", "hwk", "per_ada", "own", "secret text", "en", "signed", AT, signed={"score": 0.5, "at": AT.isoformat()}
    )
    draft = Submission("sub2", "wsp", "hwk", "per_ada", "own", "x", "en", "bulk", AT, grade={"score": 1.0})
    item = {"type": "choice", "text": "Which?", "key": "A", "options": {"A": "this", "B": "that"}}
    made = [*_maker().answered(rows, course), *_maker().scored([one, draft], {("hwk", "own"): item})]
    assert [f for s in made for f in faults(s)] == []
    assert len(made) == len(rows) + 1
    assert len({s["id"] for s in made}) == len(made)
    text = xapi.to_bytes(made).decode()
    assert not [w for w in ("per_ada", "per_ben", "Bruno", "secret text") if w in text]
    assert not any("correctResponsesPattern" in s["object"]["definition"] for s in made)
    assert len({s["actor"]["account"]["name"] for s in made}) == 2
    assert made == [*_maker().answered(rows, course), *_maker().scored([one, draft], {("hwk", "own"): item})]
    assert {s["actor"]["account"]["name"] for s in made}.isdisjoint(
        s["actor"]["account"]["name"] for s in _maker(b"t" * 32).answered(rows, course)
    )


@pytest.mark.parametrize(
    "change",
    [{"id": "A" * 36}, {"timestamp": "yesterday"}, {"actor": {"mbox": "mailto:a@b.c", "openid": "http://x"}}, {"actor": {}},
     {"verb": {"id": "answered"}}, {"verb": {"id": "http://v", "display": {"english!": "x"}}}, {"object": {"id": "no iri"}},
     {"object": {"id": "http://x", "definition": {"interactionType": "quiz"}}}, {"result": {"score": {"scaled": 1.5}}},
     {"result": {"success": None}}, {"result": {"success": "yes"}}, {"result": {"extensions": {"hints": 1}}}, {"extra": 1},
     {"object": {"id": "http://x", "definition": {"interactionType": "fill-in", "choices": []}}}],
)  # fmt: skip
def test_the_rules_find_what_is_wrong(change: dict[str, object]) -> None:
    """A validator that finds nothing proves nothing."""
    course = sample_course("en")
    (good,) = _maker().answered([AnswerRow("a", "w", "p", course.items[0].id, (), "x", True, 1, AT)], course)
    assert faults(good) == []
    assert faults(good | change) != []
