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

from duologue.kit.errors import Invalid
from duologue.kit.text import detect_lang
from duologue.packs.support.calibrate import confidence_for, fit_temperature, probabilities
from duologue.packs.support.encode import Encode
from duologue.packs.support.examples import ExampleReport, assign_folds, clean_examples
from duologue.packs.support.features import FEW, Features
from duologue.packs.support.head import LinearHead
from duologue.packs.support.prototypes import Prototypes, choose_share, speaking_names
from duologue.packs.support.scope import Neighbours, Scope, energy

Floats = NDArray[np.float64]
FOLDS_FEW, FOLDS_MANY = 5, 7
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
    """How much the encoder counts, how strict the head is, and whether prototypes and the intents' names help, by examples each."""

    below: float
    dense_weight: float
    strictness: float
    is_sparse: bool


RECIPES = (_Recipe(15, 2.0, 0.1, True), _Recipe(60, 1.0, 0.3, True), _Recipe(float("inf"), 0.33, 0.3, False))
"""Chosen on HWU64 and on half of a held-out fifth of BANKING77 (30 examples: HWU64 alone). With many examples the encoder counts
for less, because on sentences that it was itself trained on it promises more than it keeps on new ones."""


@dataclass(slots=True)
class _Look:
    """What a fitted model sees in n texts: margins (n, k), likeness to prototypes (n, k), nearness to examples (n, 1 or 2)."""

    margins: Floats
    likeness: Floats
    nearness: Floats

    def mixed(self, share: float) -> Floats:
        """Margins and so much likeness, (n, k)."""
        return self.margins + share * self.likeness if share else self.margins


@dataclass(slots=True)
class _Fitted:
    features: Features
    head: LinearHead
    prototypes: Prototypes
    neighbours: Neighbours
    recipe: _Recipe

    @classmethod
    def on(
        cls, texts: Sequence[str], classes: NDArray[np.int64], names: Sequence[str], encode: Encode | None, seed: int
    ) -> "_Fitted":
        n, k = len(texts), len(names)
        recipe = next(one for one in RECIPES if n < one.below * k)
        named = speaking_names(names, texts) if recipe.is_sparse else {}
        rows = [*texts, *named.values()]
        right = np.concatenate([classes, np.array(list(named), np.int64)])
        features = Features(encode, recipe.dense_weight, has_company=not recipe.is_sparse).fit(rows)
        terms, vectors = features.terms(rows), features.vectors(rows)
        head = LinearHead(recipe.strictness, seed).fit(features.join(terms, vectors), right, k)
        return cls(features, head, Prototypes(vectors, right, k), Neighbours(terms[:n], vectors[:n]), recipe)

    def look(self, texts: Sequence[str]) -> _Look:
        """What it sees in the texts (n)."""
        terms, vectors = self.features.terms(texts), self.features.vectors(texts)
        margins = self.head.margins(self.features.join(terms, vectors))
        return _Look(margins, self.prototypes.likeness(vectors), self.neighbours.nearness(terms, vectors))


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
    _share: float = field(default=0.0, init=False)
    _scope: Scope = field(default_factory=Scope, init=False)

    def fit(self, texts: Sequence[str], intents: Sequence[str | None]) -> "IntentModel":
        """Learn from texts (n) and the intent of each; None marks a text that belongs to no intent, from which scope is learned.

        Repeats, empty rows and contradictions are counted in `report`. Raises Invalid where nothing is left to learn from.
        """
        examples = clean_examples(texts, intents)
        self.report, self.texts = examples.report, examples.texts
        self.intents = sorted(set(examples.intents))
        place = {name: i for i, name in enumerate(self.intents)}
        classes = np.array([place[name] for name in examples.intents])
        self._learn_thresholds(examples.texts, classes, examples.foreign)
        self._fitted = _Fitted.on(examples.texts, classes, self.intents, self.encode, self.seed)
        return self

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest intent of each text, (n); ask `is_in_scope` whether it is one at all. Raises Invalid before `fit`."""
        return [self.intents[i] for i in self._margins(texts)[0].argmax(axis=1)]

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Calibrated probabilities in the order of `intents`, (n, k), given that the text is in scope. Raises Invalid before
        `fit`."""
        return probabilities(self._margins(texts)[0], self.temperature)

    def score_scope(self, texts: Sequence[str]) -> Floats:
        """(n,): standard deviations above the threshold of the text's language; negative is out of scope. Raises Invalid
        before `fit`."""
        margins, nearness = self._margins(texts)
        return self._score(texts, margins, nearness)

    def is_in_scope(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """(n,): whether each text belongs to the intents. Raises Invalid before `fit`."""
        return np.asarray(self.score_scope(texts) >= 0)

    def read(self, text: str) -> list[IntentReading]:
        """The intents of one message, surest first: of the whole, and of those parts that say something else and are sure.

        Always at least one reading, which may be out of scope. Raises Invalid before `fit`.
        """
        parts = split_segments(text)
        spans = [text, *parts] if len(parts) > 1 else [text]
        margins, nearness = self._margins(spans)
        chances, scopes = probabilities(margins, self.temperature), self._score(spans, margins, nearness)
        readings = [self._reading(span, p, float(s)) for span, p, s in zip(spans, chances, scopes, strict=True)]
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
        return found.mixed(self._share), found.nearness

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

    def _learn_thresholds(self, texts: list[str], classes: NDArray[np.int64], foreign: list[str]) -> None:
        """Temperature, the confidence of being sure, and scope, from examples that a model fitted on the others has not seen."""
        k = len(self.intents)
        folds = FOLDS_FEW if len(texts) <= FEW else FOLDS_MANY
        fold = assign_folds(classes, folds, self.seed)
        rows, looks, strange = list[NDArray[np.int64]](), list[_Look](), list[_Look]()
        for number in range(folds if len(texts) <= FEW else 1):
            held = np.flatnonzero(fold == number)
            if not len(held):
                continue
            kept = np.flatnonzero(fold != number)
            model = _Fitted.on([texts[i] for i in kept], classes[kept], self.intents, self.encode, self.seed)
            rows.append(held)
            looks.append(model.look([texts[i] for i in held]))
            if foreign and not strange:
                strange.append(model.look(foreign))
        self.temperature, self.sure, self.held_out, self._scope = 0.2, float("inf"), None, Scope(self.scope_loss)
        self._share = 0.0
        if not rows:
            return
        row, near = np.concatenate(rows), np.vstack([look.nearness for look in looks])
        if k > 1 and model.recipe.is_sparse and self.encode is not None:
            parts = np.vstack([look.margins for look in looks]), np.vstack([look.likeness for look in looks])
            self._share = choose_share(*parts, classes[row])
        margin = np.vstack([look.mixed(self._share) for look in looks])
        self.temperature = fit_temperature(margin, classes[row]) if k > 1 else self.temperature
        chances = probabilities(margin, self.temperature)
        is_right = chances.argmax(axis=1) == classes[row]
        self.sure = confidence_for(chances.max(axis=1), is_right, SURE_ACCURACY)
        self.held_out = HeldOut(row, chances, classes[row])
        langs = [detect_lang(texts[i]) for i in row]
        signals = None if not strange else self._signals(strange[0].mixed(self._share), strange[0].nearness)
        self._scope.fit(self._signals(margin, near), langs, signals)


def split_segments(text: str) -> list[str]:
    """The parts of a message that may ask for different things: sentences and what follows "and also", "另外" and the like."""
    parts = [part.strip(" ,，") for part in _BORDER.split(text[:4000]) if part]
    return [part for part in parts if len(part) >= (4 if detect_lang(part) == "zh" else 8)][:MAX_SEGMENTS]
