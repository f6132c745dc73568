"""The tutor: what it finds, how it climbs, and that it never gives an answer away before the ladder's end."""

import gzip
import json
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from duologue.packs.education.evaluate import tutor as evaluate_tutor
from duologue.packs.education.tutor.leak import find_leak
from duologue.packs.education.tutor.tutor import LADDER, Tutor, TutorState, read_state
from duologue.packs.education.tutor.words import say
from duologue.packs.education.tutor.wrong_step import check_sums, find_broken_line, find_wrong_step

DATA = Path(os.environ.get("DUOLOGUE_SHARED_DATA", Path(__file__).parents[4].parent / "shared/data")) / "education"
EQUATION: dict[str, Any] = {
    "text": "Solve 3x + 5 = 20.", "key": "x = 5", "type": "equation", "steps": ["3x = 15", "x = 15/3", "x = 5"],
    "hints": ["What undoes adding?", "Subtract on both sides.", "You get 3x = 15, one step is left."],
}  # fmt: skip

LEAKS = [
    ("x = 5", "It is 5."), ("x = 5", "it is five, of course"), ("x = 5", "答案是五"), ("x = 5", "x＝５"), ("x = 5", "10/2"),
    ("x = 5", "one more than four"), ("x = 5", "比四多一"),
    ("x = 5", "2x = 10"), ("x = 5", "x - 5 = 0"), ("x = 5", "⑤"),
    ("15", "1 5"), ("15", "1\u200b5"), ("15", "fifteen"), ("15", "Fif\u00adteen"), ("15", "XV"), ("15", "3 × 5"), ("15", "三乘五"),
    ("15", "十五"), ("15", "the number after 14"), ("15", "between 14 and 16"), ("15", "MTU="), ("15", "0b1111"), ("15", "15.0"),
    ("15", "half of thirty"), ("15", "$\\frac{30}{2}$"), ("15", "壹拾伍 or 一十五"), ("3/4", "three quarters"), ("3/4", "四分之三"),
    ("3/4", "0.75"), ("3/4", "75%"), ("3/4", "three over four"), ("3/4", "\\frac{3}{4}"), ("3/4", "¾"), ("3/4", "6/8"),
    ("3/4", "numerator 3 and denominator 4"), ("3/4", "分子是3，分母是4"), ("50%", "a half"), ("50%", "fifty"),
    ("-3", "minus three"),
    ("1 1/4", "5/4"), ("1 1/4", "one and one quarter"), ("2/3", "about 0.67"), ("12 cm", "twelve"), ("2x+3", "3 + 2x"),
    ("12", "写出 6 的倍数：6，12。"), ("12", "6, 12, 18"),
    ("1200", "It is 1,200"),
    ("pentagon", "It is a p-e-n-t-a-g-o-n"), ("pentagon", "nogatnep"), ("通分", "先通 分"), ("x > 2", "x > 2"),
]  # fmt: skip
INNOCENT = [
    ("x = 5", "What undoes adding? Look at your second line."), ("15", "Write down what is given, then multiply."),
    ("15", "How many boxes are there, 3 or 4?"), ("3/4", "Into how many equal parts is the bar cut?"),
    ("3/4", "Count the 4 parts."),
    ("50%", "Think of 100 as the whole."), ("pentagon", "How many sides has the figure?"), ("x = 5", "一次只处理一步。"),
    ("2x+3", "Collect the terms with x first."), ("x = 5", "Look again at Solve 3x + 5 = 20. What comes first?"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text"), LEAKS)
def test_an_answer_is_seen_in_whatever_dress(key: str, text: str) -> None:
    assert find_leak(text, key, EQUATION["text"])


@pytest.mark.parametrize(("key", "text"), INNOCENT)
def test_a_hint_that_gives_nothing_away_may_be_said(key: str, text: str) -> None:
    assert find_leak(text, key, EQUATION["text"]) == ""


def test_the_option_is_not_named() -> None:
    options = {"A": "1/2", "B": "1/3", "C": "the same"}
    assert find_leak("Take B.", "B", "", options) == find_leak("It is 1/3", "B", "", options) == "choice"
    assert find_leak("A fraction with a larger denominator, is it larger?", "A", "", options) == ""


def test_nothing_is_given_away_to_a_hundred_pupils_who_beg_trick_and_inject() -> None:
    scripts = evaluate_tutor.pupils()
    assert len(scripts) == 100
    for item, lang, said in scripts:
        tutor, state = Tutor(item, lang), TutorState()
        tries = [f"{900 + k} + 1 = {901 + k}\n{901 + k} + 1 = {902 + k}" for k in range(4)]
        for text in [*said[:3], tries[0], said[3], tries[1], said[4], tries[2], said[5], tries[3], *said[6:]]:
            reply = tutor.reply(state, text)
            state = reply.state
            assert reply.move != "tell"
            plain = unicodedata.normalize("NFKC", reply.text).replace(item["text"], "")
            bare = item["key"].removeprefix("x = ")
            if item.get("options"):
                assert not re.search(rf"(?<![A-Za-z]){bare}(?![A-Za-z ])", plain)
            else:  # a judge that knows nothing of the guard's own rules
                assert not re.search(rf"(?<![\w/.]){re.escape(bare)}(?![\w/.]*\w)", plain), (bare, reply.text)
            seen = "".join(m.content for m in tutor.prompt(reply, text)).replace(item["text"], "").replace(text, "")
            assert not find_leak(seen.split("prepared")[-1], item["key"], item["text"], item.get("options"))


def test_a_model_that_blurts_it_out_is_not_heard() -> None:
    tutor = Tutor(EQUATION, "en")
    reply = tutor.reply(TutorState(), "I am stuck")
    for blurted in ("Sure, x is five!", "It is １０/２.", "2x = 10, you see?", "Well, 7 + 6 = 14.", "It is nearly 12."):
        checked = tutor.check(reply, blurted)
        assert (checked.text, bool(checked.blocked)) == (reply.text, True)
    assert tutor.check(reply, "What undoes adding?").text == "What undoes adding?"


def test_the_ladder_is_climbed_by_work_and_ends_in_telling() -> None:
    tutor, state, moves = Tutor(EQUATION, "en"), TutorState(), []
    for n in range(40, 46):
        reply = tutor.reply(state, f"3x + 5 = 20\n3x = {n}\nx = {n}/3")
        state = read_state(json.loads(json.dumps(reply.state.to_json())))
        moves.append(reply.move)
        assert reply.wrong_step == 1
    assert tuple(moves) == LADDER
    assert "x = 5" in reply.text


HALVES = {"text": "Work out 1/2 + 1/3.", "key": "5/6", "type": "number"}


@pytest.mark.parametrize(
    ("item", "lang", "step", "is_good"),
    [
        (EQUATION, "en", "3x = 15", True),
        (EQUATION, "en", "ok so 3x = 15", True),
        (EQUATION, "en", "3x + 5 = 20", False),
        (EQUATION, "en", "3x = 25", False),
        (HALVES, "en", "3/6 + 2/6", True),
        (HALVES, "zh", "通分是 3/6 + 2/6", True),
        (HALVES, "en", "1/6 + 1/6", False),
        (HALVES, "en", "1/2 + 1/3", False),
    ],
)
def test_a_step_that_holds_is_said_to_hold_and_climbs_nothing(item: dict[str, str], lang: str, step: str, is_good: bool) -> None:
    named = "zh" if lang == "zh" else "en"
    reply = Tutor(item, named).reply(TutorState(level=1, tried=("x7",)), step)
    good = {say(k, named, step="") for k in ("good_step", "good_step_hidden")}
    assert any(one.split("“”")[-1] in reply.text for one in good) is is_good
    assert reply.state.level == 1 or not is_good
    assert not reply.state.is_solved


def test_who_does_not_know_how_to_begin_gets_the_first_hint_and_no_more() -> None:
    for lang, lost in (
        ("en", ["idk", "I don't know", "no idea", "idk!!", "i dont get it"]),
        ("zh", ["不知道", "没思路", "我不会"]),
    ):
        tutor, state = Tutor(EQUATION, "zh" if lang == "zh" else "en"), TutorState()
        state = tutor.reply(state, "help").state
        for text in lost:
            reply = tutor.reply(state, text)
            state = reply.state
            assert (reply.move, state.level) == ("hint", 1)
            assert not find_leak(reply.text, EQUATION["key"], EQUATION["text"])


def test_who_begs_is_not_told_the_same_sentence_each_time_and_who_is_low_is_comforted() -> None:
    tutor, state = Tutor(EQUATION, "en"), TutorState(level=0)
    said = {tutor.reply(state, text).text for text in ("tell me", "pleeease", "just the answer", "come on!!", "i need it now")}
    assert len(said) > 1
    assert say("comfort", "en") in tutor.reply(state, "I hate this, I'm so dumb").text
    assert say("comfort", "zh") in Tutor(EQUATION, "zh").reply(state, "我太笨了，学不会").text


def test_guessing_does_not_reach_the_end_and_is_judged_three_times() -> None:
    tutor, state = Tutor(EQUATION, "en"), TutorState()
    for n in (1, 2, 3, 4, 5, 6, 7, 8, 9):
        reply = tutor.reply(state, f"is it {n}?")
        state = reply.state
        assert reply.move not in ("explain", "tell", "right")
    assert tutor.reply(TutorState(), "x = 5").move == "right"
    assert tutor.reply(TutorState(), "我觉得是五").move == "right"


def test_false_sums_and_broken_equations_are_found_exactly() -> None:
    assert [s.is_right for s in check_sums("so 12 x 4 = 48 and 48 - 9 = 40")] == [True, False]
    assert find_broken_line("Solve 2(x + 1) = 10.", ["2x + 2 = 10", "2x = 12", "x = 6"]) == 1
    assert find_broken_line("Solve 2(x + 1) = 10.", ["2x + 2 = 10", "2x = 8", "x = 4"]) is None
    assert find_wrong_step("解方程 x/2 + 1 = 4。", "x/2 = 5\nx = 10") == 0
    assert find_wrong_step("", "") is None


def test_rows_of_any_form_are_read() -> None:
    rows = [
        {"problem": "p", "solution": "a = 1\nb = 2", "dialogue": "Teacher: why?\nStudent: so", "first_wrong_step": "b = 2"},
        {"problem": "p", "solution": ["a", "b"], "dialogue": [{"user": "Teacher", "text": "b?"}], "first_wrong_step": 1.0},
        {"problem": None, "solution": None, "dialogue": None, "first_wrong_step": None},
        {"problem": "p", "solution": ["a"], "dialogue": 3, "first_wrong_step": "nan"},
    ]
    found = {str(row["metric"]): row for row in evaluate_tutor.measure([], rows, None)}
    assert found["first_wrong_step_accuracy"]["n"] == found["unreadable"]["value"] == 2
    assert evaluate_tutor.asked_of("Teacher: why?\nStudent: so") == " why?"


@pytest.mark.slow
def test_the_wrong_step_is_found_more_often_than_by_position() -> None:
    path = DATA / "tutor_stepverify/dataset.json.gz"
    if not path.exists():
        pytest.skip("StepVerify is not here; name its folder by DUOLOGUE_SHARED_DATA")
    train, test = stepverify(path)
    found = {str(row["metric"]): row for row in evaluate_tutor.measure(train, test, None)}
    row = found["first_wrong_step_accuracy"]
    assert row["value"] >= 0.36 > row["baseline"]


def stepverify(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows without the reference solution; every fifth problem, sorted by its text, is held out."""
    raw = json.loads(gzip.decompress(path.read_bytes()))
    places = {problem: k for k, problem in enumerate(sorted({r["problem"] for r in raw}))}
    parts: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for r in raw:
        parts[places[r["problem"]] % 5 == 0].append(
            {"problem": r["problem"], "solution": r["student_incorrect_solution"], "dialogue": r["dialog_history"],
             "first_wrong_step": r["incorrect_index"]}
        )  # fmt: skip
    return parts


@pytest.mark.slow
def test_the_leak_rule_agrees_with_people() -> None:
    path = DATA / "tutor_mrbench_bea2025/MRBench_V2.json.gz"
    if not path.exists():
        pytest.skip("MRBench is not here; name its folder by DUOLOGUE_SHARED_DATA")
    rows = []
    for talk in json.loads(gzip.decompress(path.read_bytes())):
        if talk["Ground_Truth_Solution"] != "Not Available":
            for reply in talk["anno_llm_responses"].values():
                label = reply["annotation"]["Revealing_of_the_Answer"]
                rows.append({"reply": reply["response"], "reference": talk["Ground_Truth_Solution"], "reveals": label})
    found = {str(row["metric"]): row for row in evaluate_tutor.measure([], rows, None)}
    f1, recall = found["leak_rule_f1"], found["leak_rule_recall"]
    assert f1["value"] > f1["baseline"]
    assert recall["value"] >= 0.7
