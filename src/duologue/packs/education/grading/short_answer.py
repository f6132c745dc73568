"""Short answers graded from graded examples: one model for questions with examples of their own, one for unseen questions.

Known questions: linear models over marked words and over characters, and trees over overlap and the nearest graded answers,
averaged; unseen ones: marked words and trees over overlap. Where a sentence encoder reads the texts, trees over what the judge
of rubrics weighs stand beside them, and known questions are also looked at by sentence vectors (`blend.py`). Chances are tempered
on held-out answers and questions apart, so that a confidence means the same in both. Knows labels as strings and no thresholds.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold, StratifiedKFold

from duologue.kit.errors import Invalid
from duologue.packs.education.grading.alignment import Alignment, Reads
from duologue.packs.education.grading.blend import JUDGED, PARTS, Answer, Blend
from duologue.packs.education.grading.judge import numbers
from duologue.packs.education.grading.overlap import Encode, Floats, Overlap, stems
from duologue.packs.education.grading.rubric import describe

MIN_GRADED = 6
"""Graded answers that make a question a known one: below, the model for unseen questions was the better one on held-out answers."""


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


class ShortAnswers:
    """Grades short answers by example. `encode` is the program's encoder of words, `reads` that of sentences, either or none."""

    def __init__(self, encode: Encode | None = None, reads: Reads | None = None) -> None:
        self._overlap = Overlap(encode)
        self._alignment = Alignment(reads) if reads is not None else None
        self.labels: list[str] = []
        self._seen: Blend | None = None
        self._open: Blend | None = None
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
        self._open = Blend(seen=False, count=len(answers), alignment=self._alignment).fit(answers, numbers, self._given)
        self._seen = Blend(seen=True, count=len(answers), alignment=self._alignment).fit(
            answers, np.hstack([numbers, near]), self._given
        )
        self._calibrate(numbers)
        return self

    def _numbers(self, answers: Sequence[Answer]) -> Floats:
        asked, ways, said = [a.question for a in answers], [a.references or ("",) for a in answers], [a.text for a in answers]
        overlap = self._overlap.transform(asked, ways, said)
        if self._alignment is None:
            return overlap
        described = [[describe(way, one.question, one.text, one.text) for way in one.references or ("",)] for one in answers]
        aligned = self._alignment.transform(asked, ways, said)
        judged = np.array([numbers(d, a.tolist()) for d, a in zip(described, aligned, strict=True)], np.float64)
        return np.hstack([overlap, judged.reshape(len(answers), JUDGED)])

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
                out[test] = (
                    Blend(seen=seen, count=len(some), alignment=self._alignment).fit(some, a, y).chances(held, b, self.labels)
                )
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
