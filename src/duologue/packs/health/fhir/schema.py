"""HL7's own JSON schema of FHIR R4 as a second judge beside the strict layer. Knows no reference and no rule between fields.

`knowledge/fhir-r4.schema.json.xz` is `fhir.schema.json` of release 4.0.1 (HL7, CC0), without its descriptions. Each resource is
judged by the definition of its own type, so that a fault has its place; the schema's choice among all types would only say that
none fits.
"""

import json
import lzma
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from duologue.packs.health.fhir.issues import Issue

_FILE = Path(__file__).parents[1] / "knowledge" / "fhir-r4.schema.json.xz"


def validate_schema(resource: Mapping[str, Any]) -> list[Issue]:
    """What HL7's schema refuses in a resource or Bundle given as JSON, with the places; an empty list where there is nothing."""
    return [issue for path, one in _resources(resource, str(resource.get("resourceType", "$"))) for issue in _judge(path, one)]


def _judge(path: str, resource: Mapping[str, Any]) -> Iterator[Issue]:
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in _types():
        yield Issue(path, "structure", f"{kind} is no resource of FHIR R4.")
        return
    for error in sorted(_validator(kind).iter_errors(resource), key=lambda e: str(e.path)):
        place = path + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.path)
        yield Issue(place, "schema", error.message[:200])


def _resources(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A resource and those inside it, each with its place."""
    if isinstance(value, Mapping):
        if "resourceType" in value:
            yield path, value
        for name, item in value.items():
            yield from _resources(item, f"{path}.{name}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _resources(item, f"{path}[{i}]")


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(lzma.decompress(_FILE.read_bytes()))
    schema["definitions"]["ResourceList"] = {"type": "object"}
    return schema


@cache
def _types() -> frozenset[str]:
    return frozenset(
        name for name, d in _schema()["definitions"].items() if "const" in d.get("properties", {}).get("resourceType", {})
    )


@cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft6Validator

    return Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": _schema()["definitions"]})
