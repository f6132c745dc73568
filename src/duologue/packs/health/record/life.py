"""A record's life: draft → signed → addenda. What is signed never changes; every step leaves a link in the audit.

A sentence that nothing supports must be opened before signing; an edited sentence rests on what carries its new words, or on
nothing; a plan is the clinician's own. There is no signing of more than one record. Knows no storage.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from duologue.kit.errors import Conflict, Invalid
from duologue.packs.health.audit.chain import Entry
from duologue.packs.health.facts.extract import FactGraph, extract_facts
from duologue.packs.health.record.note import Note, note_of
from duologue.packs.health.record.support import find_support

State = Literal["draft", "signed", "amended"]
MOST_WORDS, MOST_ADDED = 2000, 20_000
"""Characters of a sentence of the record, and of an addendum."""
SECTIONS = ("cc", "hpi", "pmh", "medications", "allergies", "family", "social", "vitals", "assessment", "plan")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. `by` is "machine" or a member's id; `opened` once a clinician has looked at it."""

    section: str
    text: str
    turns: tuple[int, ...] = ()
    quotes: tuple[tuple[int, str], ...] = ()
    supported: bool = True
    opened: bool = False
    by: str = "machine"


@dataclass(frozen=True, slots=True)
class Addendum:
    """What was added after signing."""

    text: str
    by: str
    at: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """The record of one conversation. `digest` seals the lines at signing; `signer` is the name as it was then."""

    id: str
    workspace_id: str
    conversation_id: str
    person_id: str
    lang: Literal["en", "zh"]
    lines: tuple[Line, ...]
    state: State = "draft"
    edits: int = 0
    signed_by: str = ""
    signed_at: datetime | None = None
    digest: str = ""
    addenda: tuple[Addendum, ...] = ()
    signer: str = ""
    heard: int = 0
    """How many turns of the talk it has heard; 0 where that was not kept."""


def lines_of(note: Note) -> tuple[Line, ...]:
    """A machine's draft. "Not asked" needs no turn; what claims something without one is unsupported."""
    return tuple(Line(s.section, s.text, s.turns, s.quotes, supported=True) for s in note.sentences)


def grow(record: Record, graph: FactGraph) -> Record:
    """A draft with what the talk told since it was kept. What a clinician wrote anew, added or left out stays so."""
    now = len(graph.turns)
    if record.state != "draft" or not record.heard or now <= record.heard:
        return record
    before = lines_of(note_of(extract_facts(list(graph.turns[: record.heard]), graph.lang)))
    after = lines_of(note_of(graph))
    told_before, told_after, kept = ({(x.section, x.text) for x in lines} for lines in (before, after, record.lines))
    lines = [x for x in record.lines if x.by != "machine" or (x.section, x.text) in told_after]
    for line in after:
        if (line.section, line.text) not in told_before | kept:
            lines.append(line)
    lines.sort(key=lambda x: SECTIONS.index(x.section))
    return replace(record, lines=tuple(lines), heard=now)


def edit(record: Record, index: int, text: str, by: str, graph: FactGraph) -> Record:
    """Change, or with an empty text drop, a line; index = number of lines adds one to the plan."""
    _is_open(record)
    _check_length(text, MOST_WORDS)
    if not 0 <= index <= len(record.lines):
        raise Invalid("There is no such sentence in the record.")
    lines = list(record.lines)
    if index == len(lines):
        if not text.strip():
            raise Invalid("Write the sentence that is to be added.")
        lines.append(Line("plan", text.strip(), supported=False, opened=True, by=by))
    elif not text.strip():
        del lines[index]
    else:
        section = lines[index].section
        quotes = find_support(text, graph, section)
        turns = tuple(sorted({turn for turn, _ in quotes or ()}))
        lines[index] = Line(section, text.strip(), turns, quotes or (), quotes is not None, opened=section == "plan", by=by)
    return replace(record, lines=tuple(lines), edits=record.edits + 1)


def open_line(record: Record, index: int) -> Record:
    """A clinician has looked at a sentence."""
    _is_open(record)
    if not 0 <= index < len(record.lines):
        raise Invalid("There is no such sentence in the record.")
    lines = list(record.lines)
    lines[index] = replace(lines[index], opened=True)
    return replace(record, lines=tuple(lines))


def sign(record: Record, by: str, at: datetime, name: str = "") -> Record:
    """Sign; the caller has asked for the password again. Raises Conflict while an unsupported sentence is unopened."""
    _is_open(record)
    left = [line.text for line in record.lines if not line.supported and not line.opened]
    if left:
        raise Conflict(f"Open the unsupported sentences before you sign: {left[0]}", unopened=len(left), action="open")
    if not by:
        raise Conflict("A named clinician signs.")
    return replace(record, state="signed", signed_by=by, signer=name, signed_at=at, digest=seal(record.lines))


def amend(record: Record, text: str, by: str, at: datetime, name: str = "") -> Record:
    """Add to a signed record; its lines stay as they are."""
    if record.state == "draft":
        raise Conflict("Edit the draft; addenda are for signed records.")
    _check_length(text, MOST_ADDED)
    if not text.strip():
        raise Invalid("Write what is to be added.")
    return replace(record, state="amended", addenda=(*record.addenda, Addendum(text.strip(), by, at, name)))


def seal(lines: Sequence[Line]) -> str:
    """SHA-256 of the lines' content."""
    content = [[line.section, line.text, list(line.turns)] for line in lines]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def seal_addendum(addendum: Addendum) -> str:
    """SHA-256 of an addendum, with who wrote it and when."""
    content = [addendum.text, addendum.by, addendum.name, addendum.at.isoformat()]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def is_intact(record: Record, links: Iterable[Entry] = ()) -> bool:
    """Whether a signed record is what was signed, its addenda what was added, by the record's own seal and by the audit's links."""
    for entry in links:
        sealed = entry.detail.get("digest")
        if entry.action == "signed" and (record.state == "draft" or sealed != record.digest):
            return False
        number = entry.detail.get("addendum", 0)
        if entry.action == "amended" and (
            len(record.addenda) < number or (sealed and sealed != seal_addendum(record.addenda[number - 1]))
        ):
            return False
    return record.state == "draft" or seal(record.lines) == record.digest


def _check_length(text: str, most: int) -> None:
    if len(text) > most:
        raise Invalid(f"Write at most {most} characters.", field="text")


def _is_open(record: Record) -> None:
    if record.state != "draft":
        raise Conflict("The record is signed; write an addendum.")
