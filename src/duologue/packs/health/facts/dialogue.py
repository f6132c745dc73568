"""Turns of a talk, however a caller writes them, and the questions that they answer. Knows no medicine."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.language.answers import Polarity, confirms, find_question, is_question, is_score, read_answer

Role = Literal["clinician", "patient"]
_CLINICIAN = {
    "assistant",
    "clinician",
    "doctor",
    "dr",
    "physician",
    "nurse",
    "ai",
    "expert",
    "system",
    "provider",
    "gp",
    "医生",
    "护士",
    "助手",
    "q",
}
_PATIENT = {"person", "patient", "user", "pt", "customer", "guest_family", "guest_clinician", "family", "患者", "病人", "家属", "a"}


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said. `index` is its place in the dialogue as given."""

    index: int
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A clinician's question and the patient's answer; the question proper begins at character `asked_from` of its turn."""

    question: Turn
    answer: Turn
    polarity: Polarity
    asked_from: int = 0


Spoken = str | Iterable[str | Mapping[str, Any] | Turn]


def read_turns(spoken: Spoken) -> list[Turn]:
    """Turns from a text, or from a list of strings or of `{"role", "text"}`; raises Invalid for anything else."""
    if isinstance(spoken, str):
        return [Turn(0, "patient", spoken)]
    out: list[Turn] = []
    for index, item in enumerate(spoken):
        if isinstance(item, Turn):
            out.append(item)
        elif isinstance(item, str):
            asks = item.rstrip().endswith(("?", "？"))
            out.append(Turn(index, "clinician" if asks else "patient", item))
        elif isinstance(item, Mapping):
            role = str(item.get("role", item.get("speaker", item.get("author", "patient")))).strip().lower()
            text = item.get("text", item.get("content", item.get("body", "")))
            out.append(Turn(index, "clinician" if role in _CLINICIAN else "patient", str(text)))
        else:
            raise Invalid("Give a dialogue as a text or as a list of turns with `role` and `text`.")
    return out


def find_exchanges(turns: list[Turn], lang: Lang | None = None) -> Iterator[Exchange]:
    """Each question of the clinician that the patient answers in the next turn; `lang` is that of what has no words of its own."""
    for before, after in pairwise(turns):
        if before.role == "clinician" and after.role == "patient":
            asked_in = detect_lang(before.text, lang or "en")
            if is_question(before.text, asked_in):
                start = find_question(before.text, asked_in)
                polarity = read_answer(after.text, detect_lang(after.text, lang or asked_in))
                yield Exchange(before, after, "unknown" if is_score(before.text, after.text) else polarity, start)


_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z]+")


def langs_in(text: str, lang: Lang) -> tuple[Lang, ...]:
    """The languages to read a text in: that of the talk, and the other one where the text holds words of it ("我 chest pain")."""
    has_other = _HAN.search(text) if lang == "en" else len(_LATIN.findall(text)) > 1
    other: Lang = "zh" if lang == "en" else "en"
    return (lang, other) if has_other else (lang,)


def find_confirmed(turns: list[Turn], lang: Lang | None = None) -> Iterator[tuple[Turn, Turn]]:
    """Each statement of the clinician that the patient confirms in so many words ("that's correct")."""
    for before, after in pairwise(turns):
        if before.role == "clinician" and after.role == "patient":
            language = lang or detect_lang(after.text, detect_lang(before.text))
            if confirms(after.text, language) and find_question(before.text, language) == len(before.text):
                yield before, after
