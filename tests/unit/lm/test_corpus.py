import json
from pathlib import Path

import pytest

from duologue.kit.errors import Invalid
from duologue.lm.text.tokenizer import END, TextTokenizer, load_tokenizer
from duologue.lm.training.corpus import list_files, prepare, read_documents
from duologue.lm.training.data import Shard, write_shard
from duologue.lm.training.recipe import Recipe, parse_recipe
from tests.unit.lm.conftest import TEXTS

TALK = [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "On its way."}]


def recipe_of(tmp_path: Path, *, whole: bool = False, length: int = 32, **fields: object) -> Recipe:
    stage = {"data": [str(tmp_path / "texts")], "steps": 2, "length": length, "rows": 2, "whole": whole}
    sizes = {"d_model": 16, "n_layers": 1, "n_heads": 2, "n_kv_heads": 1, "d_head": 8, "d_ff": 16, "context": 64}
    values = {"out": str(tmp_path / "run"), "model": sizes, "vocab_size": 400, "stages": [stage], "held_out_share": 0.25}
    return parse_recipe({**values, **fields})


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        (folder / f"{number:02d}.txt").write_text(f"{number} {text}")
    return folder


def test_texts_become_a_shard_a_tokenizer_and_held_out_texts_by_language(texts: Path, tmp_path: Path) -> None:
    recipe, (report,) = prepare(recipe_of(tmp_path))
    words, shard = load_tokenizer(Path(recipe.tokenizer)), Shard(Path(recipe.stages[0].shard))
    held = json.loads(Path(recipe.held_out).read_text())
    assert set(held) == {"en", "zh"}
    assert report.documents + sum(map(len, held.values())) == len(TEXTS)
    learnt = {words.decode(shard.tokens[a:b].tolist()) for a, b in zip(shard.offsets, shard.offsets[1:], strict=False)}
    assert not learnt & {text for some in held.values() for text in some}
    assert int(shard.tokens[shard.offsets[1] - 1]) == words.special(END)
    before = Path(f"{recipe.stages[0].shard}.tokens").stat().st_mtime_ns
    assert prepare(recipe_of(tmp_path)) == (recipe, [report])  # not made again …
    assert Path(f"{recipe.stages[0].shard}.tokens").stat().st_mtime_ns == before
    (texts / "00.txt").write_text("another text")  # … until something changes
    prepare(recipe_of(tmp_path))
    assert Path(f"{recipe.stages[0].shard}.tokens").stat().st_mtime_ns != before


def test_chats_too_long_are_cut_after_an_answer_or_dropped_and_counted(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    tokenizer.save(tmp_path / "tokenizer.json")
    (tmp_path / "texts").mkdir()
    long = {"role": "user", "content": "parcel " * 100}
    chats = [TALK, [*TALK, long, TALK[1]], [long, TALK[1]], TALK[:1]]
    rows = [json.dumps({"messages": chat}) for chat in chats] + [json.dumps({"prompt": "Where?", "completion": "Here."})]
    (tmp_path / "texts" / "chats.jsonl").write_text("\n".join(rows))
    recipe, (report,) = prepare(recipe_of(tmp_path, whole=True, tokenizer=str(tmp_path / "tokenizer.json"), held_out_share=0.0))
    assert (report.documents, report.cut, report.dropped) == (3, 1, 2)
    shard = Shard(Path(recipe.stages[0].shard))
    assert max(b - a for a, b in zip(shard.offsets, shard.offsets[1:], strict=False)) <= 33
    assert not recipe.held_out


def test_what_is_no_corpus_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    with pytest.raises(Invalid, match="no text at"):
        list(read_documents([str(folder)]))
    (folder / "empty.txt").write_text(" \n")
    with pytest.raises(Invalid, match="is empty"):
        list(read_documents([str(folder)]))
    with pytest.raises(Invalid, match="is empty"):
        prepare(recipe_of(tmp_path))
    (folder / "a.jsonl").write_text('{"text": "x"}\n{"colour": "red"}\n')
    with pytest.raises(Invalid, match=r"Line 2 of .*a\.jsonl"):
        list(read_documents([str(folder)]))
    for content in (b"\x89PNG\r\n\x1a\n\0\0", "中".encode("gbk")):
        (folder / "a.jsonl").write_bytes(content)
        with pytest.raises(Invalid, match="binary file"):
            list(read_documents([str(folder)]))
    assert [p.name for p in list_files([str(folder / "*.txt")])] == ["empty.txt"]


def test_a_wide_shard_holds_the_ids_of_a_large_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="wide"):
        write_shard(tmp_path / "x", [([1, 70_000], None)])
    write_shard(tmp_path / "x", [([1, 150_000, 3], None)], is_wide=True)
    assert Shard(tmp_path / "x").tokens.tolist() == [1, 150_000, 3]
