import math

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.sampler import choose  # noqa: E402

PROBS = [0.5, 0.3, 0.15, 0.05]
LOGITS = torch.tensor(PROBS).log()


def draw(count: int, **options: float) -> list[float]:
    generator = torch.Generator().manual_seed(0)
    tokens = [choose(LOGITS, **{"temperature": 1.0, "top_p": 1.0, **options}, generator=generator)[0] for _ in range(count)]
    return [tokens.count(i) / count for i in range(len(PROBS))]


def test_temperature_zero_takes_the_likeliest_and_says_how_likely() -> None:
    token, logprob = choose(LOGITS, temperature=0.0, top_p=0.1, generator=torch.Generator())
    assert (token, logprob) == (0, pytest.approx(math.log(0.5)))


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    assert draw(4000) == pytest.approx(PROBS, abs=0.03)


def test_temperature_sharpens() -> None:
    squares = [p * p for p in PROBS]
    assert draw(4000, temperature=0.5) == pytest.approx([s / sum(squares) for s in squares], abs=0.03)


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    assert draw(2000, top_p=0.8) == pytest.approx([0.625, 0.375, 0, 0], abs=0.04)
    assert draw(200, top_p=0.01) == [1, 0, 0, 0]
