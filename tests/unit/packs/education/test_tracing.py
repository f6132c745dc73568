"""Mastery: the same whatever the order of rows, right with several skills or none, and better than what it is measured against."""

import csv
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from duologue.kit.errors import Invalid
from duologue.packs.education.evaluate import run
from duologue.packs.education.evaluate.measure import auc, calibration_error
from duologue.packs.education.mastery.answers import Answer, keys_of, read_answer
from duologue.packs.education.mastery.bkt import Skill, SkillModel, explain, fit_skill
from duologue.packs.education.mastery.history import DENSE, History
from duologue.packs.education.mastery.tracing import KnowledgeTracer

SHARED = Path(os.environ.get("DUOLOGUE_SHARED_DATA") or Path(__file__).parents[5] / "shared" / "data")


def simulate(users: int = 150, each: int = 30, seed: int = 0) -> list[Answer]:
    """Answers of learners whose ability, and of items whose difficulty, is drawn; two skills, some items of both."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, 1.2, 40)
    skills = [("a",) if i < 15 else ("b",) if i < 30 else ("a", "b") for i in range(40)]
    out = []
    for u in range(users):
        able = rng.normal(0, 1.0)
        for k in range(each):
            i = int(rng.integers(40))
            chance = 1 / (1 + np.exp(hard[i] - able - 0.02 * k))
            out.append(Answer(f"u{u}", f"i{i}", skills[i], bool(rng.random() < chance), k))
    return out


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return simulate()


def test_rows_from_anywhere_are_read() -> None:
    full = read_answer({"user": 7, "item": 12, "skills": [3, "x"], "correct": 1, "order": "4"})
    assert full == Answer("7", "12", ("3", "x"), True, 4.0)
    assert read_answer({"user": "u", "skills": None, "correct": 0.0}, 9) == Answer("u", "", (), False, 9.0)
    assert read_answer({"user": "u", "item": None, "skills": ["s"], "correct": False}).item == "s"
    early = read_answer({"user": "u", "item": "i", "skill": "s", "correct": True, "order": "2026-01-02T10:00:00"})
    late = read_answer({"user": "u", "item": "i", "skill": "s", "correct": True, "order": "2026-01-03T10:00:00"})
    assert early.skills == ("s",)
    assert early.order < late.order
    for broken in (
        {"item": "i", "correct": 1},
        {"user": "u", "item": "i"},
        {"user": "u", "correct": 3},
        {"user": "u", "correct": "yes"},
    ):
        with pytest.raises(Invalid):
            read_answer(broken)


def test_keys_do_not_depend_on_order_or_repetition() -> None:
    assert keys_of(["b", "a", "b"]) == keys_of(["a", "b"]) == ("a", "b", "a+b")
    assert keys_of(["a"]) == ("a",)
    assert len(keys_of([])) == 1


def test_the_order_of_rows_in_a_file_does_not_matter(answers: list[Answer]) -> None:
    past, coming = answers[:3000], answers[3000:]
    mixed = [coming[i] for i in np.random.default_rng(1).permutation(len(coming))]
    place = {(a.user, a.order): i for i, a in enumerate(coming)}
    tracer = KnowledgeTracer().fit(past)
    back = [place[a.user, a.order] for a in mixed]
    for mode in ("batch", "online"):
        straight = KnowledgeTracer().fit(past).predict_next(coming, mode)
        np.testing.assert_allclose(
            straight[back], (tracer if mode == "batch" else KnowledgeTracer().fit(past)).predict_next(mixed, mode)
        )


def test_it_predicts_strangers_better_than_the_mean_and_is_calibrated(answers: list[Answer]) -> None:
    past, coming = answers[:3000], answers[3000:]
    tracer = KnowledgeTracer().fit(past)
    assert tracer.is_fitted
    right = [a.correct for a in coming]
    batch, online = tracer.predict_next(coming, "batch"), tracer.predict_next(coming, "online")
    assert auc(right, batch) > 0.72
    assert auc(right, online) > 0.72
    assert calibration_error(right, batch) < 0.08


def test_batch_prediction_of_many_and_of_the_next_agree(answers: list[Answer]) -> None:
    tracer = KnowledgeTracer().fit(answers[:3000])
    stranger = [Answer("new", a.item, a.skills, a.correct, a.order) for a in answers[3000:3006]]
    expected = tracer.predict_next(stranger)
    one_by_one = []
    for a in stranger:
        one_by_one.append(tracer.predict_many("new", [(a.item, a.skills)])[0])
        history_before = tracer.difficulties.items.get(a.item)
        tracer._learn(a, moves=False)
        assert tracer.difficulties.items.get(a.item) == history_before
    np.testing.assert_allclose(one_by_one, expected)


def test_few_answers_or_only_right_ones_are_no_reason_to_fail() -> None:
    for some in ([], [Answer("u", "i", ("s",), True)], [Answer(f"u{k % 9}", "i", (), True, k) for k in range(900)]):
        tracer = KnowledgeTracer().fit(some)
        assert not tracer.is_fitted
        assert 0 < tracer.predict("v", "j", ("t",)) < 1


def test_mastery_rises_with_right_answers_and_grows_surer() -> None:
    tracer = KnowledgeTracer()
    before = tracer.mastery("u", "s")
    for k in range(12):
        tracer.observe(Answer("u", f"i{k}", ("s",), True, k))
    after = tracer.mastery("u", "s")
    assert after.chance > before.chance
    assert after.uncertainty < before.uncertainty
    assert (after.answers, len(after.evidence)) == (12, 12)
    assert tracer.mastery("u", "other").answers == 0
    tracer.observe(Answer("u", "slip", ("s",), False, 13))
    assert tracer.mastery("u", "s").chance > before.chance, "one slip does not remove mastery"
    tracer.forget("u")
    assert tracer.mastery("u", "s").answers == 0


def test_every_skill_of_an_answer_moves() -> None:
    tracer = KnowledgeTracer()
    tracer.observe(Answer("u", "i", ("a", "b"), True))
    assert tracer.mastery("u", "a").answers == tracer.mastery("u", "b").answers == 1


def test_the_view_has_a_number_for_each_name() -> None:
    assert len(History().view(("a",), "i", 0.0, 0.0)) == len(DENSE)


def test_bkt_finds_the_parameters_that_made_the_answers() -> None:
    truth, rng = Skill(0.3, 0.15, 0.2, 0.1), np.random.default_rng(3)
    sequences = []
    for _ in range(1500):
        known, sequence = rng.random() < truth.prior, []
        for _ in range(int(rng.integers(4, 16))):
            sequence.append(bool(rng.random() < (1 - truth.slip if known else truth.guess)))
            known = known or rng.random() < truth.learn
        sequences.append(sequence)
    found = fit_skill(sequences)
    for name in ("prior", "learn", "guess", "slip"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), abs=0.05)


def test_bkt_says_what_it_thinks() -> None:
    skill = Skill()
    assert skill.trace([True, True, True]) > skill.trace([False]) > 0
    assert "slips" in explain(skill, [True] * 6 + [False], "Fractions", "en")
    assert "失误" in explain(skill, [True] * 6 + [False], "分数", "zh")
    assert "guess" in explain(skill, [False] * 6 + [True], "Fractions", "en")
    model = SkillModel().fit([Answer("u", "i", ("s",), True, k) for k in range(3)])
    assert set(model.skills) == {"s"}


def test_the_report_has_both_models_and_counts_what_it_left_out(tmp_path: Path, answers: list[Answer]) -> None:
    for name, some in (("train", answers[:3000]), ("test", answers[3000:])):
        rows = [
            {"user": a.user, "item": a.item, "skills": list(a.skills), "correct": int(a.correct), "order": a.order} for a in some
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + '\nno json\n{"user": "u", "correct": "?"}\n')
    found = {r["metric"]: r for r in run(["tracing"], tmp_path)}
    assert {"auc", "log_loss", "ece", "auc_first5", "online_auc", "bkt_auc", "fit_cpu_s_per_100k"} <= found.keys()
    assert found["auc"]["n"] == len(answers) - 3000
    assert found["unreadable"]["value"] == 2
    (tmp_path / "train.jsonl").unlink()
    alone = {r["metric"] for r in run(["tracing"], tmp_path)}
    assert "online_auc" in alone
    assert "auc" not in alone


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "education").is_dir(), reason="needs the data that is not shipped (DUOLOGUE_SHARED_DATA)")
def test_on_a_part_of_assistments_2009_it_beats_what_is_published_for_logistic_models() -> None:
    rows = []
    with gzip.open(SHARED / "education" / "kt_assistments09" / "train.csv.gz", "rt") as lines:
        for r in csv.DictReader(lines, delimiter="\t"):
            if int(r["user_id"]) % 4 == 0:
                rows.append(Answer(r["user_id"], r["item_id"], (r["skill_id"],), r["correct"] == "1", float(r["timestamp"])))
    held = {u for u in {a.user for a in rows} if int(u) % 20 == 0}
    past, coming = [a for a in rows if a.user not in held], [a for a in rows if a.user in held]
    tracer = KnowledgeTracer().fit(past)
    right = [a.correct for a in coming]
    assert auc(right, tracer.predict_next(coming)) > 0.76  # a quarter of the learners only
    assert auc(right, tracer.predict_next(coming, "online")) > 0.75
