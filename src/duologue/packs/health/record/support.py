"""Whether a talk carries a sentence of its record, and by which words. Errs on the side of "nothing supports this".

A sentence is carried where each thing that it claims is a fact of the talk with the same status, each number was said, and every
other word of substance is the patient's own. What names nothing that the facts know ("Lungs clear.") needs all its words within
one turn of the patient. Who marks too much costs a look; who marks too little lets a finding be signed that nobody made.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from duologue.kit.text import Lang, sentences
from duologue.packs.health.facts.dialogue import Spoken, Turn
from duologue.packs.health.facts.extract import Fact, FactGraph, extract_facts
from duologue.packs.health.language.phrases import fold
from duologue.packs.health.record.note import Note, note_of

Quotes = tuple[tuple[int, str], ...]
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_EN_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a about also an and any are as at be been being but by character complaining complains course degrees denied denies "
        "deny describes did does duration ended family for from had has have he her him his history in is it its longer "
        "mentions my no none not of on onset or patient present presenting presents pt reported reports said says severity she "
        "since some states still such taken takes taking that the their them there these they this those to told unsure was "
        "were when which while who with without you your",
    )
)
_ZH_WORDS = re.compile(
    "患者|病人|自述|主诉|诉|自称|表示|否认|不详|既往|目前|现在|曾经|曾|伴有|伴|出现|存在|病史|家族|本人|性质|程度|起病|以来|"
    "没有|没|未|无|有|和|与|及|或|等|并|且|但|的|了|着|过|约|大约|已停|已|为|是|在|于|其|他|她|您|我|也|都|还|均|不|℃|°c|度"
)
_DENIAL: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:no|not|none|never|without|den(?:y|ies|ied)|\w+n't|nothing|negative|free of)\b"),
    "zh": re.compile("没|无|未|不|否认|阴性"),
}
_AT_LARGE = {"allergies": re.compile("allerg(?:y|ies)|过敏史?"), "medications": re.compile("medic(?:ation|ine)s?|用药|药物")}


def unsupported(note: str | Note, dialogue: Spoken, lang: Lang | None = None) -> list[str]:
    """Sentences of a note that the dialogue does not support: a concept, its status, a number or a drug that no turn holds.

    A `Note` brings the words that it rests on: a sentence whose words do not stand in the turn that it names is unsupported too, so
    that another patient's note is refused.
    """
    graph = extract_facts(dialogue, lang)
    if isinstance(note, Note):
        spoken_in = {t.index: t.text for t in graph.turns}
        return [s.text for s in note.sentences if any(words not in spoken_in.get(turn, "") for turn, words in s.quotes)]
    return [s for s in sentences(note) if find_support(s, graph) is None]


def find_support(text: str, graph: FactGraph, section: str = "") -> Quotes | None:
    """The words of the talk that carry a text, none for what the draft says of the section itself; None where nothing does."""
    drafted = [s for s in note_of(graph).sentences if s.text == text.strip() and (s.quotes or s.section == section)]
    written = next(iter(drafted), None)
    if written is not None:
        return written.quotes
    found: list[tuple[int, str]] = []
    for sentence in sentences(text) or [text]:
        quotes = _carried(sentence, graph)
        if quotes is None:
            return None
        found += quotes
    return tuple(dict.fromkeys(found))


def _carried(sentence: str, graph: FactGraph) -> Quotes | None:
    claims = extract_facts([Turn(0, "patient", sentence)], graph.lang).facts
    named = [f for f in claims if f.kind != "measure"]
    known = {(f.concept, f.experiencer): f for f in graph.facts}
    about = [_fitting(f, known, graph.facts) for f in named]
    if any(f is None for f in about):
        return None
    folded = fold(sentence)
    said = fold(" ".join(t.text for t in graph.turns))
    numbers = set(_NUMBER.findall(said)) | {f"{f.value:g}" for f in graph.facts if f.value is not None}
    if not set(_NUMBER.findall(folded)) <= numbers:
        return None
    rest = _without(folded, [(s.start, s.end) for f in claims for s in f.sources])
    denies = bool(_DENIAL[graph.lang].search(folded))
    for concept, pattern in _AT_LARGE.items():
        m = pattern.search(rest)
        fact = known.get((concept, "patient"))
        if m and not claims and denies and fact is not None and fact.status == "denied":
            about, rest = [*about, fact], _without(rest, [m.span()])
    own = [t for t in graph.turns if t.role == "patient"]
    measures = [f for f in graph.facts if f.kind == "measure" and f.value is not None and f"{f.value:g}" in _NUMBER.findall(folded)]
    facts = [f for f in about if f is not None] + (measures if any(f.kind == "measure" for f in claims) else [])
    if facts:
        spoken = [t.text for t in own] + [words for f in graph.facts for words in f.detail.values()]
        if not _is_said(rest, " ".join(spoken), graph.lang):
            return None
        return tuple((s.turn, s.words) for f in facts for s in f.sources)
    for turn in own:
        if denies == bool(_DENIAL[graph.lang].search(fold(turn.text))) and _is_said(rest, turn.text, graph.lang, least=1):
            return ((turn.index, turn.text),)
    return None


def _fitting(claim: Fact, known: Mapping[tuple[Any, Any], Fact], facts: Iterable[Fact]) -> Fact | None:
    """The fact that says what a claim says."""
    fact = known.get((claim.concept, claim.experiencer))
    if fact is not None:
        return fact if fact.status == claim.status else None
    if claim.kind not in ("medication", "allergy"):
        return None
    return next((f for f in facts if f.concept == claim.concept), None)


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    letters = list(text)
    for start, end in spans:
        letters[start:end] = " " * (end - start)
    return "".join(letters)


def _is_said(rest: str, spoken: str, lang: Lang, least: int = 0) -> bool:
    """Whether the words of substance in `rest`, at least so many, stand in what was spoken."""
    heard = fold(spoken)
    if lang == "en":
        words = [w for w in re.findall(r"[^\W\d_]+(?:'[a-z]+)?", rest) if w not in _EN_WORDS and len(w) > 1]
        stems = {_stem(w) for w in re.findall(r"[^\W\d_]+(?:'[a-z]+)?", heard)}
        return len(words) >= least and all(_stem(w) in stems for w in words)
    runs = [r for r in re.split(r"[\W\d_]+", _ZH_WORDS.sub(" ", rest)) if r]
    pairs = [r[i : i + 2] for r in runs for i in range(max(1, len(r) - 1))]
    return len(pairs) >= least and all(p in heard for p in pairs)


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s|ly)$", "", word) if len(word) > 4 else word.removesuffix("s") if len(word) > 3 else word
