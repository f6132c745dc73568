"""Trait scores of an essay as a draft: surface, length, cohesion and terms, by ridge regression and trees. Never a final grade.

Knows texts, prompts and scores; knows no learner. Learns each trait by itself, within the scale that the prompt's essays have.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import sentences, words

LEAST_OF_PROMPT = 20
"""Essays from which a prompt's own scale is believed; below, all prompts share one."""
LEAST_OF_LEAF = 20
"""Essays in a leaf of a tree; below two leaves' worth a tree says the mean, and 150 of them would take seconds to say it."""
_LINKING = """
because therefore however although moreover furthermore finally first second third example instead since thus while whereas also but
so then unless despite overall conclusion 因为 所以 但是 虽然 然而 首先 其次 最后 例如 总之 因此 而且
"""
_LINKS = frozenset(_LINKING.split())
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Essay:
    """A text to a prompt (a title or an id; may be empty)."""

    prompt: str
    text: str


def describe(essay: Essay) -> list[float]:
    """Length, variety, punctuation, linking words, how sentences hold together, and how much of the prompt is in them."""
    own = words(essay.text)
    parts = sentences(essay.text)
    n, unique = max(len(own), 1), set(own)
    bags = [set(words(part)) for part in parts]
    cohesion = [len(a & b) / max(min(len(a), len(b)), 1) for a, b in pairwise(bags)]
    lengths = [len(bag) for bag in bags] or [0]
    asked = set(words(essay.prompt))
    return [
        float(np.log1p(n)), float(np.sqrt(n)), float(np.log1p(len(parts))), float(np.mean(lengths)), float(np.std(lengths)),
        sum(map(len, own)) / n, sum(len(w) > 6 for w in own) / n, len(unique) / n, len(unique) / float(np.sqrt(n)),
        float(essay.text.count("\n\n") + 1), len(re.findall(r"[,，;；:：]", essay.text)) / n,
        len(re.findall(r"[!?！？]", essay.text)) / n,
        sum(w in _LINKS for w in own) / n, len(unique & _LINKS), float(np.mean(cohesion)) if cohesion else 0.0,
        len(unique & asked) / max(len(asked), 1), sum(part[:1].isupper() for part in parts) / max(len(parts), 1),
    ]  # fmt: skip


class EssayTraits:
    """`fit` on scored essays, `predict` drafts: one number for each trait of each essay, on the prompt's scale."""

    def __init__(self) -> None:
        self.traits: tuple[str, ...] = ()
        self._models: dict[str, list[object]] = {}
        self._scales: dict[tuple[str, str], tuple[float, float]] = {}

    def fit(self, essays: Sequence[Essay], scores: Sequence[Mapping[str, float]]) -> "EssayTraits":
        """Learn every trait that at least ten essays have."""
        from sklearn.dummy import DummyRegressor
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge
        from sklearn.preprocessing import StandardScaler

        counts: dict[str, int] = defaultdict(int)
        for one in scores:
            for trait in one:
                counts[trait] += 1
        self.traits = tuple(sorted(trait for trait, n in counts.items() if n >= 10))
        self._terms = TfidfVectorizer(
            tokenizer=words, token_pattern=None, ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=40_000
        )
        try:
            self._terms.fit([essay.text for essay in essays])
        except ValueError:  # no term stands in two essays
            self._terms = TfidfVectorizer(tokenizer=words, token_pattern=None).fit([*(essay.text for essay in essays), "essay"])
        self._scaler = StandardScaler().fit([describe(essay) for essay in essays])
        for trait in self.traits:
            rows = [k for k, one in enumerate(scores) if trait in one]
            mine = [essays[k] for k in rows]
            by_prompt: dict[str, list[float]] = defaultdict(list)
            for k in rows:
                by_prompt[essays[k].prompt].append(scores[k][trait])
                by_prompt[""].append(scores[k][trait])
            for prompt, values in by_prompt.items():
                if len(values) >= LEAST_OF_PROMPT or not prompt:
                    self._scales[trait, prompt] = (min(values), max(values))
            target = np.array([self._shrink(trait, essays[k].prompt, scores[k][trait]) for k in rows])
            trees = (
                HistGradientBoostingRegressor(
                    max_iter=150, learning_rate=0.06, max_leaf_nodes=12, min_samples_leaf=LEAST_OF_LEAF, random_state=0
                )
                if len(rows) >= 2 * LEAST_OF_LEAF
                else DummyRegressor()
            )
            self._models[trait] = [Ridge(alpha=2.0).fit(self._joined(mine), target), trees.fit(self._dense(mine), target)]
        return self

    def predict(self, essays: Sequence[Essay]) -> list[dict[str, float]]:
        """A draft for each essay: trait to score."""
        out: list[dict[str, float]] = [{} for _ in essays]
        if not essays:
            return out
        joined, dense = self._joined(essays), self._dense(essays)
        for trait in self.traits:
            ridge, trees = self._models[trait]
            mean = (ridge.predict(joined) + trees.predict(dense)) / 2  # type: ignore[attr-defined]
            for k, value in enumerate(mean):
                low, high = self._scale(trait, essays[k].prompt)
                out[k][trait] = float(low + min(max(value, 0.0), 1.0) * (high - low))
        return out

    def _scale(self, trait: str, prompt: str) -> tuple[float, float]:
        return self._scales.get((trait, prompt), self._scales[trait, ""])

    def _shrink(self, trait: str, prompt: str, score: float) -> float:
        low, high = self._scale(trait, prompt)
        return (score - low) / (high - low) if high > low else 0.5

    def _dense(self, essays: Sequence[Essay]) -> Matrix:
        return np.asarray(self._scaler.transform([describe(essay) for essay in essays]))

    def _joined(self, essays: Sequence[Essay]) -> object:
        from scipy.sparse import csr_matrix, hstack

        return hstack(
            [self._terms.transform([essay.text for essay in essays]) * 2.0, csr_matrix(self._dense(essays) * 0.3)]
        ).tocsr()
