"""Intents from examples: what is learned, what is refused, what bad input does."""

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.kernel_ridge import KernelRidge

from duologue.kit.errors import Invalid
from duologue.lm.vectors.attentive_model import ENGLISH_SHARE, AttentiveModel
from duologue.packs.support.intents.classifier import IntentModel, split_segments
from duologue.packs.support.intents.examples import assign_folds, clean_examples, spread
from duologue.packs.support.intents.features import Counts, Features
from duologue.packs.support.intents.head import LEAST, NEARNESS, RIDGE, KernelHead, LinearHead, VectorHead
from duologue.packs.support.intents.starter import EVALS, starter_examples, starter_model, with_strangers
from duologue.packs.support.minds import Models
from duologue.packs.support.mood.satisfaction import SatisfactionModel, Turn
from duologue.packs.support.mood.sentiment import SentimentModel
from duologue.packs.support.talk.reading import read_with


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


@pytest.fixture(scope="module")
def whole() -> IntentModel:
    """As the program has it."""
    return starter_model(AttentiveModel.load().mix(ENGLISH_SHARE))


@pytest.mark.parametrize("text", ["周六周日你们上班不？", "你们中午关门吗", "Are you in on Sundays?", "which tram stops near you"])
def test_a_question_after_the_store_is_no_complaint(whole: IntentModel, text: str) -> None:
    (reading,) = whole.read(text)
    assert reading.intent == "store_info"


def test_a_question_that_says_nothing_bad_is_not_surely_a_complaint(whole: IntentModel) -> None:
    models = Models(whole, SentimentModel(), SatisfactionModel())
    asked = "你们有没有微信"  # the nearest examples are complaints, which say 你们 too
    assert whole.read(asked)[0].intent == "complaint"
    assert read_with(models, [Turn("user", asked)], asked)["understanding"] != "sure"
    assert read_with(models, [Turn("user", "你们有没有良心")], "你们有没有良心，骗子")["understanding"] == "sure"


SERVICES = (
    "你们提供磨刀服务吗",
    "有没有上门测量的服务",
    "提供充电服务吗",
    "维修要人工费吗",
    "do you offer avalanche training",
    "do you sew on badges",
)
PERSONS = (
    "我要人工服务",
    "能给我人工客服吗",
    "有没有真人可以服务我",
    "帮我接人工",
    "can I get a human agent",
    "let a person serve me",
)
GRIEFS = ("你们的服务真差", "这是什么服务啊，气死了", "is your service always this bad")


@pytest.mark.parametrize("text", SERVICES)
def test_who_asks_for_a_service_wants_no_person_and_complains_of_nothing(whole: IntentModel, text: str) -> None:
    (reading,) = whole.read(text)
    assert reading.intent in ("service_question", "warranty_repair")


@pytest.mark.parametrize(("text", "intent"), [*((t, "human") for t in PERSONS), *((t, "complaint") for t in GRIEFS)])
def test_who_wants_a_person_or_complains_of_the_service_is_still_read_so(whole: IntentModel, text: str, intent: str) -> None:
    assert whole.predict([text]) == [intent]


@pytest.mark.parametrize(("lang", "seen", "missed"), [("en", 18, 1), ("zh", 18, 1)])
def test_complaints_that_name_none_are_seen_and_calm_troubles_are_not_taken_for_them(
    whole: IntentModel, lang: str, seen: int, missed: int
) -> None:
    models = Models(whole, SentimentModel(), SatisfactionModel())
    rows = [json.loads(line) for line in (EVALS.parent / "anger.held-out.jsonl").read_text(encoding="utf-8").splitlines()]
    surely = Counter(
        row["kind"]
        for row in rows
        if row["lang"] == lang
        and (read := read_with(models, [Turn("user", row["text"])], row["text"]))["understanding"] == "sure"
        and read["intents"][0]["intent"] == "complaint"
    )
    assert surely["complaint"] >= seen  # of 24
    assert surely["neutral"] <= missed  # of 16


def test_a_watched_intent_stands_first_wherever_a_part_has_it(model: IntentModel) -> None:
    text = "Where is my order RO-1? Nobody answers me, this is the worst service."
    parts = [text, *split_segments(text)]
    chance = max(model.predict_proba(parts)[:, model.intents.index("complaint")])
    found = model.read(text, "complaint", float(chance) - 0.001)
    assert found[0].intent == "complaint"
    assert found[0].confidence == pytest.approx(chance)
    assert found[0].text in parts
    assert found[0].is_in_scope
    assert [one.intent for one in found].count("complaint") == 1
    assert model.read(text, "complaint", float(chance) + 0.001) == model.read(text) == model.read(text, "no such intent", 0.0)


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


def test_an_encoder_counts() -> None:
    texts, intents = starter_examples()
    model = IntentModel(Letters()).fit(texts, intents)
    features = Features(Letters()).fit(texts)
    assert features.join(features.terms(texts), features.vectors(texts)).shape[1] == features.terms(texts).shape[1] + 10
    assert model.predict(["I want to cancel my order"]) == ["cancel_order"]


class Told:
    """An encoder that was told what is meant, and counts what it was asked."""

    name = "told"

    def __init__(self, meant: dict[str, int]) -> None:
        self.meant, self.asked = meant, 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += len(texts)
        return np.eye(2, dtype=np.float32)[[self.meant[text] for text in texts]]


def test_where_words_say_nothing_the_encoder_does() -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdefghijklmnop"), 6)) for _ in range(60)]
    encode = Told({text: i % 2 for i, text in enumerate(texts)})
    model = IntentModel(encode).fit(texts[:40], ["1", "2"] * 20)
    assert model.predict(texts[40:]) == ["1", "2"] * 10
    assert encode.asked == 40 + 20  # not once more for each part that was held out


def test_of_many_examples_only_so_many_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duologue.packs.support.intents.classifier.READ", 30)
    texts, intents = [f"where is parcel {i}x" for i in range(60)] + ["money back"], ["1"] * 60 + ["2"]
    encode = Told({text: int(intent == "2") for text, intent in zip(texts, intents, strict=True)})
    model = IntentModel(encode).fit(texts, intents)
    assert encode.asked == 30
    assert model.predict(["money back"]) == ["2"]  # the rare one was among those that were read


def test_rows_are_taken_from_each_class_in_turn() -> None:
    classes = np.array([0] * 50 + [1] * 3 + [2])
    taken = spread(classes, 12, 0)
    assert np.bincount(classes[taken]).tolist() == [8, 3, 1]
    assert spread(classes, 100, 0).all()
    assert not spread(classes, 0, 0).any()


def test_terms_are_weighed_as_the_reference_weighs_them() -> None:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    from duologue.packs.support.intents.terms import latin_terms, piece_terms

    texts, _ = starter_examples()
    rows = np.arange(0, len(texts), 2)
    counts = Counts(texts)
    features = Features().fit_rows(counts, rows)
    some = [texts[i] for i in rows]
    views = [TfidfVectorizer(analyzer=a, sublinear_tf=True, dtype=np.float64).fit(some) for a in (latin_terms, piece_terms)]
    theirs = hstack([view.transform(texts[:50]) for view in views])
    assert abs(features.terms(texts[:50]) - theirs).max() < 1e-12
    assert abs(features.terms_of(counts, np.arange(50)) - theirs).max() < 1e-12


def test_the_head_over_vectors_separates_as_the_reference_does() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    classes = rng.integers(0, 3, 90)
    vectors = (np.eye(3)[classes] + rng.normal(0, 0.6, (90, 3))).astype(np.float32)
    theirs = LogisticRegression(C=20.0, max_iter=1000).fit(vectors, classes)
    own = VectorHead().fit(vectors, classes, 4).scores(vectors)
    assert np.abs(own[:, :3] - theirs.decision_function(vectors)).max() < 0.05
    assert (own[:, 3] < own[:, :3].max(axis=1)).all()  # never the class of which nothing was seen
    two = VectorHead().fit(vectors[classes < 2], classes[classes < 2], 2).scores(vectors)
    assert ((two[:, 1] > two[:, 0]) == (vectors[:, 1] > vectors[:, 0])).mean() > 0.9
    assert not VectorHead().fit(vectors[classes == 1], classes[classes == 1], 2).scores(vectors).any()


def unit(rng: np.random.Generator, n: int) -> NDArray[np.float32]:
    drawn = rng.standard_normal((n, 8))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def test_the_head_by_likeness_is_ridge_regression_with_a_gaussian_kernel() -> None:
    rng = np.random.default_rng(0)
    rows, asked, classes = unit(rng, 60), unit(rng, 20), rng.integers(0, 3, 60)
    gamma = NEARNESS / 2  # of unit vectors: |a - b|^2 = 2 - 2 cosine
    reference = KernelRidge(alpha=RIDGE, kernel="rbf", gamma=gamma).fit(rows, np.eye(3)[classes])
    wanted = np.log(np.maximum(reference.predict(asked), LEAST))
    assert np.allclose(KernelHead().fit(rows, classes, 3).scores(asked), wanted, atol=0.02)


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


def test_what_no_such_shop_answers_is_learned_from_unless_a_desk_has_examples_of_its_own() -> None:
    texts, intents = starter_examples()
    both, labels = with_strangers(texts, intents)
    assert labels[: len(texts)] == intents
    assert set(labels[len(texts) :]) == {None}
    assert len(both) == len(labels) == len(texts) + 80
    assert with_strangers(["do you sell cat food"], ["stock"]) == (["do you sell cat food"], ["stock"])
