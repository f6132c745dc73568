"""Pushing to a FHIR server: against a small endpoint of the test's own; and reading what another system brought."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from duologue.kit.errors import Invalid, Unavailable
from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.fhir.bundle import to_fhir
from duologue.packs.health.fhir.client import push, read_summary

GOT: list[dict[str, Any]] = []


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        GOT.append({"path": self.path, "token": self.headers.get("Authorization"), "type": body.get("type")})
        is_known = self.headers.get("Authorization") == "Bearer secret"
        answer = (
            {"resourceType": "Bundle", "id": "b1"} if is_known else {"issue": [{"code": "login", "diagnostics": "who are you?"}]}
        )
        self.send_response(201 if is_known else 401)
        if is_known:
            self.send_header("Location", "Bundle/b1/_history/1")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

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


async def test_a_signed_document_arrives(server: str) -> None:
    assert await push(server, BUNDLE, "secret") == "Bundle/b1/_history/1"
    assert GOT[-1] == {"path": "/fhir/Bundle", "token": "Bearer secret", "type": "document"}


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
