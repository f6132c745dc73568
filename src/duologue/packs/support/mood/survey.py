"""The survey at the end, five faces and one free line, and what its answers say about those who did not answer.

Who answers a survey is not like who does not: beside the mean given stands what was predicted for both groups, and the mean
corrected for the difference. Knows no conversation. Correction: post-stratification on the predicted level (Holt & Smith, JRSS A
1979); that unanswered dialogues would have scored lower was found in 170,000 of them (arXiv 1803.03346).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from duologue.kit.text import Lang

FACES = ("😡", "🙁", "😐", "🙂", "😍")
QUESTION: Mapping[Lang, str] = {
    "en": "How was our help? 😡 1 · 🙁 2 · 😐 3 · 🙂 4 · 😍 5 — and, if you like, one line on why.",
    "zh": "您对这次服务满意吗？😡 1 · 🙁 2 · 😐 3 · 🙂 4 · 😍 5——也欢迎写一句原因。",
}
_SCORE = re.compile(r"^\s*([1-5])(?:\s*/\s*5|\s*分)?(?![\d.,:/-]*\d)[\s.,:;，。：、-]*(.*)$", re.DOTALL)
MAX_REMARK = 500
LEAST = 5
"""Answers below which nothing is corrected."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A score 1..5 and a remark, which may be empty."""

    score: int
    remark: str


def read_answer(text: str) -> Answer | None:
    """The answer in a message right after the question: a face or a digit first, then the remark. None where it is no answer."""
    plain = text.strip()
    for score, face in enumerate(FACES, start=1):
        if plain.startswith(face):
            return Answer(score, plain.removeprefix(face).strip(" ,，.。:：\ufe0f")[:MAX_REMARK])
    found = _SCORE.match(plain)
    return Answer(int(found[1]), found[2].strip()[:MAX_REMARK]) if found else None


@dataclass(frozen=True, slots=True)
class SurveyReport:
    """What the survey says, scores 1..5. `given` and its interval are of those who answered; `predicted_*` of both groups;
    `corrected` is the mean to be expected had all answered, None with too few answers."""

    asked: int
    answered: int
    given: float | None
    low: float | None
    high: float | None
    predicted_answered: float | None
    predicted_silent: float | None
    corrected: float | None

    @property
    def bias(self) -> float | None:
        """Points by which those who answered are happier, by prediction, than those who did not."""
        if self.predicted_answered is None or self.predicted_silent is None:
            return None
        return self.predicted_answered - self.predicted_silent


def summarise(given: Sequence[int | None], predicted: Sequence[float], seed: int = 0) -> SurveyReport:
    """The report on dialogues (n) that were asked: the score given, None where there was no answer, and the score predicted."""
    scores = np.array([np.nan if score is None else score for score in given], float)
    guess, has_answer = np.asarray(predicted, float), ~np.isnan(scores)
    answered = scores[has_answer]
    low = high = None
    if len(answered) >= 2:
        rng = np.random.default_rng(seed)
        means = answered[rng.integers(0, len(answered), (500, len(answered)))].mean(axis=1)
        low, high = (float(q) for q in np.quantile(means, [0.025, 0.975]))
    return SurveyReport(
        len(scores),
        len(answered),
        _mean(answered),
        low,
        high,
        _mean(guess[has_answer]),
        _mean(guess[~has_answer]),
        _correct(scores, guess, has_answer),
    )


def _correct(scores: np.ndarray, guess: np.ndarray, has_answer: np.ndarray) -> float | None:
    """Means of those who answered by thirds of the prediction, weighted by how many of all stand in each third."""
    if has_answer.sum() < LEAST:
        return None
    level = np.searchsorted(np.quantile(guess, [1 / 3, 2 / 3]), guess)
    total, weight = 0.0, 0
    for one in range(3):
        own = scores[(level == one) & has_answer]
        if len(own):
            total, weight = total + float(own.mean()) * int((level == one).sum()), weight + int((level == one).sum())
    return total / weight


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None
