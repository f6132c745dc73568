"""The encoder with attention: its arithmetic against the slow way, its cutting, its files there and back."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from duologue.lm.vectors.attentive_model import KNOWN, AttentiveModel, Cutter, Memory, keep_known, save
from duologue.lm.vectors.half_matrix import load_product
from duologue.lm.vectors.static_model import StaticModel, quantise

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "tent", "##s", "dry", "the", "?", "。"]
WORDS = ["<unk>", "帐篷", "帐", "篷", "晾", "干", "晾干"]
DIM, HEADS, WIDE, LAYERS = 8, 2, 16, 2


def make_cutter() -> Cutter:
    pieces = Tokenizer(models.WordPiece({p: i for i, p in enumerate(PIECES)}, unk_token="[UNK]"))
    pieces.normalizer, pieces.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()
    return Cutter(pieces, Tokenizer(models.Unigram([(w, -float(i)) for i, w in enumerate(WORDS)], unk_id=0)))


def make_tensors() -> dict[str, np.ndarray]:
    draws = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {"rows": (len(PIECES) + len(WORDS) - 1, DIM), "positions": (256, DIM)}
    shapes |= {"norm.weight": (DIM,), "norm.bias": (DIM,)}
    for n in range(LAYERS):
        for name, ins, outs in (("qkv", DIM, 3 * DIM), ("out", DIM, DIM), ("up", DIM, WIDE), ("down", WIDE, DIM)):
            shapes |= {f"{n}.{name}.weight": (ins, outs), f"{n}.{name}.bias": (outs,)}
        shapes |= {f"{n}.norm{k}.{part}": (DIM,) for k in (1, 2) for part in ("weight", "bias")}
    return {name: draws.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "e", {"dim": DIM, "layers": LAYERS, "heads": HEADS}, make_cutter(), make_tensors())
    return tmp_path / "e"


def slowly(folder: Path, ids: list[int]) -> list[float]:
    """The same network, number by number, in double precision."""
    packed = load_file(folder / "model.safetensors")
    w = {name: tensor.astype(np.float64) for name, tensor in packed.items()}
    w |= {name: w[name] * w[f"{name}.scales"] for name in w if name.endswith(".weight") and w[name].ndim == 2}
    rows = packed["rows"].astype(np.float64) * packed["rows.scales"].astype(np.float64)[:, None]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        return (x - x.mean()) / math.sqrt(x.var() + 1e-12) * w[f"{name}.weight"] + w[f"{name}.bias"]

    xs = [norm(rows[token] + w["positions"][at], "norm") for at, token in enumerate(ids)]
    size = DIM // HEADS
    for n in range(LAYERS):
        qkv = [x @ w[f"{n}.qkv.weight"] + w[f"{n}.qkv.bias"] for x in xs]
        after = []
        for at, x in enumerate(xs):
            seen = np.zeros(DIM)
            for head in range(HEADS):
                mine = slice(head * size, (head + 1) * size)
                keys = [row[DIM : 2 * DIM][mine] for row in qkv]
                values = [row[2 * DIM :][mine] for row in qkv]
                shares = np.exp([qkv[at][:DIM][mine] @ key for key in keys])
                seen[mine] = sum(s * v for s, v in zip(shares / shares.sum(), values, strict=True))
            x = norm(x + seen @ w[f"{n}.out.weight"] + w[f"{n}.out.bias"], f"{n}.norm1")
            wide = x @ w[f"{n}.up.weight"] + w[f"{n}.up.bias"]
            wide = 0.5 * wide * (1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)))
            after.append(norm(x + wide @ w[f"{n}.down.weight"] + w[f"{n}.down.bias"], f"{n}.norm2"))
        xs = after
    mean = np.mean(xs, axis=0)
    return list(mean / np.linalg.norm(mean))


def test_text_is_cut_into_word_pieces_and_chinese_words() -> None:
    assert make_cutter().cut(["Dry the tents?", "帐篷晾干。", "龙tent", " ", "干" * 9], limit=6) == [
        [2, 6, 7, 4, 5, 3],  # cut at six: the question mark is gone
        [2, 10, 15, 9, 3],
        [2, 1, 4, 3],
        [],
        [2, 14, 14, 14, 14, 3],
    ]


@pytest.mark.parametrize("room", [1e-5, 0.02])
def test_vectors_are_those_of_the_slow_way(folder: Path, room: float, monkeypatch: pytest.MonkeyPatch) -> None:
    load_product.cache_clear()
    with monkeypatch.context() as patched:
        if room < 0.001:  # in numpy; else as the processor allows
            patched.setenv("DUOLOGUE_NATIVE", "0")
        load_product()
    model, texts = AttentiveModel.load(folder), ["dry the tents", "", "帐篷晾干。", "the", "dry dry 帐 tents ? ? ?"]
    found = model.encode(texts)
    assert not found[1].any()
    for i in (0, 2, 3, 4):
        assert np.allclose(found[i], slowly(folder, make_cutter().cut([texts[i]])[0]), atol=room)


def test_order_of_words_counts(folder: Path) -> None:
    one, other = AttentiveModel.load(folder).encode(["dry the tents", "the tents dry"])
    assert abs(one - other).max() > 0.01


def test_a_long_text_is_cut_and_many_are_read_in_chunks(folder: Path) -> None:
    model = AttentiveModel.load(folder)
    texts = ["dry " * 3000, *["the tents dry"] * 400]
    found = model.encode(texts)
    assert np.allclose(found[0], model.encode(["dry " * 254])[0], atol=1e-5)
    assert np.allclose(found[1:], model.encode(["the tents dry"]), atol=1e-5)


def test_the_name_follows_the_weights(folder: Path, tmp_path: Path) -> None:
    changed = make_tensors()
    changed["1.up.weight"][0, 0] += 1
    config = {"dim": DIM, "layers": LAYERS, "heads": HEADS}
    save(tmp_path / "same", config, make_cutter(), make_tensors())
    save(tmp_path / "other", config, make_cutter(), changed)
    names = [json.loads((at / "config.json").read_text())["name"] for at in (folder, tmp_path / "same", tmp_path / "other")]
    assert names[0] == names[1] != names[2]


def test_what_was_made_beforehand_is_taken_as_it_is(folder: Path) -> None:
    fresh = AttentiveModel.load(folder).encode(["dry the tents", "帐篷"])
    keep_known(folder, ["dry the tents", "帐篷"])
    model = AttentiveModel.load(folder)
    assert model.is_known("帐篷")
    assert not model.is_known("帐篷。")
    assert np.allclose(model.encode(["帐篷", "the", "dry the tents"])[[2, 0]], fresh, atol=2e-3)
    assert np.allclose(np.linalg.norm(model.encode(["帐篷"]), axis=1), 1, atol=1e-6)
    (folder / KNOWN).unlink()
    assert not AttentiveModel.load(folder).is_known("帐篷")


def test_a_chinese_vector_is_joined_with_the_static_one(folder: Path, tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.BPE(vocab={"中": 0, "帐": 1, "篷": 2}, merges=[]))
    static = StaticModel("words-1", tokenizer, *quantise(np.random.default_rng(1).standard_normal((3, 4)).astype(np.float32)))
    static.save(tmp_path / "words")
    config = {"dim": DIM, "layers": LAYERS, "heads": HEADS, "beside": "../words", "share": 0.25}
    save(tmp_path / "both", config, make_cutter(), make_tensors())
    both, alone, texts = AttentiveModel.load(tmp_path / "both"), AttentiveModel.load(folder), ["帐篷晾干。", "dry the tents", ""]
    assert both.name == f"{alone.name}+words-1"
    assert both.dim == DIM + 4
    found = both.encode(texts)
    assert np.allclose(found[0], [*(0.75**0.5 * alone.encode(texts)[0]), *(0.25**0.5 * static.encode(texts)[0])], atol=1e-5)
    assert np.allclose(found[1], [*alone.encode(texts)[1], *[0.0] * 4], atol=1e-5)
    assert not found[2].any()
    mixed = both.mix(0.25)
    assert mixed.name != both.name
    assert np.allclose(mixed.encode(texts)[1], [*(0.75**0.5 * alone.encode(texts)[1]), *[0.0] * 4], atol=0.14)
    assert np.allclose(np.linalg.norm(mixed.encode(texts)[:2], axis=1), 1, atol=1e-6)
    assert np.allclose(both.encode(texts), found)  # the one it was made of stays as it was


def test_what_was_read_is_remembered_up_to_a_limit() -> None:
    memory = Memory(2)
    memory.keep(["a", "b"], np.array([[1, 0], [0, 1]], np.float32))
    assert memory.recall(["b", "a", "c"], 2).tolist() == [[0, 1], [1, 0], [0, 0]]
    memory.keep(["c"], np.array([[1, 1]], np.float32))
    assert memory.recall(["a", "b", "c"], 2).tolist() == [[1, 0], [0, 0], [1, 1]]  # b was asked for before a


def test_a_text_that_was_read_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = AttentiveModel.load(folder)
    first = model.encode(["dry the tents", "帐篷"])
    monkeypatch.setattr(model, "_read", lambda ids: pytest.fail("read again"))
    assert np.array_equal(model.encode(["帐篷", "dry the tents"])[::-1], first)
