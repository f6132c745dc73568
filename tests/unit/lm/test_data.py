from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duologue.kit.errors import Invalid
from duologue.lm.training.data import IGNORED, Batch, Loader, Shard, write_shard


def make_shard(folder: Path, sizes: list[int], masks: list[list[int]] | None = None) -> Shard:
    """Documents of consecutive numbers, so that every token tells where it is from: 100 * document + place."""
    documents = [([100 * i + j for j in range(n)], masks[i] if masks else None) for i, n in enumerate(sizes)]
    write_shard(folder / "s", documents)
    return Shard(folder / "s")


def transitions(batch: Batch) -> list[tuple[int, int]]:
    learnt = batch.targets != IGNORED
    return list(zip(batch.ids[learnt].tolist(), batch.targets[learnt].tolist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(2, 60), min_size=1, max_size=30), length=st.integers(4, 40))
def test_every_transition_of_an_epoch_is_learnt_once_and_nothing_is_padding(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], length: int
) -> None:
    shard = make_shard(tmp_path_factory.mktemp("shard"), sizes)
    loader = Loader(shard, rows=1, length=length, seed=3)
    loader.cursor.buffer = []
    total, seen = sum(n - 1 for n in sizes), list[tuple[int, int]]()
    wanted = sorted((100 * i + j, 100 * i + j + 1) for i, n in enumerate(sizes) for j in range(n - 1))
    for _ in range(4 * (1 + total // length)):
        batch = loader.next_batch()
        assert (batch.targets != IGNORED).all()
        seen += transitions(batch)
    assert set(seen) <= set(wanted)
    assert all(b == a + 1 for a, b in seen)


def test_an_epoch_is_read_once_before_the_next_begins(tmp_path: Path) -> None:
    sizes = [5, 9, 33, 2, 17] * 80  # 400 documents, more than the packer's buffer
    loader = Loader(make_shard(tmp_path, sizes), rows=2, length=16, seed=1)
    seen: list[tuple[int, int]] = []
    while loader.cursor.epoch == 0:
        seen += transitions(loader.next_batch())
    waiting = [(100 * d + j, 100 * d + j + 1) for d, first, last in loader.cursor.buffer for j in range(first, last)]
    wanted = [(100 * i + j, 100 * i + j + 1) for i, n in enumerate(sizes) for j in range(n - 1)]
    assert set(seen) | set(waiting) == set(wanted)
    assert len(set(seen)) == len(seen)


def test_each_row_numbers_its_documents_and_counts_positions_anew(tmp_path: Path) -> None:
    batch = Loader(make_shard(tmp_path, [4, 6, 9]), rows=3, length=12, seed=0).next_batch()
    for row in range(3):
        for number in range(int(batch.document[row].max()) + 1):
            here = batch.document[row] == number
            assert batch.positions[row][here].tolist() == list(range(int(here.sum())))
            assert len({int(i) // 100 for i in batch.ids[row][here]}) == 1


def test_whole_conversations_are_padded_not_split_and_over_long_ones_are_cut_and_counted(tmp_path: Path) -> None:
    shard = make_shard(tmp_path, [6, 9, 90, 7])
    loader = Loader(shard, rows=2, length=16, seed=0, whole=True)
    batches = [loader.next_batch() for _ in range(3)]
    assert loader.cursor.num_cut > 0
    for batch in batches:
        assert ((batch.targets == IGNORED) == (batch.document == -1)).all()
        starts = batch.positions == 0
        assert (batch.ids[starts & (batch.document >= 0)] % 100 == 0).all()


def test_what_is_not_learnt_is_masked_and_a_document_without_anything_to_learn_is_counted(tmp_path: Path) -> None:
    shard = make_shard(tmp_path, [4, 3], masks=[[0, 0, 1, 1], [0, 0, 0]])
    loader = Loader(shard, rows=1, length=3, seed=0, whole=True)
    batch = loader.next_batch()
    assert batch.targets.tolist() == [[IGNORED, 2, 3]]
    assert loader.cursor.num_empty > 0
    assert batch.num_targets == 2


def test_a_corpus_with_nothing_to_learn_is_refused_rather_than_read_for_ever(tmp_path: Path) -> None:
    loader = Loader(make_shard(tmp_path, [3], masks=[[1, 0, 0]]), rows=1, length=3, seed=0)
    with pytest.raises(Invalid, match="anything to learn"):
        loader.next_batch()


@pytest.mark.parametrize("whole", [False, True])
def test_a_restored_loader_gives_the_same_batches(tmp_path: Path, whole: bool) -> None:
    shard = make_shard(tmp_path, [5, 9, 33, 2, 17, 8] * 60)
    one = Loader(shard, rows=2, length=20, seed=4, whole=whole)
    for _ in range(7):
        one.next_batch()
    other = Loader(shard, rows=2, length=20, seed=4, whole=whole)
    other.restore(one.state())
    for _ in range(40):
        a, b = one.next_batch(), other.next_batch()
        assert a.ids.equal(b.ids)
        assert a.targets.equal(b.targets)
        assert a.document.equal(b.document)


def test_bad_shards_are_explained(tmp_path: Path) -> None:
    write_shard(tmp_path / "empty", [])
    with pytest.raises(Invalid, match="empty"):
        Shard(tmp_path / "empty")
    with pytest.raises(Invalid, match="cannot be read"):
        Shard(tmp_path / "absent")
    with pytest.raises(Invalid, match="65,536"):
        write_shard(tmp_path / "large", [([70_000], None)])
    write_shard(tmp_path / "short", [([1, 2, 3], None)])
    (tmp_path / "short.tokens").write_bytes(b"\0\0")
    with pytest.raises(Invalid, match="incomplete"):
        Shard(tmp_path / "short")
