"""What other programs write is read as they mean it: Moodle's GIFT and XML, Canvas's QTI 1.2 (written by text2qti), QTI 2.1."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("defusedxml", reason="needs the extra education")

from duologue.packs.education.course import Item
from duologue.packs.education.grading.grade import grade
from duologue.packs.education.interchange import moodle_xml
from duologue.packs.education.interchange.formats import read
from duologue.packs.education.interchange.plain import to_plain

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
    assert by_text["How many days does a lunar month have?"].form == "within:0.1"
    assert {("q6", "weights"), ("q9", "unknown"), ("q10", "picture"), ("q11", "unknown"), ("q12", "weights"),
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
    assert [i.form for i in found.items] == [None, None, None, "within:0.5", None]
    assert (found.items[2].hints, found.items[2].skills) == (("Latin",), ("names",))
    codes = {(n.item, n.code) for n in found.notes}
    assert {("N1", "picture"), ("N1", "feedback"), ("N3", "weights"), ("N3", "wildcard"), ("#6", "weights"),
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
    assert ([n.code for n in found.notes], found.items[3].form) == ([], "within:0.01")


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


MATHS = """<math xmlns="http://www.w3.org/1998/Math/MathML">"""


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("<p>(x+1)<sup>2</sup>, 10<sup>-3</sup>, 2<sup>x+y</sup></p>", "(x+1)², 10⁻³, 2^(x+y)"),
        ("<p>H<sub>2</sub>O, a<sub>n</sub>, the 3<sup>rd</sup></p>", "H₂O, a_n, the 3rd"),
        ("<p>1 <sup>3</sup>/<sub>4</sub></p>", "1 ³/₄"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td></td></tr></table>", "1 | 2\n3 |"),
        (f"{MATHS}<mn>2</mn><mfrac><mn>3</mn><mn>4</mn></mfrac></math>", "2 3/4"),
        (
            f"{MATHS}<mfrac><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow><mrow><mn>2</mn><mi>x</mi></mrow></mfrac></math>",
            "(x + 1)/(2x)",
        ),
        (f"{MATHS}<mfrac><mn>1</mn><mn>2</mn></mfrac><mi>x</mi><mo>=</mo><mo>-</mo><mn>3</mn></math>", "(1/2)x = -3"),
        (f"{MATHS}<msqrt><mn>3</mn></msqrt><msup><mi>y</mi><mn>2</mn></msup></math>", "(√3)y²"),
        (f"{MATHS}<mroot><mn>8</mn><mn>3</mn></mroot></math>", "8^(1/3)"),
        (f"{MATHS}<mfenced open='['><mn>1</mn><mn>2</mn></mfenced></math>", "[1, 2)"),
    ],
)
def test_what_stands_above_and_below_is_typed_and_not_run_together(page: str, typed: str) -> None:
    assert to_plain(page) == (typed, ())


def test_a_formula_that_has_no_line_is_told() -> None:
    page = f"<p>Add {MATHS}<munderover><mo>∑</mo><mn>1</mn><mn>9</mn></munderover><mi>k</mi></math></p>"
    assert to_plain(page) == ("Add …", ("formula",))
    xml = f'<quiz><question type="essay"><questiontext><text><![CDATA[{page}]]></text></questiontext></question></quiz>'
    assert [n.code for n in read(xml.encode(), "f.xml").notes] == ["formula"]


RICH = f"""<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i2">
<responseDeclaration identifier="R" cardinality="single" baseType="identifier"><correctResponse><value>A</value></correctResponse>
<mapping defaultValue="0"><mapEntry mapKey="A" mappedValue="2"/>
<mapEntry mapKey="B" mappedValue="-1"/></mapping></responseDeclaration>
<itemBody><ul><li>one</li><li>two</li></ul><table><tr><td>x</td><td>y</td></tr></table><div><p>Above</p>
<choiceInteraction responseIdentifier="R"><prompt>Which is {MATHS}<mn>2</mn><mfrac><mn>3</mn><mn>4</mn></mfrac></math>?</prompt>
<simpleChoice identifier="A">{MATHS}<mfrac><mn>11</mn><mn>4</mn></mfrac></math></simpleChoice>
<simpleChoice identifier="B">x<sup>2</sup></simpleChoice></choiceInteraction></div><p>Below</p></itemBody></assessmentItem>"""
NEAR = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i3">
<responseDeclaration identifier="R" cardinality="single" baseType="float"><correctResponse><value>3.1</value></correctResponse>
</responseDeclaration><itemBody><p>x<sup>2</sup> is <textEntryInteraction responseIdentifier="R"/> <b>m</b></p></itemBody>
<responseProcessing><responseCondition><responseIf><equal toleranceMode="absolute" tolerance="0.05 0.05">
<variable identifier="R"/><correct identifier="R"/></equal>
</responseIf></responseCondition></responseProcessing></assessmentItem>"""


def test_qti_2_keeps_lists_tables_formulas_and_tolerances_and_tells_marks() -> None:
    (rich,), (near,) = (read(one.encode(), "i.xml").items for one in (RICH, NEAR))
    assert rich.text == "one\ntwo\nx | y\nAbove\nBelow\nWhich is 2 3/4?"
    assert rich.options == {"A": "11/4", "B": "x²"}
    assert (near.type, near.text, near.key, near.form) == ("number", "x² is _____ m", "3.1", "within:0.05")
    assert [n.code for one in (RICH, NEAR) for n in read(one.encode(), "i.xml").notes] == ["weights"]
    relative = NEAR.replace('"absolute" tolerance="0.05 0.05"', '"relative" tolerance="10"').replace("3.1<", "-20<")
    assert read(relative.encode(), "i.xml").items[0].form == "within:2"


CANVAS = """<questestinterop><assessment><section><item ident="r"><itemmetadata><qtimetadata><qtimetadatafield>
<fieldlabel>question_type</fieldlabel><fieldentry>numerical_question</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>
<presentation><material><mattext>From 4 to 6?</mattext></material><response_str ident="a"><render_fib fibtype="Decimal"/>
</response_str></presentation><resprocessing><respcondition><conditionvar><and><vargte respident="a">4.0</vargte>
<varlte respident="a">6.0</varlte></and>
</conditionvar><setvar>100</setvar></respcondition></resprocessing></item></section></assessment></questestinterop>"""


def test_a_range_without_a_number_is_a_number_and_no_essay() -> None:
    (one,) = read(CANVAS.encode(), "c.xml").items
    assert (one.type, one.form) == ("number", "within:1")
    assert [grade(one, a).score for a in ("4", "5.5", "6", "6.1", "three")] == [1, 1, 1, 0, 0]


def test_moodle_in_utf_16_and_what_it_says_to_graders_and_of_units() -> None:
    xml = """<?xml version="1.0" encoding="UTF-16"?><quiz>
<question type="numerical"><questiontext><text>三加四？</text></questiontext><answer fraction="100"><text>7</text></answer>
<units><unit><unit_name>m</unit_name></unit></units></question>
<question type="numerical"><questiontext><text>?</text></questiontext><answer fraction="100"><text>0,5</text></answer></question>
<question type="essay"><questiontext><text>Why?</text></questiontext><graderinfo><text>Reasons</text></graderinfo></question>
<question type="multichoice"><questiontext><text>Which?</text></questiontext><single>true</single>
<answer fraction="100"><text>&lt;img src="a.png"></text></answer><answer fraction="0"><text>b</text></answer></question></quiz>"""
    found = read(xml.encode("utf-16"), "q.xml")
    assert [(i.type, i.text, i.key) for i in found.items] == [("number", "三加四？", "7"), ("essay", "Why?", "")]
    assert [(n.item, n.code) for n in found.notes] == [
        ("#1", "units"), ("#2", "broken"), ("#3", "guidance"), ("#4", "picture"), ("#4", "broken"),
    ]  # fmt: skip
    assert "“0,5”" in found.notes[1].say("en")
    assert "没有文字" in found.notes[4].say("zh")


@pytest.mark.parametrize("name", ["mrow", "sup", "div", "span"])
def test_mark_up_nested_past_all_measure_is_told_and_costs_nothing(name: str) -> None:
    deep = f"<math>{f'<{name}>' * 3000}<mn>1</mn>{f'</{name}>' * 3000}</math>"
    moodle = f'<quiz><question type="essay"><questiontext><text><![CDATA[{deep}]]></text></questiontext></question></quiz>'
    qti = NEAR.replace("x<sup>2</sup>", deep)
    for content in (moodle, qti):
        found = read(content.encode(), "d.xml")
        assert (found.items, [n.code for n in found.notes]) == ((), ["broken"])
        assert "嵌套" in found.notes[0].say("zh")
    assert to_plain("<p>a" * 500) == ("\n".join(["a"] * 500), ())
