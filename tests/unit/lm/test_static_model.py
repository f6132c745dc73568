"""The static encoder's arithmetic against the slow way, and its files there and back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from duologue.lm.vectors.static_model import StaticModel, pieces, quantise

VOCABULARY = {"▁": 0, "a": 1, "b": 2, "▁a": 3, "▁ab": 4, "中": 5, "国": 6, "中国": 7}
MERGES = [("▁", "a"), ("▁a", "b"), ("中", "国")]


def small_model() -> StaticModel:
    table = np.random.default_rng(0).standard_normal((len(VOCABULARY), 8)).astype(np.float32)
    return StaticModel("small-1", Tokenizer(models.BPE(vocab=VOCABULARY, merges=MERGES)), *quantise(table))


def test_text_is_cut_into_marked_words_and_runs_of_characters() -> None:
    assert pieces("I'm in 中国, RO-104233！") == ["▁i", "▁m", "▁in", "中国", "▁ro", "▁104233"]
    assert pieces("ＡＢ　Ａb") == ["▁ab", "▁ab"]
    assert pieces("?! …") == []


def test_a_vector_is_the_mean_of_its_rows() -> None:
    model = small_model()
    ids = model.tokenize("ab 中国 a")
    assert ids == [4, 7, 3]
    mean = np.mean([model.scales[i] * model.rows[i].astype(np.float64) for i in ids], axis=0)
    assert np.allclose(model.encode(["ab 中国 a"])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_text_without_a_known_token_is_nought() -> None:
    assert not small_model().encode(["龙", ""]).any()


def test_files_there_and_back(tmp_path: Path) -> None:
    model = small_model()
    model.save(tmp_path)
    again = StaticModel.load(tmp_path)
    texts = ["ab", "中国 a", "b a b"]
    assert (again.name, again.dim) == (model.name, model.dim)
    assert np.allclose(again.encode(texts), model.encode(texts), atol=1e-4)
    with pytest.raises(FileNotFoundError):
        StaticModel.load(tmp_path / "nowhere")


@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_eight_bits_lose_little(rows: int, seed: int, size: float) -> None:
    table = (np.random.default_rng(seed).standard_normal((rows, 64)) * size).astype(np.float32)
    codes, scales = quantise(table)
    error = np.abs(codes.astype(np.float32) * scales[:, None] - table).max(axis=1)
    assert (error <= np.abs(table).max(axis=1) / 127).all()
