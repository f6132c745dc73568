"""Prototypes against a plain mean, the share that held-out likelihood chooses, and names that are texts."""

import numpy as np

from duologue.packs.support.intents.classifier import IntentModel
from duologue.packs.support.intents.prototypes import Prototypes, choose_shares, speaking_names


def test_a_prototype_is_the_mean_of_unit_length():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(12, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classes = np.arange(12) % 3
    found = Prototypes(vectors, classes, 4).likeness(vectors)
    for k in range(3):
        mean = vectors[classes == k].mean(axis=0)
        np.testing.assert_allclose(found[:, k], vectors @ mean / np.linalg.norm(mean), atol=1e-6)
    assert not found[:, 3].any()  # an intent without a vector is like nothing


def test_the_share_follows_whoever_is_right():
    rng = np.random.default_rng(1)
    right = rng.integers(0, 4, 200)
    good, bad = np.eye(4)[right] + rng.normal(0, 0.2, (200, 4)), rng.normal(0, 1.0, (200, 4))
    none = np.zeros((200, 4))
    assert choose_shares(bad, none, good, right)[1] >= 16.0
    assert choose_shares(bad, good, none, right)[0] == 3.0
    assert choose_shares(good, bad, bad, right)[0] <= 0.1
    assert choose_shares(good, none, bad, right)[1] == 0.0
    assert choose_shares(bad, none, None, right)[1] == 0.0


def test_names_that_say_something():
    assert speaking_names(["card_arrival", "7", "退款/进度", "OrderStatus", "x1"], ["where is it", "退款"]) == {
        0: "card arrival", 2: "退款 进度", 3: "Order Status",
    }  # fmt: skip
    assert speaking_names(["card_arrival"], ["card arrival"]) == {}
    assert speaking_names(["card_arrival", "退款"], ["卡还没到", "我要退钱"]) == {1: "退款"}


def test_a_message_in_the_words_of_a_name_finds_its_intent():
    texts = ["where is it", "has it come yet", "我的东西呢", "money back", "give me what I paid", "我要退钱"]
    model = IntentModel().fit(texts, ["parcel_tracking"] * 3 + ["refund_request"] * 3)
    assert model.predict(["tracking of a parcel", "a refund"]) == ["parcel_tracking", "refund_request"]
