"""Sends a document to a FHIR R4 server, and reads what another system brought. What the strict layer refuses does not leave."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from duologue.kit.errors import Invalid, Unavailable
from duologue.packs.health.fhir.schema import validate_schema
from duologue.packs.health.fhir.strict import validate_fhir

_TYPE = "application/fhir+json"
KINDS = ("AllergyIntolerance", "Condition", "MedicationStatement", "MedicationRequest", "Immunization", "Patient")
_USUAL = ("confirmed", "completed")
"""States that go without saying; every other one is told: a stopped drug or a refuted allergy is none."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where a document lies, and whether this sending put it there."""

    place: str
    is_new: bool


async def push(base_url: str, bundle: Mapping[str, Any], token: str = "", timeout_s: float = 20.0) -> Pushed:
    """Create a document Bundle at `<base>/Bundle` unless the server holds one of its identifier (FHIR's conditional create).

    A document that was signed is never changed: with an addendum it is another one, which says that it replaces the one before.
    Raises Invalid for a refusal, Unavailable without a server.
    """
    # beside the loop: the library's import takes seconds
    issues = await asyncio.to_thread(lambda: validate_fhir(bundle, whose="ours") or validate_schema(bundle))
    if issues:
        raise Invalid(f"The record is no valid FHIR document: {issues[0].path}: {issues[0].message}")
    known = f"identifier={quote(bundle['identifier']['system'], safe='')}%7C{quote(bundle['identifier']['value'], safe='')}"
    headers = {"Content-Type": _TYPE, "Accept": _TYPE, "If-None-Exist": known}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        async with httpx.AsyncClient(timeout=timeout_s) as client:
            answer = await client.post(f"{base_url.rstrip('/')}/Bundle", json=dict(bundle), headers=headers)
    except httpx.InvalidURL as error:
        raise Invalid("DUOLOGUE_HEALTH_FHIR_URL is no address; write it as https://host/path.") from error
    except httpx.HTTPError as error:
        raise Unavailable(f"The FHIR server does not answer ({type(error).__name__}); try again later.") from error
    if answer.status_code == 412:
        raise Invalid("The FHIR server holds this document more than once already; nothing was sent again.")
    if answer.status_code not in (200, 201):
        raise Invalid(f"The FHIR server refused the record: {answer.status_code} {_outcome(answer)}")
    return Pushed(answer.headers.get("Location") or f"Bundle/{_id(answer)}", answer.status_code == 201)


def _outcome(answer: httpx.Response) -> str:
    try:
        issues = answer.json()["issue"]
        return "; ".join(str(i.get("diagnostics") or i.get("code")) for i in issues)[:300]
    except (ValueError, LookupError, TypeError, AttributeError):
        return answer.text[:200]


def _id(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("id", ""))
    except (ValueError, AttributeError):
        return ""


def parse_summary(content: bytes) -> dict[str, list[str]]:
    """`read_summary` of a file. Raises Invalid for what is no JSON or tells nothing."""
    try:
        bundle = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Invalid("The file is no FHIR JSON; export a Patient or an International Patient Summary as JSON.") from error
    if not isinstance(bundle, dict):
        raise Invalid("The file holds no FHIR resource; export a Patient or an International Patient Summary as JSON.")
    told = read_summary(bundle)
    if not told:
        raise Invalid(f"There is nothing in this file that can be shown; it needs one of {', '.join(KINDS)}.")
    return told


def read_summary(bundle: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a Patient or IPS Bundle tells, as texts by kind: context for the clinician, never a fact of the talk.

    What was entered in error is left out; what is over, stopped, refuted or not given says so. Raises Invalid for what is no valid
    R4 Bundle.
    """
    issues = validate_fhir(bundle, whose="another")
    if issues:
        raise Invalid(f"The Bundle can't be read: {issues[0].path}: {issues[0].message}")
    entries = bundle.get("entry") or []
    resources = [e.get("resource") or {} for e in entries]
    places = {e["fullUrl"]: e.get("resource") or {} for e in entries if e.get("fullUrl")}
    places |= {f"{r.get('resourceType')}/{r['id']}": r for r in resources if r.get("id")}
    if bundle.get("resourceType") == "Patient":
        resources = [bundle]
    out: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for r in resources:
        kind = r.get("resourceType")
        if kind == "Patient":
            out[kind].append(" ".join(x for x in (_name(r), r.get("gender", ""), r.get("birthDate", "")) if x))
        elif kind in out:
            text, states = _text(_concept(r, places)), _states(r)
            dose = next((d["text"] for d in r.get("dosage") or r.get("dosageInstruction") or [] if d.get("text")), "")
            if text and "entered-in-error" not in states:
                told = [s for s in states if s not in _USUAL]
                out[kind].append(", ".join(x for x in (text, dose) if x) + (f" ({', '.join(told)})" if told else ""))
    return {k: v for k, v in out.items() if v}


def _concept(r: Mapping[str, Any], places: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """What a resource is about; a medication may stand in a resource of its own."""
    told = r.get("code") or r.get("medicationCodeableConcept") or r.get("vaccineCode")
    if told:
        return dict(told)
    reference = r.get("medicationReference") or {}
    inside = {f"#{c.get('id')}": c for c in r.get("contained") or []}
    target = {**places, **inside}.get(reference.get("reference", ""), {})
    return target.get("code") or {"text": reference.get("display", "")}


def _text(concept: Mapping[str, Any]) -> str:
    return concept.get("text") or next((c.get("display") or c.get("code") or "" for c in concept.get("coding") or []), "")


def _states(r: Mapping[str, Any]) -> list[str]:
    """The clinical state, how sure it is, and the state of a drug or a vaccination."""
    codings = [c for key in ("clinicalStatus", "verificationStatus") for c in (r.get(key) or {}).get("coding") or []]
    return [c["code"] for c in codings if c.get("code")] + ([r["status"]] if isinstance(r.get("status"), str) else [])


def _name(patient: Mapping[str, Any]) -> str:
    for name in patient.get("name") or []:
        return name.get("text") or " ".join([*(name.get("given") or []), name.get("family", "")]).strip()
    return ""
