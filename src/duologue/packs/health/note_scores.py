"""How true notes are: facts against the reference note's, sentences without support, and notes swapped between patients.

ROUGE is no gate: copying another patient's note scores high. Facts of a reference note are those that the same lexicon finds in it,
so that precision here counts agreement on status for facts that both name; what a note leaves out is not held against the talk.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from duologue.packs.health.dialogue import Turn
from duologue.packs.health.facts import extract_facts
from duologue.packs.health.note import unsupported, write_note

Figure = tuple[str, float, int, str]
_SPEAKER = re.compile(r"(?:^|(?<=\s))\[?(doctor|patient|guest_\w+|医生|患者|家属)\]?\s*[:：\]]\s*", re.I)


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
    """Figures over rows of `dialogue`, `note` and, where there are any, `facts` as `{"concept", "status"}`."""
    agree = both = gold_total = found = loose = written = 0
    told_apart = []
    talks = [turns_of(r) for r in rows]
    for i, (row, talk) in enumerate(zip(rows, talks, strict=True)):
        mine = {f.concept: f.status for f in extract_facts(talk).facts if f.kind != "measure" and f.experiencer == "patient"}
        if row.get("facts"):
            gold = {f["concept"]: f.get("status", "present") for f in row["facts"]}
        else:
            said = extract_facts([Turn(0, "patient", row["note"])]).facts
            gold = {f.concept: f.status for f in said if f.kind != "measure" and f.experiencer == "patient"}
        shared = mine.keys() & gold.keys()
        agree += sum(mine[c] == gold[c] for c in shared)
        both, gold_total, found = both + len(shared), gold_total + len(gold), found + len(shared)
        note = write_note(talk)
        loose += sum(
            not s.turns and s.section not in ("assessment", "pmh", "medications", "allergies", "social") for s in note.sentences
        )
        written += len(note.sentences)
        if len(rows) > 1 and any(s.quotes for s in note.sentences):
            told_apart.append(bool(unsupported(note, talks[(i + 1) % len(rows)])) and not unsupported(note, talk))
    yield "fact_precision", agree / max(1, both), both, "status agrees, of facts that talk and note name"
    yield "fact_recall", found / max(1, gold_total), gold_total, ""
    yield "unsupported_sentence_rate", loose / max(1, written), written, ""
    if told_apart:
        yield (
            "swapped_note_rejected",
            sum(told_apart) / len(told_apart),
            len(told_apart),
            "written note refused on the next patient's talk and accepted on its own; empty notes left out",
        )
