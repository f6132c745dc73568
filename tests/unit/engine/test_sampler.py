"""Choosing a token: the rules, held to what they say and to the slow ones of `lm.decode`; draws, held to their distribution."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.sampler import Rules, Seen, apply_rules, choose, gumbel, restrict, top_logprobs  # noqa: E402
from duologue.lm.writing import decode  # noqa: E402

PROBS = np.array([0.5, 0.3, 0.15, 0.05])
LOGITS = np.log(PROBS).astype(np.float32)


def chi_square(counts: np.ndarray, probs: np.ndarray) -> float:
    """The statistic, in standard deviations above its mean (Wilson and Hilferty 1931): 4 happens once in 30,000 times."""
    kept = probs > 0
    assert counts[~kept].sum() == 0, "what is impossible was drawn"
    expected = probs[kept] / probs.sum() * counts.sum()
    free = kept.sum() - 1
    statistic = float(((counts[kept] - expected) ** 2 / expected).sum())
    return ((statistic / free) ** (1 / 3) - (1 - 2 / (9 * free))) / math.sqrt(2 / (9 * free))


def draw(count: int, logits: np.ndarray = LOGITS, **options: float) -> np.ndarray:
    rules = [Rules(**{"temperature": 1.0, "seed": i // 50, **options}) for i in range(count)]  # type: ignore[arg-type]
    tokens = [choose(logits, int(logits.argmax()), r, Seen(()), i % 50) for i, r in enumerate(rules)]
    return np.bincount(tokens, minlength=len(logits))


def test_temperature_zero_takes_the_likeliest() -> None:
    assert choose(LOGITS, 0, Rules(), Seen(()), 0) == 0
    assert choose(LOGITS, 0, Rules(logit_bias={3: 5.0}), Seen(()), 0) == 3


@pytest.mark.parametrize("temperature", [1e-7, 1e-40, 5e-324])
def test_a_temperature_near_zero_takes_the_likeliest_too(temperature: float) -> None:
    logits = np.array([-4.0, 2.0, 9.0, 3.0], np.float32)
    for options in ({}, {"top_p": 0.5}, {"top_k": 3, "min_p": 0.1}):
        assert draw(20, logits, temperature=temperature, **options).tolist() == [0, 0, 20, 0], options


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_tokens_are_drawn_as_often_as_they_are_likely(temperature: float) -> None:
    wanted = PROBS ** (1 / temperature)
    assert chi_square(draw(8000, temperature=temperature), wanted) < 4


def test_many_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    logits = np.random.default_rng(1).normal(0, 1.5, 40).astype(np.float32)
    drawn = draw(8000, logits)
    assert chi_square(drawn, np.exp(logits.astype(np.float64))) < 4
    assert chi_square(drawn, np.exp(logits[::-1].astype(np.float64))) > 10, "the test can fail"


def test_the_noise_is_gumbel_noise_and_independent_of_what_is_beside() -> None:
    tokens = np.arange(20_000)
    noise = gumbel(3, 5, tokens)
    assert float(noise.mean()) == pytest.approx(0.5772, abs=0.03)
    assert float(noise.var()) == pytest.approx(math.pi**2 / 6, abs=0.06)
    assert np.array_equal(gumbel(3, 5, tokens[7:9]), noise[7:9])
    for other in (gumbel(4, 5, tokens), gumbel(3, 6, tokens), noise[np.roll(tokens, 1)]):
        assert abs(float(np.corrcoef(noise, other)[0, 1])) < 0.03


def test_high_noise_is_as_rare_as_it_should_be() -> None:
    """Who is drawn is decided by the highest noise, so its tail must be right, and no two tokens or places may share it."""
    noise = np.concatenate([gumbel(9, place, np.arange(50_000)) for place in range(40)]).astype(np.float64)
    for height in (2.0, 5.0, 8.0, 11.0):
        wanted = -len(noise) * math.expm1(-math.exp(-height))
        assert abs(np.count_nonzero(noise > height) - wanted) < 5 * math.sqrt(wanted)
    assert np.isfinite(noise).all()
    assert len(np.unique(noise[noise > 8])) > 0.99 * np.count_nonzero(noise > 8)


@pytest.mark.parametrize(
    "options",
    [{"top_k": 3}, {"top_k": 1}, {"top_p": 0.6}, {"top_p": 0.01}, {"min_p": 0.2}, {"top_k": 20, "top_p": 0.9, "min_p": 0.05}],
)
@pytest.mark.parametrize("size", [50, 2000])
def test_restrictions_keep_what_the_slow_ones_keep(options: dict[str, float], size: int) -> None:
    logits = np.random.default_rng(size).normal(0, 2, size).astype(np.float32)
    tokens, kept = restrict(logits, Rules(temperature=0.8, **options))  # type: ignore[arg-type]
    slow = decode.restrict(torch.tensor(logits)[None], decode.Decoding(temperature=0.8, **options))[0]  # type: ignore[arg-type]
    assert sorted(tokens.tolist()) == torch.isfinite(slow).nonzero()[:, 0].tolist()
    assert np.allclose(kept, slow.numpy()[tokens], atol=1e-6)


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    assert chi_square(draw(5000, top_p=0.8), np.array([0.5, 0.3, 0, 0])) < 4
    assert draw(200, top_p=0.01).tolist() == [200, 0, 0, 0]


def test_penalties_are_those_of_their_sources() -> None:
    seen = Seen([0, 3])
    seen.text.update([1, 1, 3])
    logits = np.array([2.0, 1.0, -1.0, -2.0], np.float32)
    ours = apply_rules(logits, Rules(repetition_penalty=1.5), seen)
    mask = torch.tensor([[True, True, False, True]])
    theirs = decode.penalise(torch.tensor(logits)[None], mask, decode.Decoding(repetition_penalty=1.5))[0]
    assert ours == pytest.approx(theirs.numpy())
    ours = apply_rules(logits, Rules(presence_penalty=0.5, frequency_penalty=0.25), seen)
    assert ours.tolist() == [2.0, 1.0 - 0.5 - 0.5, -1.0, -2.0 - 0.75]
    assert logits.tolist() == [2.0, 1.0, -1.0, -2.0]


def test_what_is_not_allowed_or_banned_is_never_chosen() -> None:
    allowed = np.array([False, True, True, False])
    for seed in range(50):
        assert choose(LOGITS, 0, Rules(temperature=3.0, seed=seed), Seen(()), 0, allowed) in (1, 2)
        assert choose(LOGITS, 0, Rules(temperature=3.0, seed=seed), Seen(()), 0, allowed, banned=[1]) == 2
    assert choose(LOGITS, 0, Rules(), Seen(()), 0, allowed) == 1
    assert choose(LOGITS, 0, Rules(), Seen(()), 0, None, banned=[0]) == 1


def test_log_probabilities_are_the_models_own_and_come_best_first() -> None:
    top = top_logprobs(LOGITS, 0.0, 3)
    assert [t for t, _ in top] == [0, 1, 2]
    assert [p for _, p in top] == pytest.approx(np.log(PROBS[:3]).tolist())
    assert top_logprobs(np.zeros(5, np.float32), 0.0, 9) == [(i, 0.0) for i in range(5)]
    assert top_logprobs(LOGITS, 0.0, 0) == []
