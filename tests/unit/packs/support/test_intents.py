"""Intents from examples: what is learned, what is refused, what bad input does."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from duologue.kit.errors import Invalid
from duologue.packs.support.examples import assign_folds, clean_examples
from duologue.packs.support.features import Features
from duologue.packs.support.head import LinearHead
from duologue.packs.support.intents import IntentModel, split_segments
from duologue.packs.support.starter import starter_examples, starter_model


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return starter_model()


def test_both_languages_are_told_apart_by_what_they_ask(model: IntentModel) -> None:
    asked = ["I'd like to cancel the order", "where is the parcel?", "帮我取消订单", "我要退货"]
    assert model.predict(asked) == ["cancel_order", "order_status", "cancel_order", "return_item"]


def test_probabilities_are_rows_in_the_order_of_the_intents(model: IntentModel) -> None:
    chances = model.predict_proba(["where is my order", "完全不相干的话"])
    assert chances.shape == (2, len(model.intents))
    assert chances.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert model.intents[int(chances[0].argmax())] == "order_status"


def test_what_lies_outside_scores_below_what_lies_inside(model: IntentModel) -> None:
    texts, _ = starter_examples()
    inside = model.score_scope(texts)
    outside = model.score_scope(["what is the capital of Peru", "写一首秋天的诗", "ζωή και θάνατος", "asdf qwer"])
    assert np.median(inside) > outside.max()
    assert model.is_in_scope(texts).mean() > 0.9


def test_a_message_may_ask_for_two_things(model: IntentModel) -> None:
    model.sure = 0.3
    found = {reading.intent for reading in model.read("Where is my order? And also I need an invoice.")}
    assert {"order_status", "invoice"} <= found


def test_one_thing_is_read_once(model: IntentModel) -> None:
    readings = model.read("where is my order")
    assert [reading.intent for reading in readings] == ["order_status"]
    assert readings[0].alternatives[0][1] <= readings[0].confidence


def test_segments() -> None:
    assert split_segments("Where is my order? And also change my address") == ["Where is my order?", "change my address"]
    assert split_segments("我要退货，另外帮我开发票") == ["我要退货", "帮我开发票"]


def test_learning_twice_gives_the_same_model() -> None:
    texts, intents = starter_examples()
    one, other = (IntentModel().fit(texts, intents).predict_proba(texts[:20]) for _ in range(2))
    assert np.array_equal(one, other)


def test_the_head_separates_as_the_reference_does() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    texts, intents = starter_examples()
    names = sorted(set(intents))
    classes = np.array([names.index(i) for i in intents])
    features = Features().fit(texts)
    own = LinearHead().fit(features.terms(texts), classes, len(names)).margins(features.terms(texts)).argmax(axis=1)
    reference = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
    rows = reference.fit_transform(texts)
    theirs = LinearSVC().fit(rows, classes).predict(rows)
    assert (own == theirs).mean() > 0.98


class Letters:
    """An encoder that counts letters."""

    name = "letters"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = np.array([[text.lower().count(c) for c in "abcdefghij"] for text in texts], np.float32).reshape(len(texts), 10)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1.0)


def test_an_encoder_is_joined() -> None:
    texts, intents = starter_examples()
    model = IntentModel(Letters()).fit(texts, intents)
    features = Features(Letters()).fit(texts)
    assert features.join(features.terms(texts), features.vectors(texts)).shape[1] == features.terms(texts).shape[1] + 10
    assert model.predict(["I want to cancel my order"]) == ["cancel_order"]


def test_out_of_scope_examples_teach_scope() -> None:
    texts, intents = starter_examples()
    strange = [f"tell me about the {noun}" for noun in ["moon", "king", "sea", "film", "war", "sun", "tree", "bird"] * 5]
    strange = [f"{text} number {i}" for i, text in enumerate(strange)]
    model = IntentModel().fit([*texts, *strange], [*intents, *[None] * len(strange)])
    assert model.report is not None
    assert model.report.foreign == 40
    assert "None" not in model.intents
    assert model.score_scope(["tell me about the comet number 99"])[0] < model.score_scope(["where is my order"])[0]


def test_bad_examples_are_counted() -> None:
    found = clean_examples(["a b", "a b", "", "  ", "a b", "c"], ["x", "x", "x", "x", "y", "y"])
    assert (found.report.given, found.report.kept, found.report.empty, found.report.repeated) == (6, 2, 2, 2)
    assert found.report.contradicting == (("a b", ("x", "y")),)
    assert found.intents == ["x", "y"]


@pytest.mark.parametrize(
    ("texts", "intents"), [([], []), (["", " "], ["x", "x"]), (["a"], []), (["a"], [None]), ([3], ["x"]), (["a"], [3])]
)
def test_nothing_to_learn_from_is_said(texts: list[str], intents: list[str | None]) -> None:
    with pytest.raises(Invalid):
        IntentModel().fit(texts, intents)


def test_before_learning_nothing_is_predicted() -> None:
    with pytest.raises(Invalid, match="fit"):
        IntentModel().predict(["a"])


def test_a_single_text_in_place_of_a_list_is_refused(model: IntentModel) -> None:
    with pytest.raises(Invalid, match="list"):
        model.predict("where is my order")


def test_a_single_intent_and_a_single_example() -> None:
    for texts in (["where is my order"], ["where is my order", "track my parcel", "has it shipped"]):
        model = IntentModel().fit(texts, ["order"] * len(texts))
        assert model.predict(["hello"]) == ["order"]
        assert model.predict_proba(["hello"]).tolist() == [[1.0]]
        assert np.isfinite(model.score_scope(["hello", ""])).all()


def test_no_texts_give_no_rows(model: IntentModel) -> None:
    assert model.predict([]) == []
    assert model.predict_proba([]).shape == (0, len(model.intents))
    assert model.score_scope([]).shape == (0,)


@pytest.mark.parametrize(
    "text", ["", "   ", "\x00\x01", "x" * 100_000, "退" * 100_000, "שלום עולם", "مرحبا", "🙂" * 1000, "?" * 50]
)
def test_odd_messages_get_a_reading(model: IntentModel, text: str) -> None:
    readings = model.read(text)
    assert readings
    assert all(0 <= reading.confidence <= 1 and np.isfinite(reading.scope) for reading in readings)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.sampled_from(["a", "b", "", None])), max_size=12))
def test_any_examples_are_learned_or_refused(rows: list[tuple[str, str | None]]) -> None:
    texts, intents = [text for text, _ in rows], [intent for _, intent in rows]
    try:
        model = IntentModel().fit(texts, intents)
    except Invalid:
        return
    chances = model.predict_proba([*texts, "anything"])
    assert np.allclose(chances.sum(axis=1), 1)
    assert set(model.predict(["anything"])) <= {"a", "b"}


def test_folds_spread_every_class() -> None:
    classes = np.array([0] * 10 + [1] * 5 + [2])
    fold = assign_folds(classes, 5, 0)
    assert np.bincount(fold[:10]).tolist() == [2] * 5
    assert sorted(fold[10:15].tolist()) == [0, 1, 2, 3, 4]
    assert fold[15] == -1
