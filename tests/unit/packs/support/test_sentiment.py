"""Sentiment: the shipped rules in both languages, learning, and bad input."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from duologue.kit.errors import Invalid
from duologue.packs.support.mood.lexicon import feel, values, weigh
from duologue.packs.support.mood.sentiment import LABELS, SentimentModel

DEFAULT = SentimentModel()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("This is excellent, thank you!", "positive"),
        ("Not good at all.", "negative"),
        ("It is not bad.", "positive"),
        ("The zip broke and I am disappointed", "negative"),
        ("😡", "negative"),
        ("👍👍", "positive"),
        ("Where is the size chart?", "neutral"),
        ("", "neutral"),
        ("质量很好，非常满意", "positive"),
        ("不好用，很失望", "negative"),
        ("还不错", "positive"),
        ("请问几点发货", "neutral"),
    ],
)
def test_the_shipped_default(text: str, label: str) -> None:
    assert DEFAULT.predict([text]) == [label]


@pytest.mark.parametrize(
    "text",
    [
        "What if I lost the receipt?",
        "Do boots run small?",
        "鞋子偏大还是偏小",
        "帐篷漏水了怎么办",
        "贵不贵",
        "我要退货",
        "换货要几天",
    ],
)
def test_who_asks_is_not_ill_tempered(text: str) -> None:
    assert DEFAULT.predict([text]) == ["neutral"]


@pytest.mark.parametrize(
    "text", ["Why is it broken again?", "How hard can it be, wrong size again?", "怎么又坏了？", "你们到底发没发，骗子吗"]
)
def test_who_asks_for_blame_is(text: str) -> None:
    assert DEFAULT.predict([text]) == ["negative"]


def test_what_follows_but_weighs_more() -> None:
    assert weigh("The tent is lovely but the service was terrible").value < 0
    assert weigh("虽然味道很好，但是服务态度恶劣").value < weigh("味道很好").value


class Bright:
    """An encoder that knows one thing of a text: whether it holds the letters of "sun"."""

    name = "bright"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1.0, 0.0] if "sun" in text else [0.0, 1.0] for text in texts], np.float32).reshape(len(texts), 2)


def test_an_encoder_helps_where_words_do_not() -> None:
    rng = np.random.default_rng(0)
    odd = ["".join(rng.choice(list("bcdfg"), 5)) for _ in range(200)]
    texts = [f"{one}sun{one[::-1]}" if i % 2 else f"{one}{one[::-1]}" for i, one in enumerate(odd)]
    labels = ["positive" if i % 2 else "negative" for i in range(200)]
    model = SentimentModel(Bright()).fit(texts[:150], labels[:150])
    assert model.predict(["kksunkk", "kkkk"]) == ["positive", "negative"]
    assert model.predict_proba(["kksunkk"])[0, 2] > SentimentModel().fit(texts[:150], labels[:150]).predict_proba(["kksunkk"])[0, 2]


def test_emotions() -> None:
    assert feel("I am furious") == "anger"
    assert feel("非常感谢") == "gratitude"
    assert feel("my order number is 5") == "none"


def test_the_lists_agree_with_themselves() -> None:
    for lang in ("en", "zh"):
        assert len(values(lang)) > 200
        assert all(value == 0 or 1 <= abs(value) <= 3 for value in values(lang).values())


def test_learning_beats_the_default_where_words_mean_something_else() -> None:
    texts = [f"sick move number {i}" for i in range(40)] + [f"grey move number {i}" for i in range(40)]
    labels = ["positive"] * 40 + ["negative"] * 40
    model = SentimentModel().fit(texts, labels)
    assert model.predict(["what a sick one", "a grey day"]) == ["positive", "negative"]
    assert model.predict_proba(["sick"]).sum() == pytest.approx(1.0)


def test_two_labels_leave_none_neutral() -> None:
    assert DEFAULT.predict(["the table"], ["negative", "positive"])[0] in ("negative", "positive")


def test_bad_labels_and_nothing_are_refused() -> None:
    with pytest.raises(Invalid, match="great"):
        SentimentModel().fit(["a"], ["great"])
    with pytest.raises(Invalid):
        SentimentModel().fit([], [])
    with pytest.raises(Invalid, match="list"):
        DEFAULT.predict_proba("one text")
    assert DEFAULT.predict_proba([]).shape == (0, 3)


def test_one_label_alone_is_learned() -> None:
    assert SentimentModel().fit(["fine", "nice"], ["positive"] * 2).predict(["whatever"]) == ["positive"]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_felt(text: str) -> None:
    found = DEFAULT.read(text)
    assert found.label in LABELS
    assert 0 <= found.confidence <= 1
    assert -1 <= found.score <= 1


def test_a_very_long_text() -> None:
    assert np.isfinite(DEFAULT.predict_proba(["good " * 25_000, "差" * 100_000])).all()


def test_a_bin_is_no_rubbish() -> None:
    assert weigh("垃圾箱也看了没有").bad == 0
    assert weigh("什么垃圾服务").bad < 0
