"""Our networks, decoding and files beside independent ones, as a table: the largest difference of each, and how much is allowed.

The judges (transformers, PEFT, Keras, torch's own) come with the extra `oracles`; a row whose judge is not installed says so. The
networks are tiny and random, with weights large enough that a wrong mask or a wrong sign shows.
"""

import importlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from duologue.lm.checkpoints.families import name_family
from duologue.lm.checkpoints.lora import add_lora, find_adapters, save_lora
from duologue.lm.judging.parity_keras import run_keras
from duologue.lm.nets.config import Config
from duologue.lm.nets.seq2seq import Seq2Seq, Seq2SeqConfig
from duologue.lm.nets.transformer import Attention, Transformer, document_mask, init_weights
from duologue.lm.text.chat import render
from duologue.lm.text.tokenizer import TextTokenizer, train_tokenizer
from duologue.lm.training.optim import AdamW
from duologue.lm.vectors.encoder import SentenceEncoder
from duologue.lm.writing.decode import Decoding, pad_left, write
from duologue.lm.writing.score import token_logprobs

TEXTS = [
    "The parcel takes three days. 42 of 1234 boxes.",
    "包裹需要三天才能送到，请您耐心等待。",
    "Where is my order? 我的订单在哪里？",
] * 4
SIZES: dict[str, Any] = {
    "d_model": 32, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "d_head": 8, "d_ff": 48, "context": 64,
}  # fmt: skip
STRETCH = {"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16.0}
FAMILIES: dict[str, dict[str, Any]] = {
    "gpt2": {"norm": "layer", "norm_eps": 1e-5, "positions": "learned", "ffn": "gelu", "n_kv_heads": 4, "qk_norm": False,
             "qkv_bias": True, "out_bias": True, "ffn_bias": True},
    "llama 2": {"qk_norm": False, "tie_embeddings": False, "n_kv_heads": 4},
    "llama 3": {"qk_norm": False, "rope_scaling": STRETCH},
    "qwen2": {"qk_norm": False, "qkv_bias": True},
    "qwen3": {"d_head": 16, "tie_embeddings": False},
}  # fmt: skip
PARTS: dict[str, dict[str, Any]] = {
    "rotary, grouped queries, SwiGLU": {},
    "learned, LayerNorm, GELU": {"positions": "learned", "norm": "layer", "ffn": "gelu"},
    "sinusoidal, ReLU": {"positions": "sinusoidal", "ffn": "relu", "n_kv_heads": 4},
}
PROMPTS = [[5, 9, 31], [17, 4, 44, 8, 23, 51, 3], [40]]
ENDS = (7, 19)

Row = dict[str, Any]


def compare_all() -> Iterator[Row]:
    """Every comparison as `{"task", "metric", "value", "baseline", "n", "note"}`; `baseline` is what is allowed."""
    with tempfile.TemporaryDirectory(prefix="duologue-parity-") as folder:
        tokenizer = train_tokenizer(TEXTS, 330, show_progress=False)
        for compare in (_ours, _families, _decoding, _lora, _chat, _encoder, _recurrent, _optimizer):
            try:
                yield from compare(Path(folder), tokenizer)
            except ModuleNotFoundError as error:
                yield _row(compare.__name__.strip("_"), "max |difference|", None, 0.0, 0, f"{error.name} is not installed")


def _row(task: str, metric: str, value: float | None, allowed: float, n: int, note: str) -> Row:
    return {"task": task, "metric": metric, "value": value, "baseline": allowed, "n": n, "note": note}


def make_lively(seed: int = 0, spread: float = 0.3, **fields: Any) -> Transformer:
    """A tiny network whose weights are far from those of the start of training."""
    model = init_weights(Transformer(Config(**{"vocab_size": 330, **SIZES, **fields})), seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.empty_like(p).normal_(0, spread, generator=generator))
    return model.eval()


def _ids(rows: int, length: int) -> Tensor:
    return torch.randint(25, 330, (rows, length), generator=torch.Generator().manual_seed(2))


def _apart(one: Tensor, two: Tensor) -> float:
    return float((one - two).abs().max())


def _ours(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """The readable attention beside the fused one, gradients too; with a cache beside without."""
    document = torch.tensor([[0] * 9 + [1] * 7 + [-1] * 4] * 2)
    for name, fields in PARTS.items():
        model, found = make_lively(**fields), []
        for is_explicit in (False, True):
            for part in model.modules():
                if isinstance(part, Attention):
                    part.is_explicit = is_explicit
            model.zero_grad()
            logits = model(_ids(2, 20), mask=document_mask(document))
            logits.square().mean().backward()
            found.append([logits.detach(), *(p.grad.clone() for p in model.parameters() if p.grad is not None)])
        worst = max(_apart(a, b) / max(1.0, float(b.abs().max())) for a, b in zip(*found, strict=True))
        yield _row("attention", "max |difference|", worst, 1e-4, len(found[0]), f"explicit beside fused, gradients too; {name}")
        with torch.no_grad():
            ids, cache = _ids(2, 20), model.new_cache(2, 24)
            steps = [model.prefill(ids[:, :9], cache)] + [model.step(ids[:, t], cache) for t in range(9, 20)]
            apart = _apart(torch.stack(steps, 1), model(ids)[:, 8:])
        yield _row("cache", "max |Δlogit|", apart, 1e-4, 2 * 12, f"with a cache beside without; {name}")


@torch.no_grad()
def _families(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """Four families both ways: our export read by transformers, its own save read by us; greedy tokens."""
    transformers = _quiet_transformers()
    ids = _ids(2, 40)
    for name, fields in FAMILIES.items():
        ours, place = make_lively(**fields), folder / name.replace(" ", "")
        save_checkpoint(place, ours, tokenizer)
        theirs = transformers.AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32)
        note = f"{name} ({name_family(ours.config)})"
        yield _row(
            "export", "max |Δlogit|", _apart(ours(ids), theirs(ids).logits), 1e-4, ids.numel(), f"{note}: read by transformers"
        )
        theirs.save_pretrained(place / "again", max_shard_size="20KB")
        tokenizer.save(place / "again" / "tokenizer.json")
        back = load_checkpoint(place / "again")[0]
        yield _row("import", "max |Δlogit|", _apart(back(ids), theirs(ids).logits), 1e-4, ids.numel(), f"{note}: shards of theirs")
        ((one,),) = write(ours, [ids[0, :8].tolist()], Decoding(max_new_tokens=24))
        wanted = theirs.generate(
            ids[:1, :8], attention_mask=torch.ones(1, 8), max_new_tokens=24, do_sample=False, eos_token_id=None
        )
        wrong = sum(a != b for a, b in zip(one.ids, wanted[0, 8:].tolist(), strict=True))
        yield _row("greedy", "tokens that differ", float(wrong), 0.0, 24, note)


def _decoding(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """Beam search beside transformers' generate and beside all texts there are; scores beside scoring."""
    transformers = _quiet_transformers()
    ours = make_lively(vocab_size=60)
    save_checkpoint(folder / "beams", ours, tokenizer)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder / "beams")
    ids, pad = pad_left(PROMPTS, 1)
    is_text = (torch.arange(ids.size(1)) >= pad[:, None]).long()
    for beams, penalty, is_early in itertools.product((2, 4), (0.0, 1.0, 2.0), (False, True)):
        found = theirs.generate(
            ids, attention_mask=is_text, max_new_tokens=12, do_sample=False, eos_token_id=list(ENDS), pad_token_id=0,
            num_beams=beams, num_return_sequences=beams, length_penalty=penalty, early_stopping=is_early,
            return_dict_in_generate=True, output_scores=True,
        )  # fmt: skip
        d = Decoding(max_new_tokens=12, beams=beams, n=beams, length_penalty=penalty, is_early=is_early, ends=ENDS)
        some = [w for many in write(ours, PROMPTS, d) for w in many]
        worst = max(abs(w.score - float(s)) for w, s in zip(some, found.sequences_scores, strict=True))
        same = all(list(w.ids) == _until_end(row[ids.size(1) :]) for w, row in zip(some, found.sequences, strict=True))
        note = f"{beams} beams, length penalty {penalty:g}{', early' if is_early else ''}"
        note += "; transformers' generate, ragged prompts in a batch, the same texts"
        yield _row("beam search", "max |Δscore|", worst if same else float("inf"), 1e-4, len(some), note)
    yield _brute_force()
    apart = []
    for prompt, (one,) in zip(PROMPTS, write(ours, PROMPTS, Decoding(max_new_tokens=9)), strict=True):
        apart.append(abs(one.logprob - float(token_logprobs(ours, [*prompt, *one.ids], len(prompt)).double().sum())))
    yield _row("score", "max |Δlogprob|", max(apart), 1e-3, len(apart), "what writing says of its texts beside scoring them")


def _brute_force() -> Row:
    model, end, length = make_lively(vocab_size=5, spread=0.5), 2, 4
    every = []
    for n in range(length + 1):
        for ids in itertools.product([0, 1, 3, 4], repeat=n):
            tail = [*ids, end] if n < length else list(ids)
            every.append((float(token_logprobs(model, [1, 3, *tail], 2).sum()) / len(tail), tuple(ids)))
    every.sort(reverse=True)
    (found,) = write(model, [[1, 3]], Decoding(max_new_tokens=length, beams=400, n=5, ends=(end,)))
    same = [w.ids for w in found] == [ids for _, ids in every[:5]]
    worst = max(abs(w.score - score) for w, (score, _) in zip(found, every, strict=False))
    return _row(
        "beam search", "max |Δscore|", worst if same else float("inf"), 1e-4, len(every), "brute force over all texts of a toy"
    )


def _until_end(row: Tensor) -> list[int]:
    tokens = row.tolist()
    ends = [i for i, t in enumerate(tokens) if t in ENDS]
    return tokens[: ends[0]] if ends else tokens


@torch.no_grad()
def _lora(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """Our adapters read by PEFT."""
    transformers = _quiet_transformers()
    peft: Any = importlib.import_module("peft")
    model, ids = make_lively(), _ids(1, 30)
    save_checkpoint(folder / "base", model, tokenizer)
    add_lora(model, rank=3, alpha=6.0)
    generator = torch.Generator().manual_seed(9)
    for _, adapter in find_adapters(model).values():
        adapter.b.normal_(0, 0.3, generator=generator)
    save_lora(folder / "adapter", model, base=str(folder / "base"))
    base = transformers.AutoModelForCausalLM.from_pretrained(folder / "base")
    theirs = peft.PeftModel.from_pretrained(base, folder / "adapter")
    yield _row("LoRA", "max |Δlogit|", _apart(theirs(ids).logits, model(ids)), 1e-4, ids.numel(), "our adapters read by PEFT")


def _chat(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """Our chat format beside the template that we hand out, run by transformers."""
    transformers = _quiet_transformers()
    save_checkpoint(folder / "chat", make_lively(), tokenizer)
    theirs = transformers.AutoTokenizer.from_pretrained(folder / "chat")
    talk = [
        {"role": "user", "content": "Until when, 2024?"},
        {"role": "assistant", "content": "三十天内。"},
        {"role": "user", "content": "谢谢"},
        {"role": "assistant", "content": "You are welcome."},
    ]
    found, ours = theirs.apply_chat_template(talk, return_dict=True, return_assistant_tokens_mask=True), render(tokenizer, talk)
    wrong = float("inf") if len(found["input_ids"]) != len(ours.ids) else 0.0
    pairs = zip(zip(found["input_ids"], found["assistant_masks"], strict=True), zip(ours.ids, ours.mask, strict=True), strict=False)
    wrong += sum(a != b for a, b in pairs)
    yield _row("chat format", "tokens or mask that differ", wrong, 0.0, len(ours.ids), "apply_chat_template")


@torch.no_grad()
def _encoder(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """The bidirectional encoder beside transformers' network with its causal mask taken off."""
    transformers = _quiet_transformers()
    encoder = SentenceEncoder(make_lively(), tokenizer)
    save_checkpoint(folder / "encoder", encoder.network, tokenizer)
    theirs = transformers.AutoModel.from_pretrained(folder / "encoder")
    worst = 0.0
    for text, vector in zip(TEXTS[:3], encoder.encode(TEXTS[:3]), strict=True):
        ids = torch.tensor([[*tokenizer.dialect.begin, *tokenizer.encode(text)]])
        states = theirs(ids, attention_mask=torch.zeros(1, 1, ids.size(1), ids.size(1))).last_hidden_state[0]
        worst = max(worst, _apart(torch.nn.functional.normalize(states.mean(0), dim=-1), torch.from_numpy(vector)))
    yield _row("encoder", "max |difference|", worst, 1e-5, 3, "mean of transformers' states without a causal mask")


@torch.no_grad()
def _recurrent(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """GRU and additive attention beside Keras's layers with the same weights."""
    torch.manual_seed(0)
    network = Seq2Seq(Seq2SeqConfig(source_vocab=10, target_vocab=7, d_embed=6, d_hidden=8, d_attention=5, bos=0)).eval()
    for p in network.parameters():
        p.mul_(2.0)
    source, lengths = torch.tensor([[5, 3, 8, 2], [7, 1, 0, 0], [4, 4, 9, 0]]), torch.tensor([4, 2, 3])
    target = torch.tensor([[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [2, 2, 2, 2, 2]])
    logits, weights = network(source, lengths, target)
    wanted = run_keras(network, source, lengths, target)
    one = max(_apart(logits[row], torch.from_numpy(z)) for row, (z, _) in enumerate(wanted))
    two = max(_apart(weights[row, :, : int(lengths[row])], torch.from_numpy(a)) for row, (_, a) in enumerate(wanted))
    yield _row("seq2seq", "max |Δlogit|", one, 1e-5, logits.numel(), "Keras's GRU and AdditiveAttention, the same weights")
    yield _row("seq2seq", "max |Δattention|", two, 1e-5, weights.numel(), "Keras's GRU and AdditiveAttention, the same weights")


def _optimizer(folder: Path, tokenizer: TextTokenizer) -> Iterator[Row]:
    """AdamW without decay beside torch's own."""
    values = [torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2)]
    ours, theirs = AdamW([values[0]], lr=0.01), torch.optim.AdamW([values[1]], lr=0.01, betas=(0.9, 0.95), weight_decay=0.0)
    for step in range(20):
        for value, optimizer in zip(values, (ours, theirs), strict=True):
            optimizer.zero_grad()
            ((value - step) ** 2).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    yield _row("AdamW", "max |difference|", _apart(*(v.detach() for v in values)), 1e-5, 20, "torch's own, 20 steps")


def _quiet_transformers() -> Any:
    transformers: Any = importlib.import_module("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers
