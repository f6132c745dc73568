"""What a message asks for: intents learned from examples, with calibrated confidences and a sense of what lies outside.

Words, pieces of words and, where the program hands in an encoder, sentence vectors go into one linear head. Everything that is a
threshold or a temperature comes from examples that were held out while it was learned. Knows no conversation, team or reply.
Shapes: n texts, k intents.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from duologue.kit.errors import Invalid
from duologue.kit.text import detect_lang
from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.calibrate import confidence_for, fit_temperature, probabilities
from duologue.packs.support.intents.examples import ExampleReport, assign_folds, clean_examples, spread
from duologue.packs.support.intents.features import FEW, Counts, Features, encode_texts
from duologue.packs.support.intents.head import DenseHead, KernelHead, LinearHead, VectorHead
from duologue.packs.support.intents.prototypes import Prototypes, choose_shares, speaking_names
from duologue.packs.support.intents.scope import Neighbours, Scope, energy

Floats = NDArray[np.float64]
FOLDS_FEW, FOLDS_MANY = 5, 7
MANY = 4500
"""Examples from which the terms are learned once, without those that were held out."""
SURE_ACCURACY = 0.95
MAX_SEGMENTS = 8

_BORDER = re.compile(
    r"(?<=[.!?;。！？；\n])\s*"
    r"|[,，]?\s*\b(?:and also|and then|and (?=can|could|how|what|where|when|why|please|i |do )|also|plus|besides)\b[,，]?\s*"
    r"|[,，。]?\s*(?:另外|还有|顺便|同时|此外|再就是|以及)[,，]?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class IntentReading:
    """One intent found in a message. `scope` is in standard deviations above (below: negative) the threshold of its language."""

    intent: str
    confidence: float
    scope: float
    is_in_scope: bool
    text: str
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the model said of examples that it had not learned from: rows of `texts`, probabilities (m, k), right classes (m,)."""

    rows: NDArray[np.int64]
    probability: Floats
    right: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How strict the head over terms is, and whether the examples are so few that a linear head over vectors, prototypes and names
    help; by examples each."""

    below: float
    strictness: float
    is_sparse: bool


RECIPES = (_Recipe(15, 0.1, True), _Recipe(60, 0.3, True), _Recipe(float("inf"), 0.3, False))
"""Chosen on HWU64's validation part and on a fifth of BANKING77's four fifths."""
LOOSENESS = 20.0
READ = 8000
"""Examples whose vectors are made, spread over the intents: so many take half of the 30 CPU-seconds that learning may take, and a
quarter of a gigabyte while they are compared with each other."""


@dataclass(slots=True)
class _Look:
    """What a fitted model sees in n texts: margins by terms, log-odds by vectors and likeness to prototypes, each (n, k), and
    nearness to examples (n, 1 or 2)."""

    margins: Floats
    odds: Floats
    likeness: Floats
    nearness: Floats

    def mixed(self, shares: tuple[float, float]) -> Floats:
        """Margins, and so much of the log-odds and of the likeness, (n, k)."""
        return self.margins + shares[0] * self.odds + shares[1] * self.likeness


@dataclass(slots=True)
class _Examples:
    """What is learned from: n texts and their classes, then the names of intents that say something, with theirs; their terms and,
    of those that are `read`, their vectors."""

    n: int
    k: int
    recipe: _Recipe
    classes: NDArray[np.int64]
    counts: Counts
    read: NDArray[np.bool_]
    vectors: NDArray[np.float32]

    @classmethod
    def of(
        cls, texts: Sequence[str], classes: NDArray[np.int64], names: Sequence[str], encode: Encode | None, seed: int
    ) -> "_Examples":
        n, k = len(texts), len(names)
        recipe = next(one for one in RECIPES if n < one.below * k)
        named = speaking_names(names, texts) if recipe.is_sparse else {}
        rows = [*texts, *named.values()]
        right = np.concatenate([classes, np.array(list(named), np.int64)])
        read = np.concatenate([spread(classes, READ, seed), np.ones(len(named), bool)])
        some = encode_texts(encode, [text for text, is_read in zip(rows, read, strict=True) if is_read])
        vectors = np.zeros((len(rows), some.shape[1]), np.float32)
        vectors[read] = some
        return cls(n, k, recipe, right, Counts(rows, has_company=not recipe.is_sparse), read, vectors)


@dataclass(slots=True)
class _Fitted:
    features: Features
    terms: LinearHead
    sense: DenseHead
    prototypes: Prototypes
    neighbours: Neighbours

    @classmethod
    def on(
        cls, examples: _Examples, left_out: NDArray[np.int64], encode: Encode | None, seed: int, earlier: "_Fitted | None" = None
    ) -> "_Fitted":
        """Learned from all examples but those at these places; the terms are taken as an `earlier` one has them."""
        is_kept = np.ones(len(examples.classes), bool)
        is_kept[left_out] = False
        kept, k = np.flatnonzero(is_kept), examples.k
        read = np.flatnonzero(is_kept & examples.read)
        features = earlier.features if earlier else Features(encode).fit_rows(examples.counts, kept)
        terms, right = features.terms_of(examples.counts, kept), examples.classes
        head = earlier.terms if earlier else LinearHead(examples.recipe.strictness, seed).fit(terms, right[kept], k)
        vectors = examples.vectors[read]
        dense = VectorHead(LOOSENESS) if examples.recipe.is_sparse or not vectors.shape[1] else KernelHead()
        near = Neighbours(terms[kept < examples.n], examples.vectors[read[read < examples.n]])
        return cls(
            features,
            head,
            dense.fit(vectors, right[read], k),
            Prototypes(vectors, right[read], k),
            near,
        )

    def look(self, texts: Sequence[str]) -> _Look:
        """What it sees in the texts (n)."""
        return self._look(self.features.terms(texts), self.features.vectors(texts))

    def look_at(self, examples: _Examples, places: NDArray[np.int64]) -> _Look:
        """What it sees in the examples at these places, whose vectors were made."""
        return self._look(self.features.terms_of(examples.counts, places), examples.vectors[places])

    def _look(self, terms: csr_matrix, vectors: NDArray[np.float32]) -> _Look:
        nearness = self.neighbours.nearness(terms, vectors)
        return _Look(self.terms.margins(terms), self.sense.scores(vectors), self.prototypes.likeness(vectors), nearness)


@dataclass(slots=True)
class IntentModel:
    """Intents from examples. Learn with `fit`, then `predict`, `predict_proba`, `score_scope`, or `read` for one whole message.

    `encode` adds sentence vectors; `scope_loss` is the share of good messages that may be turned away as out of scope (0..1).
    """

    encode: Encode | None = None
    scope_loss: float = 0.05
    seed: int = 0
    intents: list[str] = field(default_factory=list, init=False)
    report: ExampleReport | None = field(default=None, init=False)
    temperature: float = field(default=0.2, init=False)
    sure: float = field(default=float("inf"), init=False)
    held_out: HeldOut | None = field(default=None, init=False)
    texts: list[str] = field(default_factory=list, init=False)
    _fitted: _Fitted | None = field(default=None, init=False)
    _shares: tuple[float, float] = field(default=(0.0, 0.0), init=False)
    _scope: Scope = field(default_factory=Scope, init=False)

    def fit(self, texts: Sequence[str], intents: Sequence[str | None]) -> "IntentModel":
        """Learn from texts (n) and the intent of each; None marks a text that belongs to no intent, from which scope is learned.

        Repeats, empty rows and contradictions are counted in `report`. Raises Invalid where nothing is left to learn from, or where
        there are not as many intents as texts.
        """
        examples = clean_examples(texts, intents)
        self.report, self.texts = examples.report, examples.texts
        self.intents = sorted(set(examples.intents))
        place = {name: i for i, name in enumerate(self.intents)}
        classes = np.array([place[name] for name in examples.intents])
        known = _Examples.of(examples.texts, classes, self.intents, self.encode, self.seed)
        earlier = self._learn_thresholds(known, examples.texts, examples.foreign)
        self._fitted = _Fitted.on(known, np.zeros(0, np.int64), self.encode, self.seed, earlier)
        return self

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest intent of each text, (n); ask `is_in_scope` whether it is one at all. Raises Invalid before `fit`,
        and for a single text in place of a list, as do the three methods that follow."""
        return [self.intents[i] for i in self._margins(texts)[0].argmax(axis=1)]

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Calibrated probabilities (0..1, a row sums to 1) in the order of `intents`, (n, k), given that the text is in scope.
        Raises Invalid before `fit`."""
        return probabilities(self._margins(texts)[0], self.temperature)

    def score_scope(self, texts: Sequence[str]) -> Floats:
        """(n,): standard deviations above the threshold of the text's language; negative is out of scope. Raises Invalid
        before `fit`."""
        margins, nearness = self._margins(texts)
        return self._score(texts, margins, nearness)

    def is_in_scope(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """(n,): whether each text belongs to the intents. Raises Invalid before `fit`."""
        return np.asarray(self.score_scope(texts) >= 0)

    def read(self, text: str, watch: str = "", watch_from: float = 1.0) -> list[IntentReading]:
        """The intents of one message, surest first: of the whole, and of those parts that say something else and are sure.

        An intent to `watch` stands first, and in scope, where the whole or a part has this probability of it. Always at least one
        reading, which may be out of scope. Raises Invalid before `fit`.
        """
        parts = split_segments(text)
        spans = [text, *parts] if len(parts) > 1 else [text]
        margins, nearness = self._margins(spans)
        chances, scopes = probabilities(margins, self.temperature), self._score(spans, margins, nearness)
        readings = [self._reading(span, p, float(s)) for span, p, s in zip(spans, chances, scopes, strict=True)]
        found = self._surest(readings)
        if watch in self.intents:
            own = chances[:, self.intents.index(watch)]
            best = int(own.argmax())
            if own[best] >= watch_from:
                others = [(first.intent, first.confidence) for first in found if first.intent != watch]
                seen = IntentReading(watch, float(own[best]), float(scopes[best]), True, spans[best], tuple(others[:3]))
                return [seen, *(one for one in found if one.intent != watch and one.confidence >= min(self.sure, 0.9))]
        return found

    def _surest(self, readings: Sequence[IntentReading]) -> list[IntentReading]:
        """Of the reading of the whole and those of its parts."""
        kept: dict[str, IntentReading] = {}
        for reading in readings[1:]:
            if reading.is_in_scope and reading.confidence >= min(self.sure, 0.9):
                best = kept.get(reading.intent)
                kept[reading.intent] = reading if best is None or reading.confidence > best.confidence else best
        if not kept or (len(kept) == 1 and readings[0].intent in kept):
            return [max([readings[0], *kept.values()], key=lambda r: (r.is_in_scope, r.confidence))]
        return sorted(kept.values(), key=lambda r: -r.confidence)

    def _reading(self, text: str, chances: Floats, scope: float) -> IntentReading:
        order = np.argsort(-chances)[:4]
        first, *others = [(self.intents[i], float(chances[i])) for i in order]
        return IntentReading(first[0], first[1], scope, scope >= 0, text, tuple(others))

    def _margins(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        if self._fitted is None:
            raise Invalid("The intents have not been learned yet; call fit with examples first.")
        if isinstance(texts, str):
            raise Invalid("Give a list of texts, not one text.")
        if not len(texts):
            return np.zeros((0, len(self.intents))), np.zeros((0, 1))
        found = self._fitted.look(list(texts))
        return found.mixed(self._shares), found.nearness

    def _score(self, texts: Sequence[str], margins: Floats, nearness: Floats) -> Floats:
        if not len(texts):
            return np.zeros(0)
        limits = np.array([self._scope.threshold(detect_lang(text)) for text in texts])
        limits[~np.isfinite(limits)] = 0.0
        found: Floats = self._scope.scores(self._signals(margins, nearness)) - limits
        return found

    def _signals(self, margins: Floats, nearness: Floats) -> Floats:
        found: Floats = np.column_stack([energy(margins, self.temperature), nearness])
        return found

    def _learn_thresholds(self, examples: _Examples, texts: list[str], foreign: list[str]) -> _Fitted | None:
        """Shares, temperature, the confidence of being sure, and scope, from examples that a model fitted on the others has not
        seen. Returns that model where it was fitted on nearly all of very many: its terms need not be learned twice.
        """
        classes = examples.classes[: examples.n]
        is_few = examples.n <= FEW
        folds = FOLDS_FEW if is_few else FOLDS_MANY
        fold = np.full(examples.n, -1)
        read = np.flatnonzero(examples.read[: examples.n])
        fold[read] = assign_folds(classes[read], folds, self.seed)
        rows, looks, strange = list[NDArray[np.int64]](), list[_Look](), list[_Look]()
        for number in range(folds if is_few else 1):
            held = np.flatnonzero(fold == number)
            if not len(held):
                continue
            model = _Fitted.on(examples, held, self.encode, self.seed)
            rows.append(held)
            looks.append(model.look_at(examples, held))
            if foreign and not strange:
                strange.append(model.look(foreign))
        self.temperature, self.sure, self.held_out, self._scope = 0.2, float("inf"), None, Scope(self.scope_loss)
        self._shares = 0.0, 0.0
        if not rows:
            return None
        row = np.concatenate(rows)
        seen = _Look(*(np.vstack([getattr(look, part) for look in looks]) for part in ("margins", "odds", "likeness", "nearness")))
        if examples.k > 1 and self.encode is not None:
            likeness = seen.likeness if examples.recipe.is_sparse else None
            self._shares = choose_shares(seen.margins, seen.odds, likeness, classes[row])
        margin = seen.mixed(self._shares)
        self.temperature = fit_temperature(margin, classes[row]) if examples.k > 1 else self.temperature
        chances = probabilities(margin, self.temperature)
        is_right = chances.argmax(axis=1) == classes[row]
        self.sure = confidence_for(chances.max(axis=1), is_right, SURE_ACCURACY)
        self.held_out = HeldOut(row, chances, classes[row])
        langs = [detect_lang(texts[i]) for i in row]
        signals = None if not strange else self._signals(strange[0].mixed(self._shares), strange[0].nearness)
        self._scope.fit(self._signals(margin, seen.nearness), langs, signals)
        return model if examples.n >= MANY and len(row) * 5 < examples.n else None


def split_segments(text: str) -> list[str]:
    """The parts of a message that may ask for different things: sentences and what follows "and also", "另外" and the like."""
    parts = [part.strip(" ,，") for part in _BORDER.split(text[:4000]) if part]
    return [part for part in parts if len(part) >= (4 if detect_lang(part) == "zh" else 8)][:MAX_SEGMENTS]
