"""Sends a document to a FHIR R4 server, and reads what another system brought. What the strict layer refuses does not leave."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx

from duologue.kit.errors import Invalid, Unavailable
from duologue.packs.health.fhir.schema import validate_schema
from duologue.packs.health.fhir.strict import validate_fhir

_TYPE = "application/fhir+json"
KINDS = ("AllergyIntolerance", "Condition", "MedicationStatement", "Immunization", "Patient")


async def push(base_url: str, bundle: Mapping[str, Any], token: str = "", timeout_s: float = 20.0) -> str:
    """POST a document Bundle to `<base>/Bundle`; where it lies. Raises Invalid for a refusal, Unavailable without a server."""
    issues = await asyncio.to_thread(lambda: validate_fhir(bundle) or validate_schema(bundle))  # the library's import takes seconds
    if issues:
        raise Invalid(f"The record is no valid FHIR document: {issues[0].path}: {issues[0].message}")
    headers = {"Content-Type": _TYPE, "Accept": _TYPE} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        async with httpx.AsyncClient(timeout=timeout_s) as client:
            answer = await client.post(f"{base_url.rstrip('/')}/Bundle", json=dict(bundle), headers=headers)
    except httpx.HTTPError as error:
        raise Unavailable(f"The FHIR server does not answer ({type(error).__name__}); try again later.") from error
    if answer.status_code not in (200, 201):
        raise Invalid(f"The FHIR server refused the record: {answer.status_code} {_outcome(answer)}")
    return answer.headers.get("Location") or f"Bundle/{_id(answer)}"


def _outcome(answer: httpx.Response) -> str:
    try:
        issues = answer.json().get("issue") or []
    except ValueError:
        return answer.text[:200]
    return "; ".join(str(i.get("diagnostics") or i.get("code")) for i in issues)[:300]


def _id(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("id", ""))
    except ValueError:
        return ""


def parse_summary(content: bytes) -> dict[str, list[str]]:
    """`read_summary` of a file. Raises Invalid for what is no JSON or tells nothing."""
    try:
        bundle = json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise Invalid("The file is no FHIR JSON; export a Patient or an International Patient Summary as JSON.") from error
    if not isinstance(bundle, dict):
        raise Invalid("The file holds no FHIR resource; export a Patient or an International Patient Summary as JSON.")
    told = read_summary(bundle)
    if not told:
        raise Invalid(f"There is nothing in this file that can be shown; it needs one of {', '.join(KINDS)}.")
    return told


def read_summary(bundle: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a Patient or IPS Bundle tells, as texts by kind: context for the clinician, never a fact of the talk.

    Raises Invalid for what is no valid R4 Bundle.
    """
    issues = validate_fhir(bundle)
    if issues:
        raise Invalid(f"The Bundle can't be read: {issues[0].path}: {issues[0].message}")
    resources = [e.get("resource") or {} for e in bundle.get("entry") or []]
    if bundle.get("resourceType") == "Patient":
        resources = [bundle]
    out: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for r in resources:
        kind = r.get("resourceType")
        if kind == "Patient":
            out[kind].append(" ".join(x for x in (_name(r), r.get("gender", ""), r.get("birthDate", "")) if x))
        elif kind in out:
            concept = r.get("code") or r.get("medicationCodeableConcept") or r.get("vaccineCode") or {}
            text = concept.get("text") or next((c.get("display") or c.get("code") for c in concept.get("coding") or []), "")
            status = next((c["code"] for c in (r.get("clinicalStatus") or {}).get("coding") or [] if c.get("code")), "")
            if text:
                out[kind].append(f"{text} ({status})" if status else str(text))
    return {k: v for k, v in out.items() if v}


def _name(patient: Mapping[str, Any]) -> str:
    for name in patient.get("name") or []:
        return name.get("text") or " ".join([*(name.get("given") or []), name.get("family", "")]).strip()
    return ""
