"""Datasets as files: read back as they were, with samples of what was left out, and without whoever is erased."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from duologue.kit.errors import NotFound
from duologue.learning import archive
from duologue.learning.dataset import Dataset, freeze
from duologue.learning.erasure import erase_files
from duologue.learning.model import Candidate
from duologue.learning.registry import Registry
from tests.unit.learning.test_dataset import make


def of_conversation(i: int, **more: object) -> Candidate:
    row = make(i, **more)  # type: ignore[arg-type]
    lineage = {**row.example.lineage, "conversation_id": f"cnv_{i}"}
    return replace(row, example=replace(row.example, lineage=lineage))


def some() -> Dataset:
    rows = [of_conversation(i, kind="preference" if i % 3 == 0 else "sft") for i in range(60)]
    return freeze([*rows, of_conversation(70, chosen=" "), of_conversation(71, chosen="Send us your card number.")])


def test_a_dataset_is_read_back_as_it_was(tmp_path: Path) -> None:
    dataset = some()
    found = archive.load(archive.store(dataset, tmp_path))
    assert found.name == dataset.name
    assert sorted(found.train, key=str) == sorted(dataset.train, key=str)
    assert found.held_out == dataset.held_out
    assert (found.left_out, found.people) == (dataset.left_out, dataset.people)
    assert {why for why, _ in found.samples} == {"empty", "asks_for_secrets"}
    with pytest.raises(NotFound):
        archive.load(tmp_path / "nothing")


def test_of_each_reason_a_few_samples_are_kept() -> None:
    dataset = freeze([*[of_conversation(i) for i in range(20)], *[of_conversation(30 + i, chosen=" ") for i in range(40)]])
    assert dataset.left_out["empty"] == 40
    assert len([why for why, _ in dataset.samples if why == "empty"]) == 8
    assert [why for why, _ in freeze([of_conversation(i, person=f"p{i % 2}") for i in range(30)]).samples][:1] == [
        "known_person_after_the_cut"
    ]


def test_who_is_erased_is_in_no_dataset_and_the_models_are_marked(tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    dataset, registry = some(), Registry(tmp_path)
    place = archive.store(dataset, tmp_path / "datasets")
    first = registry.note(dataset.name, "duologue-4m", Path("x"), [], [], at)
    second = registry.note("c" * 16, first.name, Path("x"), [], [], at.replace(day=2))
    registry.note("e" * 16, "duologue-4m", Path("x"), [], [], at.replace(day=3))
    for name in ("finetune/corpus", "finetune/checkpoints", "finetune/model"):
        (tmp_path / "runs" / dataset.name / name).mkdir(parents=True)
    learnt = str(dataset.train[0].lineage["conversation_id"])
    measured = str(dataset.held_out[0].lineage["conversation_id"])
    assert archive.find_verdict(tmp_path / "datasets", str(dataset.train[0].lineage["verdict_id"])) == {dataset.name: "train"}
    gone = erase_files(tmp_path, {learnt, measured, "cnv_71"})
    assert gone == {dataset.name: 1}
    text = "".join(path.read_text() for path in place.glob("*.jsonl"))
    assert not any(json.dumps(one) in text for one in (learnt, measured, "cnv_71"))
    assert archive.read_card(place)["erased"] == 1
    assert {v.name: v.erased for v in registry.list_versions()} == {first.name: 1, second.name: 1, "duologue-4m+eeeeeeee": 0}
    assert sorted(p.name for p in (tmp_path / "runs" / dataset.name / "finetune").iterdir()) == ["model"]
    assert erase_files(tmp_path, {learnt, measured}) == {}
    assert archive.find_verdict(tmp_path / "datasets", str(dataset.train[0].lineage["verdict_id"])) == {}


def test_an_unfinished_run_on_them_begins_anew(tmp_path: Path) -> None:
    dataset = some()
    archive.store(dataset, tmp_path / "datasets")
    run = tmp_path / "runs" / dataset.name / "finetune" / "checkpoints"
    run.mkdir(parents=True)
    erase_files(tmp_path, {str(dataset.train[0].lineage["conversation_id"])})
    assert not run.exists()
