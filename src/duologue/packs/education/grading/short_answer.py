"""Short answers graded from graded examples: one model for questions with examples of their own, one for unseen questions.

Known questions: linear models over marked words and over characters, and trees over overlap and the nearest graded answers,
averaged. Unseen ones: marked words and trees over overlap. Chances are tempered on held-out answers and held-out questions
apart, so that a confidence means the same in both. Knows labels as strings and no thresholds. The blends were chosen by
cross-validation on the training parts of Beetle and SciEntsBank.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from duologue.kit.errors import Invalid
from duologue.packs.education.grading.overlap import Encode, Floats, Overlap, content, stems

MIN_GRADED = 6
"""Graded answers that make a question a known one: below, the model for unseen questions was the better one on held-out answers."""
PARTS = 3
"""Parts for tempering."""


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """The likeliest label with the chances of all, and whether the question was known."""

    label: str
    chances: dict[str, float]
    is_known: bool

    @property
    def confidence(self) -> float:
        """The chance of the label."""
        return self.chances[self.label]


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


class _Trees:
    """Trees over the numbers alone."""

    def __init__(self, *, boosted: bool) -> None:
        self.model = (
            HistGradientBoostingClassifier(
                max_iter=150, learning_rate=0.05, max_leaf_nodes=12, l2_regularization=1, min_samples_leaf=30, random_state=0
            )
            if boosted
            else ExtraTreesClassifier(300, min_samples_leaf=4, max_features=0.4, random_state=0)
        )

    def fit(self, answers: Sequence[Answer], numbers: Floats, labels: NDArray[np.str_]) -> None:
        """Learn."""
        self.model.fit(numbers, labels)

    def predict(self, answers: Sequence[Answer], numbers: Floats) -> Floats:
        """(n, classes of the model)."""
        return np.asarray(self.model.predict_proba(numbers), np.float64)


class _Blend:
    """The weighted mean of several models' chances."""

    def __init__(self, *, seen: bool, count: int) -> None:
        least = 2 if count > 100 else 1
        trees = count > 60
        self._parts: list[tuple[float, _Linear | _Trees]] = (
            [(1.0, _Linear(_own, 10.0, 0.1)), (1.0, _Linear(_letters, 3.0, 0.15))]
            if seen
            else [(2.0, _Linear(_marked, 1.0, 0.2, least))]
        )
        if trees:
            self._parts.append((1.0, _Trees(boosted=False)))
            if not seen:
                self._parts.append((1.0, _Trees(boosted=True)))

    def fit(self, answers: Sequence[Answer], numbers: Floats, labels: NDArray[np.str_]) -> "_Blend":
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


class ShortAnswers:
    """Grades short answers by example. `encode` is the program's encoder, or None."""

    def __init__(self, encode: Encode | None = None) -> None:
        self._overlap = Overlap(encode)
        self.labels: list[str] = []
        self._seen: _Blend | None = None
        self._open: _Blend | None = None
        self._graded: list[Answer] = []
        self._given: NDArray[np.str_] = np.array([], dtype=str)
        self._counts: dict[str, int] = {}
        self.temper_seen = self.temper_open = 1.0

    def fit(self, answers: Sequence[Answer], labels: Sequence[str]) -> "ShortAnswers":
        """Learn from graded answers. Raises Invalid where there are fewer than two labels or eight answers."""
        if len(set(labels)) < 2 or len(answers) < 8:
            raise Invalid("Give at least eight graded answers with at least two different labels.")
        self.labels = sorted(set(labels))
        self._graded, self._given = list(answers), np.array([str(label) for label in labels])
        self._counts = defaultdict(int)
        for answer in answers:
            self._counts[answer.key] += 1
        self._overlap.fit([t for a in answers for t in (a.text, a.question, *a.references)])
        numbers = self._numbers(answers)
        near = _nearest(self._graded, self._given, self._graded, self.labels, leave_out=True)
        self._open = _Blend(seen=False, count=len(answers)).fit(answers, numbers, self._given)
        self._seen = _Blend(seen=True, count=len(answers)).fit(answers, np.hstack([numbers, near]), self._given)
        self._calibrate(numbers)
        return self

    def _numbers(self, answers: Sequence[Answer]) -> Floats:
        return self._overlap.transform(
            [a.question for a in answers], [a.references or ("",) for a in answers], [a.text for a in answers]
        )

    def _calibrate(self, numbers: Floats) -> None:
        """Tempers from held-out answers of known questions, and from held-out questions."""
        by_question = [a.key for a in self._graded]
        for seen in (True, False):
            out = np.zeros((len(self._graded), len(self.labels)))
            done = np.zeros(len(self._graded), bool)
            for train, test in self._folds(by_question, seen=seen):
                some, y = [self._graded[k] for k in train], self._given[train]
                if len(set(y.tolist())) < 2:
                    continue
                held = [self._graded[k] for k in test]
                a, b = numbers[train], numbers[test]
                if seen:
                    a = np.hstack([a, _nearest(some, y, some, self.labels, leave_out=True)])
                    b = np.hstack([b, _nearest(some, y, held, self.labels, leave_out=False)])
                out[test] = _Blend(seen=seen, count=len(some)).fit(some, a, y).chances(held, b, self.labels)
                done[test] = True
            places = np.array([self.labels.index(str(label)) for label in self._given])
            temper = _temper(out[done], places[done]) if done.sum() >= 30 else 1.5
            if seen:
                self.temper_seen = temper
            else:
                self.temper_open = temper

    def _folds(self, by_question: list[str], *, seen: bool) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        n = np.zeros(len(self._given))
        least = min(int((self._given == label).sum()) for label in self.labels)
        if seen and least >= PARTS:
            yield from StratifiedKFold(PARTS, shuffle=True, random_state=0).split(n, self._given)
        elif not seen and len(set(by_question)) >= PARTS:
            yield from GroupKFold(PARTS).split(n, groups=np.array(by_question))

    def predict(self, answers: Sequence[Answer]) -> list[Verdict]:
        """A verdict for each answer. Raises Invalid before `fit`."""
        if self._seen is None or self._open is None:
            raise Invalid("This grader has no examples yet; call fit first.")
        if not answers:
            return []
        numbers = self._numbers(answers)
        near = _nearest(self._graded, self._given, answers, self.labels, leave_out=False)
        known = np.array([self._counts.get(a.key, 0) >= MIN_GRADED for a in answers])
        seen = _tempered(self._seen.chances(answers, np.hstack([numbers, near]), self.labels), self.temper_seen)
        fresh = _tempered(self._open.chances(answers, numbers, self.labels), self.temper_open)
        out = []
        for row, is_known in enumerate(known):
            chances = dict(zip(self.labels, (seen if is_known else fresh)[row].tolist(), strict=True))
            out.append(Verdict(max(chances, key=lambda label: chances[label]), chances, bool(is_known)))
        return out


def _tempered(chances: Floats, temper: float) -> Floats:
    logits = np.log(np.clip(chances, 1e-9, 1.0)) / temper
    logits -= logits.max(axis=1, keepdims=True)
    return np.asarray(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), np.float64)


def _temper(chances: Floats, places: NDArray[np.int64]) -> float:
    """The temperature with the least log loss (Guo et al., ICML 2017)."""

    def loss(log_temper: float) -> float:
        p = _tempered(chances, float(np.exp(log_temper)))
        return float(-np.log(np.clip(p[np.arange(len(p)), places], 1e-9, 1)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-1.0, 2.0), method="bounded").x))


def _nearest(
    graded: Sequence[Answer], given: NDArray[np.str_], answers: Sequence[Answer], labels: Sequence[str], *, leave_out: bool
) -> Floats:
    """For each label the nearest graded answer to the same question and the vote of the seven nearest, by words and by characters.

    `leave_out`: the answers are the graded ones, and none may see itself.
    """
    texts, asked = [a.text for a in graded], [a.text for a in answers]
    spaces = []
    for vectorizer in (
        TfidfVectorizer(tokenizer=stems, lowercase=False, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    ):
        matrix = vectorizer.fit_transform([*texts, "abc"])[:-1]
        spaces.append((matrix, matrix if leave_out else vectorizer.transform(asked)))
    groups: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(graded):
        groups[one.key].append(place)
    rows: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(answers):
        rows[one.key].append(place)
    out = np.zeros((len(answers), 6 * len(labels) + 1))
    is_label = np.array([[label == other for other in labels] for label in given], float)
    for key, mine in rows.items():
        theirs = np.array(groups.get(key, []), np.int64)
        if not len(theirs):
            continue
        two = [np.asarray((q[mine] @ m[theirs].T).todense()) for m, q in spaces]
        for k, row in enumerate(mine):
            keep = theirs != row if leave_out else np.ones(len(theirs), bool)
            if keep.any():
                out[row] = _near_row([s[k][keep] for s in (*two, (two[0] + two[1]) / 2)], is_label[theirs[keep]])
    return out


def _near_row(sims: Sequence[Floats], is_label: Floats) -> Floats:
    prior = (is_label.sum(axis=0) + 0.5) / (len(is_label) + 0.5 * is_label.shape[1])
    out: list[float] = []
    for sim in sims:
        nearest = [float(sim[is_label[:, k] > 0].max(initial=0.0)) for k in range(is_label.shape[1])]
        first = np.argsort(-sim)[:7]
        weight = sim[first] ** 2 + 1e-3
        vote = (weight @ is_label[first] + 0.15 * prior) / (weight.sum() + 0.15)
        out += [*nearest, *vote.tolist()]
    return np.array([*out, float(min(len(is_label), 50))])
