"""A search, step by step: terms, candidates of both channels, scores, fusion, support. Reads through the repository only."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import Lang, detect_lang
from duologue.knowledge import bm25, repository, support, whole
from duologue.knowledge.dense import DenseIndex
from duologue.knowledge.embedding import repository as embedding
from duologue.knowledge.fuse import DENSE_SHARE, Fused, Scored, fuse
from duologue.knowledge.model import Encode, Hit, SearchResult
from duologue.knowledge.repository import Candidate, State
from duologue.knowledge.said import Pieces
from duologue.knowledge.spelling import Speller, is_correctable
from duologue.knowledge.synonyms import called
from duologue.knowledge.terms import index_terms, search_terms
from duologue.store.database import Database, Tx

CANDIDATES = 60
"""Taken from each channel."""
READ = 5
"""First passages of which each piece is compared with the question."""
WORKSPACES = 32
"""Caches held at a time; the one unused for longest goes first."""
VECTORS_AT_ONCE = 5_000
MOST_TERMS = 40
CALLED = 0.8
"""The weight of a word that stands in place of one that the workspace lacks, against a word as written."""
LONGEST_QUERY = 2_000
"""Characters of a question that are looked at."""


@dataclass(slots=True)
class _Cache:
    """What is held of a workspace, and which generation of it."""

    dense: DenseIndex
    in_database: bool = False
    generation: int = -1
    speller: Speller | None = None
    titles: dict[str, NDArray[np.float32]] = field(default_factory=dict)


class Searcher:
    """Searches the passages of workspaces. Its caches follow the generation that every change of the knowledge steps."""

    def __init__(self, database: Database, encode: Encode) -> None:
        self._database = database
        self._encode = encode
        self._caches: OrderedDict[str, _Cache] = OrderedDict()
        self._pieces = Pieces(encode)

    async def search(
        self, workspace_id: str, query: str, *, lang: Lang | None = None, k: int = 5, dense_share: float = DENSE_SHARE
    ) -> SearchResult:
        """The `k` best passages. `dense_share` 0 is BM25 alone, 1 is dense alone."""
        query = query[:LONGEST_QUERY]
        vector = (await self._encode.encode([query]))[0] if query.strip() else []
        async with self._database.read() as tx:
            state = await repository.get_state(tx, workspace_id)
            if not state.passages or not query.strip():
                return SearchResult((), 0.0, {})
            cache = await self._fresh(tx, workspace_id, state)
            weighed = await _weigh(tx, workspace_id, query, state, cache)
            found, cosines = await self._find(tx, workspace_id, weighed, vector, cache, dense_share)
        adds = whole.evidence(weighed, found, state, await self._near(found, vector, cache)) if 0 < dense_share < 1 else {}
        scored = [
            Scored(one, bm25.rate(weighed, one.terms, state), cosines.get(one.number), adds.get(one.passage.document_id, 0.0))
            for one in found
        ]
        fused = fuse(scored, lang or detect_lang(query), dense_share=dense_share)
        fused = [found for found in fused if found.score > 0]
        first = [found.scored.candidate.passage for found in fused[:READ]] if dense_share > 0 else []
        said = await self._pieces.compare(first, vector)
        signals = measure(fused, said)
        hits = tuple(_hit(found, said) for found in fused[:k])
        return SearchResult(hits, support.estimate(signals), signals, tell(query, weighed, state))

    def forget(self, workspace_id: str) -> None:
        """Drop the cache of a workspace; it is rebuilt at the next search."""
        self._caches.pop(workspace_id, None)

    async def _find(
        self, tx: Tx, workspace_id: str, weighed: bm25.Query, vector: Sequence[float], cache: _Cache, dense_share: float
    ) -> tuple[list[Candidate], dict[int, float]]:
        """The candidates of both channels, and the cosine of each that has a vector."""
        numbers: dict[int, None] = {}
        if dense_share < 1:
            numbers |= dict.fromkeys(await repository.match(tx, workspace_id, looked_up(weighed), CANDIDATES))
        cosines: dict[int, float] = {}
        if dense_share > 0 and cache.in_database:
            numbers |= dict.fromkeys(await embedding.nearest(tx, workspace_id, self._encode.name, vector, CANDIDATES))
            cosines = await embedding.score(tx, self._encode.name, vector, list(numbers))
        elif dense_share > 0:
            numbers |= dict.fromkeys(number for number, _ in cache.dense.search(vector, CANDIDATES))
            cosines = cache.dense.score(vector, list(numbers))
        return await repository.get_candidates(tx, workspace_id, list(numbers)), cosines

    async def _near(self, found: Sequence[Candidate], vector: Sequence[float], cache: _Cache) -> dict[str, float]:
        """The cosine of each title with the question."""
        titles = {one.passage.title for one in found}
        unknown = sorted(titles - cache.titles.keys())
        if unknown:
            made = np.asarray(await self._encode.encode(unknown), dtype=np.float32)
            cache.titles |= dict(zip(unknown, made, strict=True))
        question = np.asarray(vector, dtype=np.float32)
        return {title: float(cache.titles[title] @ question) for title in titles}

    async def _fresh(self, tx: Tx, workspace_id: str, state: State) -> _Cache:
        """The cache of a workspace, brought to the generation that this transaction sees."""
        cache = self._caches.get(workspace_id) or _Cache(DenseIndex(self._encode.dim))
        if cache.generation != state.generation and await embedding.is_ready(tx):
            cache = _Cache(DenseIndex(self._encode.dim), True, state.generation)
        elif cache.generation != state.generation:
            present = await repository.list_vector_numbers(tx, workspace_id, self._encode.name)
            held = set(cache.dense.numbers.tolist())
            last = max(held & set(present), default=0)
            if any(number not in held for number in present if number <= last):
                held, last = set(), 0  # vectors were made later for older passages: take all anew
                cache = _Cache(DenseIndex(self._encode.dim))
            added: list[tuple[int, bytes]] = []
            while part := await repository.get_vectors(tx, workspace_id, self._encode.name, last, VECTORS_AT_ONCE):
                added += part
                last = part[-1][0]
            fresh = _Cache(DenseIndex(self._encode.dim), generation=state.generation)
            fresh.dense.numbers, fresh.dense.matrix = cache.dense.numbers, cache.dense.matrix
            fresh.dense.update(present, added)
            cache = fresh
        self._caches[workspace_id] = cache
        self._caches.move_to_end(workspace_id)
        while len(self._caches) > WORKSPACES:
            self._caches.popitem(last=False)
        return cache


async def _weigh(tx: Tx, workspace_id: str, query: str, state: State, cache: _Cache) -> bm25.Query:
    """The query with its weights; in place of a word that occurs nowhere stands what it may be called, or was meant to be."""
    terms = search_terms(query)
    counts = await repository.count_terms(tx, workspace_id, {*terms, *(other for term in terms for other in called(term))})
    words = set(index_terms(query))  # a pair of characters that occurs nowhere is no unknown word, it only joins two
    weights = dict(bm25.weigh([term for term in terms if term in counts or term in words], counts, state).weights)
    for term in [term for term in weights if term not in counts]:
        known = max((other for other in called(term) if counts.get(other)), key=lambda other: counts[other], default=None)
        if known is not None:
            weights.pop(term)
            weights[known] = max(weights.get(known, 0.0), CALLED * bm25.idf(counts[known], state.passages))
            continue
        if not is_correctable(term):
            continue
        if cache.speller is None:  # read when first needed: in a large workspace it takes longer than a search
            cache.speller = Speller(await repository.list_words(tx, workspace_id))
        guess = cache.speller.correct(term)
        if guess is not None:
            weights.pop(term)
            weights[guess.term] = max(weights.get(guess.term, 0.0), guess.certainty * bm25.idf(guess.passages, state.passages))
    return bm25.Query(weights)


def tell(query: str, weighed: bm25.Query, state: State) -> dict[str, float]:
    """How much each word of a question tells, 0 … 1; pairs of characters are no words."""
    pairs = set(search_terms(query)) - set(index_terms(query))
    most = bm25.idf(0, state.passages)
    return {term: min(weight / most, 1.0) for term, weight in weighed.weights.items() if term not in pairs}


def looked_up(weighed: bm25.Query) -> dict[str, float]:
    """The terms that choose candidates: of a long question those that tell most."""
    best = sorted(weighed.weights.items(), key=lambda item: (-item[1], item[0]))
    return dict(best[:MOST_TERMS])


def measure(fused: Sequence[Fused], said: Mapping[str, Mapping[int, float]]) -> dict[str, float]:
    """The signals from which `support` is estimated; empty where nothing was found."""
    if not fused:
        return {}
    top = fused[0]
    other = next((f for f in fused if f.scored.candidate.passage.document_id != top.scored.candidate.passage.document_id), None)
    return {
        "bm25": max(f.scored.bm25 for f in fused[: support.TOP]),
        "dense": max(f.scored.dense or 0.0 for f in fused),
        "margin": top.score - (other.score if other else 0.0),
        "said": max((cosine for pieces in said.values() for cosine in pieces.values()), default=0.0),
    }


def _hit(found: Fused, said: Mapping[str, Mapping[int, float]]) -> Hit:
    return Hit(
        passage=found.scored.candidate.passage,
        score=found.score,
        bm25_rank=found.bm25_rank,
        dense_rank=found.dense_rank,
        bm25_score=found.scored.bm25,
        dense_score=found.scored.dense or 0.0,
        uri=found.scored.candidate.uri,
        said=said.get(found.scored.candidate.passage.id, {}),
    )
