"""Champion against challenger on held-out verdicts and ordinary texts: a scorecard with intervals, and the gates to pass.

Differences are paired and their intervals come from the bootstrap (Efron 1979; percentile, 2,000 draws, a fixed seed). A gate
looks at the unfavourable end of an interval, so that luck does not promote. Knows folders of models and texts, no database.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from duologue.kit.text import words
from duologue.learning.model import Example

DRAWS, SEED = 2_000, 20
NEW_TOKENS = 64
CONTRADICTS = 1.0
"""Nats per token by which a rejected answer must be likelier than the chosen one, after learning both, to count as
contradicted: what the model learnt from the other verdicts says the opposite. After confident learning (Northcutt et al. 2021).
Of 183 honest pairs 0.5 % were, of 194 with a tenth flipped 12 %; the gate's 3 % was chosen on these."""
MOST_WRITTEN = 60
"""Held-out answers that both models write anew; the others are only scored."""


@dataclass(frozen=True, slots=True)
class Score:
    """One measure: the champion's and the challenger's mean, the mean difference with its 95 % interval, and how many cases."""

    metric: str
    champion: float
    challenger: float
    low: float
    high: float
    n: int
    better: Literal["higher", "lower"]

    @property
    def difference(self) -> float:
        """Challenger minus champion."""
        return self.challenger - self.champion


@dataclass(frozen=True, slots=True)
class Gates:
    """What a challenger must show: that it is better at what people decided, and not worse at anything else than is allowed."""

    least_preference_gain: float = 0.0
    most_edit_gain: float = 0.0
    most_text_loss: float = 0.02
    most_wrong_preference: float = 0.5
    most_contradicted: float = 0.03


def compare(
    champion: Path, challenger: Path, held_out: Sequence[Example], texts: Sequence[str], learnt: Sequence[Example] = ()
) -> list[Score]:
    """Every measure. Takes minutes: both models read all held-out answers and write some. `learnt`: pairs that it was taught."""
    from duologue.lm.ask import Model

    first, second = Model(champion), Model(challenger)
    answers = [e for e in held_out if e.kind == "sft"]
    pairs = [e for e in held_out if e.kind == "preference"]
    scores = []
    if answers:
        scores.append(_score("nll_per_token", [_nll(first, e) for e in answers], [_nll(second, e) for e in answers], "lower"))
        some = answers[:MOST_WRITTEN]
        scores.append(_score("edit_distance", [_edit(first, e) for e in some], [_edit(second, e) for e in some], "lower"))
    if pairs:
        scores.append(
            _score("preference_accuracy", [_prefers(first, e) for e in pairs], [_prefers(second, e) for e in pairs], "higher")
        )
    if learnt:
        against = [float(_margin(second, e) < -CONTRADICTS) for e in learnt]
        before = [float(_margin(first, e) < -CONTRADICTS) for e in learnt]
        scores.append(_score("contradicted", before, against, "lower"))
    if texts:
        old, new = [_bits(first, text) for text in texts], [_bits(second, text) for text in texts]
        scores.append(_score("bits_per_byte", old, new, "lower"))
    return scores


def check_gates(scores: Sequence[Score], gates: Gates = Gates()) -> list[str]:
    """What stands in the way of a promotion, in sentences; empty where nothing does."""
    by = {score.metric: score for score in scores}
    found = []
    if (edit := by.get("edit_distance")) is None or edit.high > -gates.most_edit_gain:
        found.append("An expert would not surely have less to edit: the interval of the edit distance does not lie below zero.")
    if (prefer := by.get("preference_accuracy")) is not None:
        if prefer.low < gates.least_preference_gain:
            found.append("It does not surely prefer what experts preferred more often than the present model.")
        if prefer.challenger < gates.most_wrong_preference:
            found.append("It prefers what experts rejected more often than what they chose.")
    if (against := by.get("contradicted")) is not None and against.challenger > gates.most_contradicted:
        found.append("Too many of the verdicts stand against the rest of them; let a person look at these first.")
    if (text := by.get("bits_per_byte")) is not None and text.high > gates.most_text_loss * text.champion:
        found.append("It may have forgotten ordinary text: bits per byte rise by more than is allowed.")
    return found


def _score(metric: str, old: Sequence[float], new: Sequence[float], better: Literal["higher", "lower"]) -> Score:
    differences = [b - a for a, b in zip(old, new, strict=True)]
    draw, n = random.Random(SEED), len(differences)
    means = sorted(sum(draw.choices(differences, k=n)) / n for _ in range(DRAWS))
    low, high = means[int(0.025 * DRAWS)], means[int(0.975 * DRAWS) - 1]
    return Score(metric, sum(old) / n, sum(new) / n, low, high, n, better)


def _nll(model: Any, example: Example) -> float:
    return -_logprob(model, example, example.chosen)


def _prefers(model: Any, example: Example) -> float:
    """1 where the chosen answer is likelier per token than the rejected one."""
    return float(_margin(model, example) > 0)


def _margin(model: Any, example: Example) -> float:
    return _logprob(model, example, example.chosen) - _logprob(model, example, example.rejected)


def _logprob(model: Any, example: Example, answer: str) -> float:
    """Mean log-probability of an answer's tokens after its prompt, the oldest turns left out where the context is short."""
    from duologue.lm.chat import render
    from duologue.lm.score import token_logprobs

    turns = list(example.prompt)
    while True:
        read = render(model.tokenizer, turns, for_reply=True).ids
        whole = render(model.tokenizer, [*turns, {"role": "assistant", "content": answer}]).ids
        if len(whole) <= model.network.config.context or len(turns) <= 1:
            break
        turns = turns[1:]
    whole = whole[: model.network.config.context]
    found = token_logprobs(model.network, whole, num_read=min(len(read), len(whole) - 1))
    return float(found.mean())


def _edit(model: Any, example: Example) -> float:
    return distance(write(model, example), example.chosen)


def write(model: Any, example: Example) -> str:
    """What the model answers by itself, greedily; empty where the prompt leaves it no room."""
    from duologue.kit.errors import Invalid
    from duologue.lm.decode import Decoding

    try:
        return str(model.answer(model.read_chat(list(example.prompt)), Decoding(max_new_tokens=NEW_TOKENS))["texts"][0])
    except Invalid:
        return ""


def distance(written: str, final: str) -> float:
    """How much an expert would still have to change, 0 (nothing) to 1."""
    return 1.0 - SequenceMatcher(None, words(written), words(final), autojunk=False).ratio()


def _bits(model: Any, text: str) -> float:
    return float(model.score(text)["bits_per_byte"])
