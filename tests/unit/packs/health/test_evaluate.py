"""Evaluation: the rows of figures, figures from known counts, and folders of one's own."""

import json
from pathlib import Path

import pytest

from duologue.kit.errors import Invalid, NotFound
from duologue.packs.health.evaluate import run, scores
from duologue.packs.health.interview.differential import load_knowledge

KEYS = ["task", "metric", "value", "baseline", "n", "note"]


def _write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    (folder / name).write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")


def test_the_gates_hold_on_the_own_sets() -> None:
    rows = list(run(["redflags", "negation", "triage"]))
    assert all(list(r) == KEYS for r in rows)
    by = {(r["task"], r["metric"]): r["value"] for r in reversed(rows)}
    assert by["redflags", "sensitivity"] >= 0.99
    assert by["redflags", "specificity"] >= 0.85
    assert by["redflags", "must_missed"] == 0
    assert by["negation", "f1"] >= 0.95


def test_the_own_consultations_are_read_and_none_is_missing() -> None:
    by = {r["metric"]: r for r in reversed(list(run(["notes"])))}
    assert by["fact_precision"]["n"] > 300
    assert by["fact_precision"]["value"] >= 0.98
    assert by["unsupported_sentence_rate"]["value"] == 0
    assert (by["swapped_note_rejected"]["value"], by["swapped_note_rejected"]["n"]) == (1.0, 30)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    _write(
        tmp_path,
        "test.jsonl",
        [
            {"sentence": "no fever", "concept": "fever", "negated": True},
            {"sentence": "fever", "concept": "fever", "negated": False},
        ],
    )
    assert next(r["value"] for r in run(["negation"], tmp_path) if r["metric"] == "f1") == 1.0
    _write(
        tmp_path,
        "test.jsonl",
        [{"lang": "en", "text": "crushing chest pain", "red_flag": True}, {"lang": "zh", "text": "头皮屑多", "red_flag": False}],
    )
    assert {r["metric"]: r["value"] for r in reversed(list(run(["redflags"], tmp_path)))}["sensitivity"] == 1.0


def test_the_differential_is_measured_on_the_patients_of_a_folder(tmp_path: Path) -> None:
    kb = load_knowledge()
    named = [(n, [e for j, e in enumerate(kb.evidences) if kb.p[i, j] > 0.5]) for i, n in enumerate(kb.names)]
    rows = [{"pathology": n, "evidences": [f"{e}_@_V_1" for e in found]} for n, found in named if len(found) > 3]
    _write(tmp_path, "test.jsonl", rows)  # type: ignore[arg-type]
    by = {r["metric"]: r for r in run(["ddx"], tmp_path)}
    assert by["top1_at_15"]["n"] == len(rows) > 20
    assert by["top1_at_15"]["value"] > 0.9
    assert by["top1_spoken_en"]["value"] > 0.85
    assert by["answers_read_zh"]["value"] > 0.8
    wrong = [{**r, "pathology": kb.names[(kb.names.index(str(r["pathology"])) + 1) % len(kb.names)]} for r in rows]
    _write(tmp_path, "test.jsonl", wrong)  # type: ignore[arg-type]
    assert {r["metric"]: r["value"] for r in run(["ddx"], tmp_path)}["top1_at_15"] < 0.1
    _write(tmp_path, "test.jsonl", [{"pathology": "Laryngite", "evidences": ["E_1"]}])
    with pytest.raises(Invalid, match="Row 1"):
        list(run(["ddx"], tmp_path))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"test\.jsonl"):
        list(run(["phi"], tmp_path))
    with pytest.raises(NotFound, match="known"):
        list(run(["nonsense"]))


def test_figures_from_known_counts() -> None:
    assert scores.lower_bound(10, 10) == pytest.approx(0.6915, abs=1e-3)
    assert scores.lower_bound(79, 79) == pytest.approx(0.9544, abs=1e-3)
    assert scores.ndcg(["a", "b"], {"b": 1}) == pytest.approx(0.6309, abs=1e-3)
    assert scores.f1([(True, True), (True, False), (False, True)]) == 0.5
    assert scores.characters([("ab cd", [(0, 5, "X")], [(0, 2, "X")])]) == (2, 2, 4)
