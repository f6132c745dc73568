"""The recurrent network once more, from Keras's own layers with the same weights: the judge of `lm/nets/seq2seq.py`."""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from duologue.lm.nets.seq2seq import Seq2Seq

Array = NDArray[np.float32]


def run_keras(network: Seq2Seq, source: Tensor, lengths: Tensor, target: Tensor) -> list[tuple[Array, Array]]:
    """For each row the logits (T, V) and the attention (T, S) that Keras's GRU and additive attention give.

    source (B, S), lengths (B,), target (B, T) as for the network. Raises ModuleNotFoundError without Keras.
    """
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras  # type: ignore[import-not-found,import-untyped,unused-ignore]

    c, e, d = network.config, network.encoder, network.decoder
    ways = []
    for suffix, backwards in (("", False), ("_reverse", True)):
        layer = keras.layers.GRU(c.d_hidden, return_sequences=True, reset_after=True, go_backwards=backwards)
        layer.build((None, None, c.d_embed))
        layer.set_weights(
            _gates(c.d_hidden, *(getattr(e, f"{n}_l0{suffix}") for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")))
        )
        ways.append(layer)
    cell = keras.layers.GRUCell(c.d_hidden, reset_after=True)
    cell.build((None, c.d_embed + 2 * c.d_hidden))
    cell.set_weights(_gates(c.d_hidden, d.weight_ih, d.weight_hh, d.bias_ih, d.bias_hh))
    attention = keras.layers.AdditiveAttention(use_scale=True)
    attention.build([(None, 1, c.d_attention), (None, None, 2 * c.d_hidden), (None, None, c.d_attention)])
    attention.set_weights([_numbers(network.attention.v.weight)[0]])
    return [
        _run_row(network, ways, cell, attention, source[row, : int(lengths[row])], target[row]) for row in range(source.size(0))
    ]


def _run_row(network: Seq2Seq, ways: list[Any], cell: Any, attention: Any, source: Tensor, target: Tensor) -> tuple[Array, Array]:
    x = _numbers(network.source_embed.weight)[source.numpy()][None]
    forward, backward = (np.asarray(keras_way(x).detach().cpu()) for keras_way in ways)
    states = np.concatenate([forward, backward[:, ::-1]], -1)
    state = np.tanh(backward[:, -1] @ _numbers(network.bridge.weight).T + _numbers(network.bridge.bias))
    keys = states @ _numbers(network.attention.u.weight).T
    logits, looked = [], []
    for token in [network.config.bos, *target[:-1].tolist()]:
        query = (state @ _numbers(network.attention.w.weight).T)[:, None]
        found, weights = attention([query, states, keys], return_attention_scores=True)
        found = np.asarray(found.detach().cpu())[:, 0]
        y = _numbers(network.target_embed.weight)[[token]]
        state = np.asarray(cell(np.concatenate([y, found], -1), [state])[0].detach().cpu())
        joined = np.concatenate([state, found, y], -1)
        logits.append(joined @ _numbers(network.readout.weight).T + _numbers(network.readout.bias))
        looked.append(np.asarray(weights.detach().cpu())[0, 0])
    return np.concatenate(logits), np.stack(looked)


def _numbers(p: Any) -> Any:
    return p.detach().numpy()


def _gates(hidden: int, ih: Any, hh: Any, b_ih: Any, b_hh: Any) -> list[Any]:
    """torch keeps reset, update, new; Keras update, reset, new, transposed."""

    def swap(m: Any) -> Any:
        return np.concatenate([m[hidden : 2 * hidden], m[:hidden], m[2 * hidden :]])

    return [swap(_numbers(ih)).T, swap(_numbers(hh)).T, np.stack([swap(_numbers(b_ih)), swap(_numbers(b_hh))])]
