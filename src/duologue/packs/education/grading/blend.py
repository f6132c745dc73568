"""The models of short answers and their blends: what is learned from graded answers, known questions and unseen ones apart.

Knows answers, their numbers and labels; knows no calibration and no thresholds. The blends were chosen by cross-validation on the
training parts of Beetle and SciEntsBank; those with a sentence encoder on nine modules of it, three held out at a time.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from duologue.packs.education.grading.alignment import NUMBERS, Alignment
from duologue.packs.education.grading.judge import WORDS
from duologue.packs.education.grading.overlap import Floats, content, stems

PARTS = 3
"""Parts for tempering."""
JUDGED = len(WORDS) + len(NUMBERS)
"""The last numbers of an answer where a sentence encoder reads it: what the judge of rubrics weighs."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A learner's answer with its question and the reference answers."""

    question: str
    references: tuple[str, ...]
    text: str

    @property
    def key(self) -> str:
        """What makes two answers belong to one question."""
        return self.question + "\n" + "\n".join(self.references)


def _marked(answer: Answer) -> list[str]:
    said = stems(answer.text)
    wanted = {stem for ref in answer.references for stem in stems(ref)}
    asked = set(stems(answer.question))
    best = max(answer.references, key=lambda ref: len(set(content(ref)) & set(said)) / (1 + len(content(ref))), default="")
    out = [*said, *(f"{a}_{b}" for a, b in pairwise(said))]
    out += [("r:" if stem in wanted else "q:" if stem in asked else "x:") + stem for stem in said]
    return out + [f"-:{stem}" for stem in content(best) if stem not in said]


Tokens = Callable[[Answer], list[str]]


@cache
def _number(key: str) -> str:
    """A short name of a question, the same in every process."""
    return blake2b(key.encode(), digest_size=5).hexdigest()


def _own(answer: Answer) -> list[str]:
    """Marks, and the words once more as this question's own."""
    said = stems(answer.text)
    prefix = f"{_number(answer.key)}:"
    return [*_marked(answer), *(prefix + s for s in said), *(f"{prefix}{a}_{b}" for a, b in pairwise(said))]


def _letters(answer: Answer) -> list[str]:
    """Pieces of 3–5 characters, as any question's and as this question's."""
    text = " " + re.sub(r"\W+", " ", answer.text.lower()) + " "
    prefix = f"{_number(answer.key)}:"
    pieces = [text[k : k + n] for n in (3, 4, 5) for k in range(len(text) - n + 1)]
    return [*(prefix + piece for piece in pieces), *(piece for piece in pieces if len(piece) < 5)]


def _same(tokens: list[str]) -> list[str]:
    return tokens


class _Linear:
    """Logistic regression over tokens and numbers; `strength` is the inverse of its regularisation."""

    def __init__(self, tokens: Tokens, strength: float, weight: float, min_count: int = 1) -> None:
        self._tokens, self._weight = tokens, weight
        self._words = TfidfVectorizer(
            tokenizer=_same, preprocessor=_same, lowercase=False, token_pattern=None, sublinear_tf=True, min_df=min_count
        )
        self._scale = StandardScaler()
        self.model = LogisticRegression(C=strength, max_iter=400)

    def fit(self, answers: Sequence[Answer], numbers: Floats, labels: NDArray[np.str_]) -> None:
        """Learn."""
        words = self._words.fit_transform([self._tokens(a) for a in answers])
        self.model.fit(hstack([words, csr_matrix(self._scale.fit_transform(numbers) * self._weight)]), labels)

    def predict(self, answers: Sequence[Answer], numbers: Floats) -> Floats:
        """(n, classes of the model)."""
        words = self._words.transform([self._tokens(a) for a in answers])
        x = hstack([words, csr_matrix(self._scale.transform(numbers) * self._weight)])
        return np.asarray(self.model.predict_proba(x), np.float64)


class _Meaning:
    """A support vector machine over the answer's sentence vector with the question beside it: near in meaning, same question."""

    def __init__(self, alignment: Alignment) -> None:
        self._alignment = alignment
        self._questions: dict[str, int] = {}
        self.model: CalibratedClassifierCV | LogisticRegression = LogisticRegression(max_iter=400)

    def _rows(self, answers: Sequence[Answer]) -> Floats:
        asked = np.zeros((len(answers), len(self._questions)))
        for row, answer in enumerate(answers):
            if answer.key in self._questions:
                asked[row, self._questions[answer.key]] = 2.0
        return np.hstack([3.0 * self._alignment.wholes([a.text for a in answers]), asked])

    def fit(self, answers: Sequence[Answer], numbers: Floats, labels: NDArray[np.str_]) -> None:
        """Learn."""
        if min(Counter(labels.tolist()).values()) >= PARTS:
            self.model = CalibratedClassifierCV(SVC(C=8, gamma=0.1), cv=PARTS, ensemble=False)
        self._questions = {key: k for k, key in enumerate(dict.fromkeys(a.key for a in answers))}
        self.model.fit(self._rows(answers), labels)

    def predict(self, answers: Sequence[Answer], numbers: Floats) -> Floats:
        """(n, classes of the model)."""
        return np.asarray(self.model.predict_proba(self._rows(answers)), np.float64)


class _Trees:
    """Trees over the numbers alone, or over the judge's."""

    def __init__(self, *, boosted: bool, judged: bool = False) -> None:
        self._from = -JUDGED if judged else 0
        if judged:
            self.model = (
                HistGradientBoostingClassifier(
                    max_iter=100, learning_rate=0.05, max_leaf_nodes=8, l2_regularization=2, min_samples_leaf=40, random_state=0
                )
                if boosted
                else ExtraTreesClassifier(200, min_samples_leaf=8, max_features=0.3, random_state=0)
            )
            return
        self.model = (
            HistGradientBoostingClassifier(
                max_iter=150, learning_rate=0.05, max_leaf_nodes=12, l2_regularization=1, min_samples_leaf=30, random_state=0
            )
            if boosted
            else ExtraTreesClassifier(300, min_samples_leaf=4, max_features=0.4, random_state=0)
        )

    def fit(self, answers: Sequence[Answer], numbers: Floats, labels: NDArray[np.str_]) -> None:
        """Learn."""
        self.model.fit(numbers[:, self._from :], labels)

    def predict(self, answers: Sequence[Answer], numbers: Floats) -> Floats:
        """(n, classes of the model)."""
        return np.asarray(self.model.predict_proba(numbers[:, self._from :]), np.float64)


_Part = _Linear | _Trees | _Meaning


class Blend:
    """The weighted mean of several models' chances."""

    def __init__(self, *, seen: bool, count: int, alignment: Alignment | None = None) -> None:
        least = 2 if count > 100 else 1
        trees = count > 60
        self._parts: list[tuple[float, _Part]]
        if alignment is not None and trees:
            if seen:
                self._parts = [(1.0, _Linear(_own, 10.0, 0.1)), (1.0, _Meaning(alignment)), (1.0, _Trees(boosted=False))]
                return
            self._parts = [(1.0, _Linear(_marked, 1.0, 0.2, least))]
            for boosted in (False, True):
                self._parts += [(0.5, _Trees(boosted=boosted)), (1.0, _Trees(boosted=boosted, judged=True))]
            return
        self._parts = (
            [(1.0, _Linear(_own, 10.0, 0.1)), (1.0, _Linear(_letters, 3.0, 0.15))]
            if seen
            else [(2.0, _Linear(_marked, 1.0, 0.2, least))]
        )
        if trees:
            self._parts.append((1.0, _Trees(boosted=False)))
            if not seen:
                self._parts.append((1.0, _Trees(boosted=True)))

    def fit(self, answers: Sequence[Answer], numbers: Floats, labels: NDArray[np.str_]) -> "Blend":
        """Learn each part."""
        for _, part in self._parts:
            part.fit(answers, numbers, labels)
        return self

    def chances(self, answers: Sequence[Answer], numbers: Floats, labels: Sequence[str]) -> Floats:
        """(n, labels), zeros for labels that were not among the examples."""
        out = np.zeros((len(answers), len(labels)))
        for weight, part in self._parts:
            places = [labels.index(str(label)) for label in part.model.classes_]
            out[:, places] += weight * part.predict(answers, numbers)
        return out / sum(weight for weight, _ in self._parts)
