"""FHIR R4, read strictly: what `fhir.resources` lets pass is refused here, each fault with its path.

The library checks fields, cardinalities and primitive types; this layer adds codes of required bindings, references that resolve
to an allowed type, units, invariants and the rules of a document Bundle. The library knows R4B, so types that R4 lacks are refused.
Its lists of codes that end in "+" are cut off; the whole ones stand in `CODES`. What no model tells is found in `issues.py`.
Importing the library takes seconds: do it for records only.
"""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ValidationError

from duologue.packs.health.fhir.issues import Issue, Whose, find_asked, find_raw, has_value


def _list(words: str) -> list[str]:
    return words.split()


R4B_ONLY = frozenset(
    _list("AdministrableProductDefinition Citation ClinicalUseDefinition EvidenceReport Ingredient ManufacturedItemDefinition")
    + _list("MedicinalProductDefinition NutritionProduct PackagedProductDefinition RegulatedAuthorization SubscriptionStatus")
    + _list("SubscriptionTopic SubstanceDefinition")
)
_OBSERVED = _list("registered preliminary final amended corrected cancelled entered-in-error unknown")
_ENCOUNTER = _list("planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown")
_TASK = "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed entered-in-error"
_REPORT = "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"
CODES: dict[tuple[str, str], list[str]] = {
    ("Observation", "status"): _OBSERVED,
    ("RiskAssessment", "status"): _OBSERVED,
    ("Encounter", "status"): _ENCOUNTER,
    ("EncounterStatusHistory", "status"): _ENCOUNTER,
    ("Task", "status"): _list(_TASK),
    ("DiagnosticReport", "status"): _list(_REPORT),
    ("Composition", "confidentiality"): _list("U L M N R V"),
    ("DeviceUdiCarrier", "entryType"): ["barcode", "rfid", "manual", "card", "self-reported", "unknown"],
}
_TERMS = "http://terminology.hl7.org/CodeSystem/"
BINDINGS: dict[tuple[str, str], tuple[str, list[str]]] = {
    ("Condition", "clinicalStatus"): (
        _TERMS + "condition-clinical",
        ["active", "recurrence", "relapse", "inactive", "remission", "resolved"],
    ),
    ("Condition", "verificationStatus"): (
        _TERMS + "condition-ver-status",
        ["unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"],
    ),
    ("AllergyIntolerance", "clinicalStatus"): (_TERMS + "allergyintolerance-clinical", ["active", "inactive", "resolved"]),
    ("AllergyIntolerance", "verificationStatus"): (
        _TERMS + "allergyintolerance-verification",
        ["unconfirmed", "confirmed", "refuted", "entered-in-error"],
    ),
}
_UCUM = "http://unitsofmeasure.org"
_OUTSIDE = re.compile(r"'https?://\S+' leads nowhere")
_UNIT = re.compile(r"[\x21-\x7e]+")
_ANYWHERE = {"Resource", "Any", "*"}


def validate_fhir(bundle: Mapping[str, Any], *, whose: Whose = "anyone") -> list[Issue]:
    """The faults of a resource or Bundle given as JSON; an empty list where there is none.

    `whose`: of `another` system, narrative, codes of ICD-10-CM and units are not judged, since nothing here shows or trusts them,
    and its web addresses may lead outside; `ours` orders nothing and has no Observation that says nothing.
    """
    try:
        return _judge(bundle, whose)
    except RecursionError:
        return [Issue("$", "structure", "The resource is nested too deeply to be one.")]


def _judge(bundle: Mapping[str, Any], whose: Whose) -> list[Issue]:
    kind = bundle.get("resourceType") if isinstance(bundle, Mapping) else None
    if not isinstance(kind, str):
        return [Issue("$", "structure", "Give a JSON object with a resourceType.")]
    model = _model(kind)
    if model is None:
        return [Issue(kind, "structure", f"{kind} is no resource of FHIR R4.")]
    nested = list(_foreign(dict(bundle), kind))
    if nested:
        return nested
    try:
        resource = model.model_validate(bundle)
    except ValidationError as error:
        return [Issue(_place(kind, e["loc"]), "structure", e["msg"]) for e in error.errors()]
    except (ValueError, TypeError, KeyError, AttributeError, LookupError) as error:
        return [Issue(kind, "structure", str(error))]
    known = _addresses(bundle)
    issues = [*find_raw(resource, bundle, kind), *_walk(resource, kind, known, kind == "Bundle")]
    if whose == "another":
        issues = [i for i in issues if i.code != "unit" and not (i.code == "reference" and _OUTSIDE.match(i.message))]
    if whose != "another":
        issues += find_asked(resource, kind, whose)
    if kind == "Bundle":
        issues += _document(bundle)
    return issues


def _model(kind: str) -> type[BaseModel] | None:
    if kind in R4B_ONLY or not kind.isalpha():
        return None
    try:
        module = import_module(f"fhir.resources.R4B.{kind.lower()}")
    except ModuleNotFoundError:
        return None
    model = getattr(module, kind, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)) or kind in ("Resource", "DomainResource"):
        return None
    return model if any(b.__name__ == "Resource" for b in model.__mro__) else None


def _foreign(value: Any, path: str) -> Iterator[Issue]:
    """Resources inside others whose type R4 lacks."""
    if isinstance(value, Mapping):
        kind = value.get("resourceType")
        if kind is not None and (not isinstance(kind, str) or _model(kind) is None):
            yield Issue(path, "structure", f"{kind} is no resource of FHIR R4.")
        for key, item in value.items():
            yield from _foreign(item, f"{path}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _foreign(item, f"{path}[{i}]")


def _place(kind: str, loc: tuple[int | str, ...]) -> str:
    return kind + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc)


def _addresses(bundle: Mapping[str, Any]) -> dict[str, str]:
    """Addresses by which entries of a Bundle can be referred to, with their types."""
    out: dict[str, str] = {}
    for entry in bundle.get("entry") or []:
        resource = entry.get("resource") or {}
        kind = resource.get("resourceType", "")
        if entry.get("fullUrl"):
            out[entry["fullUrl"]] = kind
        if resource.get("id"):
            out[f"{kind}/{resource['id']}"] = kind
    return out


def _walk(node: BaseModel, path: str, known: Mapping[str, str], closed: bool) -> Iterator[Issue]:
    kind = type(node).__name__
    contained = {f"#{c.id}": type(c).__name__ for c in getattr(node, "contained", None) or []}
    if contained:
        known = {**known, **contained}
    yield from _invariants(node, kind, path)
    for name, field in type(node).model_fields.items():
        value = getattr(node, name)
        if value is None or name == "fhir_comments":
            continue
        extra: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        label = field.alias or name
        allowed = CODES.get((kind, label)) or list(extra.get("enum_values") or [])
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            here = f"{path}.{label}[{i}]" if isinstance(value, list) else f"{path}.{label}"
            if allowed and "+" not in allowed and isinstance(item, str) and item not in allowed:
                yield Issue(here, "code", f"{item!r} is not allowed; use one of {', '.join(allowed)}.")
            if (kind, label) in BINDINGS:
                yield from _bound(item, here, *BINDINGS[kind, label])
            if isinstance(item, BaseModel):
                if type(item).__name__ == "Reference":
                    yield from _reference(item, here, extra.get("enum_reference_types") or [], known, closed)
                yield from _walk(item, here, known, closed)


def _bound(concept: Any, path: str, system: str, codes: list[str]) -> Iterator[Issue]:
    codings = getattr(concept, "coding", None) or []
    fitting = [c for c in codings if c.system == system]
    if not fitting:
        yield Issue(path, "code", f"A coding of {system} is required here.")
    for coding in fitting:
        if coding.code not in codes:
            yield Issue(f"{path}.coding", "code", f"{coding.code!r} is not allowed; use one of {', '.join(codes)}.")


def _reference(ref: Any, path: str, types: list[str], known: Mapping[str, str], closed: bool) -> Iterator[Issue]:
    target = ref.reference
    if target is None:
        if ref.identifier is None and ref.display is None:
            yield Issue(path, "reference", "Give a reference, an identifier or a display.")
        return
    kind = known.get(target)
    if kind is None:
        m = re.search(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]+)?$", target)
        if target.startswith("#") or closed or (m is None and not target.startswith(("urn:uuid:", "urn:oid:"))):
            yield Issue(path, "reference", f"{target!r} leads nowhere; put the resource into the Bundle or correct the reference.")
            return
        kind = m.group(1) if m else None
        if kind and _model(kind) is None:
            yield Issue(path, "reference", f"{kind} is no resource of FHIR R4.")
            return
    if kind and types and kind not in types and not _ANYWHERE & set(types):
        yield Issue(path, "reference", f"A {kind} may not stand here; allowed: {', '.join(types)}.")
    if ref.type and kind and ref.type != kind:
        yield Issue(f"{path}.type", "reference", f"The reference says {ref.type} and leads to a {kind}.")


def _codes(concept: Any) -> set[str]:
    return {c.code for c in getattr(concept, "coding", None) or []}


def _invariants(node: Any, kind: str, path: str) -> Iterator[Issue]:
    """Invariants of the R4 specification, named by their keys."""
    if kind == "Period" and node.start and node.end and str(node.start)[:10] > str(node.end)[:10]:
        yield Issue(path, "invariant", "per-1: the period ends before it starts.")
    if kind in ("Quantity", "Age", "Duration", "Count", "Distance"):
        if node.code is not None and node.system is None:
            yield Issue(path, "unit", "qty-3: a code needs its system.")
        if node.system == _UCUM and (node.code is None or not _UNIT.fullmatch(node.code)):
            yield Issue(f"{path}.code", "unit", "Give the UCUM code of the unit.")
    if kind == "Observation" and has_value(node) and node.dataAbsentReason is not None:
        yield Issue(path, "invariant", "obs-6: a value and a reason for its absence exclude each other.")
    if kind == "Condition":
        wrong = "entered-in-error" in _codes(node.verificationStatus)
        if wrong and node.clinicalStatus is not None:
            yield Issue(path, "invariant", "con-5: an entry made in error has no clinicalStatus.")
        problem = any("problem-list-item" in _codes(c) for c in node.category or [])
        if problem and not wrong and node.clinicalStatus is None:
            yield Issue(path, "invariant", "con-3: a problem needs a clinicalStatus.")
        if _codes(node.clinicalStatus) & {"active", "recurrence", "relapse"} and node.abatementDateTime is not None:
            yield Issue(path, "invariant", "con-4: an active condition has no abatement.")
    if kind == "AllergyIntolerance":
        wrong = "entered-in-error" in _codes(node.verificationStatus)
        if wrong == (node.clinicalStatus is not None):
            yield Issue(path, "invariant", "ait-1, ait-2: a clinicalStatus is required, unless the entry was made in error.")
    if kind == "CompositionSection" and not (node.text or node.entry or node.section):
        yield Issue(path, "invariant", "cmp-1: a section needs text, entries or sections.")
    if kind == "PatientContact" and not (node.name or node.telecom or node.address or node.organization):
        yield Issue(path, "invariant", "pat-1: a contact needs a name, telecom, address or organization.")
    if kind == "ContactPoint" and node.value is not None and node.system is None:
        yield Issue(path, "invariant", "cpt-2: a value needs its system.")


def _document(bundle: Mapping[str, Any]) -> list[Issue]:
    """Rules of the Bundle itself, and of a document where it is one."""
    entries = bundle.get("entry") or []
    issues: list[Issue] = []
    seen: set[str] = set()
    for i, url in enumerate(e.get("fullUrl") for e in entries):
        if url in seen:
            issues.append(Issue(f"Bundle.entry[{i}].fullUrl", "document", f"bdl-7: {url} stands twice."))
        seen |= {url} if url else set()
        if url is None and bundle.get("type") == "document":
            issues.append(Issue(f"Bundle.entry[{i}].fullUrl", "document", "Each entry of a document needs its fullUrl."))
    if bundle.get("type") == "document":
        first = (entries[0].get("resource") or {}).get("resourceType") if entries else None
        if first != "Composition":
            issues.append(Issue("Bundle.entry[0]", "document", "bdl-11: a document begins with its Composition."))
        if not (bundle.get("identifier") or {}).get("value"):
            issues.append(Issue("Bundle.identifier", "document", "bdl-9: a document needs an identifier."))
        if not bundle.get("timestamp"):
            issues.append(Issue("Bundle.timestamp", "document", "bdl-10: a document needs a timestamp."))
    return issues
