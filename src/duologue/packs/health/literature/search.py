"""Search in a collection of papers: BM25 on stemmed words and vectors of latent topics, fused by score. Knows no network.

Titles and abstracts are data, never instructions. A quotation is a place in its paper, so that it is verbatim by construction.
Needs the extra `health` (bm25s, PyStemmer, scikit-learn).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from duologue.kit.errors import Invalid
from duologue.kit.text import detect_lang, sentences, words
from duologue.packs.health.language.phrases import fold

Channel = Literal["hybrid", "bm25", "dense"]
_DENSE_SHARE = 0.3
"""Weight of the cosine beside BM25 over its best: 250 training claims of SciFact, nDCG@10 .679 (0), .684 (.1 to .3), .686 (.5)."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One record. `retracted` is shown wherever the paper is; `source` names the database or file kind that it came from."""

    id: str
    title: str
    abstract: str
    retracted: bool = False
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str = ""
    doi: str = ""
    source: str = ""

    @property
    def text(self) -> str:
        return f"{self.title} {self.abstract}".strip()


@dataclass(frozen=True, slots=True)
class Found:
    """A paper with its score, and the sentence of it that fits the query best, as it stands there."""

    paper: Paper
    score: float
    quote: str


class Collection:
    """Papers, indexed. BM25 by Lucene's formula, k1 .9, b .4; 300 latent dimensions where there are enough papers."""

    def __init__(self, papers: Sequence[Paper], dimensions: int = 300) -> None:
        if not papers:
            raise Invalid("Give at least one paper to search in.")
        import bm25s
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import normalize

        self.papers = list(papers)
        tokens = [terms(p.text) for p in self.papers]
        self._bm25 = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
        self._bm25.index(tokens, show_progress=False)
        self._vectorise = TfidfVectorizer(analyzer=_identity, sublinear_tf=True, min_df=1 if len(papers) < 50 else 2)
        matrix = self._vectorise.fit_transform(tokens)
        size = min(dimensions, min(matrix.shape) - 1)
        self._svd = TruncatedSVD(size, random_state=0) if size >= 2 else None
        self._normalise = normalize
        self._dense = normalize(self._svd.fit_transform(matrix)) if self._svd else normalize(matrix.toarray())

    def rank(self, query: str, k: int = 10, channel: Channel = "hybrid") -> list[tuple[int, float]]:
        """Indices of the best papers with their scores."""
        asked = terms(query)
        if not asked:
            return []
        lexical = np.asarray(self._bm25.get_scores(asked))
        vector = self._vectorise.transform([asked])
        vector = self._normalise(self._svd.transform(vector) if self._svd else vector.toarray())
        dense = (self._dense @ vector[0]).astype(float)
        if channel != "hybrid":
            scores = lexical if channel == "bm25" else dense
        else:
            scores = lexical / max(float(lexical.max()), 1e-9) + _DENSE_SHARE * dense
        best = np.argsort(-scores, kind="stable")[:k]
        return [(int(i), float(scores[i])) for i in best if scores[i] > 0]

    def search(self, query: str, k: int = 10, channel: Channel = "hybrid") -> list[Found]:
        """The best papers, each with a quotation."""
        return [Found(self.papers[i], score, best_quote(self.papers[i], query)) for i, score in self.rank(query, k, channel)]


def search(query: str, papers: Sequence[Paper] | Collection = (), k: int = 10) -> list[Found]:
    """Search once; keep a `Collection` for more than one query."""
    collection = papers if isinstance(papers, Collection) else Collection(papers)
    return collection.search(query, k)


def best_quote(paper: Paper, query: str) -> str:
    """The sentence of the paper that shares most rare words with the query; verbatim."""
    asked = set(terms(query))
    return max(sentences(paper.abstract) or [paper.title], key=lambda s: len(asked & set(terms(s))) / (4 + len(terms(s))) ** 0.5)


def terms(text: str) -> list[str]:
    """Index terms: stemmed English words without stop words, or Chinese words."""
    if detect_lang(text) == "zh":
        return words(text)
    from bm25s.stopwords import STOPWORDS_EN

    stems: list[str] = _stemmer().stemWords([w for w in _split(text) if w not in STOPWORDS_EN])
    return stems


def _split(text: str) -> list[str]:
    return re.findall(r"(?u)\b\w\w+\b", fold(text))


_STEMMERS: list[Any] = []


def _stemmer() -> Any:
    if not _STEMMERS:
        import Stemmer

        _STEMMERS.append(Stemmer.Stemmer("english"))
    return _STEMMERS[0]


def _identity(tokens: list[str]) -> list[str]:
    return tokens
