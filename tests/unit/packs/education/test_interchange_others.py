"""What other programs write is read as they mean it: Moodle's GIFT and XML, Canvas's QTI 1.2 (written by text2qti), QTI 2.1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("defusedxml", reason="needs the extra education")

from duologue.packs.education.course import Item
from duologue.packs.education.interchange import moodle_xml
from duologue.packs.education.interchange.formats import read

GIFT = r"""// A comment of nobody's.
$CATEGORY: $course$/top/Tides

Who pulls the tides most?{~The wind =The Moon#Yes! ~The Sun#Less.}

::Tides::A spring tide comes at {=new moon =full moon} and is high.

The Moon is {~larger =smaller ~as large} than the Earth.

The Moon shines by itself.{F#It reflects.}

How many days does a lunar month have?{#29.5:0.1}

Name a year of a landing.{#
    =1969:0
    =%50%1970:2}

Which two are phases?{
    ~%-50%Easter
    ~%50%First quarter
    ~%50%Full moon
    ~%-50%Noon }

Which equals 5? {
    ~ \= 2 + 2
    = \= 2 + 3 }

Match. {=Earth -> Moon =Mars -> Phobos}

[html]<p>Explain <b>why</b> &amp; how.</p><img src="x.png">{}

Only words to read.

Half {~%50%so ~%25%or so ~no}

Broken { ~a =b
"""


def test_gift_as_moodle_documents_it() -> None:
    found = read(GIFT.encode(), "moon.txt")
    told = {(i.type, i.text, i.key) for i in found.items}
    assert told == {
        ("choice", "Who pulls the tides most?", "B"),
        ("blanks", "A spring tide comes at _____ and is high.", "new moon|full moon"),
        ("choice", "The Moon is _____ than the Earth.", "B"),
        ("choice", "The Moon shines by itself.", "B"),
        ("number", "How many days does a lunar month have?", "29.5"),
        ("number", "Name a year of a landing.", "1969"),
        ("choices", "Which two are phases?", "B, C"),
        ("choice", "Which equals 5?", "B"),
        ("essay", "Explain why & how.", ""),
        ("choices", "Half", "A, B"),
    }
    by_text = {i.text: i for i in found.items}
    assert by_text["Which equals 5?"].options == {"A": "= 2 + 2", "B": "= 2 + 3"}
    assert by_text["A spring tide comes at _____ and is high."].id == "Tides"
    codes = {(n.item, n.code) for n in found.notes}
    assert {("q5", "tolerance"), ("q6", "weights"), ("q9", "unknown"), ("q10", "picture"), ("q11", "unknown"), ("q12", "weights"),
            ("q13", "broken"), ("q1", "feedback")} <= codes  # fmt: skip


MOODLE = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top/Moon</text></category></question>
<question type="multichoice"><name><text>N1</text></name>
 <questiontext format="html"><text><![CDATA[<p>Which is <em>largest</em>?</p>]]></text>
 <file name="a.png" encoding="base64">AA==</file></questiontext>
 <single>true</single>
 <answer fraction="100" format="html"><text><![CDATA[<p>Sun</p>]]></text>
 <feedback format="html"><text>Yes</text></feedback></answer>
 <answer fraction="0" format="html"><text>Moon</text></answer></question>
<question type="truefalse"><questiontext format="html"><text>It is so.</text></questiontext>
 <answer fraction="0"><text>false</text></answer><answer fraction="100"><text>true</text></answer></question>
<question type="shortanswer"><name><text>N3</text></name><questiontext format="html"><text>Its name?</text></questiontext>
 <answer fraction="100"><text>Luna</text></answer><answer fraction="100"><text>Lun*</text></answer>
 <answer fraction="50"><text>Selene</text></answer>
 <hint format="html"><text>&lt;p&gt;Latin&lt;/p&gt;</text></hint><tags><tag><text>skill:names</text></tag></tags></question>
<question type="numerical"><questiontext><text>Days?</text></questiontext>
 <answer fraction="100"><text>29.5</text><tolerance>0.5</tolerance></answer></question>
<question type="cloze"><questiontext format="html">
<text><![CDATA[<p>New {1:SHORTANSWER:=moon~%50%mon} after {2:NM:=28:0} days.</p>]]></text>
</questiontext></question>
<question type="cloze"><questiontext><text>Pick {1:MULTICHOICE:=a~b}</text></questiontext></question>
<question type="matching"><name><text>N7</text></name><questiontext><text>Match</text></questiontext></question>
<question type="numerical"><questiontext><text>Bad</text></questiontext><answer fraction="x"><text>1</text></answer></question>
</quiz>"""


def test_moodle_xml_of_others() -> None:
    found = read(MOODLE.encode(), "moon.xml")
    assert found.title == "Moon"
    assert [(i.type, i.text, i.key) for i in found.items] == [
        ("choice", "Which is largest?", "A"), ("choice", "It is so.", "A"), ("blanks", "Its name?", "Luna"),
        ("number", "Days?", "29.5"),
        ("blanks", "New _____ after _____ days.", "moon; 28"),
    ]  # fmt: skip
    assert found.items[0].options == {"A": "Sun", "B": "Moon"}
    assert (found.items[2].hints, found.items[2].skills) == (("Latin",), ("names",))
    codes = {(n.item, n.code) for n in found.notes}
    assert {("N1", "picture"), ("N1", "feedback"), ("N3", "weights"), ("N3", "wildcard"), ("#5", "tolerance"), ("#6", "weights"),
            ("#7", "broken"), ("N7", "unknown"), ("#9", "broken")} <= codes  # fmt: skip


@pytest.mark.oracle
def test_what_text2qti_writes_for_canvas_is_read(tmp_path: Path) -> None:
    pytest.importorskip("text2qti", reason="needs the extra oracles")
    (tmp_path / "quiz.txt").write_text(
        "Quiz title: Moon\n\n1. What is 2+3?\n*a) 5\nb) 6\n\n2. Which are prime?\n[*] 2\n[ ] 4\n[*] 5\n\n3. Its name?\n*  Luna\n"
        "*  luna\n\n4. Half of 3?\n= 1.5 +- 0.01\n\n5. Explain why.\n____\n\n6. It shines.\na) True\n*b) False\n",
        "utf-8",
    )
    code = "from text2qti.cmdline import main; import sys; sys.argv = ['text2qti', 'quiz.txt']; main()"
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, env=os.environ | {"HOME": str(tmp_path)}
    )
    found = read((tmp_path / "quiz.zip").read_bytes(), "quiz.zip")
    assert found.title == "Moon"
    assert [(i.type, i.text, i.key) for i in found.items] == [
        ("choice", "What is 2+3?", "A"), ("choices", "Which are prime?", "A, C"), ("blanks", "Its name?", "Luna|luna"),
        ("number", "Half of 3?", "1.5"), ("essay", "Explain why.", ""), ("choice", "It shines.", "B"),
    ]  # fmt: skip
    assert [n.code for n in found.notes] == ["tolerance"]


ITEM = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="i1" title="T" adaptive="false"
 timeDependent="false">
<responseDeclaration identifier="R" cardinality="single" baseType="identifier"><correctResponse><value>x2</value></correctResponse>
</responseDeclaration>
<itemBody><p>Look at
   the sky.</p><choiceInteraction responseIdentifier="R" shuffle="true" maxChoices="1"><prompt>What is <b>up</b>?</prompt>
<simpleChoice identifier="x1">Sea<feedbackInline
 outcomeIdentifier="F" identifier="x1" showHide="show">No.</feedbackInline></simpleChoice>
<simpleChoice identifier="x2">Moon</simpleChoice></choiceInteraction></itemBody></assessmentItem>"""


def test_qti_2_of_others() -> None:
    found = read(ITEM.encode(), "i1.xml")
    (item,) = found.items
    assert (item.id, item.text, item.key) == ("i1", "Look at the sky.\nWhat is up?", "B")
    assert item.options == {"A": "Sea", "B": "Moon"}
    assert [n.code for n in found.notes] == ["feedback"]


def test_a_backslash_at_the_end_of_a_cloze_answer_hides_nothing() -> None:
    item = Item("q", "blanks", (), "a _____ b _____", "x\\|y#z~; }w")
    assert read(moodle_xml.write([item]).content, "x.xml").items == (item,)
