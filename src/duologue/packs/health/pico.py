"""Population, intervention, comparison and outcome in an abstract, as quotations with their places.

Cue phrases find spans without training; a tagger fitted on labelled text finds more. Every span is verbatim by construction.
"""

import re
from dataclasses import dataclass

from duologue.packs.health.phi_tagger import Tagger

_POPULATION = (
    r"(?:\b\d[\d,]*\s+)?(?:\w+[- ]){0,4}?"
    r"(?:patients|participants|adults|children|women|men|subjects|infants|adolescents|volunteers)"
    r"(?:\s+(?:with|aged|undergoing|who|receiving|at risk of)\s+[^.,;()]{3,80})?"
)
_INTERVENTION = (
    r"(?:randomi[sz]ed to|assigned to|allocated to|treated with|received|receiving|effects? of|efficacy of)\s+(?P<x>[^.,;()]{3,80})"
)
_COMPARISON = (
    r"(?:compared (?:with|to)|versus|vs\.?|or|against)\s+(?P<x>(?:placebo|usual care|standard \w+|control|sham|[^.,;()]{3,50}))"
)
_OUTCOME = (
    r"(?:(?:primary|secondary|main) (?:outcome|end ?point)s?(?: measures?)?"
    r"(?: \w+)?\s+(?:was|were|included|:)\s*)(?P<x>[^.;]{3,120})"
)
_CUES = [(k, re.compile(p, re.I)) for k, p in (("P", _POPULATION), ("I", _INTERVENTION), ("C", _COMPARISON), ("O", _OUTCOME))]


@dataclass(frozen=True, slots=True)
class Quote:
    """A span of an abstract. `kind` is P, I, C or O, or the label of the tagger."""

    kind: str
    start: int
    end: int
    text: str


def extract_pico(text: str, tagger: Tagger | None = None) -> list[Quote]:
    """The spans of an abstract, in order."""
    if tagger is not None:
        return [Quote(kind, start, end, text[start:end]) for start, end, kind in tagger.find(text)]
    out = []
    for kind, pattern in _CUES:
        for m in pattern.finditer(text):
            start, end = m.span("x" if "x" in pattern.groupindex else 0)
            if kind == "C" and text[m.start() : m.start() + 2].lower() == "or":
                continue
            out.append(Quote(kind, start, end, text[start:end]))
    return sorted(out, key=lambda q: (q.start, q.kind))
