"""A fault of a FHIR resource, and the faults that no model of R4 tells.

The models of `fhir.resources` read "38.2" as a number and an empty list as nothing; R4 allows neither, nor narrative that is no
harmless XHTML, and a code of ICD-10-CM exists. What leaves here orders nothing, and its Observations say something.
"""

import html
import lzma
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

Whose = Literal["anyone", "another", "ours"]
_CODES = Path(__file__).parents[1] / "knowledge" / "icd10cm-codes.txt.xz"
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym address b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i "
        "img kbd li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var",
    )
)
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;|#)\w+;")


@dataclass(frozen=True, slots=True)
class Issue:
    """A fault: where, of which kind (structure, code, reference, unit, invariant, document) and what to do."""

    path: str
    code: str
    message: str


def find_raw(node: BaseModel, raw: Any, path: str) -> Iterator[Issue]:
    """What is empty in the JSON, and what stands there as another kind of value than R4 gives it."""
    if not isinstance(raw, Mapping):
        return
    names = {f.alias or name: name for name, f in type(node).model_fields.items()}
    for label, told in raw.items():
        here = f"{path}.{label}"
        if told is None or told in ("", [], {}):
            yield Issue(here, "structure", "ele-1: leave out what is empty.")
            continue
        value = getattr(node, names.get(label, ""), None)
        many = isinstance(told, list) and isinstance(value, list)
        for i, (one, item) in enumerate(zip(told, value, strict=False) if many and value else [(told, value)]):
            place = f"{here}[{i}]" if many else here
            if isinstance(item, BaseModel):
                yield from find_raw(item, one, place)
            elif item is not None and not _is_kind(one, item):
                yield Issue(
                    place, "structure", f"{one!r} is written as another kind of value than it is; a number or truth has no quotes."
                )


def _is_kind(told: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return isinstance(told, bool)
    if isinstance(value, int | float | Decimal):
        return isinstance(told, int | float | Decimal) and not isinstance(told, bool)
    return not isinstance(told, int | float)


def find_asked(node: BaseModel, path: str, whose: Whose) -> Iterator[Issue]:
    """Codes that do not exist, narrative that may harm; of what is `ours`, orders and Observations that say nothing too."""
    kind: str = type(node).__name__
    yield from _asked(node, kind, path)
    if whose == "ours":
        yield from _asked_of_ours(node, kind, path)
    for name, field in type(node).model_fields.items():
        value = getattr(node, name)
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, BaseModel):
                label = f"{path}.{field.alias or name}"
                yield from find_asked(item, f"{label}[{i}]" if isinstance(value, list) else label, whose)


def _asked(node: Any, kind: str, path: str) -> Iterator[Issue]:
    if kind == "Coding" and node.system == _ICD and node.code not in load_codes():
        yield Issue(f"{path}.code", "code", f"{node.code!r} is no code of ICD-10-CM.")
    if kind == "Narrative":
        fault = find_markup(str(node.div))
        if fault:
            yield Issue(f"{path}.div", "invariant", fault)


def _asked_of_ours(node: Any, kind: str, path: str) -> Iterator[Issue]:
    if kind == "Observation" and not (has_value(node) or node.dataAbsentReason or node.component or node.hasMember):
        yield Issue(path, "invariant", "Give a value, components or a dataAbsentReason.")
    if kind in ("MedicationRequest", "ServiceRequest") and (node.intent != "proposal" or node.status != "draft"):
        yield Issue(path, "invariant", "Requests leave here as drafts of intent proposal only; a clinician orders.")


def has_value(node: Any) -> bool:
    """Whether an Observation has a value of any type."""
    return any(getattr(node, n) is not None for n in type(node).model_fields if n.startswith("value") and "__" not in n)


@cache
def load_codes() -> frozenset[str]:
    """The codes of ICD-10-CM, April 2026 (CMS and NCHS, public domain), as `simple-icd-10-cm` 1.5 lists them."""
    return frozenset(lzma.decompress(_CODES.read_bytes()).decode().split("\n"))


def find_markup(div: str) -> str:
    """What is wrong with a narrative's XHTML, "" where nothing is."""
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(_ENTITY.sub(lambda m: html.unescape(m.group()), div), forbid_dtd=True)
    except (ParseError, ValueError):
        return "txt-1: the narrative is no well-formed XHTML."
    if root.tag != f"{_XHTML}div":
        return "txt-1: the narrative is a div of XHTML."
    for element in root.iter():
        name = element.tag.removeprefix(_XHTML)
        acts = [a for a in element.attrib if a.lower().startswith("on")]
        acts += [a for a, v in element.attrib.items() if v.strip().lower().startswith(("javascript:", "data:text"))]
        if name not in _ELEMENTS or acts:
            return f"txt-1: {acts[0] if acts else name} may not stand in a narrative."
    if not "".join(root.itertext()).strip() and root.find(f".//{_XHTML}img") is None:
        return "txt-2: the narrative says nothing."
    return ""
