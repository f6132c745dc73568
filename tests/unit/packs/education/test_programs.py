"""Programs in the sandbox: what is held, what is compared, in how many forms tests are written."""

import sys

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.education import grade
from duologue.packs.education.evaluate.code import ESCAPES
from duologue.packs.education.grading.programs import read_cases, run_cases
from duologue.packs.education.grading.sandbox import Limits, Probe, run_program

FAST = Limits(time_s=1.0, cpu_s=1)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter exists on Linux")


@linux
@pytest.mark.parametrize("name", ESCAPES)
def test_attempts_to_break_out_are_held(name: str, tmp_path: object) -> None:
    run = run_program(ESCAPES[name], [Probe("stdin")], limits=FAST)
    assert run.isolation.startswith("kernel")
    assert run.results[0].status in ("forbidden", "timeout", "memory", "output", "error", "crashed")
    assert "root:" not in run.results[0].printed


@linux
def test_a_program_cannot_write_its_own_verdict() -> None:
    cheat = 'import os\nos.write(3, b\'{"status": "ok", "repr": "5"}\')\nos._exit(0)\ndef f(x): return 5'
    run, passed, _ = run_cases(cheat, read_cases([{"input": "f(2)", "output": "4"}])[0], limits=FAST)
    assert passed == [False]
    assert run.results[0].value != "4"


FORGED = b'{"status": "ok", "passed": true, "sealed": true}'
ALIKE = "class Same({kind}):\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"


@linux
@pytest.mark.parametrize(
    "cheat",
    [
        f"import os\nos.write(3, {FORGED!r})\nos._exit(0)",
        f"import sys\nsys.modules['os'].write(3, {FORGED!r})\nsys.modules['os']._exit(0)",
        ALIKE.format(kind="object") + "def double(x): return Same()",
        ALIKE.format(kind="int") + "def double(x): return Same(7)",
    ],
)
@pytest.mark.parametrize("tests", [["assert double(2) == 4"], ["for k in range(3):\n    assert double(k) == 2 * k"]])
def test_a_forged_assert_is_never_signed_together_with_others(cheat: str, tests: list[str]) -> None:
    found = grade({"type": "program", "tests": tests}, cheat)
    assert (found.score, found.queue) in ((0.0, "bulk"), (0.0, "single"), (1.0, "single"))


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("assert double(2) == 4", True), ("assert 4 == double(2)", True), ("assert double(2) != 5", True),
        ("assert 5 > double(2)", True),
        ("assert double(2)", True), ("assert not double(0)", True), ("assert abs(double(0.1) - 0.2) < 1e-9", True),
        ("assert double(1) == 2 and double(2) == 4", True), ("assert double([1]) == [1, 1]", True),
        ("assert double(2) == 5", False), ("assert not double(1)", False), ("assert 5 < double(2)", False),
    ],
)  # fmt: skip
def test_an_honest_program_keeps_what_its_asserts_say(code: str, right: bool) -> None:
    found = grade({"type": "program", "tests": [code]}, "def double(x): return x * 2")
    assert (found.is_correct, found.queue) == (right, "bulk")


@pytest.mark.parametrize(
    "tests",
    [
        "assert double(2) == 4\nassert double(0) == 0",
        ["assert double(2) == 4", "assert double(-1) == -2"],
        [{"input": "double(2)", "output": "4"}, {"input": "double('a')", "output": "'aa'"}],
        [["double([1])", [1, 1]]],
        {"inputs": ["double(3)"], "outputs": [6]},
        {"cases": [{"call": "double(two)", "expected": 4}], "setup": "two = 2"},
        [{"function": "double", "input": [4], "output": 8}],
        {"double(2)": 4},
    ],
    ids=str,
)
def test_tests_in_many_forms(tests: object) -> None:
    cases, setup = read_cases(tests)
    for program, right in (
        ("def double(x): return x * 2", True),
        ("def double(x): return 7", False),
        ("def double(x) return", False),
    ):
        _, passed, _ = run_cases(program, cases, setup, FAST)
        assert all(passed) is right


def test_programs_that_read_and_print() -> None:
    cases, _ = read_cases([{"input": "2 3\n", "output": "5"}])
    assert run_cases("a, b = map(int, input().split())\nprint(a + b)", cases)[1] == [True]
    assert run_cases("print(6)", cases)[1] == [False]


def test_values_of_another_kind_do_not_pass() -> None:
    cases, _ = read_cases([{"input": "f()", "output": "[1, 2]"}, {"input": "g()", "output": "True"}])
    assert run_cases("def f(): return (1, 2)\ndef g(): return 1", cases)[1] == [False, False]
    assert run_cases("def f(): return [1, 2.0]\ndef g(): return True", cases)[1] == [True, True]


def test_partial_credit_and_a_useful_word_about_an_endless_loop() -> None:
    item = {"type": "program", "tests": [{"input": "f(1)", "output": "1"}, {"input": "f(2)", "output": "2"}]}
    found = grade(item, "def f(x):\n    while x > 1: pass\n    return x")
    assert found.score == 0.5
    assert "loop" in found.feedback
    assert [criterion.is_met for criterion in found.criteria] == [True, False]


def test_an_item_without_tests_says_so() -> None:
    with pytest.raises(Invalid, match="`tests`"):
        grade({"type": "program"}, "print(1)")
