"""Which labels are probably wrong, which intents are told apart badly, and which messages to label next.

Confident learning (Northcutt, Jiang & Chuang, JAIR 2021): a label is doubted where another intent is predicted, on held-out
data, with
more confidence than that intent's own examples get on average. Active learning by least margin, spread over the messages.
Shapes: n examples, k intents. Knows probabilities and labels, no text but what it hands back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue.kit.errors import Invalid
from duologue.packs.support.intents.classifier import IntentModel
from duologue.packs.support.intents.examples import assign_folds, clean_examples

Floats = NDArray[np.float64]
FOLDS = 3


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label that is probably wrong. `margin` (0..1) is by how much the suggestion is likelier than the label."""

    text: str
    label: str
    suggestion: str
    margin: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two intents that are taken for each other: `count` of the `total` held-out examples of both."""

    one: str
    other: str
    count: int
    total: int


def find_label_errors(labels: NDArray[np.int64], probability: Floats) -> NDArray[np.int64]:
    """Rows whose label is doubted, the most doubtful first. Labels (n,) in 0..k-1, held-out probabilities (n, k)."""
    k = probability.shape[1]
    own = probability[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=k)
    usual = np.divide(np.bincount(labels, own, minlength=k), counts, out=np.full(k, np.inf), where=counts > 0)
    confident = np.where(probability >= usual - 1e-12, probability, -1.0)
    guess = confident.argmax(axis=1)
    doubted = np.flatnonzero((confident.max(axis=1) >= 0) & (guess != labels) & (probability.argmax(axis=1) != labels))
    margins = probability[doubted].max(axis=1) - own[doubted]
    return doubted[np.argsort(-margins, kind="stable")]


def check_labels(texts: Sequence[str], intents: Sequence[str], seed: int = 0) -> tuple[list[Doubt], list[Confusion]]:
    """Doubted labels and confused pairs of intents, from models that had not seen the example they judge (three parts in turn).

    Intents with a single example are not judged. Raises Invalid where nothing can be learned.
    """
    examples = clean_examples(texts, intents)
    names = sorted(set(examples.intents))
    classes = np.array([names.index(name) for name in examples.intents])
    fold = assign_folds(classes, FOLDS, seed)
    probability = np.zeros((len(classes), len(names)))
    for number in range(FOLDS):
        held = np.flatnonzero(fold == number)
        kept = np.flatnonzero(fold != number)
        if not len(held) or not len(kept):
            continue
        model = IntentModel(seed=seed).fit([examples.texts[i] for i in kept], [examples.intents[i] for i in kept])
        columns = [names.index(name) for name in model.intents]
        probability[np.ix_(held, np.array(columns))] = model.predict_proba([examples.texts[i] for i in held])
    judged = np.flatnonzero(fold >= 0)
    if not len(judged):
        return [], []
    rows = judged[find_label_errors(classes[judged], probability[judged])]
    best = probability.argmax(axis=1)
    doubts = [
        Doubt(examples.texts[i], names[classes[i]], names[best[i]], float(probability[i, best[i]] - probability[i, classes[i]]))
        for i in rows
    ]
    return doubts, list_confusions(classes[judged], best[judged], names)


def list_confusions(right: NDArray[np.int64], predicted: NDArray[np.int64], names: Sequence[str]) -> list[Confusion]:
    """Pairs of intents taken for each other, the most frequent first."""
    k = len(names)
    table = np.bincount(right * k + predicted, minlength=k * k).reshape(k, k)
    both = np.triu(table + table.T, 1)
    sizes = table.sum(axis=1)
    pairs = sorted(zip(*np.nonzero(both), strict=True), key=lambda p: -both[p])
    return [Confusion(names[i], names[j], int(both[i, j]), int(sizes[i] + sizes[j])) for i, j in pairs]


def label_next(model: IntentModel, texts: Sequence[str], count: int = 10) -> list[int]:
    """Places of the unlabelled texts whose label would teach most: least sure first, at most a fair share of each guessed intent.

    Raises Invalid before the model has learned, or for a negative count.
    """
    if count < 0:
        raise Invalid("The number of messages to label cannot be negative.")
    if not len(texts):
        return []
    chances = np.sort(model.predict_proba(texts), axis=1)
    margin = chances[:, -1] - (chances[:, -2] if chances.shape[1] > 1 else 0.0)
    guess = model.predict(texts)
    share = max(1, -(-count // max(len(set(guess)), 1)))
    taken: dict[str, int] = {}
    seen: set[str] = set()
    chosen, left = list[int](), list[int]()
    for place in np.argsort(margin, kind="stable").tolist():
        if texts[place] in seen or not texts[place].strip():
            continue
        seen.add(texts[place])
        taken[guess[place]] = taken.get(guess[place], 0) + 1
        (chosen if taken[guess[place]] <= share else left).append(place)
    return (chosen + left)[:count]
