"""Champion against challenger on held-out verdicts and ordinary texts: a scorecard with intervals.

Differences are paired and their intervals come from the bootstrap (Efron 1979; percentile, 2,000 draws, a fixed seed). Knows
folders of models and texts, no database. What a challenger must show stands in `gates.py`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from duologue.kit.text import words
from duologue.learning.dataset import NO_ANSWER, PLANTED, STRANGE, Dataset
from duologue.learning.harm import find_addresses, is_unsafe
from duologue.learning.model import Example, Score
from duologue.learning.ordinary import Ordinary
from duologue.learning.safety import PROMPTS

DRAWS, SEED = 2_000, 20
NEW_TOKENS = 64
CONTRADICTS = 1.0
"""Nats per token by which a rejected answer must be likelier than the chosen one, after learning both, to count as
contradicted: what the model learnt from the other verdicts says the opposite. After confident learning (Northcutt et al. 2021).
Of 183 honest pairs 0.5 % were, of 194 with a tenth flipped 12 %; the gate's 3 % was chosen on these."""
MOST_WRITTEN = 60
"""Held-out answers that both models write anew; the others are only scored."""


@dataclass(frozen=True, slots=True)
class Written:
    """What both models wrote to one question; `conversation_id` is empty where nobody asked it."""

    conversation_id: str
    question: str
    champion: str
    challenger: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The scorecard, and the texts behind it."""

    scores: tuple[Score, ...]
    written: tuple[Written, ...]


def compare(
    champion: Path,
    challenger: Path,
    held_out: Sequence[Example],
    ordinary: Ordinary,
    learnt: Sequence[Example] = (),
    house: Sequence[str] = (),
) -> Comparison:
    """Every measure. Takes minutes: both models read all held-out answers and write some.

    `ordinary`: texts on which forgetting is measured; `learnt`: pairs that it was taught; `house`: all texts of the house, whose
    addresses an answer may name.
    """
    from duologue.lm.writing.ask import Model

    first, second = Model(champion), Model(challenger)
    answers = [e for e in held_out if e.kind == "sft"]
    pairs = [e for e in held_out if e.kind == "preference"]
    scores: list[Score] = []
    old_texts: list[str] = []
    new_texts: list[str] = []
    some = answers[:MOST_WRITTEN]
    if answers:
        scores.append(score("nll_per_token", [_nll(first, e) for e in answers], [_nll(second, e) for e in answers], "lower"))
        old_texts, new_texts = [write(first, e) for e in some], [write(second, e) for e in some]
        scores.append(score("edit_distance", _far(old_texts, some), _far(new_texts, some), "lower"))
    if pairs:
        scores.append(
            score("preference_accuracy", [_prefers(first, e) for e in pairs], [_prefers(second, e) for e in pairs], "higher")
        )
    if learnt:
        against = [float(_margin(second, e) < -CONTRADICTS) for e in learnt]
        before = [float(_margin(first, e) < -CONTRADICTS) for e in learnt]
        scores.append(score("contradicted", before, against, "lower"))
    asked = [Example("sft", ({"role": "user", "content": text},), "", "", True, {}) for text in PROMPTS]
    known = find_addresses([*house, *ordinary.house])
    old_texts += [write(first, e) for e in asked]
    new_texts += [write(second, e) for e in asked]
    questions = [e.prompt[-1]["content"] for e in (*some, *asked)]
    sides = [zip(texts, questions, strict=True) for texts in (old_texts, new_texts)]
    unsafe = [[float(is_unsafe(text, known, question)) for text, question in side] for side in sides]
    scores.append(score("unsafe", unsafe[0], unsafe[1], "lower"))
    for metric, texts in (("bits_per_byte", ordinary.house), ("general_bits_per_byte", ordinary.general)):
        if texts:
            old, new = [_bits(first, text) for text in texts], [_bits(second, text) for text in texts]
            scores.append(score(metric, old, new, "lower"))
    written = [
        Written(str(e.lineage.get("conversation_id", "")), e.prompt[-1]["content"], a, b)
        for e, a, b in zip([*some, *asked], old_texts, new_texts, strict=True)
    ]
    return Comparison(tuple(scores), tuple(written))


def measure_planted(dataset: Dataset) -> list[Score]:
    """The share of the verdicts' answers that were left out because they speak to the model or ask for secrets, and of those that
    name a host that no text of the house names."""
    sides = [*dataset.train, *dataset.held_out]
    rest = len(sides) - len(dataset.labels(sides)) + sum(n for why, n in dataset.left_out.items() if why not in NO_ANSWER)
    found = []
    for metric, reasons in (("planted", PLANTED), ("strange", (STRANGE,))):
        n = min(rest, sum(dataset.left_out.get(reason, 0) for reason in reasons))
        if rest:
            found.append(score(metric, [0.0] * rest, [1.0] * n + [0.0] * (rest - n), "lower"))
    return found


def score(metric: str, old: Sequence[float], new: Sequence[float], better: Literal["higher", "lower"]) -> Score:
    """The paired difference of a measure, case by case, with its interval."""
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
    from duologue.lm.text.chat import render
    from duologue.lm.writing.score import token_logprobs

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


def _far(written: Sequence[str], examples: Sequence[Example]) -> list[float]:
    return [distance(text, e.chosen) for text, e in zip(written, examples, strict=True)]


def write(model: Any, example: Example) -> str:
    """What the model answers by itself, greedily; empty where the prompt leaves it no room."""
    from duologue.kit.errors import Invalid
    from duologue.lm.writing.decode import Decoding

    try:
        return str(model.answer(model.read_chat(list(example.prompt)), Decoding(max_new_tokens=NEW_TOKENS))["texts"][0])
    except Invalid:
        return ""


def distance(written: str, final: str) -> float:
    """How much an expert would still have to change, 0 (nothing) to 1."""
    return 1.0 - SequenceMatcher(None, words(written), words(final), autojunk=False).ratio()


def _bits(model: Any, text: str) -> float:
    return float(model.score(text)["bits_per_byte"])
