"""The shipped heads of mood: learned for the built-in encoder, silent beside another, no better told than by their own examples."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from duologue.lm.vectors.attentive_model import ENGLISH_SHARE, AttentiveModel
from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.starter import EVALS
from duologue.packs.support.mood.heads import MoodHeads, learned_from, lexicon_examples, shipped, split_sentences, starter_moods
from duologue.packs.support.mood.lexicon import weigh
from duologue.packs.support.mood.sentiment import LABELS, SentimentModel


@pytest.fixture(scope="module")
def encode() -> AttentiveModel:
    return AttentiveModel.load().mix(ENGLISH_SHARE)


class Odd:
    """An encoder of another name: how many letters, and whether there is a "q"."""

    name = "odd"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([[1.0, "q" in text, "x" in text] for text in texts], np.float32).reshape(len(texts), 3)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_they_were_learned_for_the_encoder_that_comes_with_the_program(encode: AttentiveModel) -> None:
    assert shipped().encoder == encode.name, "the encoder changed: run runs/moods.py"


def test_they_were_learned_from_the_examples_and_the_lexicon_that_are_there() -> None:
    assert shipped().source == learned_from(), "examples, starter intents or lexicon changed: run runs/moods.py"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I kept looking at the clock", "negative"),
        ("the heel came away while I was crossing the street", "negative"),
        ("坐了两站才发现包的背带断在手里", "negative"),
        ("do you have it in a medium", "neutral"),
        ("订单能寄到学校吗", "neutral"),
    ],
)
def test_what_holds_no_word_of_mood_is_read_too(text: str, label: str, encode: AttentiveModel) -> None:
    model = SentimentModel(encode)
    assert model.has_heads
    assert model.predict([text]) == [label]


def test_their_probabilities_are_some(encode: AttentiveModel) -> None:
    chances = SentimentModel(encode).predict_proba(["", "😡", "good", "不好", "x" * 100_000, "สวัสดี", "\u202e\x00"])
    assert chances.shape == (7, len(LABELS))
    assert np.allclose(chances.sum(axis=1), 1)


@pytest.mark.parametrize("other", [None, Odd()])
def test_beside_another_encoder_the_lexicon_stands_alone(other: Encode | None) -> None:
    model = SentimentModel(other)
    assert not model.has_heads
    assert np.allclose(model.predict_proba(["awful, I hate it"]), SentimentModel().predict_proba(["awful, I hate it"]))


def test_they_can_be_learned_again_and_kept(tmp_path: Path) -> None:
    texts = [f"{word} {i}" for i in range(20) for word in ("qua", "xux", "oil")] + [f"快{i}q" for i in range(9)] + ["慢x", "好"]
    labels = ["positive", "negative", "neutral"] * 20 + ["positive"] * 9 + ["negative", "neutral"]
    learned = MoodHeads.fit(texts, labels, Odd())
    learned.save(tmp_path / "heads.npz")
    kept = MoodHeads.load(tmp_path / "heads.npz")
    assert kept.encoder == "odd"
    chances = kept.chances(["qua", "xux"], Odd())
    assert np.allclose(chances, learned.chances(["qua", "xux"], Odd()), atol=1e-5)
    assert chances[0, 2] > chances[0, 0]
    assert chances[1, 0] > chances[1, 2]


def test_a_text_is_read_by_its_sentences() -> None:
    assert split_sentences("看着挺好，一用就露馅。价格1,299", "zh") == ["看着挺好，一用就露馅", "价格1,299"]
    assert split_sentences("Nice, but late. Never again!", "en") == ["Nice, but late.", "Never again!"]
    assert split_sentences("", "zh") == [""]
    assert len(split_sentences("好的啊。" * 5000, "zh")) <= 40


def test_the_examples_are_not_the_ones_that_are_measured() -> None:
    texts, labels = starter_moods()
    assert len(set(texts)) == len(texts) > 1000
    assert set(labels) == set(LABELS)
    for path in EVALS.parent.rglob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert not set(texts) & {str(row.get("text") or row.get("question")) for row in rows}, path.name


def test_phrases_and_endings_of_english_words() -> None:
    assert weigh("it fell flat").value < 0 < weigh("could not be happier").value
    assert weigh("boringly long").value < 0 < weigh("stunningly shot").value
    assert weigh("it does n't work").value < 0
    assert weigh("likely").value == weigh("快递到了吗").value == weigh("香港有店吗").value == 0
    words, signs, weights = lexicon_examples("en")
    assert "waste of time" in words
    assert set(signs.tolist()) == {-1.0, 1.0}
    assert weights.max() == 1.5
