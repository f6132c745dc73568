"""The bidirectional encoder: transformers without its causal mask judges the network, a toy task the learning."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import save_checkpoint
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.vectors.encoder import EncoderRecipe, SentenceEncoder, contrast, load_encoder, train_encoder

Make = Callable[..., Transformer]
WORDS = ["parcel", "order", "tent", "box", "shop", "three", "days", "包裹", "订单", "退货", "三天", "在哪里"]


@pytest.fixture
def encoder(make_model: Make, tokenizer: TextTokenizer) -> SentenceEncoder:
    return SentenceEncoder(make_model(vocab_size=tokenizer.vocab_size, spread=0.05), tokenizer)


@pytest.mark.oracle
def test_vectors_are_the_mean_of_transformers_states_without_a_causal_mask(
    encoder: SentenceEncoder, tokenizer: TextTokenizer, tmp_path: Path
) -> None:
    transformers: Any = pytest.importorskip("transformers", reason="the extra `oracles` (transformers) is not installed")
    save_checkpoint(tmp_path / "m", encoder.network, tokenizer)
    theirs = transformers.AutoModel.from_pretrained(tmp_path / "m")
    text = "Where is my order? 我的订单"
    ids = torch.tensor([[*tokenizer.dialect.begin, *tokenizer.encode(text)]])
    length = ids.size(1)
    states = theirs(ids, attention_mask=torch.zeros(1, 1, length, length)).last_hidden_state[0]
    wanted = torch.nn.functional.normalize(states.mean(0), dim=-1).detach().numpy()
    found = encoder.encode([text, "a much longer text, so that the other one is padded"])[0]
    assert np.abs(found - wanted).max() < 1e-5


def test_a_text_has_one_vector_whatever_stands_beside_it(encoder: SentenceEncoder, tmp_path: Path) -> None:
    texts = ["box", "", "包裹在哪里" * 40, "Where is my order?"]
    together = encoder.encode(texts, rows=3)
    assert np.allclose(together, np.concatenate([encoder.encode([t]) for t in texts]), atol=1e-6)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dim)
    encoder.save(tmp_path / "e")
    assert np.allclose(load_encoder(tmp_path / "e").encode(texts), together, atol=1e-6)
    with pytest.raises(Invalid, match="no sentence encoder"):
        load_encoder(tmp_path)


def test_later_words_reach_earlier_ones(encoder: SentenceEncoder) -> None:
    ids, is_text = encoder.read(["The parcel takes three days"])
    first = encoder.network.hidden(ids, mask=is_text[:, None, None, :])[0, 0]
    ids[0, -1] += 1
    assert not torch.allclose(first, encoder.network.hidden(ids, mask=is_text[:, None, None, :])[0, 0])


def test_it_learns_to_tell_pairs_apart(encoder: SentenceEncoder) -> None:
    draws = np.random.default_rng(0)
    pairs = []
    for _ in range(300):  # the second text is the first in another order: bags of words that a random network tells apart badly
        words = draws.choice(WORDS, 4, replace=False)
        pairs.append((" ".join(words), " ".join(draws.permutation(words))))
    before = _accuracy(encoder, pairs[:64])
    steps = list(train_encoder(encoder, pairs[64:], EncoderRecipe(steps=30, rows=32, warmup_steps=3, muon_lr=0.01, adam_lr=0.01)))
    after = _accuracy(encoder, pairs[:64])
    assert after > before + 0.1
    assert np.mean([s.loss for s in steps[-5:]]) < steps[0].loss * 0.7


def test_equal_texts_are_no_negatives() -> None:
    a = torch.nn.functional.normalize(torch.randn(3, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    b = torch.stack((a[0], a[0], a[2]))
    same = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.bool)
    masked, _ = contrast(a, b, 50.0, same)
    assert float(masked) < float(contrast(a, b, 50.0)[0])


def test_one_pair_teaches_nothing(encoder: SentenceEncoder) -> None:
    with pytest.raises(Invalid, match="at least two"):
        next(train_encoder(encoder, [("a", "b")], EncoderRecipe()))


def _accuracy(encoder: SentenceEncoder, pairs: list[tuple[str, str]]) -> float:
    a, b = (encoder.encode([p[side] for p in pairs]) for side in (0, 1))
    return float(((a @ b.T).argmax(1) == np.arange(len(pairs))).mean())
