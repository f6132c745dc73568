"""The health pack's core: decision support that works without a model; a clinician signs.

Its stable functions are named here and loaded when first used, so that a dialogue turn never waits for the FHIR library.
"""

from importlib import import_module
from typing import Any

_WHERE = {
    "PACK": "pack",
    "red_flags": "redflags.rules",
    "Interview": "interview.history",
    "extract_facts": "facts.extract",
    "write_note": "record.note",
    "to_fhir": "fhir.bundle",
    "validate_fhir": "fhir.strict",
    "redact": "privacy.redact",
    "search": "literature.search",
    "screen": "literature.screening",
    "extract_pico": "literature.pico",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(name)


def __dir__() -> list[str]:
    return sorted(_WHERE)
