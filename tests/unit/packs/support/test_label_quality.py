"""Doubted labels, confused pairs, what to label next; cleanlab is the oracle where it is installed."""

import numpy as np
import pytest

from duologue.packs.support.intents.classifier import IntentModel
from duologue.packs.support.intents.label_quality import check_labels, find_label_errors, label_next, list_confusions
from duologue.packs.support.intents.starter import starter_examples, starter_model


def noisy(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 4, 600)
    logits = rng.normal(size=(600, 4))
    logits[np.arange(600), true] += 4
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = true.copy()
    wrong = rng.choice(600, 40, replace=False)
    given[wrong] = (given[wrong] + 1 + rng.integers(0, 3, 40)) % 4
    return given, chances, wrong


def test_planted_errors_are_found() -> None:
    given, chances, wrong = noisy()
    found = set(find_label_errors(given, chances).tolist())
    assert len(found & set(wrong.tolist())) / len(wrong) > 0.7
    assert len(found & set(wrong.tolist())) / len(found) > 0.7


@pytest.mark.oracle
def test_as_cleanlab_finds_them() -> None:
    cleanlab = pytest.importorskip("cleanlab.filter", reason="cleanlab comes with the extra oracles")
    given, chances, _ = noisy()
    theirs = cleanlab.find_label_issues(
        given, chances, filter_by="confident_learning", return_indices_ranked_by="normalized_margin", n_jobs=1
    )
    ours = find_label_errors(given, chances)
    assert set(ours.tolist()) == set(theirs.tolist())


def test_a_wrong_label_among_the_starter_examples() -> None:
    texts, intents = starter_examples()
    place = texts.index("I want to cancel my order")
    doubts, _ = check_labels(texts, [*intents[:place], "invoice", *intents[place + 1 :]])
    assert any(doubt.text == texts[place] and doubt.label == "invoice" for doubt in doubts)


def test_confusions_by_hand() -> None:
    found = list_confusions(np.array([0, 0, 1, 2]), np.array([1, 0, 0, 2]), ["a", "b", "c"])
    assert [(c.one, c.other, c.count, c.total) for c in found] == [("a", "b", 2, 3)]


def test_single_examples_and_one_intent_are_not_judged() -> None:
    assert check_labels(["a b", "c d"], ["x", "y"]) == ([], [])
    assert check_labels(["a b", "c d", "e f"], ["x"] * 3) == ([], [])


def test_what_is_sure_need_not_be_labelled() -> None:
    model = starter_model()
    asked = ["where is my order", "hmm the thing with the stuff", "I want to cancel my order", "", "hmm the thing with the stuff"]
    assert label_next(model, asked, 1) == [1]
    assert len(label_next(model, asked, 10)) == 3
    assert label_next(model, [], 3) == []
    assert label_next(IntentModel().fit(["a"], ["x"]), ["b"], 1) == [0]
