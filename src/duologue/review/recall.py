"""Earlier verdicts that bear on a question: what makes a correction count on the very next answer, before any training.

Implements the assistant's `Recall` port. Keeps the workspace's answered questions in memory, topped up from the rows at each
look-up; the rows are the truth. What a blind review put right is one of them. A message that a person rated down is no precedent,
and of two verdicts on one question the later holds. Who does not let the assistant learn from him is none either.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from duologue.assistant.model import Precedent, PrecedentKind
from duologue.kit.text import Lang
from duologue.knowledge.model import Encode
from duologue.knowledge.synonyms import subjects
from duologue.review import repository
from duologue.review.consent import ConsentService
from duologue.review.model import SENDING, Verdict, VerdictKind
from duologue.review.question import Question
from duologue.review.similarity import Likeness, combine, likeness
from duologue.store.database import Database, Tx

_SENT_AS: dict[VerdictKind, PrecedentKind] = {"approve": "approve", "edit": "edit", "respond": "respond"}
FRESH, NEWEST = 48, 16
"""Earlier questions that are encoded at one look-up, beyond those that are already: a third of a second."""
MOST = 100_000
"""Verdicts read at one look-up; the rest follows at the next."""
LEAST = 0.35
"""Likeness under which a verdict is not worth showing to a model."""
BACKGROUND = 200
"""Pseudo-documents that soften rarity while there are few verdicts."""


class Others(Protocol):
    """Corrections of answers that had left alone."""

    async def mark(self, tx: Tx, workspace_id: str) -> Hashable:
        """Something that is another one as soon as there is another correction, or one less."""
        ...

    async def list_corrections(self, tx: Tx, workspace_id: str) -> Sequence[Verdict]:
        """All of them, as verdicts without a message."""
        ...


@dataclass(slots=True)
class _Known:
    verdict: Verdict
    question: Question
    answer: frozenset[str]
    vector: NDArray[np.float32] | None = None


@dataclass(slots=True)
class _Memory:
    newest: str = ""
    known: list[_Known] = field(default_factory=list)
    mark: Hashable = None
    others: list[_Known] = field(default_factory=list)
    frequency: Counter[str] = field(default_factory=Counter)


class VerdictRecall:
    """Looks earlier verdicts up by likeness of the question; by its words alone where there is no encoder."""

    def __init__(self, database: Database, encoder: Encode | None = None, others: Others | None = None) -> None:
        self._database = database
        self._encoder = encoder
        self._others = others
        self._memories: dict[str, _Memory] = {}
        self._consents = ConsentService(database)

    async def find(self, workspace_id: str, question: str, lang: Lang, k: int = 3) -> list[Precedent]:
        """Up to `k` precedents in `lang`, most alike first."""
        memory, rated_down = await self._read(workspace_id)
        consents = await self._consents.look(workspace_id)
        candidates = [
            known
            for known in sorted((*memory.known, *memory.others), key=lambda known: known.verdict.decided_at)
            if known.verdict.lang == lang and known.verdict.message_id not in rated_down and consents.allow(known.verdict.person_id)
        ]
        if not candidates:
            return []
        asked = Question.read(question, lang)
        sharing = [not asked.terms.isdisjoint(c.question.terms | c.answer) for c in candidates]
        named = asked.terms.union(*(c.question.terms for c, shares in zip(candidates, sharing, strict=True) if shares))
        weights = {term: _rarity(memory, term) for term in named}
        by_words = [
            likeness(asked.terms, c.question.terms, c.answer, weights) if shares else 0.0
            for c, shares in zip(candidates, sharing, strict=True)
        ]
        cosines = await self._compare(question, candidates, by_words)
        scored = [
            (combine(asked, c.question, c.verdict.final_text, words, cosine), c)
            for c, words, cosine in zip(candidates, by_words, cosines, strict=True)
        ]
        scored.sort(key=lambda pair: (pair[0].score, pair[1].verdict.decided_at, pair[1].verdict.id), reverse=True)
        return _latest_of_each([(like, known) for like, known in scored if like.score >= LEAST])[:k]

    async def _compare(self, question: str, candidates: Sequence[_Known], by_words: Sequence[float]) -> list[float | None]:
        """Cosines with the question. Few candidates get their vector at one look-up: the newest, and those most alike by words."""
        if self._encoder is None:
            return [None] * len(candidates)
        bare = [(words, n) for n, (c, words) in enumerate(zip(candidates, by_words, strict=True)) if c.vector is None]
        alike = sorted(bare[:-NEWEST], reverse=True)[:FRESH]
        fresh = [candidates[n] for _, n in (*alike, *bare[-NEWEST:])]
        first, *others = await self._encoder.encode([question, *(c.verdict.question for c in fresh)])
        for known, vector in zip(fresh, others, strict=True):
            known.vector = np.asarray(vector, np.float32)
        asked = np.asarray(first, np.float32)
        return [None if c.vector is None else float(asked @ c.vector) for c in candidates]

    async def _read(self, workspace_id: str) -> tuple[_Memory, set[str]]:
        memory = self._memories.setdefault(workspace_id, _Memory())
        async with self._database.read() as tx:
            if memory.newest and await repository.count_verdicts(tx, workspace_id, SENDING, until=memory.newest) < len(
                memory.known
            ):
                memory = self._memories[workspace_id] = _Memory()  # somebody was erased, here or by another process
            fresh = await repository.list_verdicts(
                tx, workspace_id, kinds=sorted(SENDING), after=memory.newest, limit=MOST, oldest_first=True
            )
            rated_down = await repository.list_messages_rated_down(tx, workspace_id)
            await self._read_others(tx, workspace_id, memory)
        for verdict in fresh:
            if verdict.id <= memory.newest:
                continue  # another look-up was faster
            memory.newest = verdict.id
            memory.known.append(known := _know(verdict))
            memory.frequency.update(known.question.terms | known.answer)
        return memory, rated_down

    async def _read_others(self, tx: Tx, workspace_id: str, memory: _Memory) -> None:
        if self._others is None or (mark := await self._others.mark(tx, workspace_id)) == memory.mark:
            return
        before = {known.verdict.id: known for known in memory.others}
        now = [before.get(verdict.id) or _know(verdict) for verdict in await self._others.list_corrections(tx, workspace_id)]
        for known in memory.others:
            memory.frequency.subtract(known.question.terms | known.answer)
        for known in now:
            memory.frequency.update(known.question.terms | known.answer)
        memory.mark, memory.others = mark, now


def _know(verdict: Verdict) -> _Known:
    return _Known(verdict, Question.read(verdict.question, verdict.lang), frozenset(subjects(verdict.final_text)))


def _rarity(memory: _Memory, term: str) -> float:
    documents = len(memory.known) + BACKGROUND
    return math.log((documents + 1) / (memory.frequency[term] + 1))


def _latest_of_each(scored: Sequence[tuple[Likeness, _Known]]) -> list[Precedent]:
    """Of questions about the same, the latest verdict, in the place and with the likeness of the most alike; `scored` falls."""
    kept: dict[frozenset[str], tuple[Likeness, Verdict]] = {}
    for like, known in scored:
        best, latest = kept.get(known.question.terms, (like, known.verdict))
        kept[known.question.terms] = best, max(latest, known.verdict, key=lambda verdict: (verdict.decided_at, verdict.id))
    return [_precedent(like, verdict) for like, verdict in kept.values()]


def _precedent(like: Likeness, verdict: Verdict) -> Precedent:
    return Precedent(
        verdict_id=verdict.id,
        question=verdict.question,
        answer=verdict.final_text,
        citations=verdict.citations,
        score=like.score,
        exchanged=like.exchanged,
        lang=verdict.lang,
        kind=_SENT_AS[verdict.kind],
    )
