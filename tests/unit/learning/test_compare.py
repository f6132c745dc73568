"""A challenger is trained, compared and judged on a tiny model; gates look at the unfavourable end of an interval."""

from pathlib import Path

import pytest

from duologue.learning.compare import Gates, Score, check_gates, compare
from duologue.learning.dataset import freeze
from tests.unit.learning.test_dataset import make

pytest.importorskip("torch", reason="torch is not installed")


def score(metric: str, champion: float, challenger: float, low: float, high: float, better: str = "lower") -> Score:
    return Score(metric, champion, challenger, low, high, 50, better)  # type: ignore[arg-type]


GOOD = [
    score("edit_distance", 0.9, 0.5, -0.5, -0.3),
    score("preference_accuracy", 0.2, 0.8, 0.4, 0.7, "higher"),
    score("contradicted", 0.9, 0.01, -0.9, -0.8),
    score("bits_per_byte", 2.0, 2.01, 0.0, 0.02),
]


def test_a_challenger_that_is_surely_better_passes() -> None:
    assert check_gates(GOOD) == []


@pytest.mark.parametrize(
    ("worse", "says"),
    [
        (score("edit_distance", 0.9, 0.85, -0.12, 0.02), "less to edit"),
        (score("preference_accuracy", 0.5, 0.55, -0.05, 0.1, "higher"), "does not surely prefer"),
        (score("preference_accuracy", 0.1, 0.4, 0.2, 0.4, "higher"), "prefers what experts rejected"),
        (score("contradicted", 0.9, 0.12, -0.8, -0.7), "stand against the rest"),
        (score("bits_per_byte", 2.0, 2.05, 0.02, 0.08), "forgotten"),
    ],
)
def test_what_is_not_sure_stands_in_the_way(worse: Score, says: str) -> None:
    found = check_gates([worse if s.metric == worse.metric else s for s in GOOD])
    assert len(found) == 1
    assert says in found[0]


def test_nothing_measured_is_no_pass() -> None:
    assert check_gates([], Gates()) != []


@pytest.mark.slow
def test_a_run_learns_from_corrections_and_is_found_again(tmp_path: Path) -> None:
    from duologue.engine.local import find_embedded
    from duologue.learning.train import learn

    said = "Yes, we repair every tent."
    rows = [make(i, f"p{i}", question=f"Do you repair tent number {i % 7}?", chosen=said) for i in range(90)]
    rows += [make(200 + i, f"p{200 + i}", question=f"Is stove {i} safe?", chosen=f"Stove {i} is safe.") for i in range(60)]
    dataset = freeze(rows)
    seen: list[str] = []
    run = learn(dataset, find_embedded(), tmp_path, ["Boots are waxed."], lambda part, _: seen.append(part))
    assert set(seen) == {"finetune"}
    assert not run.has_preferences
    seen.clear()
    assert learn(dataset, find_embedded(), tmp_path, [], lambda part, _: seen.append(part)) == run
    assert seen == []
    texts = ["Boots are waxed every week."]
    scores = {s.metric: s for s in compare(find_embedded(), run.model, dataset.held_out[:12], texts)}
    assert scores["nll_per_token"].high < 0
    assert scores["nll_per_token"].n == 12
    assert scores["bits_per_byte"].low == pytest.approx(scores["bits_per_byte"].difference)
