"""Positive, neutral or negative: a message's sentiment and emotion, English and Chinese.

As shipped, heads learned from examples written for this project (`heads`) read the vectors of the program's own encoder; without it
words of mood are weighed by rules (`lexicon`). No openly licensed set is at hand to learn better ones from. `fit` learns from
labelled texts: terms, negated words, the lexicon's own verdict, and beside them, with a head of their own, an encoder's vectors
where there is one. Shapes: n texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from duologue.kit.errors import Invalid
from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.calibrate import fit_temperature, probabilities
from duologue.packs.support.intents.examples import assign_folds, clean_examples, spread
from duologue.packs.support.intents.features import Features, encode_texts
from duologue.packs.support.intents.head import LinearHead, VectorHead
from duologue.packs.support.intents.prototypes import choose_shares
from duologue.packs.support.intents.terms import has_han
from duologue.packs.support.mood.heads import shipped
from duologue.packs.support.mood.lexicon import Emotion, feel, negated_words, weigh

Sentiment = Literal["negative", "neutral", "positive"]
LABELS: tuple[Sentiment, Sentiment, Sentiment] = ("negative", "neutral", "positive")
Floats = NDArray[np.float64]

SLOPE = 0.8
"""Log-odds per unit of value in the default."""
NEUTRAL_BAND = 1.0
"""Values within which the default calls a text neutral."""
FOLDS = 6
STRICTNESS = 0.5
LOOSENESS = 5.0
MOSTLY = 0.5
"""Share of texts with Chinese from which the encoder is not asked: 500 hotel reviews gained nothing (0.876, and 0.874 to 0.882)."""
READ = 4000
"""Texts whose vectors are made, so that learning takes seconds."""


@dataclass(frozen=True, slots=True)
class Feeling:
    """The sentiment of a text: label, its probability (0..1), `score` from -1 (bad) to 1 (good), emotion, and the words that
    say so."""

    label: Sentiment
    confidence: float
    score: float
    emotion: Emotion
    words: tuple[tuple[str, float], ...]


class SentimentModel:
    """Works as shipped; `fit` makes it fit one's own texts. Probabilities stand in the order of LABELS."""

    def __init__(self, encode: Encode | None = None, seed: int = 0) -> None:
        self.encode = encode
        self.temperature = 1.0
        self._seed = seed
        self._views: tuple[Features, TfidfVectorizer | None, LinearHead, VectorHead] | None = None
        self._share = 0.0

    @property
    def is_fitted(self) -> bool:
        """Whether it has learned from examples; else it is the shipped default."""
        return self._views is not None

    @property
    def has_heads(self) -> bool:
        """Whether the default may use the shipped heads: they were learned for this very encoder."""
        return self.encode is not None and self.encode.name == shipped().encoder

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> "SentimentModel":
        """Learn from texts (n) and their labels (n). Raises Invalid for a label outside LABELS, where there are not as many labels
        as texts, or where nothing is left to learn from."""
        strange = sorted({str(label) for label in labels} - set(LABELS))
        if strange:
            raise Invalid(f"Unknown sentiment {strange[0]!r}; use positive, neutral or negative.", labels=strange[:5])
        examples = clean_examples(texts, labels)
        classes = np.array([LABELS.index(label) for label in examples.intents])
        fold = assign_folds(classes, FOLDS, self._seed)
        held, kept = np.flatnonzero(fold == 0), np.flatnonzero(fold != 0)
        self.temperature, self._share = 1.0, 0.0
        read = spread(classes, READ, self._seed)
        encode = self.encode if np.mean([has_han(text) for text in examples.texts]) < MOSTLY else None
        some = encode_texts(encode, [text for text, is_read in zip(examples.texts, read, strict=True) if is_read])
        vectors = np.zeros((len(read), some.shape[1]), np.float32)
        vectors[read] = some
        if len(held) >= 20 and len(set(classes[kept].tolist())) > 1:
            self._learn([examples.texts[i] for i in kept], classes[kept], vectors[kept], read[kept])
            judged = held[read[held]] if encode is not None else held
            margins = self._margins([examples.texts[i] for i in judged])
            if encode is not None:
                assert self._views is not None
                odds = self._views[3].scores(vectors[judged])
                self._share = choose_shares(margins, odds, None, classes[judged])[0]
                margins += self._share * odds
            self.temperature = fit_temperature(margins, classes[judged])
        self._learn(examples.texts, classes, vectors, read)
        return self

    def _learn(
        self, texts: Sequence[str], classes: NDArray[np.int64], vectors: NDArray[np.float32], read: NDArray[np.bool_]
    ) -> None:
        features = Features().fit(texts)
        marked = TfidfVectorizer(analyzer=negated_words, sublinear_tf=True, min_df=2)
        try:
            marked.fit(texts)
        except ValueError:  # no negated word at all
            marked = None
        head = LinearHead(STRICTNESS, self._seed)
        head.fit(self._rows(features, marked, texts), classes, len(LABELS))
        sense = VectorHead(LOOSENESS).fit(vectors[read], classes[read], len(LABELS))
        self._views = (features, marked, head, sense)

    @staticmethod
    def _rows(features: Features, marked: TfidfVectorizer | None, texts: Sequence[str]) -> csr_matrix:
        moods = [weigh(text) for text in texts]
        numbers = np.array([[np.tanh(m.value / 3), np.tanh(m.good / 4), np.tanh(m.bad / 4)] for m in moods]).reshape(len(texts), 3)
        parts = [features.terms(texts), csr_matrix(numbers)]
        return hstack([*parts, marked.transform(texts)] if marked is not None else parts, format="csr")

    def _margins(self, texts: Sequence[str]) -> Floats:
        assert self._views is not None
        features, marked, head, sense = self._views
        margins = head.margins(self._rows(features, marked, texts))
        return margins + self._share * sense.scores(encode_texts(self.encode, texts)) if self._share else margins

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """(n, 3): probabilities (0..1) of negative, neutral, positive. Raises Invalid for a single text in place of a list."""
        if isinstance(texts, str):
            raise Invalid("Give a list of texts, not one text.")
        if not len(texts):
            return np.zeros((0, 3))
        if self._views is not None:
            return probabilities(self._margins(texts), self.temperature)
        if self.encode is not None and self.has_heads:
            return shipped().chances(texts, self.encode)
        value = np.array([weigh(text).value for text in texts])
        logits = SLOPE * np.column_stack([-value, np.full(len(value), NEUTRAL_BAND), value])
        return probabilities(logits, 1.0)

    def predict(self, texts: Sequence[str], labels: Sequence[Sentiment] = LABELS) -> list[Sentiment]:
        """The likeliest of `labels` for each text, (n); give two labels for texts of which none is neutral. Raises Invalid
        for a single text in place of a list."""
        allowed = [LABELS.index(label) for label in labels]
        chances = self.predict_proba(texts)[:, allowed]
        return [LABELS[allowed[i]] for i in chances.argmax(axis=1)]

    def read(self, text: str) -> Feeling:
        """One message: label, confidence (0..1), score (-1..1), emotion, and the words of mood in it. Raises nothing."""
        chances = self.predict_proba([text])[0]
        best = int(chances.argmax())
        return Feeling(LABELS[best], float(chances[best]), float(chances[2] - chances[0]), feel(text), weigh(text).words)
