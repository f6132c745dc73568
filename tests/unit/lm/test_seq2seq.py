"""The recurrent network, with Keras as the judge: same weights, same outputs, same attention."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from duologue.kit.errors import Invalid
from duologue.lm.judging.parity_keras import run_keras
from duologue.lm.nets.seq2seq import Seq2Seq, Seq2SeqConfig
from duologue.lm.writing.decode import Decoding, write

SOURCE, LENGTHS = torch.tensor([[5, 3, 8, 2], [7, 1, 0, 0], [4, 4, 9, 0]]), torch.tensor([4, 2, 3])
TARGET = torch.tensor([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [2, 2, 2, 2, 2]])


@pytest.fixture
def network() -> Seq2Seq:
    torch.manual_seed(0)
    config = Seq2SeqConfig(source_vocab=10, target_vocab=7, d_embed=6, d_hidden=8, d_attention=5, bos=0)
    made = Seq2Seq(config)
    with torch.no_grad():
        for p in made.parameters():
            p.mul_(2.0)
    return made.eval()


@pytest.mark.oracle
def test_keras_with_the_same_weights_gives_the_same_outputs_and_attention(
    network: Seq2Seq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")  # asked for when Keras is first imported
    pytest.importorskip("keras", reason="keras is not installed")
    logits, weights = network(SOURCE, LENGTHS, TARGET)
    for row, (wanted_logits, wanted_weights) in enumerate(run_keras(network, SOURCE, LENGTHS, TARGET)):
        np.testing.assert_allclose(logits[row].detach().numpy(), wanted_logits, atol=1e-5)
        np.testing.assert_allclose(weights[row, :, : int(LENGTHS[row])].detach().numpy(), wanted_weights, atol=1e-5)


def test_padding_gets_no_attention_and_changes_nothing(network: Seq2Seq) -> None:
    logits, weights = network(SOURCE, LENGTHS, TARGET)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 5))
    for row in range(3):
        length = int(LENGTHS[row])
        assert not weights[row, :, length:].any()
        alone, _ = network(SOURCE[row : row + 1, :length], LENGTHS[row : row + 1], TARGET[row : row + 1])
        torch.testing.assert_close(alone[0], logits[row])


def test_writing_step_by_step_equals_the_given_target(network: Seq2Seq) -> None:
    wanted, attention = network(SOURCE, LENGTHS, TARGET)
    pad = 4 - LENGTHS
    shifted = torch.stack([torch.roll(row, int(p)) for row, p in zip(SOURCE, pad, strict=True)])
    cache = network.new_cache(3)
    found = [network.prefill(shifted, cache, pad)] + [network.step(t, cache) for t in TARGET[:, :-1].unbind(1)]
    torch.testing.assert_close(torch.stack(found, 1), wanted)
    torch.testing.assert_close(torch.stack(cache.weights, 1), attention)


def test_beam_search_of_the_shared_core_finds_the_best_of_all(network: Seq2Seq) -> None:
    source, end, length = [5, 3, 8, 2], 6, 3
    everything = []
    for n in range(length + 1):
        for ids in itertools.product(range(6), repeat=n):
            tail = [*ids, end] if n < length else list(ids)
            logits, _ = network(SOURCE[:1], LENGTHS[:1], torch.tensor([tail]))
            logprob = logits[0].log_softmax(-1).gather(-1, torch.tensor(tail)[:, None]).sum().item()
            everything.append((logprob / len(tail), tuple(ids)))
    (found,) = write(network, [source], Decoding(max_new_tokens=length, beams=300, n=3, ends=(end,)))
    assert [(pytest.approx(w.score, abs=1e-4), w.ids) for w in found] == sorted(everything, reverse=True)[:3]


def test_it_learns_to_say_a_sequence_backwards_and_looks_where_it_should() -> None:
    torch.manual_seed(1)
    network = Seq2Seq(Seq2SeqConfig(source_vocab=8, target_vocab=8, d_embed=16, d_hidden=24, d_attention=16, bos=0))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
    for _ in range(200):
        source = torch.randint(1, 8, (24, 4))
        logits, _ = network(source, torch.full((24,), 4), source.flip(1))
        loss = F.cross_entropy(logits.flatten(0, 1), source.flip(1).flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = write(network, [[3, 5, 1, 7], [2, 6, 4, 4]], Decoding(max_new_tokens=4))
    assert [w.ids for (w,) in found] == [(7, 1, 5, 3), (4, 4, 6, 2)]


def test_what_does_not_fit_is_refused(network: Seq2Seq) -> None:
    sizes = {"source_vocab": 4, "target_vocab": 4, "d_embed": 2, "d_hidden": 2, "d_attention": 2}
    with pytest.raises(Invalid, match="beginning"):
        Seq2SeqConfig(**sizes, bos=4)
    with pytest.raises(Invalid, match="at least 1"):
        Seq2SeqConfig(**{**sizes, "d_hidden": 0}, bos=0)
    with pytest.raises(Invalid, match="at most"):
        network.step(torch.tensor([1]), network.new_cache(1))
