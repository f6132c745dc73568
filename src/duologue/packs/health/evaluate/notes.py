"""How true notes are: facts against gold facts or the reference note's, sentences without support, swapped notes.

With gold facts every fact that the extractor tells is judged: one that the gold does not hold, or holds otherwise, is wrong.
Facts of a reference note are those that the same lexicon finds in it: precision there counts agreement on status for facts that
both name; what a note leaves out is not held against the talk. A note's "history of alcohol abuse" agrees with a habit that is and
with one that was, not with one that never was. ROUGE is no gate: copying another patient's note scores high.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from duologue.packs.health.evaluate.scores import rouge
from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.facts.extract import Fact, FactGraph, extract_facts
from duologue.packs.health.record.note import note_of
from duologue.packs.health.record.support import unsupported

Figure = tuple[str, float, int, str]
Key = tuple[str, str, bool]
_SPEAKER = re.compile(r"(?:^|(?<=\s))\[?(doctor|patient|guest_\w+|医生|患者|家属)\]?\s*[:：\]]\s*", re.I)
_FROM_RECORD = ("assessment", "pmh", "medications", "allergies", "family", "social")


def turns_of(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """The dialogue of a row, given as turns or as lines with speakers."""
    spoken = row["dialogue"]
    if isinstance(spoken, str):
        given = [{"role": "patient", "text": line} for line in spoken.splitlines() if line.strip()]
    else:
        given = [{"role": str(t.get("role", "patient")), "text": str(t.get("text", ""))} for t in spoken]
    out: list[dict[str, str]] = []
    for turn in given:
        role, last = turn["role"], 0
        for m in _SPEAKER.finditer(turn["text"]):
            if turn["text"][last : m.start()].strip():
                out.append({"role": role, "text": turn["text"][last : m.start()].strip()})
            role, last = m.group(1), m.end()
        out.append({"role": role, "text": turn["text"][last:].strip()})
    return out


def score_notes(rows: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """Figures over rows of `dialogue`, `note` and, where there are any, `facts` as `{"concept", "status", …}`."""
    talks = [turns_of(r) for r in rows]
    graphs = [extract_facts(t, r.get("lang")) for r, t in zip(rows, talks, strict=True)]
    gold = [(r, g) for r, g in zip(rows, graphs, strict=True) if r.get("facts")]
    noted = [(r, g) for r, g in zip(rows, graphs, strict=True) if not r.get("facts")]
    if gold:
        yield from _against_gold(gold)
    if noted:
        yield from _against_notes(noted)
    loose = written = 0
    told_apart, overlap = [], []
    for i, (row, graph) in enumerate(zip(rows, graphs, strict=True)):
        note = note_of(graph)
        loose += sum(not s.turns and s.section not in _FROM_RECORD for s in note.sentences)
        written += len(note.sentences)
        if len(rows) > 1 and any(s.quotes for s in note.sentences):
            told_apart.append(bool(unsupported(note, talks[(i + 1) % len(rows)])) and not unsupported(note, talks[i]))
        if row.get("note"):
            overlap.append(rouge(note.text, row["note"]))
    yield "unsupported_sentence_rate", loose / max(1, written), written, ""
    if told_apart:
        yield (
            "swapped_note_rejected",
            sum(told_apart) / len(told_apart),
            len(told_apart),
            "written note refused on the next patient's talk and accepted on its own; empty notes left out",
        )
    if overlap:
        for k, name in enumerate(("rouge1", "rougeL")):
            yield name, sum(o[k] for o in overlap) / len(overlap), len(overlap), "for comparison only; no gate"


def wrong_facts(row: Mapping[str, Any], graph: FactGraph) -> tuple[list[str], list[str]]:
    """What an extraction told that the gold does not hold, and what it missed or told otherwise; for the reader of misses."""
    gold, mine = {_key_of(f): _said_of(f) for f in row["facts"]}, _told(graph)
    return (
        [f"{k[0]} ({k[1]}): {v}, gold {gold.get(k, '-')}" for k, v in mine.items() if gold.get(k) != v],
        [f"{k[0]} ({k[1]}): {v}, told {mine.get(k, '-')}" for k, v in gold.items() if mine.get(k) != v],
    )


def _against_gold(rows: Sequence[tuple[Mapping[str, Any], FactGraph]]) -> Iterator[Figure]:
    right = told = total = 0
    details: list[bool] = []
    for row, graph in rows:
        gold, mine = {_key_of(f): _said_of(f) for f in row["facts"]}, _told(graph)
        right += sum(gold.get(k) == v for k, v in mine.items())
        told, total = told + len(mine), total + len(gold)
        known = {_key(f): f for f in graph.facts}
        for f in row["facts"]:
            found = known.get(_key_of(f))
            details += [found.detail.get(d) == f[d] for d in ("dose", "side") if d in f and found is not None]
    yield "fact_precision", right / max(1, told), told, "gold facts: every fact told must be there with its status or value"
    yield "fact_recall", right / max(1, total), total, "gold facts"
    if details:
        yield "detail_accuracy", sum(details) / len(details), len(details), "dose and side of the facts found"


def _against_notes(rows: Sequence[tuple[Mapping[str, Any], FactGraph]]) -> Iterator[Figure]:
    agree = both = total = 0
    for row, graph in rows:
        mine, noted = _own(graph), _own(extract_facts([Turn(0, "patient", row["note"])], row.get("lang")))
        shared = mine.keys() & noted.keys()
        agree += sum(_agrees(mine[c], noted[c]) for c in shared)
        both, total = both + len(shared), total + len(noted)
    yield "fact_precision", agree / max(1, both), both, "status agrees, of facts that talk and note name"
    yield "fact_recall", both / max(1, total), total, "of the facts that the lexicon finds in the notes"


def _own(graph: FactGraph) -> dict[tuple[str, bool], Fact]:
    mine = [f for f in graph.facts if f.kind != "measure" and f.experiencer == "patient"]
    return {(f.concept, f.kind == "allergy"): f for f in mine}


def _agrees(mine: Fact, noted: Fact) -> bool:
    if noted.kind == "social" and noted.is_past and noted.status == "present":
        return mine.status == "present" or mine.is_past
    return mine.status == noted.status


def _told(graph: FactGraph) -> dict[Key, str]:
    return {_key(f): _said(f) for f in graph.facts if f.unit not in ("mo", "wk")}


def _key(f: Fact) -> Key:
    return f.concept, f.experiencer, f.kind == "allergy"


def _said(f: Fact) -> str:
    return f"{f.value:g}" if f.kind == "measure" and f.value is not None else f.status


def _key_of(f: Mapping[str, Any]) -> Key:
    return str(f["concept"]), str(f.get("experiencer", "patient")), f.get("kind") == "allergy" or f["concept"] == "allergies"


def _said_of(f: Mapping[str, Any]) -> str:
    return f"{float(f['value']):g}" if "value" in f else str(f.get("status", "present"))
