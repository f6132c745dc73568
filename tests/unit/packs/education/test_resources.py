"""Reading that fits: limits held, pins first, blocks never, reasons in both languages; the figure checked against scikit-learn."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from duologue.kit.errors import NotFound
from duologue.packs import education
from duologue.packs.education.course import sample_course
from duologue.packs.education.evaluate import run
from duologue.packs.education.evaluate.resources import ndcg
from duologue.packs.education.mastery.answers import Answer
from duologue.packs.education.mastery.learner import Learner
from duologue.packs.education.resources import ResourceIndex, recommend

COURSE = sample_course("en")


def test_a_question_finds_its_reading_and_says_why() -> None:
    first, *_ = recommend(Learner("l"), COURSE, query="How do I find the greatest common factor of 84 and 36?")
    assert first.resource.id == "r-gcf"
    assert any("fits what you asked" in w for w in first.why)
    (chinese, *_) = recommend(Learner("l"), sample_course("zh"), query="怎样求最大公因数？")
    assert chinese.resource.id == "r-gcf"
    assert any("掌握" in w for w in chinese.why)


def test_the_teacher_pins_and_blocks() -> None:
    plain = [r.resource.id for r in recommend(Learner("l"), COURSE, k=30)]
    pinned, blocked = plain[-1], plain[0]
    found = recommend(Learner("l"), COURSE, k=30, choices={pinned: "pin", blocked: "block"})
    assert found[0].resource.id == pinned
    assert found[0].is_pinned
    assert blocked not in [r.resource.id for r in found]
    assert len(found) == 29


def test_limits_hold_and_a_skill_brings_what_it_builds_on() -> None:
    found = recommend(Learner("l"), COURSE, "add-unlike", k=30, forms=("note", "worked-example"), max_minutes=6, max_level=3)
    assert found
    assert {r.resource.skill for r in found} <= set(COURSE.needed_for(("add-unlike",)))
    assert all(r.resource.form != "activity" and r.resource.minutes <= 6 and r.resource.level <= 3 for r in found)
    assert recommend(Learner("l"), COURSE, licence="proprietary") == recommend(Learner("l"), COURSE, lang="fr") == []
    with pytest.raises(NotFound):
        recommend(Learner("l"), COURSE, "alchemy")


def test_what_is_known_or_read_or_did_not_help_comes_later() -> None:
    skill = "common-factors"
    place = [r.resource.skill for r in recommend(Learner("l"), COURSE, k=30)].index(skill)
    knowing = Learner("l")
    for k in range(12):
        item = COURSE.items_of(skill)[k % 5]
        knowing.observe(Answer("l", item.id, item.skills, True, k))
    assert [r.resource.skill for r in recommend(knowing, COURSE, k=30)].index(skill) > place
    read = Learner("l", read={"r-gcf"})
    assert [r.resource.id for r in recommend(read, COURSE, k=30)].index("r-gcf") > place
    up, down = (recommend(Learner("l"), COURSE, skill, k=30, ratings={"r-gcf": r}) for r in ((9, 9), (0, 9)))
    assert next(r.score for r in up if r.resource.id == "r-gcf") > next(r.score for r in down if r.resource.id == "r-gcf")


def test_words_that_nothing_shares_score_nothing() -> None:
    index = ResourceIndex(COURSE.resources)
    assert not index.score("zzz qqq").any()
    assert not index.score("").any()
    assert ResourceIndex([]).score("fractions").shape == (0,)


def test_the_figure_is_the_published_one() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        scores, gains = rng.random(30), rng.integers(0, 3, 30).astype(float)
        assert ndcg(scores, dict(enumerate(gains))) == pytest.approx(ndcg_score([gains], [scores], k=10))


def test_the_measurement_reads_rows_and_the_own_course(tmp_path: Path) -> None:
    rows = [{"query": "fractions", "resource": {"title": "Adding fractions", "text": ""}, "relevant": 1},
            {"query": "fractions", "resource": "Photosynthesis of plants", "relevant": 0}]  # fmt: skip
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    assert [(r["metric"], r["value"]) for r in run(["resources"], tmp_path)] == [("ndcg@10", 1.0), ("ndcg@10_judged", 1.0)]
    own = {str(r["metric"]): r["value"] for r in run(["resources"])}
    assert set(own) == {"ndcg@10_en", "ndcg@10_zh"}
    assert all(float(str(v)) > 0.4 for v in own.values())


def test_it_is_part_of_the_stable_interface() -> None:
    assert education.recommend is recommend
