"""A site's own headings: read, refused where something would be lost, followed by the note and by FHIR."""

from datetime import UTC, datetime

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.fhir.bundle import to_fhir
from duologue.packs.health.fhir.schema import validate_schema
from duologue.packs.health.fhir.strict import validate_fhir
from duologue.packs.health.record.life import Record, amend, edit, lines_of, sign
from duologue.packs.health.record.note import note_of
from duologue.packs.health.record.template import default_template, format_template, from_json, parse_template, to_json

AT = datetime(2026, 1, 1, tzinfo=UTC)
SOAP = """cc, hpi, pmh, medications, allergies, family, social: Subjective
vitals: Objective
assessment: What the rules say
plan: Plan"""
GRAPH = extract_facts([{"role": "patient", "text": "I have a cough, my temperature was 38.5 and I take metformin 500 mg."}], "en")


def test_a_template_is_read_and_written_again() -> None:
    template = parse_template(SOAP, "en")
    assert format_template(template) == SOAP
    assert from_json(to_json(template)) == template
    assert parse_template("  \n", "zh") == default_template("zh")
    assert parse_template(format_template(default_template("zh")).replace(":", "："), "zh") == default_template("zh")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cc: Complaint", "Give these sections a place too"),
        (SOAP.replace("vitals", "vitals, cc"), "stands twice"),
        (SOAP.replace("vitals", "vital"), "no section vital; known are cc"),
        (SOAP.replace("vitals: Objective", "vitals"), "Line 2: write sections"),
        (SOAP.replace("Objective", "Subjective"), "Line 2: give each heading its own words"),
        (SOAP.replace("Objective", "x" * 81), "at most 80"),
    ],
)
def test_what_would_lose_something_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        parse_template(text, "en")


def test_the_note_and_the_composition_follow_it() -> None:
    template = parse_template(SOAP, "en")
    text = note_of(GRAPH).render([(h.title, h.sections) for h in template])
    assert [line for line in text.split("\n") if line and line in SOAP] == ["Subjective", "Objective", "What the rules say"]
    assert "500 mg" in text.split("Objective")[0]
    bundle = to_fhir(GRAPH, at=AT, template=template)
    sections = bundle["entry"][0]["resource"]["section"]
    assert [s["title"] for s in sections] == ["Subjective", "Objective", "What the rules say"]
    assert sections[0]["code"]["coding"][0]["code"] == "61150-9"
    assert len(sections[0]["entry"]) >= 4
    assert validate_fhir(bundle) == [] == validate_schema(bundle)


def test_a_signed_document_says_what_the_clinician_left_and_added() -> None:
    draft = Record("r", "w", "c", "p", "en", lines_of(note_of(GRAPH)))
    planned = edit(draft, len(draft.lines), "Chest X-ray today.", "dr", GRAPH)
    signed = amend(sign(planned, "dr", AT), "X-ray clear.", "dr", AT)
    bundle = to_fhir(GRAPH, at=AT, signed_by="Dr Ada", signed_at=AT, record=signed)
    composition = bundle["entry"][0]["resource"]
    told = {s["title"]: s["text"]["div"] for s in composition["section"] if "text" in s}
    assert "Chest X-ray today." in told["Plan"]
    assert "X-ray clear." in told["Addenda"]
    assert composition["status"] == "amended"
    assert composition["meta"]["security"][0]["code"] == "CLINAST"
    by = {r["resourceType"]: r for r in (e["resource"] for e in bundle["entry"])}
    assert [by[k]["status"] for k in ("Encounter", "Observation", "ClinicalImpression")] == [
        "finished", "final", "completed",
    ]  # fmt: skip
    assert "not signed" not in str(by["ClinicalImpression"])
    assert validate_fhir(bundle) == [] == validate_schema(bundle)


def test_what_the_clinician_struck_out_or_wrote_anew_is_no_resource_of_the_signed_document() -> None:
    draft = Record("r", "w", "c", "p", "en", lines_of(note_of(GRAPH)))
    cough = [i for i, line in enumerate(draft.lines) if line.text.lower().startswith("cough")]
    for index in reversed(cough):
        draft = edit(draft, index, "", "dr", GRAPH)

    def named(record: Record, signed_by: str = "") -> set[str]:
        bundle = to_fhir(GRAPH, at=AT, signed_by=signed_by, signed_at=AT, record=record, consented_at=AT)
        assert validate_fhir(bundle) == [] == validate_schema(bundle)
        assert [e["resource"]["dateTime"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Consent"] == [
            AT.isoformat()
        ]
        return {str(e["resource"].get("code", {}).get("text")) for e in bundle["entry"]}

    assert "cough" in named(draft)
    signed = sign(draft, "dr", AT)
    assert "cough" not in named(signed, "Dr Ada")
    assert named(draft) - named(signed, "Dr Ada") == {"cough"}
