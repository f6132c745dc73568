"""The health pack's core: decision support that works without a model; a clinician signs.

Its stable functions are named here and loaded when first used, so that a dialogue turn never waits for the FHIR library.
"""

from importlib import import_module
from typing import Any

_WHERE = {
    "PACK": "pack",
    "red_flags": "redflags",
    "Interview": "interview",
    "extract_facts": "facts",
    "write_note": "note",
    "to_fhir": "fhir",
    "validate_fhir": "strict",
    "redact": "privacy",
    "search": "literature",
    "screen": "screening",
    "extract_pico": "pico",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(name)


def __dir__() -> list[str]:
    return sorted(_WHERE)
