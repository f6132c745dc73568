"""A teacher takes questions in, sets them, has them practised, and takes everything out again; the command line does the same."""

import csv
import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

pytest.importorskip("genanki", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.packs.education.command_line import export, take_in
from duologue.packs.education.course import sample_course
from duologue.packs.education.interchange import course_files
from duologue.packs.education.interchange.formats import FORMATS, read
from tests.platforms import Browser, House, add_house, open_for_test
from tests.unit.packs.education.xapi_rules import faults

EXCHANGE, GRADES = "/api/packs/education/exchange", "/api/packs/education/grades"
LEARNING, HOMEWORK = "/api/chat/packs/education/learning", "/api/chat/packs/education/homework"
GIFT = """// [id:sum] [tag:skill:parts-of-a-whole] [tag:difficulty:1] [tag:type:number]
::sum::Two quarters of a cake and one more quarter: which part is it?{=3/4}

::capital::Name the capital.{=Paris}

::pairs::Match.{=a -> b =c -> d}
"""


@pytest_asyncio.fixture
async def school(tmp_path: Path) -> AsyncIterator[House]:
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Homework", mode="copilot", pack="education")
        yield house


def cards_of(deck: bytes) -> list[str]:
    """The ids of the questions in an Anki deck, by its own database."""
    with zipfile.ZipFile(io.BytesIO(deck)) as archive, tempfile.NamedTemporaryFile() as file:
        file.write(archive.read("collection.anki2"))
        file.flush()
        return [fields.split("\x1f")[3] for (fields,) in sqlite3.connect(file.name).execute("SELECT flds FROM notes ORDER BY id")]


async def send(browser: Browser, name: str, content: bytes, command: str = "take_in", **fields: str) -> Any:
    response = await browser.client.post(f"{EXCHANGE}/{command}", files={"file": (name, content)}, data=fields)
    return response


async def test_questions_are_taken_in_set_practised_and_taken_out(school: House) -> None:
    teacher, pupil = await school.member("expert"), await school.person()
    found = (await send(teacher, "quiz.txt", GIFT.encode())).json()
    assert found["kept"] == 2
    assert "pairs" in "".join(found["notes"])
    assert any("capital" in n and "homework only" in n for n in found["notes"])
    again = (await send(teacher, "quiz.txt", GIFT.encode(), form="gift")).json()
    assert again["kept"] == 0
    state = await teacher.get(f"{EXCHANGE}/state")
    assert [(q["id"], q["is_practised"]) for q in state["questions"]] == [("capital", False), ("sum", True)]

    await pupil.post(f"{LEARNING}/take_part", {"name": "Ada", "consent": True})
    assert (await pupil.call("GET", f"{LEARNING}/deck")).status_code == 404
    assert (await pupil.post(f"{LEARNING}/answer", {"item": "sum", "text": "3/4"}))["correct"]
    assert cards_of((await pupil.call("GET", f"{LEARNING}/deck")).content) == ["sum"]
    listed = (await teacher.get(f"{GRADES}/items"))["skills"][-1]["items"]
    assert {i["id"] for i in listed} == {"capital", "sum"}
    made = await teacher.post(
        f"{GRADES}/assign", {"title": "Week 1", "due": "2030-01-01", "items": [{"id": "capital"}, {"id": "simplify-1"}]}
    )
    await teacher.post(f"{EXCHANGE}/drop", {"ids": ["capital"]})
    (row,) = (await pupil.get(f"{HOMEWORK}/homework"))["homework"]
    assert row["items"][0]["text"] == "Name the capital."
    await pupil.post(f"{HOMEWORK}/hand_in", {"homework_id": made["id"], "item": "capital", "text": "paris"})
    await teacher.post(f"{GRADES}/grade_some", {})
    begun = await teacher.post(f"{GRADES}/begin_check", {"homework_id": made["id"]})
    assert (await teacher.post(f"{GRADES}/sign_bulk", {"check_id": begun["id"], "wrong": []}))["signed"] == 1

    for form in FORMATS:
        response = await teacher.call("GET", f"{EXCHANGE}/export?form={form}&what={made['id']}")
        assert [i.id for i in read(response.content, "x", form).items] == ["capital", "simplify-1"]
    told = await teacher.get(f"{EXCHANGE}/check?form=gift&what=course")
    assert told["notes"][0].endswith("without its hints, which GIFT cannot hold.")
    assert told["more"] == 0
    statements = (await teacher.call("GET", f"{EXCHANGE}/xapi")).json()
    assert [f for s in statements for f in faults(s)] == []
    assert [s["verb"]["display"]["en-US"] for s in statements] == ["answered", "scored"]
    assert "Ada" not in json.dumps(statements)
    assert (await teacher.call("GET", f"{EXCHANGE}/export?form=anki&what=course")).content[:2] == b"PK"
    for role, path in (("viewer", "state"), ("viewer", "xapi")):
        assert (await (await school.member(role)).call("GET", f"{EXCHANGE}/{path}")).status_code == 403


async def test_a_broken_file_is_one_sentence_and_keeps_nothing(school: House) -> None:
    teacher = await school.member("expert")
    for content in (b"<quiz><question>", b"", b"\xff\xfe\xff"):
        refused = await send(teacher, "x.xml", content)
        assert refused.status_code == 422
        assert refused.json()["error"]["message"].endswith(".")
    assert (await teacher.get(f"{EXCHANGE}/state"))["questions"] == []
    assert (await send(teacher, "x.txt", b"", "take_in?lang=zh")).json()["error"]["message"] == "文件是空的。"
    notes = (await send(teacher, "x.txt", b"What {=a ~b\n\n}{}{", "take_in?lang=zh")).json()["notes"]
    assert notes[0].endswith("未导入：花括号缺失或位置不对。")


async def test_a_class_gets_a_course_of_its_own_before_it_has_answers(school: House) -> None:
    teacher, pupil = await school.member("expert"), await school.person()
    courses = {lang: sample_course(lang) for lang in ("en", "zh")}
    archive = course_files.write(courses)
    files = course_files.read(archive)
    files["course.json"]["skills"] = [{"id": "number-line", "prerequisites": []}]
    files["course.json"]["items"] = [{"id": "n1", "type": "number", "skills": ["number-line"], "key": "7"}]
    files["course.json"]["resources"] = []
    for lang in ("en", "zh"):
        files[f"course.{lang}.json"]["items"]["n1"] = {"text": f"Seven {lang}"}
    small = course_files.pack({name: json.dumps(data).encode() for name, data in files.items()})
    assert (await send(teacher, "c.zip", small, "take_course")).json()["kept"] == 1
    await pupil.post(f"{LEARNING}/take_part", {"name": "Ada", "consent": True})
    assert (await pupil.get(f"{LEARNING}/practice"))["text"] == "Seven en"
    assert (await pupil.get(f"{LEARNING}/practice?lang=zh"))["text"] == "Seven zh"
    assert (await pupil.post(f"{LEARNING}/answer", {"item": "n1", "text": "7"}))["correct"]
    assert (await teacher.get("/api/packs/education/class/overview"))["skills"][0]["id"] == "number-line"
    assert (await send(teacher, "c.zip", archive, "take_course")).status_code == 409
    cycle = dict(
        files, **{"course.json": files["course.json"] | {"skills": [{"id": "number-line", "prerequisites": ["number-line"]}]}}
    )
    broken = course_files.pack({name: json.dumps(data).encode() for name, data in cycle.items()})
    refused = await send(teacher, "c.zip", broken, "take_course")
    assert (refused.status_code, "circle" in refused.text) == (422, True)


async def test_the_command_line_does_the_same(school: House, tmp_path: Path) -> None:
    host, ws = school.platform.hosts["education"], school.workspace.id
    for form in (*FORMATS, "anki", "files", "xapi"):
        told = await export(host, ws, form, tmp_path / form, lang="zh")
        assert (tmp_path / form).stat().st_size > 0
        assert told["file"] == str(tmp_path / form)
        if form in FORMATS:
            found = await take_in(host, ws, tmp_path / form, form)
            assert (found["kept"], len(found["notes"])) == (0, 195 if form == "qti12" else 200)
        elif form == "files":
            assert (await take_in(host, ws, tmp_path / form, "files"))["kept"] == 200


def test_a_spreadsheet_reads_the_table() -> None:
    text = FORMATS["csv"].write(sample_course("zh").items).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert (len(rows), rows[0]["hint_1"] != "") == (200, True)


async def test_work_on_paper_is_read_shown_and_handed_in_only_by_the_learner(school: House) -> None:
    from tests.unit.packs.education.test_scan import make_pdf

    teacher, pupil = await school.member("expert"), await school.person()
    await pupil.post(f"{LEARNING}/take_part", {"name": "Ada", "consent": True})
    made = await teacher.post(
        f"{GRADES}/assign", {"title": "W", "due": "2030-01-01", "items": [{"id": "simplify-1"}, {"id": "compare-1"}]}
    )
    sheet = {"file": ("sheet.pdf", make_pdf("1. 6/8 =", "3/4", "2. B"))}
    read_ = await pupil.client.post(f"{HOMEWORK}/read_file", files=sheet, data={"homework_id": made["id"]})
    assert read_.json() == {
        "by": "text",
        "questions": {"simplify-1": [{"text": "6/8 =", "is_unsure": False}, {"text": "3/4", "is_unsure": False}],
                      "compare-1": [{"text": "B", "is_unsure": False}]},
    }  # fmt: skip
    (row,) = (await pupil.get(f"{HOMEWORK}/homework"))["homework"]
    assert [i["answer"] for i in row["items"]] == [None, None], "reading hands nothing in"
    broken = await pupil.client.post(f"{HOMEWORK}/read_file", files={"file": ("x.png", b"no")}, data={"homework_id": made["id"]})
    assert (broken.status_code, broken.json()["error"]["message"]) == (
        422,
        "This is neither a PDF nor a picture; send a PDF, JPEG or PNG.",
    )
    assert (await pupil.call("POST", f"{HOMEWORK}/read_file", {"homework_id": "none"})).status_code == 422
