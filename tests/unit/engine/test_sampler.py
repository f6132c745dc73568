import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.protocol import GenerationRequest  # noqa: E402
from duologue.engine.sampler import choose  # noqa: E402

PROBS = [0.5, 0.3, 0.15, 0.05]
LOGITS = torch.tensor(PROBS).log()


def draw(count: int, *, prompt: tuple[int, ...] = (), written: tuple[int, ...] = (), **options: object) -> list[float]:
    generator = torch.Generator().manual_seed(0)
    request = GenerationRequest(**{"temperature": 1.0, **options})  # type: ignore[arg-type]
    tokens = [choose(LOGITS, request, generator, prompt=prompt, written=written) for _ in range(count)]
    return [tokens.count(i) / count for i in range(len(PROBS))]


def test_temperature_zero_takes_the_likeliest() -> None:
    assert draw(1, temperature=0.0, top_p=0.1) == [1, 0, 0, 0]


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    assert draw(4000) == pytest.approx(PROBS, abs=0.03)


def test_temperature_sharpens() -> None:
    squares = [p * p for p in PROBS]
    assert draw(4000, temperature=0.5) == pytest.approx([s / sum(squares) for s in squares], abs=0.03)


def test_top_p_keeps_the_smallest_set_that_reaches_it() -> None:
    assert draw(2000, top_p=0.8) == pytest.approx([0.625, 0.375, 0, 0], abs=0.04)
    assert draw(200, top_p=0.01) == [1, 0, 0, 0]


def test_top_k_and_min_p_cut_the_tail() -> None:
    assert draw(2000, top_k=2) == pytest.approx([0.625, 0.375, 0, 0], abs=0.04)
    assert draw(2000, min_p=0.5) == pytest.approx([0.625, 0.375, 0, 0], abs=0.04)


def test_a_bias_forces_or_forbids() -> None:
    assert draw(200, logit_bias={3: 100.0}) == [0, 0, 0, 1]
    assert draw(200, logit_bias={0: -100.0, 1: -100.0, 2: -100.0}) == [0, 0, 0, 1]


def test_presence_and_frequency_count_what_is_written_and_not_the_prompt() -> None:
    greedy = {"temperature": 0.0}
    assert draw(1, prompt=(0, 0), presence_penalty=2.0, frequency_penalty=2.0, **greedy)[0] == 1
    assert draw(1, written=(0,), presence_penalty=0.4, **greedy)[0] == 1
    assert draw(1, written=(0,), presence_penalty=0.6, **greedy)[1] == 1
    assert draw(1, written=(0, 0), frequency_penalty=0.3, **greedy)[1] == 1


def test_the_repetition_penalty_counts_the_prompt_too() -> None:
    assert draw(1, prompt=(0,), repetition_penalty=2.0, temperature=0.0)[1] == 1
