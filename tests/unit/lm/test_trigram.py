import numpy as np
import pytest

from duologue.lm.judging.trigram import Trigram

DOCUMENTS = [[0, 1, 2, 0, 1, 2, 3], [0, 1, 3, 0, 1, 2], [2, 2, 2], []]


@pytest.mark.parametrize("context", [[], [0], [0, 1], [3, 3], [4, 0], [2, 2]])
def test_the_probabilities_of_what_may_follow_sum_to_one(context: list[int]) -> None:
    model = Trigram(DOCUMENTS, 5)
    total = sum(np.exp(model.logprobs([*context, word])[-1]) for word in range(5))
    assert total == pytest.approx(1.0)


def test_what_was_seen_is_likelier_and_nothing_is_impossible() -> None:
    model = Trigram(DOCUMENTS, 5)
    likely, unlikely, unseen = (np.exp(model.logprobs([0, 1, word])[-1]) for word in (2, 3, 4))
    assert likely > unlikely > unseen > 0


def test_counts_are_by_hand() -> None:
    """After (0, 1): 2 three times, 3 once. p(2|0,1) = (3-.75)/4 + .75*2/4 * p(2|1)."""
    model = Trigram([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 3]], 4)
    word = (1 + 1) / (4 + 4)  # each of the four words follows one other word; add one
    middle = (1 - 0.75) / 2 + 0.75 * 2 / 2 * word  # (1, 2) and (1, 3) each stand behind one token
    assert np.exp(model.logprobs([0, 1, 2])[-1]) == pytest.approx((3 - 0.75) / 4 + 0.75 * 2 / 4 * middle)
