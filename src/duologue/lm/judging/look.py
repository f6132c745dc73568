"""What a network looks at: the attention weights of every layer and head, and of the recurrent network; and drawings of them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from duologue.lm.nets.seq2seq import Seq2Seq
from duologue.lm.nets.transformer import Attention, Block, Transformer, attention_weights, causal_mask, rotate
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.training.plot import draw_weights


@torch.no_grad()
def attention_maps(model: Transformer, ids: Sequence[int]) -> Tensor:
    """softmax(q k^T / sqrt(D)) of every layer and head for one text: (layers, heads, T, T); row t says where token t looks."""
    found, handles = [], []

    def watch(part: Attention, inputs: tuple[Tensor, tuple[Tensor, Tensor] | None, Tensor | None, object, int]) -> None:
        x, turn = inputs[:2]
        q, k = part.queries_and_keys(x)
        if turn is not None:
            q, k = rotate(q, *turn), rotate(k, *turn)
        k = k.repeat_interleave(q.size(1) // k.size(1), dim=1)
        found.append(attention_weights(q, k, causal_mask(len(ids), len(ids), x.device))[0])

    for block in model.blocks:
        if isinstance(block, Block):
            handles.append(block.attn.register_forward_pre_hook(watch))
    try:
        model(torch.tensor([list(ids)], device=model.embed.weight.device))
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(found)


def name_tokens(tokenizer: TextTokenizer, ids: Sequence[int]) -> list[str]:
    """Each token as a label: its text, special ones by name, a part of a character as bytes."""
    special = {i: t for t, i in tokenizer.special_ids.items()}
    names = []
    for i in ids:
        text = special.get(i) or tokenizer.decode([i])
        names.append(str(tokenizer.inner.id_to_token(i)) if "\ufffd" in text or not text.strip() else text)
    return names


def draw_attention(model: Transformer, tokenizer: TextTokenizer, text: str, layer: int, head: int) -> str:
    """An SVG of one head's map of a text."""
    ids = [*tokenizer.dialect.begin, *tokenizer.encode(text)]
    names = name_tokens(tokenizer, ids)
    weights = attention_maps(model, ids)[layer, head].tolist()
    return draw_weights(f"layer {layer}, head {head}: each row looks at its columns", weights, names, names)


@torch.no_grad()
def draw_alignment(
    network: Seq2Seq, source: Sequence[int], target: Sequence[int], rows: Sequence[str], columns: Sequence[str]
) -> str:
    """An SVG of where the recurrent network looks in the source (columns) for each target token (rows): Bahdanau 2014, fig. 3."""
    _, weights = network(torch.tensor([list(source)]), torch.tensor([len(source)]), torch.tensor([list(target)]))
    return draw_weights("where each written token looked in the source", weights[0].tolist(), rows, columns)
