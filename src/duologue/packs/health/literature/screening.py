"""Screening of titles and abstracts with active learning, and an honest estimate of when to stop. Needs the extra `health`.

A linear classifier over word 1-2-grams ranks what is left; every decision refits it. Savings vary from review to review and may be
none, so that nothing is promised: the estimate is an upper bound by a random sample of what is unseen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Labels = Mapping[int, bool]


@dataclass(frozen=True, slots=True)
class Ranking:
    """What to read next: indices of unlabelled records, likeliest first, and their scores."""

    order: tuple[int, ...]
    scores: tuple[float, ...]


def vectorise(texts: Sequence[str]) -> Any:
    """Sparse TF-IDF rows of word 1-2-grams, 30,000 at most."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=30_000, stop_words="english", min_df=1
    ).fit_transform(texts)


def screen(texts: Sequence[str], labels: Labels, matrix: Any = None) -> Ranking:
    """Rank the unlabelled records given decisions on others (index → include?); file order where both kinds are not yet known."""
    left = [i for i in range(len(texts)) if i not in labels]
    if len(set(labels.values())) < 2 or not left:
        return Ranking(tuple(left), tuple(0.0 for _ in left))
    from sklearn.svm import LinearSVC

    rows = vectorise(texts) if matrix is None else matrix
    known = list(labels)
    model = LinearSVC(C=0.5, class_weight="balanced").fit(rows[known], [labels[i] for i in known])
    scores = model.decision_function(rows[left])
    order = np.argsort(-scores, kind="stable")
    return Ranking(tuple(left[i] for i in order), tuple(float(scores[i]) for i in order))


def simulate(
    texts: Sequence[str], truth: Sequence[bool], start: Labels, progress: Callable[[int], None] | None = None
) -> list[bool]:
    """The truth of the records in the order in which they would be read, without the starting ones; batches of max(10, N/100)."""
    matrix = vectorise(texts)
    labels = dict(start)
    read: list[bool] = []
    batch = max(10, len(texts) // 100)
    while len(labels) < len(texts):
        for i in screen(texts, labels, matrix).order[:batch]:
            labels[i] = truth[i]
            read.append(truth[i])
        if progress:
            progress(len(labels))
    return read


def work_saved(read: Sequence[bool], recall: float = 0.95) -> float:
    """WSS: the share of records left unread when `recall` of the includes are found, minus what chance would save."""
    found = np.cumsum(read)
    if not len(read) or not found[-1]:
        return 0.0
    needed = int(np.ceil(recall * found[-1]))
    return float(1 - (np.argmax(found >= needed) + 1) / len(read) - (1 - recall))


def missed_bound(sampled: int, includes: int, unread: int, level: float = 0.95) -> float:
    """Upper bound of the includes among the unread, from a random sample of them (Clopper–Pearson)."""
    if sampled == 0:
        return float(unread)
    from scipy.stats import beta

    upper = 1.0 if includes == sampled else float(beta.ppf(level, includes + 1, sampled - includes))
    return upper * unread
