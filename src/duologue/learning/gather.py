"""How questions of one matter find each other: a port. A pack may bring its own way; without one, equal words are one matter."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from duologue.kit.text import Lang, detect_lang
from duologue.knowledge.terms import index_terms

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Question:
    """A person's question, by an id that means nothing here."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Matter:
    """Questions of one matter, the central one first; `name` is what it may be called."""

    name: str
    lang: Lang
    ids: tuple[str, ...]


Gather = Callable[[Sequence[Question]], Awaitable[Sequence[Matter]]]
"""`async (questions) -> matters`, each question in one of them; order does not matter."""


async def gather_plainly(questions: Sequence[Question]) -> list[Matter]:
    """Questions with the same content words are one matter."""
    found: dict[tuple[str, ...], list[Question]] = {}
    for question in questions:
        found.setdefault(tuple(sorted(set(index_terms(question.text)))), []).append(question)
    return [_matter(group) for group in found.values()]


def _matter(group: Sequence[Question]) -> Matter:
    name = " ".join(group[0].text.split())
    return Matter(name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…", detect_lang(name), tuple(q.id for q in group))
