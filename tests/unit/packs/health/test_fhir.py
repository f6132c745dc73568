"""The record as FHIR: what leaves is valid, and 100 broken resources are refused, each with the place of its fault."""
# ruff: noqa: E501 (a table of faults, one beside the other)

import copy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.fhir.bundle import to_fhir
from duologue.packs.health.fhir.issues import load_codes
from duologue.packs.health.fhir.schema import validate_schema
from duologue.packs.health.fhir.strict import validate_fhir
from duologue.packs.health.language.phrases import load_rules
from duologue.packs.health.record.life import Record, amend, lines_of, sign
from duologue.packs.health.record.note import find_dangers, note_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
TALK = [
    {"role": "doctor", "text": "What brings you in?"},
    {
        "role": "patient",
        "text": "Crushing chest pain and sweating, fever of 38.5. I take metformin 500 mg. My father had diabetes. I smoke.",
    },
    {"role": "doctor", "text": "Do you have asthma?"},
    {"role": "patient", "text": "Yes, and I am allergic to penicillin"},
]
TALKS = [
    TALK,
    "咳嗽三天，发烧38度5，没有胸痛，血压130/80",
    [{"role": "医生", "text": "药物过敏吗？"}, {"role": "患者", "text": "没有"}],
]
BUNDLE = to_fhir(extract_facts(TALK, "en"), at=AT)
GONE = object()


def _concept(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": code}]}


# resource type, field, broken value
BROKEN: list[tuple[str, str, Any]] = [
    *[("Patient", "gender", v) for v in ("M", "F", "man", "Male", "")],
    *[("Patient", "birthDate", v) for v in ("1/2/1990", "1990-13-01", "yesterday", 7.5)],
    ("Patient", "sex", "male"), ("Patient", "name", "Ann"), ("Patient", "name", [{"use": "nick", "family": "A"}]),
    ("Patient", "telecom", [{"system": "mobile", "value": "1"}]), ("Patient", "telecom", [{"value": "1"}]),
    ("Patient", "address", [{"use": "house"}]), ("Patient", "contact", [{"gender": "female"}]), ("Patient", "active", "maybe"),
    ("Patient", "managingOrganization", {"reference": "urn:uuid:nobody"}), ("Patient", "managingOrganization", {}),
    ("Patient", "generalPractitioner", [{"reference": "Practitioner/9"}]), ("Patient", "multipleBirthInteger", "two"),
    ("Patient", "deceasedBoolean", "dead"), ("Patient", "identifier", [{"use": "mine"}]), ("Patient", "maritalStatus", "married"),
    *[("Encounter", "status", v) for v in ("wrongcode", "done", "open", "FINISHED", GONE)],
    ("Encounter", "class", GONE), ("Encounter", "subject", {"reference": "@Encounter"}), ("Encounter", "subject", {"reference": "Patient/none"}),
    ("Encounter", "period", {"start": "2026-02-01", "end": "2026-01-01"}), ("Encounter", "period", {"begin": "2026"}),
    ("Encounter", "serviceProvider", {"reference": "@Patient"}), ("Encounter", "partOf", {"reference": "@Patient"}),
    *[("Observation", "status", v) for v in ("wrongcode", "ok", "draft", "Final", GONE)],
    ("Observation", "code", GONE), ("Observation", "code", "8310-5"), ("Observation", "subject", {"reference": "@Condition"}),
    ("Observation", "subject", {"reference": "urn:uuid:00000000-0000-0000-0000-000000000000"}), ("Observation", "encounter", {"reference": "@Patient"}),
    ("Observation", "effectiveDateTime", "noon"), ("Observation", "valueString", "and also"), ("Observation", "dataAbsentReason", {"text": "none"}),
    ("Observation", "performer", [{"reference": "@Condition"}]), ("Observation", "derivedFrom", [{"reference": "@Patient"}]),
    ("Observation", "hasMember", [{"reference": "@Condition"}]), ("Observation", "device", {"reference": "@Patient"}),
    ("Observation", "referenceRange", [{"low": 3}]), ("Observation", "component", [{"valueString": "x"}]), ("Observation", "unit", "C"),
    ("Observation", "issued", "2026-01-01"), ("Observation", "specimen", {"reference": "@Encounter"}),
    ("Condition", "clinicalStatus", _concept("ill")), ("Condition", "clinicalStatus", _concept("Active")), ("Condition", "clinicalStatus", GONE),
    ("Condition", "clinicalStatus", {"text": "active"}), ("Condition", "clinicalStatus", "active"),
    ("Condition", "verificationStatus", _concept("confirmed")), ("Condition", "verificationStatus", {"text": "likely"}),
    ("Condition", "subject", GONE), ("Condition", "subject", {"reference": "@Encounter"}), ("Condition", "subject", {"reference": "nowhere"}),
    ("Condition", "encounter", {"reference": "@Device"}), ("Condition", "asserter", {"reference": "@Device"}),
    ("Condition", "recorder", {"reference": "@Encounter"}), ("Condition", "abatementDateTime", "2026-01-01"),
    ("Condition", "onsetDateTime", "last May"), ("Condition", "onset", "2020"), ("Condition", "recordedDate", "03.04.2026"),
    ("AllergyIntolerance", "clinicalStatus", GONE), ("AllergyIntolerance", "clinicalStatus", _concept("active")),
    ("AllergyIntolerance", "verificationStatus", _concept("provisional")), ("AllergyIntolerance", "patient", {"reference": "@Device"}),
    ("AllergyIntolerance", "patient", GONE), ("AllergyIntolerance", "criticality", "severe"), ("AllergyIntolerance", "type", "drug"),
    ("AllergyIntolerance", "category", ["drug"]), ("AllergyIntolerance", "reaction", [{"severity": "bad", "manifestation": [{"text": "x"}]}]),
    ("AllergyIntolerance", "reaction", [{"severity": "mild"}]), ("AllergyIntolerance", "asserter", {"reference": "@Encounter"}),
    ("MedicationStatement", "status", "taking"), ("MedicationStatement", "status", GONE), ("MedicationStatement", "subject", {"reference": "@Device"}),
    ("MedicationStatement", "medicationCodeableConcept", GONE), ("MedicationStatement", "dosage", "500 mg"),
    ("MedicationStatement", "informationSource", {"reference": "@Encounter"}), ("MedicationStatement", "dateAsserted", "today"),
    ("FamilyMemberHistory", "status", "done"), ("FamilyMemberHistory", "relationship", GONE), ("FamilyMemberHistory", "patient", {"reference": "@Device"}),
    ("FamilyMemberHistory", "condition", [{"outcome": {"text": "x"}}]), ("RiskAssessment", "status", "done"),
    ("RiskAssessment", "subject", {"reference": "@Device"}), ("ClinicalImpression", "status", "final"), ("ClinicalImpression", "subject", GONE),
    ("QuestionnaireResponse", "status", "open"), ("QuestionnaireResponse", "item", [{"text": "x"}]),
    ("QuestionnaireResponse", "source", {"reference": "@Device"}), ("Composition", "status", "signed"), ("Composition", "type", GONE),
    ("Composition", "title", GONE), ("Composition", "author", [{"reference": "@Encounter"}]), ("Composition", "section", [{"title": "empty"}]),
    ("Composition", "subject", {"reference": "urn:uuid:gone"}), ("Composition", "date", GONE), ("Composition", "confidentiality", "secret"),
    ("Provenance", "target", GONE), ("Provenance", "agent", GONE), ("Provenance", "recorded", "2026-01-01"),
    ("Provenance", "agent", [{"who": {"reference": "@Encounter"}}]), ("Device", "status", "on"), ("Device", "patient", {"reference": "@Encounter"}),
]  # fmt: skip


def _index(kind: str) -> int:
    return next(i for i, e in enumerate(BUNDLE["entry"]) if e["resource"]["resourceType"] == kind)


def _aimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _aimed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_aimed(v) for v in value]
    if isinstance(value, str) and value.startswith("@"):
        return BUNDLE["entry"][_index(value[1:])]["fullUrl"]
    return value


@pytest.mark.parametrize("talk", TALKS, ids=["en", "zh", "zh answers"])
def test_what_leaves_is_valid_and_labelled(talk: Any) -> None:
    bundle = to_fhir(extract_facts(talk), at=AT)
    assert validate_fhir(bundle, whose="ours") == []
    assert validate_schema(bundle) == []
    assert all(e["resource"]["meta"]["security"][0]["code"] == "AIAST" for e in bundle["entry"])
    assert bundle["entry"][0]["resource"]["status"] == "preliminary"


def test_there_are_a_hundred_broken_resources() -> None:
    assert len(BROKEN) >= 100


@pytest.mark.parametrize(("kind", "field", "value"), BROKEN)
def test_a_broken_resource_is_refused_with_its_path(kind: str, field: str, value: Any) -> None:
    bundle = copy.deepcopy(BUNDLE)
    index = _index(kind)
    resource = bundle["entry"][index]["resource"]
    if value is GONE:
        resource.pop(field, None)
    else:
        resource[field] = _aimed(value)
    paths = [i.path for i in validate_fhir(bundle)]
    assert any(p.startswith(f"Bundle.entry[{index}].resource") for p in paths), paths


def test_a_signed_document_passes_both_judges() -> None:
    bundle = to_fhir(extract_facts(TALK, "en"), at=AT, signed_by="Dr Ada", signed_at=AT)
    assert validate_fhir(bundle) == []
    assert validate_schema(bundle) == []


def test_the_schema_names_the_place_of_a_fault() -> None:
    bundle = copy.deepcopy(BUNDLE)
    index = _index("Patient")
    bundle["entry"][index]["resource"] |= {"gender": "M", "shoe": 43}
    paths = [i.path for i in validate_schema(bundle)]
    assert sorted(paths) == [f"Bundle.entry[{index}].resource", f"Bundle.entry[{index}].resource.gender"]
    assert validate_schema({"resourceType": "Ingredient"})[0].path == "Ingredient"


HARMFUL = [
    ("<script>alert(1)</script>", "script"), ('<p onclick="x()">a</p>', "onclick"), ('<a href="javascript:x()">a</a>', "href"),
    ("<p>a", "well-formed"), ("<form>a</form>", "form"), ("", "nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("markup", "fault"), HARMFUL)
def test_a_narrative_is_harmless_xhtml(markup: str, fault: str) -> None:
    bundle = copy.deepcopy(BUNDLE)
    section = next(s for s in bundle["entry"][0]["resource"]["section"] if "text" in s)
    section["text"]["div"] = f'<div xmlns="http://www.w3.org/1999/xhtml">{markup}</div>'
    (issue,) = validate_fhir(bundle)
    assert issue.path.endswith(".text.div")
    assert fault in issue.message
    assert validate_fhir(bundle, whose="another") == []


def test_numbers_in_quotes_what_is_empty_and_codes_that_do_not_exist_are_refused_with_their_paths() -> None:
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Q99.ZZ"}
    condition = {"resourceType": "Condition", "code": {"coding": [coding]}, "subject": {"reference": "Patient/1"}}
    patient: dict[str, Any] = {"resourceType": "Patient"}
    for resource, path in (
        (patient | {"name": []}, "Patient.name"),
        (patient | {"name": [{"given": ["A", ""]}]}, "Patient.name[0].given[1]"),
        (patient | {"active": "true"}, "Patient.active"),
        (patient | {"multipleBirthInteger": "2"}, "Patient.multipleBirthInteger"),
        (patient | {"photo": [{"size": "12"}]}, "Patient.photo[0].size"),
        (condition, "Condition.code.coding[0].code"),
    ):
        assert [i.path for i in validate_fhir(resource)] == [path]
    assert validate_fhir(condition, whose="another") == []
    order: dict[str, Any] = {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}
    order |= {"subject": {"reference": "Patient/1"}, "medicationCodeableConcept": {"text": "ramipril"}}
    silent = {"resourceType": "Observation", "status": "final", "code": {"text": "fever"}}
    assert [validate_fhir(order), validate_fhir(silent)] == [[], []]
    assert [[i.code for i in validate_fhir(r, whose="ours")] for r in (order, silent)] == [["invariant"], ["invariant"]]
    deep: Any = {"resourceType": "Patient"}
    for _ in range(5000):
        deep = {"resourceType": "Patient", "contained": [deep]}
    assert [i.code for i in validate_fhir(deep)] == ["structure"]


def test_the_codes_of_the_rules_exist() -> None:
    graph = load_rules("facts.yaml")
    codes = {row[3] for row in graph.values() if isinstance(row, list) and len(row) > 3 and row[3]}
    assert len(codes) > 80
    assert codes <= load_codes()
    listed = pytest.importorskip("simple_icd_10_cm").get_all_codes()
    assert load_codes() <= set(listed)


def test_a_danger_is_a_risk_while_it_is_open_and_while_its_sentence_stands() -> None:
    def risks(talk: Any, record: Record | None = None, signed_by: str = "") -> list[str]:
        bundle = to_fhir(extract_facts(talk, "en"), at=AT, signed_by=signed_by, record=record)
        assert validate_fhir(bundle) == []
        found = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "RiskAssessment"]
        return [p["outcome"]["text"] for r in found for p in r["prediction"]]

    graph = extract_facts(TALK, "en")
    raised = find_dangers(graph)
    assert [d.alarm.title for d in raised if d.state == "raised"]
    assert risks(TALK) == [d.alarm.title for d in raised if d.state == "raised"]
    whole = Record("r", "w", "c", "p", "en", lines_of(note_of(graph)))
    without = replace(whole, lines=tuple(x for x in whole.lines if x.section != "assessment"))
    assert risks(TALK, sign(whole, "dr", AT), "Dr. A") == risks(TALK)
    assert risks(TALK, sign(without, "dr", AT), "Dr. A") == []
    asked = [{"role": "patient", "text": "I get headaches behind my eyes after work."}]
    dangers = find_dangers(extract_facts(asked, "en"))
    assert len(risks(asked)) == sum(d.state != "settled" for d in dangers)


@pytest.mark.parametrize(
    ("question", "answer", "word"),
    [("Does anyone in your family have diabetes?", "No.", "diabetes"), ("家里有人得过糖尿病吗？", "没有。", "家族史")],
)
def test_a_family_history_that_is_denied_says_so(question: str, answer: str, word: str) -> None:
    graph = extract_facts([{"role": "doctor", "text": question}, {"role": "patient", "text": answer}])
    assert [(f.experiencer, f.status) for f in graph.facts] == [("family", "denied")]
    bundle = to_fhir(graph, at=AT)
    assert validate_fhir(bundle, whose="ours") == []
    assert not [e for e in bundle["entry"] if e["resource"]["resourceType"] == "FamilyMemberHistory"]
    (told,) = [r for e in bundle["entry"] if word in (r := e["resource"]).get("code", {}).get("text", "")]
    assert (told["resourceType"], told["valueBoolean"]) == ("Observation", False)


def test_each_edition_of_a_document_has_its_own_identifier_and_names_who_added() -> None:
    graph = extract_facts(TALK, "en")
    record = Record("r", "w", "c", "p", "en", lines_of(note_of(graph)))
    signed = sign(record, "dr", AT, "Dr. A")
    amended = amend(signed, "Seen again. \x07 <b>", "dr2", AT, "Dr. B")
    editions = [to_fhir(graph, at=AT, signed_by="Dr. A", signed_at=AT, record=r) for r in (signed, amended)]
    editions.append(to_fhir(graph, at=AT, record=record))
    assert [validate_fhir(b) for b in editions] == [[], [], []]
    assert len({b["identifier"]["value"] for b in editions}) == 3
    assert len({b["entry"][0]["resource"]["identifier"]["value"] for b in editions}) == 1
    assert "Dr. B: Seen again." in editions[1]["entry"][0]["resource"]["section"][-1]["text"]["div"]


def test_types_that_r4_lacks_and_a_document_without_its_frame_are_refused() -> None:
    assert validate_fhir({"resourceType": "Ingredient"})[0].path == "Ingredient"
    assert validate_fhir({"resourceType": "Nonsense"})
    assert validate_fhir({})
    for field in ("identifier", "timestamp"):
        assert [i.path for i in validate_fhir({k: v for k, v in BUNDLE.items() if k != field})] == [f"Bundle.{field}"]
    twice = {**BUNDLE, "entry": [*BUNDLE["entry"], BUNDLE["entry"][1]]}
    assert any("bdl-7" in i.message for i in validate_fhir(twice))


def test_absence_is_said_and_not_asked_is_not_denied() -> None:
    def allergy(talk: Any) -> str:
        entries = to_fhir(extract_facts(talk), at=AT)["entry"]
        resource = next(e["resource"] for e in entries if e["resource"]["resourceType"] == "AllergyIntolerance")
        return str(resource["code"]["coding"][0]["code"])

    assert allergy("I have a cough") == "no-allergy-info"
    assert allergy(TALKS[2]) == "no-known-allergies"


@pytest.mark.parametrize(
    ("lang", "talk", "told"),
    [
        (
            "en",
            [
                "My back hurts",
                "How bad is it at its worst, from 0 to 10?",
                "about a 6",
                "What does it feel like: sharp, dull?",
                "dull",
                "When did it start?",
                "On Saturday",
                "How has it changed: better, worse, or does it come and go?",
                "it comes and goes",
            ],
            {"severity, 0 to 10, reported": 6, "character": "dull", "onset": "on saturday", "course": "comes and goes"},
        ),
        (
            "zh",
            [
                "腰疼",
                "0是没有，10是最重，您打几分？",
                "六分吧",
                "是什么样的疼：刺痛、胀痛？",
                "酸痛",
                "什么时候开始的？",
                "三天前",
                "后来是好转了、加重了，还是时好时坏？",
                "时好时坏",
            ],
            {"severity, 0 to 10, reported": 6, "character": "酸痛", "onset": "三天前", "course": "时好时坏"},
        ),
    ],
)
def test_severity_character_onset_and_course_stand_in_the_complaints_observation(
    lang: str, talk: list[str], told: dict[str, Any]
) -> None:
    turns = [{"role": "doctor" if n % 2 else "patient", "text": text} for n, text in enumerate(talk)]
    bundle = to_fhir(extract_facts(turns, lang), at=AT)  # type: ignore[arg-type]
    assert validate_fhir(bundle) == [] == validate_schema(bundle)
    (complaint,) = [r for e in bundle["entry"] if (r := e["resource"]).get("component")]
    assert complaint["resourceType"] == "Observation"
    assert complaint["valueBoolean"] is True
    assert {c["code"]["text"]: c.get("valueString") or c["valueQuantity"]["value"] for c in complaint["component"]} == told
