"""GGUF files: read back by the package of llama.cpp's authors, and answered from by llama.cpp itself where it is installed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Regex, pre_tokenizers

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")
gguf = pytest.importorskip("gguf", reason="gguf is not installed (extra `gguf`)")

from duologue.kit.errors import Invalid  # noqa: E402
from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from duologue.lm.checkpoints.gguf_file import PATTERNS, _find_pattern, export_gguf  # noqa: E402
from duologue.lm.text.tokenizer import TextTokenizer, train_tokenizer  # noqa: E402
from duologue.lm.writing.sampler import write_slowly  # noqa: E402
from tests.engines import FAMILIES, TEXTS, make_network  # noqa: E402
from tests.program import call  # noqa: E402

SIZES = {"d_model": 64, "n_heads": 4, "n_kv_heads": 2, "d_head": 16, "d_ff": 96, "context": 128}
PROMPT = torch.randint(23, 320, (20,), generator=torch.Generator().manual_seed(5)).tolist()


def make(place: Path, family: str) -> Path:
    fields = {**FAMILIES[family], **SIZES} | ({"n_kv_heads": 4} if family == "gpt2" else {})
    folder = place / family
    save_checkpoint(folder, make_network(4, **fields, vocab_size=340), train_tokenizer(TEXTS, 330, show_progress=False))
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_holds_shape_words_and_weights(family: str, tmp_path: Path) -> None:
    folder = make(tmp_path, family)
    facts = export_gguf(folder, tmp_path / "m.gguf", dtype="fp32")
    assert (facts["family"], facts["cuts_text_alike"]) == (family, False)
    read = gguf.GGUFReader(tmp_path / "m.gguf")
    field = {n: f.contents() for n, f in read.fields.items() if not n.startswith("GGUF.")}
    assert field["general.architecture"] == family
    assert field[f"{family}.embedding_length"] == 64
    model, tokenizer = load_checkpoint(folder)
    assert len(field["tokenizer.ggml.tokens"]) == 340
    assert field["tokenizer.ggml.tokens"][tokenizer.special("<|end|>")] == "<|end|>"
    assert field["tokenizer.ggml.token_type"][-1] == 5, "room in the vocabulary that no token fills"
    tensors = {t.name: t.data for t in read.tensors}
    assert np.array_equal(tensors["token_embd.weight"], model.embed.weight.detach().numpy())
    assert sum(t.size for n, t in tensors.items() if n != "rope_freqs.weight") == model.num_parameters


@pytest.mark.oracle
@pytest.mark.parametrize("family", FAMILIES)
def test_llama_cpp_writes_the_same_tokens(family: str, tmp_path: Path) -> None:
    llama_cpp = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed (extra `bench`)")
    folder = make(tmp_path, family)
    export_gguf(folder, tmp_path / "m.gguf", dtype="fp32")
    theirs: Any = llama_cpp.Llama(str(tmp_path / "m.gguf"), n_ctx=96, n_threads=1, verbose=False, logits_all=True)
    theirs.eval(PROMPT)
    logits = np.array(theirs.scores[: len(PROMPT)])
    model, _ = load_checkpoint(folder)
    with torch.no_grad():
        wanted = model(torch.tensor([PROMPT]))[0].numpy()
    assert np.abs(logits - wanted).max() < 0.05 * wanted.std(), "llama.cpp keeps keys and values in fp16"
    written = []
    for token in theirs.generate(PROMPT, temp=0.0, repeat_penalty=1.0):
        written.append(token)
        if len(written) == 12:
            break
    assert written == write_slowly(model, PROMPT, 12)


@pytest.mark.oracle
@pytest.mark.parametrize("pattern", PATTERNS)
def test_llama_cpp_cuts_text_alike_where_it_has_the_pattern(pattern: str, tmp_path: Path) -> None:
    llama_cpp = pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed (extra `bench`)")
    inner = train_tokenizer(TEXTS, 330, show_progress=False).inner
    pieces = [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    inner.pre_tokenizer = pre_tokenizers.Sequence(pieces)  # type: ignore[assignment]
    tokenizer = TextTokenizer(inner)
    save_checkpoint(tmp_path / "m", make_network(4, **SIZES, vocab_size=330), tokenizer)
    assert export_gguf(tmp_path / "m", tmp_path / "m.gguf")["cuts_text_alike"]
    theirs: Any = llama_cpp.Llama(str(tmp_path / "m.gguf"), n_ctx=32, n_threads=1, verbose=False, vocab_only=True)
    for text in ("The tent's dry 42 times!\n\n 帐篷是干燥的。 👍", "we'll  pay 12345 €\tnow\n", *TEXTS[:1]):
        assert theirs.tokenize(text.encode(), add_bos=False, special=False) == tokenizer.encode(text)


def test_precisions_and_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, to = make(tmp_path, "qwen3"), tmp_path / "m.gguf"
    sizes = []
    for dtype in ("fp32", "fp16", "q8_0", "q4_0"):
        done = call(monkeypatch, tmp_path, "export", "--model", str(folder), "--gguf", "--to", str(to), "--dtype", dtype, "--json")
        assert done.returncode == 0, done.stderr
        facts = json.loads(done.stdout)
        assert facts["dtype"] == dtype
        sizes.append(facts["bytes"])
    assert sizes == sorted(sizes, reverse=True)
    with pytest.raises(Invalid, match="fp16"):
        export_gguf(folder, to, dtype="int8")
    odd = tmp_path / "odd"
    save_checkpoint(odd, make_network(0, positions="sinusoidal"), train_tokenizer(TEXTS, 330, show_progress=False))
    with pytest.raises(Invalid, match="GPT-2, Llama"):
        export_gguf(odd, to)
    narrow = tmp_path / "narrow"
    save_checkpoint(narrow, make_network(0), train_tokenizer(TEXTS, 330, show_progress=False))
    with pytest.raises(Invalid, match="choose fp16"):
        export_gguf(narrow, to, dtype="q8_0")
    assert to.stat().st_size == sizes[-1], "what was there stays"


def test_known_patterns_are_known() -> None:
    split = {"type": "Split", "pattern": {"Regex": next(iter(PATTERNS))}}
    assert _find_pattern({"type": "Sequence", "pretokenizers": [split, {"type": "ByteLevel", "use_regex": False}]}) == "qwen2"
    assert _find_pattern({"type": "ByteLevel", "use_regex": True, "add_prefix_space": False}) == "gpt-2"
    assert _find_pattern({"type": "Whitespace"}) == ""
