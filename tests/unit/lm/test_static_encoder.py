"""Training by contrast: the loss is the textbook's, equal texts are no negatives, and pairs come together."""

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from duologue.lm.vectors.static_encoder import (  # noqa: E402
    Encoded,
    LazyAdam,
    Recipe,
    contrast,
    encode_pairs,
    initial_table,
    list_same,
    measure,
    slip,
    thin,
    train,
    train_tokenizer,
    widen,
)
from duologue.lm.vectors.static_model import StaticModel, quantise  # noqa: E402
from duologue.lm.vectors.static_pairs import HeldOut, Pairs  # noqa: E402

COLOURS = {
    "red": "红色",
    "green": "绿色",
    "blue": "蓝色",
    "white": "白色",
    "black": "黑色",
    "grey": "灰色",
    "brown": "棕色",
    "pink": "粉色",
}
NOUNS = {"tent": "帐篷", "boot": "靴子", "jacket": "夹克", "stove": "炉子", "rope": "绳子", "lamp": "头灯"}
PAIRS = [(f"the {c} {n}", f"{COLOURS[c]}{NOUNS[n]}") for c in COLOURS for n in NOUNS]


def slow_contrast(a: np.ndarray, b: np.ndarray, scale: float) -> float:
    """InfoNCE in both directions, one sum after the other."""
    total = 0.0
    for one, other in ((a, b), (b, a)):
        for i in range(len(one)):
            scores = [scale * float(one[i] @ other[j]) for j in range(len(other))]
            total += np.log(sum(np.exp(s) for s in scores)) - scores[i]
    return total / (2 * len(a))


def test_the_loss_is_that_of_the_textbook() -> None:
    a, b = (np.random.default_rng(seed).standard_normal((5, 4)) for seed in (1, 2))
    got = contrast(torch.tensor(a), torch.tensor(b), torch.tensor(3.0), torch.zeros(5, 5, dtype=torch.bool))
    assert got.item() == pytest.approx(slow_contrast(a, b, 3.0))


def test_touched_rows_move_as_under_sparse_adam() -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(6, 3, generator=generator)
    ours, theirs = LazyAdam(start.clone()), torch.nn.Parameter(start.clone())
    oracle = torch.optim.SparseAdam([theirs], lr=0.01, betas=(0.9, 0.98))
    for rows in ([0, 2], [2, 5], [1, 2, 3]):
        gradient = torch.randn(len(rows), 3, generator=generator)
        theirs.grad = torch.sparse_coo_tensor(torch.tensor([rows]), gradient, (6, 3), check_invariants=True)
        oracle.step()
        ours.step(torch.tensor(rows), gradient, 0.01)
    assert torch.allclose(ours.table, theirs.detach(), atol=1e-6)
    assert torch.equal(ours.table[4], start[4])


def made(labels: list[str] | None = None) -> Encoded:
    pairs = [("one", "two"), ("one", "three"), ("four", "two"), ("five", "six")]
    tokenizer = train_tokenizer(iter([" ".join(p) for p in pairs] * 10), 200)
    return encode_pairs(tokenizer, Pairs("test", pairs, 1.0, labels), 0.0, 0)


def test_equal_texts_are_no_negatives() -> None:
    same = list_same(made(), np.arange(4)).numpy()
    assert {(i, j) for i, j in zip(*np.nonzero(same), strict=True)} == {(0, 1), (1, 0), (0, 2), (2, 0)}


def test_pairs_of_one_label_are_no_negatives() -> None:
    same = list_same(made(["x", "y", "z", "x"]), np.arange(4)).numpy()
    assert same[0, 3]
    assert same[3, 0]
    assert not same[1, 3]
    assert not same.diagonal().any()


def test_a_slip_changes_one_longer_word_only() -> None:
    rng = random.Random(0)
    for _ in range(50):
        changed = slip("how is the warranty", rng).split()
        assert changed[:3] == ["how", "is", "the"]
        assert abs(len(changed[3]) - len("warranty")) <= 1
        assert changed[3] != ""
    assert slip("a b 退货", rng) == "a b 退货"


def test_long_sets_are_thinned_and_labelled_ones_are_not() -> None:
    pairs = [(f"{i} " + "a" * 100, "b" * 100) for i in range(50)]
    kept = thin(Pairs("long", pairs, 1.0), 10, random.Random(0))
    assert len(kept.pairs) == 10
    assert set(kept.pairs) <= set(pairs)
    assert thin(Pairs("labelled", pairs, 1.0, ["x"] * 50), 10, random.Random(0)).pairs == pairs
    short = [("a", "b")] * 50
    assert thin(Pairs("short", short, 1.0), 10, random.Random(0)).pairs == short


def test_an_earlier_encoder_beside_the_table_has_half_the_say() -> None:
    rng = np.random.default_rng(0)
    texts = ["red tent blue boot", "green rope", "white lamp black stove"] * 5
    new, old = train_tokenizer(iter(texts), 300), train_tokenizer(iter(["red tent", "blue boot"] * 5), 60)
    rows, scales = quantise(rng.standard_normal((old.get_vocab_size(), 16)).astype(np.float32))
    earlier = StaticModel("earlier", old, rows, scales)
    table = 9 * rng.standard_normal((new.get_vocab_size(), 8)).astype(np.float32)
    both = widen(table, new, earlier, texts)
    assert both.shape == (len(table), 24)
    assert np.median(np.linalg.norm(both, axis=1)) == pytest.approx(2)
    ids = new.encode(["▁red", "▁tent"], is_pretokenized=True).ids
    ours, theirs = both[ids].sum(axis=0)[:16], earlier.encode(["red tent"])[0]
    assert ours @ theirs / np.linalg.norm(ours) == pytest.approx(1, abs=1e-5)
    assert np.allclose(both[:, 16:] / table, (both[:, 16:] / table)[0, 0])


def test_training_brings_pairs_together() -> None:
    held_out, kept = PAIRS[::7], [p for i, p in enumerate(PAIRS) if i % 7]
    words = [word for group in (COLOURS, NOUNS) for pair in group.items() for word in pair]
    tokenizer = train_tokenizer(iter(words * 5), 400)
    sets = [encode_pairs(tokenizer, Pairs("toy", kept, 1.0), 0.0, 0)]
    start = initial_table(tokenizer, 32, [], [], sets, np.random.default_rng(0))
    test = HeldOut("toy", [a for a, _ in held_out], [b for _, b in PAIRS], [PAIRS.index(p) for p in held_out])

    def figure(table: np.ndarray) -> float:
        return measure(StaticModel("toy", tokenizer, *quantise(table)).encode, test)["recall@1"]

    untrained = figure(start)
    trained = figure(train(start.copy(), sets, Recipe(batch=32, minutes=0, steps=300, drop=0.0), lambda values: None))
    assert untrained < 0.5 < 0.8 <= trained
