"""`duologue score | generate | import | export` beside transformers: the same folder, the same text, the same numbers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from duologue.lm.checkpoints.checkpoint import save_checkpoint
from duologue.lm.checkpoints.lora import add_lora, find_adapters, save_lora
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer
from tests.program import call
from tests.unit.lm.conftest import TEXTS
from tests.unit.lm.test_checkpoint import STRETCHED, lively

Make = Callable[..., Transformer]
OPENING = "{% if add_generation_prompt %}assistant: {% endif %}"
PROMPTS = ["The parcel", "订单号是", "Where is my order? 我的"]


def byte_level(specials: list[str], begin: str = "", end: str = "") -> Tokenizer:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made = [AddedToken(t, special=True) for t in specials]
    inner.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=330, special_tokens=made, initial_alphabet=alphabet, show_progress=False)
    )
    if begin:
        inner.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A {end}".strip(), special_tokens=[(t, inner.token_to_id(t)) for t in (begin, end) if t]
        )
    return inner


def sentencepiece_like() -> Tokenizer:
    """As Llama 2's: spaces become ▁, one is put before a text, unknown letters fall back to bytes."""
    inner = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=True)
    inner.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    made = [AddedToken(t, special=True) for t in ("<unk>", "<s>", "</s>")]
    inner.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=420, special_tokens=made, initial_alphabet=[f"<0x{b:02X}>" for b in range(256)], show_progress=False
        ),
    )
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", inner.token_to_id("<s>"))])
    return inner


def word_level() -> Tokenizer:
    inner = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.train_from_iterator(TEXTS, trainers.WordLevelTrainer(vocab_size=60, special_tokens=["[UNK]"], show_progress=False))
    return inner


TOKENIZERS: dict[str, tuple[Callable[[], Tokenizer], dict[str, Any]]] = {
    "no special tokens": (lambda: byte_level([]), {}),
    "names only": (lambda: byte_level(["<|endoftext|>"]), {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}),
    "begins by its post-processor": (
        lambda: byte_level(["<s>", "</s>"], "<s>"), {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}),
    "begins by its configuration": (
        lambda: byte_level(["<s>", "</s>"]), {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": True}),
    "spaces as letters": (sentencepiece_like, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}),
    "whole words": (word_level, {"unk_token": "[UNK]"}),
}  # fmt: skip
SHAPE = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 96,
}  # fmt: skip
FAMILIES: dict[str, dict[str, Any]] = {
    "GPT2LMHeadModel": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 96},
    "LlamaForCausalLM": {**SHAPE, "rope_parameters": STRETCHED},
    "Qwen2ForCausalLM": {**SHAPE, "tie_word_embeddings": True},
    "Qwen3ForCausalLM": {**SHAPE, "head_dim": 16},
}
CASES = [*((t, "LlamaForCausalLM") for t in TOKENIZERS), *(("begins by its post-processor", f) for f in FAMILIES)]


@pytest.fixture(scope="module")
def transformers() -> Any:
    found = pytest.importorskip("transformers", reason="the extra `oracles` (transformers) is not installed")
    found.logging.set_verbosity_error()
    found.logging.disable_progress_bar()
    return found


def make_folder(transformers: Any, kind: str, name: str, folder: Path) -> tuple[Any, Any]:
    """A tiny random model with a tokenizer, as save_pretrained leaves them; and both as transformers reads them again."""
    make, names = TOKENIZERS[kind]
    words = transformers.PreTrainedTokenizerFast(tokenizer_object=make(), **names)
    end = words.eos_token_id
    family = name.partition("For")[0].partition("LM")[0].lower()
    ends = {"bos_token_id": words.bos_token_id, "eos_token_id": end, "pad_token_id": words.pad_token_id}
    config = transformers.AutoConfig.for_model(family, vocab_size=len(words), **ends, **FAMILIES[name])
    lively(getattr(transformers, name)(config)).save_pretrained(folder)
    words.save_pretrained(folder)
    return transformers.AutoModelForCausalLM.from_pretrained(folder), transformers.AutoTokenizer.from_pretrained(folder)


def duologue(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> list[dict[str, Any]]:
    done = call(monkeypatch, folder / "data", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@torch.no_grad()
def their_logprobs(theirs: Any, ids: list[int], num_read: int) -> list[float]:
    logprobs = theirs(torch.tensor([ids])).logits[0].log_softmax(-1)
    return [float(logprobs[i - 1, ids[i]]) for i in range(max(1, num_read), len(ids))]


@pytest.mark.oracle
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_score_and_generate_say_what_transformers_says(
    transformers: Any, kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "m"
    theirs, words = make_folder(transformers, kind, name, folder)
    model = ("--model", str(folder))
    text, rest = "The parcel takes three", " days. It's on its way"
    ids = words(text).input_ids
    (found,) = duologue(monkeypatch, tmp_path, "score", *model, "--text", text)
    wanted = their_logprobs(theirs, ids, 1)
    assert found["tokens"] == len(wanted)
    assert found["token_logprobs"] == pytest.approx(wanted, abs=1e-4)
    assert found["logprob"] == pytest.approx(sum(wanted), abs=1e-3)
    (found,) = duologue(monkeypatch, tmp_path, "score", *model, "--text", text, "--continuation", rest)
    whole = words(text + rest).input_ids
    assert whole[: len(ids)] == ids
    assert found["token_logprobs"] == pytest.approx(their_logprobs(theirs, whole, len(ids)), abs=1e-4)

    prompts = PROMPTS[:1] if kind == "whole words" else PROMPTS
    given = [part for p in prompts for part in ("--prompt", p)]
    greedy = duologue(monkeypatch, tmp_path, "generate", *model, *given, "--max-new-tokens", "10")
    wide = ("--max-new-tokens", "10", "--beams", "3", "--n", "3", "--length-penalty", "0.5")
    beams = duologue(monkeypatch, tmp_path, "generate", *model, *given, *wide)
    for prompt, one, many in zip(prompts, greedy, beams, strict=True):
        read = words(prompt, return_tensors="pt").input_ids
        rules = {"attention_mask": torch.ones_like(read), "max_new_tokens": 10, "do_sample": False, "pad_token_id": 0}
        wanted_ids = theirs.generate(read, **rules)[0, read.size(1) :]
        assert one["texts"] == [words.decode(wanted_ids, skip_special_tokens=True)]
        searched = theirs.generate(
            read, num_beams=3, num_return_sequences=3, length_penalty=0.5, output_scores=True, return_dict_in_generate=True, **rules
        )
        assert many["texts"] == [words.decode(row[read.size(1) :], skip_special_tokens=True) for row in searched.sequences]
        assert many["scores"] == pytest.approx(searched.sequences_scores.tolist(), abs=1e-4)


@pytest.mark.oracle
@pytest.mark.parametrize("name", FAMILIES)
def test_import_and_export_keep_logits_tokens_and_chat_template(
    transformers: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, words = make_folder(transformers, "begins by its post-processor", name, tmp_path / "m")
    words.chat_template = "{% for m in messages %}<s>{{ m.role }}: {{ m.content }}</s>\n{% endfor %}" + OPENING
    words.save_pretrained(tmp_path / "m")
    (facts,) = duologue(monkeypatch, tmp_path, "import", str(tmp_path / "m"), "--to", str(tmp_path / "ours"))
    assert facts["max_logit_difference"] == 0.0
    assert facts["has_chat_template"]
    (facts,) = duologue(
        monkeypatch, tmp_path, "export", "--model", str(tmp_path / "ours"), "--to", str(tmp_path / "again"), "--shard-mb", "0"
    )
    again, names = (
        transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "again"),
        transformers.AutoTokenizer.from_pretrained(tmp_path / "again"),
    )
    ids = words("The parcel takes three days.", return_tensors="pt").input_ids
    assert names("The parcel takes three days.", return_tensors="pt").input_ids.tolist() == ids.tolist()
    assert (theirs(ids).logits - again(ids).logits).abs().max() < 1e-5
    one, two = (m.generate(ids, do_sample=False, max_new_tokens=12).tolist() for m in (again, theirs))
    assert one == two
    talk = [{"role": "user", "content": "Where is my order?"}]
    assert names.apply_chat_template(talk, tokenize=False) == words.apply_chat_template(talk, tokenize=False)
    asked = ("--model", str(tmp_path / "ours"), "--chat", "--prompt", talk[0]["content"], "--max-new-tokens", "8")
    (found,) = duologue(monkeypatch, tmp_path, "generate", *asked)
    read = words.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=True).input_ids
    wanted = theirs.generate(read, do_sample=False, max_new_tokens=8)[0, read.size(1) :]
    assert found["texts"] == [words.decode(wanted, skip_special_tokens=True)]


@pytest.mark.oracle
def test_an_export_in_shards_with_adapters_worked_in(
    transformers: Any, make_model: Make, tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(vocab_size=tokenizer.vocab_size, d_model=64, d_ff=2048, d_head=16)
    save_checkpoint(tmp_path / "base", model, tokenizer)
    add_lora(model, 2, 4.0)
    for _, adapter in find_adapters(model).values():
        torch.nn.init.normal_(adapter.b, 0, 0.1, generator=torch.Generator().manual_seed(1))
    save_lora(tmp_path / "adapter", model)
    (facts,) = duologue(
        monkeypatch, tmp_path, "export", "--model", str(tmp_path / "base"), "--adapter", str(tmp_path / "adapter"), "--to",
        str(tmp_path / "out"), "--shard-mb", "1"
    )  # fmt: skip
    assert "model.safetensors.index.json" in facts["files"]
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    ids = torch.arange(3, 40)[None]
    assert (theirs(ids).logits - model(ids)).abs().max() < 1e-4
    names = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert names("包裹 box").input_ids == [*tokenizer.dialect.begin, *tokenizer.encode("包裹 box")]


@pytest.mark.oracle
def test_their_template_gives_their_mask(transformers: Any, tmp_path: Path) -> None:
    from duologue.lm.text.chat import render
    from duologue.lm.text.tokenizer import load_tokenizer

    make, names = TOKENIZERS["names only"]
    words = transformers.PreTrainedTokenizerFast(tokenizer_object=make(), **names)
    said = "{{ m.content }}{{ eos_token }}"
    body = "{{ m.role }}: {% if m.role == 'assistant' %}" + "%OPEN%" + said + "%CLOSE%" + "{% else %}" + said + "{% endif %}\n"
    loop = "{% for m in messages %}" + body + "{% endfor %}" + OPENING
    marked = loop.replace("%OPEN%", "{% generation %}").replace("%CLOSE%", "{% endgeneration %}")
    bare = loop.replace("%OPEN%", "").replace("%CLOSE%", "")
    talk = [
        {"role": "user", "content": "Until when? 三十天"},
        {"role": "assistant", "content": "Thirty days."},
        {"role": "user", "content": "谢谢"},
        {"role": "assistant", "content": "不客气"},
    ]
    words.chat_template = marked
    words.save_pretrained(tmp_path)
    wanted = words.apply_chat_template(talk, return_dict=True, return_assistant_tokens_mask=True)
    found = render(load_tokenizer(tmp_path / "tokenizer.json"), talk)
    assert (found.ids, found.mask) == (wanted["input_ids"], wanted["assistant_masks"])
    words.chat_template = bare
    words.save_pretrained(tmp_path)
    again = render(load_tokenizer(tmp_path / "tokenizer.json"), talk)
    assert again.ids == found.ids
    ends = [i for i, (a, b) in enumerate(zip(again.mask, [*again.mask[1:], 0], strict=True)) if a and not b]
    assert len(ends) == 2  # each of the two answers is learnt, in one piece
    assert sum(again.mask) >= sum(found.mask)


def test_stop_strings_end_a_text_at_once_and_few_shot_prompts_fit(
    make_model: Make, tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path / "m", make_model(vocab_size=tokenizer.vocab_size, context=128), tokenizer)
    model = ("--model", str(tmp_path / "m"), "--prompt", "The parcel", "--max-new-tokens", "12")
    (free,) = duologue(monkeypatch, tmp_path, "generate", *model)
    middle = free["texts"][0][3:6]
    for more in ((), ("--beams", "3", "--n", "2")):
        for one in duologue(monkeypatch, tmp_path, "generate", *model, "--stop", middle, *more):
            assert all(middle not in text for text in one["texts"])
    (cut,) = duologue(monkeypatch, tmp_path, "generate", *model, "--stop", middle)
    assert cut["finish_reasons"] == ["stop"]
    assert cut["logprobs"][0] > free["logprobs"][0]  # the tokens after it were never written
    steps = duologue(monkeypatch, tmp_path, "generate", *model, "--beams", "2", "--show-beams")
    assert [s["step"] for s in steps[:-1]] == list(range(1, len(steps)))
    assert steps[-1]["texts"]

    (tmp_path / "examples.jsonl").write_text("".join(json.dumps({"input": f"问 {i}", "output": "答"}) + "\n" for i in range(50)))
    done = call(monkeypatch, tmp_path, "generate", *model, "--examples", str(tmp_path / "examples.jsonl"), "--json")
    assert done.returncode == 0, done.stderr
    used = int(done.stderr.split()[0])
    assert 1 <= used < 50
    refused = call(
        monkeypatch, tmp_path, "generate", *model, "--examples", str(tmp_path / "examples.jsonl"), "--examples-budget", "1"
    )
    assert (refused.returncode, "longer than 1 tokens" in refused.stderr) == (1, True)


def test_what_cannot_be_is_said_in_one_line(
    make_model: Make, tokenizer: TextTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path / "m", make_model(positions="sinusoidal", ffn="relu", vocab_size=tokenizer.vocab_size), tokenizer)
    model = str(tmp_path / "m")
    (found,) = duologue(monkeypatch, tmp_path, "score", "--model", model, "--text", "The parcel")
    assert found["tokens"] == len(tokenizer.encode("The parcel"))
    for arguments, words in {
        ("export", "--model", model, "--to", str(tmp_path / "x")): "No Hugging Face family",
        ("export", "--model", model): "--to FOLDER",
        ("score", "--model", str(tmp_path / "absent"), "--text", "x"): "no folder",
        ("score", "--model", model, "--text", ""): "nothing to score",
        ("generate", "--model", model, "--prompt", "x", "--show-beams"): "--beams 2",
        ("generate", "--model", model, "--prompt", "x", "--top-p", "3"): "top_p is within",
    }.items():
        done = call(monkeypatch, tmp_path / "data", *arguments)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert words in done.stderr
