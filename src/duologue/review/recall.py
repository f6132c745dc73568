"""Earlier verdicts that bear on a question: what makes a correction count on the very next answer, before any training.

Implements the assistant's `Recall` port. Keeps the workspace's answered questions in memory, topped up from the rows at each
look-up; the rows are the truth. A message that a person rated down is no precedent, and of two verdicts on one question the
later holds.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from duologue.assistant.model import Precedent, PrecedentKind
from duologue.engine.protocol import Encoder
from duologue.kit.text import Lang
from duologue.review import repository
from duologue.review.model import SENDING, Verdict, VerdictKind
from duologue.review.similarity import likeness, terms
from duologue.store.database import Database

_SENT_AS: dict[VerdictKind, PrecedentKind] = {"approve": "approve", "edit": "edit", "respond": "respond"}
BATCH = 500
MOST = 100_000
"""Verdicts read at one look-up; the rest follows at the next."""
LEAST = 0.35
"""Likeness under which a verdict is not worth showing to a model."""
BACKGROUND = 200
"""Pseudo-documents that soften rarity while there are few verdicts."""


@dataclass(slots=True)
class _Known:
    verdict: Verdict
    question: dict[str, str]
    answer: dict[str, str]


@dataclass(slots=True)
class _Memory:
    newest: str = ""
    known: list[_Known] = field(default_factory=list)
    frequency: Counter[str] = field(default_factory=Counter)
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)


class VerdictRecall:
    """Looks earlier verdicts up by likeness of the question."""

    def __init__(self, database: Database, encoder: Encoder | None = None) -> None:
        self._database = database
        self._encoder = encoder
        self._memories: dict[str, _Memory] = {}

    def forget(self, workspace_id: str) -> None:
        """Drop what is in memory, as after an erasure; the next look-up reads the rows again."""
        self._memories.pop(workspace_id, None)

    async def find(self, workspace_id: str, question: str, lang: Lang, k: int = 3) -> list[Precedent]:
        """Up to `k` precedents in `lang`, most alike first."""
        memory, rated_down = await self._read(workspace_id)
        asked = terms(question)
        candidates = [
            known
            for known in memory.known
            if known.verdict.lang == lang and known.verdict.message_id not in rated_down and _may_match(asked, known)
        ]
        if not candidates:
            return []
        await self._embed(memory, [asked, *(c.question for c in candidates), *(c.answer for c in candidates)])
        weights = {t: _rarity(memory, t) for c in candidates for t in (*asked, *c.question, *c.answer)}
        scored = [(likeness(asked, c.question, c.answer, weights, memory.vectors), c) for c in candidates]
        scored.sort(key=lambda pair: (pair[0], pair[1].verdict.id), reverse=True)
        return _latest_of_each([(score, c.verdict) for score, c in scored if score >= LEAST])[:k]

    async def _read(self, workspace_id: str) -> tuple[_Memory, set[str]]:
        memory = self._memories.setdefault(workspace_id, _Memory())
        async with self._database.read() as tx:
            fresh = await repository.list_verdicts(
                tx, workspace_id, kinds=sorted(SENDING), after=memory.newest, limit=MOST, oldest_first=True
            )
            rated_down = await repository.list_messages_rated_down(tx, workspace_id)
        for verdict in fresh:
            memory.newest = verdict.id
            known = _Known(verdict, terms(verdict.question), terms(verdict.final_text))
            memory.known.append(known)
            memory.frequency.update({*known.question, *known.answer})
        return memory, rated_down

    async def _embed(self, memory: _Memory, groups: Sequence[Mapping[str, str]]) -> None:
        if self._encoder is None:
            return
        missing = {term: word for group in groups for term, word in group.items() if term not in memory.vectors}
        for start in range(0, len(missing), BATCH):
            batch = list(missing.items())[start : start + BATCH]
            vectors = await self._encoder.encode([word for _, word in batch])
            memory.vectors |= {term: np.asarray(v, dtype=np.float32) for (term, _), v in zip(batch, vectors, strict=True)}


def _may_match(asked: Mapping[str, str], known: _Known) -> bool:
    return bool(asked.keys() & {*known.question, *known.answer}) or len(known.question) <= 3


def _rarity(memory: _Memory, term: str) -> float:
    documents = len(memory.known) + BACKGROUND
    return math.log((documents + 1) / (memory.frequency[term] + 1))


def _latest_of_each(scored: Sequence[tuple[float, Verdict]]) -> list[Precedent]:
    kept: dict[tuple[str, ...], tuple[float, Verdict]] = {}
    for score, verdict in scored:
        key = tuple(sorted(terms(verdict.question)))
        if key not in kept or verdict.id > kept[key][1].id:
            kept[key] = (max(score, kept[key][0]) if key in kept else score, verdict)
    return [_precedent(score, verdict) for score, verdict in kept.values()]


def _precedent(score: float, verdict: Verdict) -> Precedent:
    return Precedent(
        verdict_id=verdict.id,
        question=verdict.question,
        answer=verdict.final_text,
        citations=verdict.citations,
        score=score,
        lang=verdict.lang,
        kind=_SENT_AS[verdict.kind],
    )
