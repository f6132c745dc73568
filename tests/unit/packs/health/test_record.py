"""Records: what is unsupported must be opened, what is signed stays, and a chain of hashes tells of any change."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from duologue.kit.errors import Conflict, Invalid
from duologue.kit.text import Lang
from duologue.packs.health.audit.chain import link
from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.record.life import (
    Record,
    amend,
    edit,
    grow,
    is_intact,
    lines_of,
    open_line,
    seal,
    seal_addendum,
    sign,
)
from duologue.packs.health.record.note import note_of, write_note
from duologue.packs.health.record.support import unsupported

AT = datetime(2026, 1, 1, tzinfo=UTC)
TALK = [
    {"role": "patient", "text": "I have a cough and I take metformin 500 mg."},
    {"role": "doctor", "text": "Any fever?"},
    {"role": "patient", "text": "No."},
]
GRAPH = extract_facts(TALK, "en")
DRAFT = Record("r", "w", "c", "p", "en", lines_of(note_of(GRAPH)))


def _find(words: str) -> int:
    return next(i for i, line in enumerate(DRAFT.lines) if words in line.text)


def test_the_draft_rests_on_the_words_of_its_turns() -> None:
    assert "500 mg" in DRAFT.lines[_find("etformin")].text
    for line in DRAFT.lines:
        assert all(words in TALK[turn]["text"] for turn, words in line.quotes)


def test_an_edit_keeps_its_support_only_where_the_talk_carries_it() -> None:
    at = _find("Denies fever")
    assert edit(DRAFT, at, "Denies fever.", "dr", GRAPH).lines[at].supported
    changed = edit(DRAFT, at, "Fever of 39.", "dr", GRAPH)
    assert not changed.lines[at].supported
    with pytest.raises(Conflict, match="unsupported"):
        sign(changed, "dr", AT)
    assert sign(open_line(changed, at), "dr", AT).state == "signed"


SAID: dict[Lang, list[dict[str, str]]] = {
    "en": [
        {"role": "patient", "text": "I have had a cough for three days and a fever of 38.5. My boss is worried."},
        {"role": "doctor", "text": "Any allergies?"},
        {"role": "patient", "text": "No."},
    ],
    "zh": [
        {"role": "patient", "text": "我咳嗽三天了，发烧38.5度，老板很担心。"},
        {"role": "doctor", "text": "有过敏吗？"},
        {"role": "patient", "text": "没有。"},
    ],
}


@pytest.mark.parametrize(
    ("lang", "text", "carried"),
    [
        ("en", "Cough for three days.", {0}), ("en", "Denies any allergies.", {1, 2}), ("en", "Fever 38.5, cough.", {0}),
        ("en", "Boss worried.", {0}), ("en", "Lungs clear on auscultation.", None), ("en", "ECG normal.", None),
        ("en", "Diagnosed with lupus in her teens.", None), ("en", "Fit to drive.", None), ("en", "Left-sided cough.", None),
        ("en", "Cough for three weeks.", None), ("en", "Boss not worried.", None), ("en", "Not asked.", None),
        ("zh", "咳嗽三天。", {0}), ("zh", "患者否认过敏。", {1, 2}), ("zh", "老板很担心。", {0}), ("zh", "双肺呼吸音清。", None),
        ("zh", "心电图正常。", None), ("zh", "既往有红斑狼疮。", None), ("zh", "咳铁锈色痰。", None), ("zh", "咳嗽三周。", None),
        ("zh", "老板不很担心。", None),
    ],
)  # fmt: skip
def test_an_edited_sentence_rests_on_what_was_said_or_is_marked(lang: Lang, text: str, carried: set[int] | None) -> None:
    graph = extract_facts(SAID[lang], lang)
    draft = Record("r", "w", "c", "p", lang, lines_of(note_of(graph)))
    at = next(i for i, line in enumerate(draft.lines) if line.section == "hpi")
    line = edit(draft, at, text, "dr", graph).lines[at]
    assert line.supported is (carried is not None)
    assert set(line.turns) == {turn for turn, _ in line.quotes} == (carried or set())
    assert all(words in SAID[lang][turn]["text"] for turn, words in line.quotes)
    assert edit(edit(draft, at, text, "dr", graph), at, draft.lines[at].text, "dr", graph).lines[at].supported


def test_what_is_signed_stays_and_is_amended() -> None:
    signed = sign(DRAFT, "dr", AT)
    with pytest.raises(Conflict):
        edit(signed, 0, "x", "dr", GRAPH)
    with pytest.raises(Conflict):
        sign(signed, "dr", AT)
    with pytest.raises(Conflict):
        amend(DRAFT, "x", "dr", AT)
    amended = amend(signed, "X-ray ordered", "dr", AT)
    assert (amended.state, amended.lines, is_intact(amended)) == ("amended", signed.lines, True)
    assert not is_intact(replace(amended, lines=(replace(amended.lines[0], text="no cough"), *amended.lines[1:])))


def test_what_the_audit_sealed_is_what_stands_there() -> None:
    amended = amend(sign(DRAFT, "dr", AT), "X-ray ordered", "dr", AT)
    chain = [link(None, AT, "dr", "signed", "c", {"digest": amended.digest})]
    chain.append(link(chain[0], AT, "dr", "amended", "c", {"addendum": 1, "digest": seal_addendum(amended.addenda[0])}))
    assert is_intact(amended, chain)
    assert not is_intact(replace(amended, addenda=(replace(amended.addenda[0], text="no X-ray"),)), chain)
    assert not is_intact(replace(amended, addenda=()), chain)
    lines = (replace(amended.lines[0], text="no cough"), *amended.lines[1:])
    assert not is_intact(replace(amended, lines=lines, digest=seal(lines)), chain)
    assert not is_intact(replace(amended, state="draft"), chain)


def test_a_draft_grows_with_the_talk_and_keeps_what_a_clinician_did() -> None:
    draft = replace(DRAFT, heard=len(GRAPH.turns))
    assert grow(draft, GRAPH) is draft
    at = _find("Cough")
    changed = edit(edit(draft, at, "Cough, dry.", "dr", GRAPH), len(draft.lines), "Chest X-ray.", "dr", GRAPH)
    changed = edit(changed, _find("Denies fever"), "", "dr", GRAPH)
    more = [*TALK, {"role": "doctor", "text": "Any allergies?"}, {"role": "patient", "text": "Yes, penicillin."}]
    grown = grow(changed, extract_facts(more, "en"))
    texts = [line.text for line in grown.lines]
    assert any("enicillin" in t for t in texts)
    assert {"Cough, dry.", "Chest X-ray."} <= set(texts)
    assert "Denies fever." not in texts
    assert sum(t == "Not asked." for t in texts) == sum(line.text == "Not asked." for line in DRAFT.lines) - 1
    assert grown.heard == len(more)
    assert grow(sign(draft, "dr", AT), extract_facts(more, "en")).lines == draft.lines


def test_edges_are_named() -> None:
    with pytest.raises(Invalid):
        edit(DRAFT, 99, "x", "dr", GRAPH)
    with pytest.raises(Invalid):
        open_line(DRAFT, -1)
    with pytest.raises(Invalid):
        edit(DRAFT, 0, "cough " * 1000, "dr", GRAPH)
    with pytest.raises(Conflict):
        sign(DRAFT, "", AT)


def test_another_patients_note_is_refused() -> None:
    other = [{"role": "patient", "text": "My knee hurts."}]
    assert unsupported(write_note(TALK, "en"), TALK) == []
    assert unsupported(write_note(TALK, "en"), other)


def test_what_is_asked_about_another_thing_denies_nothing() -> None:
    talk = [
        {"role": "patient", "text": "I have a cough and a rash."},
        {"role": "doctor", "text": "Have you been coughing up blood?"},
        {"role": "patient", "text": "No."},
        {"role": "doctor", "text": "Did you put anything on the rash?"},
        {"role": "patient", "text": "No, nothing."},
    ]
    graph = extract_facts(talk, "en")
    assert [graph.status(c) for c in ("cough", "coughing blood", "rash")] == ["present", "denied", "present"]
