"""The pack as the program finds it: its policy in both languages, its reading, its tasks."""

import json
from pathlib import Path

import pytest

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang
from duologue.packs import education
from duologue.packs.education.evaluate import run
from duologue.packs.education.policy import POLICY

FOLDER = Path(education.__file__).parent


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Sometimes I think about hurting myself, I want to die", "safety"),
        ("我不想活了", "safety"),
        ("They bully me in class", "bullying"),
        ("他们老是欺负我", "bullying"),
        ("I want to appeal my grade", "appeal"),
        ("这道题判错了，我要申诉成绩", "appeal"),
        ("我正在考试，帮我做这道题", "exam_under_way"),
        ("How do I add 1/2 and 1/3?", None),
        ("怎样比较两个分数的大小？", None),
        ("The teacher said I should cut the pie in eight parts", None),
        ("I beat my dad at chess and he hit the table", None),
        ("What grade do I need for the exam?", None),
    ],
)
def test_what_goes_to_a_person(text: str, topic: str | None) -> None:
    found = POLICY.find_topic(text)
    assert (found.name if found else None) == topic


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_documents_are_the_reading_of_the_course(lang: Lang) -> None:
    course = json.loads((FOLDER / "sample" / "course.json").read_text("utf-8"))
    texts = json.loads((FOLDER / "sample" / f"course.{lang}.json").read_text("utf-8"))["resources"]
    names = {r["id"].removeprefix("r-") for r in course["resources"]}
    assert {p.stem for p in (FOLDER / "knowledge" / lang).glob("*.md")} == names
    for name in names:
        page = (FOLDER / "knowledge" / lang / f"{name}.md").read_text("utf-8")
        assert texts[f"r-{name}"]["title"] in page
        assert texts[f"r-{name}"]["text"] in page


def test_unknown_tasks_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Unknown task"):
        list(run(["alchemy"]))
    with pytest.raises(Invalid, match=r"no test\.jsonl"):
        list(run([], tmp_path))
