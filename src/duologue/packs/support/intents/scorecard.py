"""Before and after: what new examples did to the intents, measured on examples that neither model had learned from.

The held-out examples are drawn from the new set by their text, so that the same text is held out every time; the old examples are
learned without them too. Knows no storage: keeping versions and going back is done elsewhere.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from duologue.packs.support.encode import Encode
from duologue.packs.support.evaluate.measure import macro_f1
from duologue.packs.support.intents.calibrate import coverage_at, expected_calibration_error
from duologue.packs.support.intents.classifier import IntentModel
from duologue.packs.support.intents.examples import Examples, clean_examples

HELD_OUT_OF = 5
"""One text in so many is held out."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A model on the held-out examples: shares 0..1; `examples` and `intents` are numbers of what it learned from."""

    accuracy: float
    macro_f1: float
    ece: float
    coverage_at_95pct: float
    examples: int
    intents: int


@dataclass(frozen=True, slots=True)
class IntentChange:
    """An intent's share of right answers before and after (None where it did not exist), of so many held-out examples."""

    intent: str
    before: float | None
    after: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`before` is None for the first model; `changes` name the intents that changed most, losses first."""

    held_out: int
    before: Figures | None
    after: Figures | None
    changes: tuple[IntentChange, ...]

    @property
    def is_worse(self) -> bool:
        """Whether fewer held-out examples are right than before."""
        return self.before is not None and self.after is not None and self.after.accuracy < self.before.accuracy


def compare(
    old: tuple[Sequence[str], Sequence[str | None]] | None,
    new: tuple[Sequence[str], Sequence[str | None]],
    encode: Encode | None = None,
    seed: int = 0,
) -> Scorecard:
    """The scorecard of new examples (texts, intents) beside the old ones. Raises Invalid where the new ones teach nothing.

    With fewer than one held-out example there is nothing to measure: both figures are None.
    """
    after = clean_examples(*new)
    sizes = {intent: after.intents.count(intent) for intent in set(after.intents)}
    is_held = [zlib.crc32(f"{seed}:{text}".encode()) % HELD_OUT_OF == 0 and sizes[i] > 1 for text, i in _pairs(after)]
    held = [pair for pair, out in zip(_pairs(after), is_held, strict=True) if out]
    if not held:
        return Scorecard(0, None, None, ())
    texts, right = [text for text, _ in held], [intent for _, intent in held]
    said_after, figures_after = _judge(after, texts, right, encode, seed)
    said_before, figures_before = None, None
    if old is not None:
        said_before, figures_before = _judge(clean_examples(*old), texts, right, encode, seed)
    changes = []
    for intent in sorted(set(right)):
        places = [i for i, name in enumerate(right) if name == intent]
        shares = [
            None if said is None else float(np.mean([said[i] == intent for i in places])) for said in (said_before, said_after)
        ]
        changes.append(IntentChange(intent, shares[0], shares[1], len(places)))
    changes.sort(key=lambda c: ((c.after or 0) - (c.before if c.before is not None else 1), c.intent))
    return Scorecard(len(held), figures_before, figures_after, tuple(changes))


def _pairs(examples: Examples) -> list[tuple[str, str]]:
    return list(zip(examples.texts, examples.intents, strict=True))


def _judge(
    examples: Examples, texts: Sequence[str], right: Sequence[str], encode: Encode | None, seed: int
) -> tuple[list[str] | None, Figures | None]:
    held = set(texts)
    kept = [(text, intent) for text, intent in _pairs(examples) if text not in held]
    if not kept:
        return None, None
    foreign = [(text, None) for text in examples.foreign if text not in held]
    rows: list[tuple[str, str | None]] = [*kept, *foreign]
    model = IntentModel(encode, seed=seed).fit([text for text, _ in rows], [intent for _, intent in rows])
    chances = model.predict_proba(texts)
    said = [model.intents[i] for i in chances.argmax(axis=1)]
    is_right = np.array([a == b for a, b in zip(said, right, strict=True)])
    confidence = chances.max(axis=1)
    figures = Figures(
        float(is_right.mean()),
        macro_f1(right, said),
        expected_calibration_error(confidence, is_right),
        coverage_at(confidence, is_right, 0.95),
        len(kept),
        len(model.intents),
    )
    return said, figures
