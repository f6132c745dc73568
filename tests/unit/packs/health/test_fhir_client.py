"""Pushing to a FHIR server: against a small endpoint of the test's own; and reading what another system brought."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from duologue.kit.errors import Invalid, Unavailable
from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.fhir.bundle import to_fhir
from duologue.packs.health.fhir.client import Pushed, parse_summary, push, read_summary
from duologue.packs.health.record.life import Record, amend, lines_of, sign
from duologue.packs.health.record.note import note_of

GOT: list[dict[str, Any]] = []


KEPT: dict[str, str] = {}
"""The place of each document by its identifier: what a server that knows conditional create keeps."""


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        GOT.append({"path": self.path, "token": self.headers.get("Authorization"), "type": body.get("type")})
        if self.headers.get("Authorization") != "Bearer secret":
            self.answer(401, {"issue": [{"code": "login", "diagnostics": "who are you?"}]})
            return
        (wanted,) = parse_qs(self.headers["If-None-Exist"])["identifier"]
        name = f"{body['identifier']['system']}|{body['identifier']['value']}"
        assert wanted == name
        if KEPT.get(name) == "twice":
            self.answer(412, {})
            return
        is_new = name not in KEPT
        place = KEPT.setdefault(name, f"Bundle/b{len(KEPT) + 1}/_history/1")
        self.answer(201 if is_new else 200, {"resourceType": "Bundle", "id": "b"}, place)

    def answer(self, status: int, body: dict[str, Any], place: str = "") -> None:
        self.send_response(status)
        if place:
            self.send_header("Location", place)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args: Any) -> None:
        return None


@pytest.fixture
def server() -> Iterator[str]:
    httpd = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}/fhir"
    httpd.shutdown()


BUNDLE = to_fhir(extract_facts("I have a cough and asthma", "en"), signed_by="Dr. Ada")


async def test_a_signed_document_arrives_once_however_often_it_is_sent(server: str) -> None:
    KEPT.clear()
    assert await push(server, BUNDLE, "secret") == Pushed("Bundle/b1/_history/1", is_new=True)
    assert GOT[-1] == {"path": "/fhir/Bundle", "token": "Bearer secret", "type": "document"}
    assert await push(server, BUNDLE, "secret") == Pushed("Bundle/b1/_history/1", is_new=False)
    KEPT[next(iter(KEPT))] = "twice"
    with pytest.raises(Invalid, match="more than once"):
        await push(server, BUNDLE, "secret")


async def test_a_document_with_an_addendum_is_another_one_that_says_which_it_replaces(server: str) -> None:
    KEPT.clear()
    graph, at = extract_facts("I have a cough and asthma", "en"), datetime(2026, 1, 1, tzinfo=UTC)
    signed = sign(Record("r", "w", "c", "p", "en", lines_of(note_of(graph))), "dr", at, "Dr. Ada")
    editions = [signed, once := amend(signed, "Seen again.", "dr", at, "Dr. Ada"), amend(once, "And again.", "dr", at, "Dr. Ada")]
    made = [to_fhir(graph, at=at, signed_by="Dr. Ada", signed_at=at, record=r) for r in editions]
    assert [(await push(server, b, "secret")).is_new for b in (*made, *made)] == [True] * 3 + [False] * 3
    replaced = [b["entry"][0]["resource"].get("relatesTo", []) for b in made]
    assert replaced == [[]] + [[{"code": "replaces", "targetIdentifier": b["identifier"]}] for b in made[:2]]
    assert len({b["entry"][0]["resource"]["identifier"]["value"] for b in made}) == 1


async def test_refusals_are_told(server: str) -> None:
    with pytest.raises(Invalid, match="who are you"):
        await push(server, BUNDLE)
    with pytest.raises(Invalid, match=r"Bundle\.entry\[0\]"):
        await push(server, {**BUNDLE, "entry": [{**BUNDLE["entry"][0], "resource": {"resourceType": "Patient", "gender": "M"}}]})
    with pytest.raises(Unavailable):
        await push("http://127.0.0.1:9", BUNDLE)


def test_a_summary_is_read_as_context() -> None:
    patient = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "name": [{"given": ["Ada"], "family": "B"}]}}
    allergy = {
        "resourceType": "AllergyIntolerance", "patient": {"reference": "urn:uuid:1"}, "code": {"text": "penicillin"},
        "clinicalStatus": {"coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
    }  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [patient, {"fullUrl": "urn:uuid:2", "resource": allergy}]}
    assert read_summary(bundle) == {"AllergyIntolerance": ["penicillin (active)"], "Patient": ["Ada B"]}
    with pytest.raises(Invalid):
        read_summary({"resourceType": "Patient", "gender": "M"})


HL7 = "http://terminology.hl7.org/CodeSystem/"


def _state(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": HL7 + system, "code": code}]}


def test_a_summary_tells_what_is_stopped_refuted_or_over_and_leaves_out_what_was_an_error() -> None:
    who = {"reference": "urn:uuid:1"}
    allergy, unknown = (
        {"resourceType": "AllergyIntolerance", "patient": who},
        {"coding": [{"system": "urn:oid:1.2.3", "code": "zz9"}]},
    )
    taken = {"resourceType": "MedicationStatement", "subject": who}
    rows: list[dict[str, Any]] = [
        {"resourceType": "Patient", "name": [{"text": "Ada"}]},
        {**allergy, "code": {"text": "penicillin"}, "clinicalStatus": _state("allergyintolerance-clinical", "inactive"),
         "verificationStatus": _state("allergyintolerance-verification", "refuted")},
        {**allergy, "code": unknown, "clinicalStatus": _state("allergyintolerance-clinical", "active")},
        {"resourceType": "Condition", "subject": who, "code": {"text": "HIV infection"},
         "verificationStatus": _state("condition-ver-status", "entered-in-error")},
        {"resourceType": "Condition", "subject": who,
         "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "X"}]}},
        {**taken, "status": "stopped", "medicationCodeableConcept": {"text": "warfarin"}, "dosage": [{"text": "5 mg"}]},
        {**taken, "status": "active", "medicationReference": {"reference": "urn:uuid:8"}},
        {"resourceType": "Medication", "code": {"text": "metformin"}},
        {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": who,
         "medicationCodeableConcept": {"text": "ramipril"}},
        {"resourceType": "Immunization", "status": "not-done", "patient": who, "vaccineCode": {"text": "measles"},
         "occurrenceString": "2020"},
        {"resourceType": "Observation", "status": "final", "code": {"text": "wine"}, "subject": who,
         "performer": [{"reference": "https://ehr.example/fhir/Practitioner/7"}],
         "valueQuantity": {"value": 2, "system": "http://unitsofmeasure.org", "code": "{wine glasses}/d"}},
    ]  # fmt: skip
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": r} for n, r in enumerate(rows, 1)]
    assert read_summary({"resourceType": "Bundle", "type": "collection", "entry": entries}) == {
        "AllergyIntolerance": ["penicillin (inactive, refuted)", "zz9 (active)"], "Condition": ["X"],
        "MedicationStatement": ["warfarin, 5 mg (stopped)", "metformin (active)"], "MedicationRequest": ["ramipril (active)"],
        "Immunization": ["measles (not-done)"], "Patient": ["Ada"],
    }  # fmt: skip
    rows[1]["patient"] = {"reference": "urn:uuid:nobody"}
    with pytest.raises(Invalid, match=r"entry\[1\]\.resource\.patient"):
        read_summary({"resourceType": "Bundle", "type": "collection", "entry": entries})


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b'{"resourceType": 7}'])
def test_what_is_no_summary_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Invalid):
        parse_summary(content)


async def test_an_address_that_is_none_is_told() -> None:
    for url in ("http://[::1", "ftp://fhir.example", "fhir.example"):
        with pytest.raises((Invalid, Unavailable)):
            await push(url, BUNDLE)
