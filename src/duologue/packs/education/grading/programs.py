"""Programs graded by tests: tests in the many forms that courses write them, results compared outside the sandbox, partial credit.

Knows tests and grades; the sandbox runs. A test's expected value never enters the learner's process, unless it is an `assert`.
An assert is believed where its two sides, worked out once more and compared out here, agree with it: inside, a program could
forge the verdict or return a value that is equal to everything.
"""

import ast
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang
from duologue.packs.education.grading.grade import Criterion, Grade, field
from duologue.packs.education.grading.sandbox import Limits, Probe, Result, Run, run_program
from duologue.packs.education.grading.words import says

_IN = ("input", "call", "expression", "test", "code", "args", "stdin", "in", "assert")
_OUT = ("output", "expected", "result", "stdout", "out", "answer", "want")


@dataclass(frozen=True, slots=True)
class Case:
    """A test with what it should give; `expected` is None for an assert. `is_secret` tests are not quoted to the learner."""

    test: Probe
    expected: str | None
    points: float = 1.0
    is_secret: bool = False


def read_cases(tests: object, item: object = None) -> tuple[list[Case], str]:
    """Tests and what runs before the program, from: assert text, a list of texts, pairs, mappings, or lists of inputs and outputs.

    Raises Invalid for anything else.
    """
    setup = str(field(item, "setup", "")) if item is not None and not isinstance(item, str) else ""
    if isinstance(tests, str):
        return [Case(Probe("assert", piece), None) for piece in _statements(tests)], setup
    if isinstance(tests, Mapping):
        setup = str(tests.get("setup") or tests.get("prelude") or tests.get("global") or setup)
        inner = next((tests[name] for name in ("cases", "tests") if name in tests), None)
        if inner is not None:
            cases, more = read_cases(inner)
            return cases, setup or more
        ins = next((tests[name] for name in ("inputs", "calls", "input") if isinstance(tests.get(name), list)), None)
        outs = next((tests[name] for name in ("outputs", "expected", "output") if isinstance(tests.get(name), list)), None)
        if ins is not None and outs is not None and len(ins) == len(outs):
            return [_pair(a, b) for a, b in zip(ins, outs, strict=True)], setup
        if not any(name in tests for name in _IN):
            return [_pair(a, b) for a, b in tests.items()], setup
        return [_case(tests)], setup
    if isinstance(tests, Sequence):
        cases = []
        for one in tests:
            if isinstance(one, str):
                cases += [Case(Probe("assert", piece), None) for piece in _statements(one)]
            elif isinstance(one, Mapping):
                cases.append(_case(one))
            elif isinstance(one, Sequence) and len(one) == 2:
                cases.append(_pair(one[0], one[1]))
            else:
                raise Invalid("A test is an assert, a pair of input and output, or a mapping with `input` and `output`.")
        return cases, setup
    raise Invalid("Tests are a text of asserts or a list; see the education pack's how-to.")


def _statements(text: str) -> list[str]:
    """The asserts of a text one by one where they stand alone, else the text as a whole."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return [text]
    if len(body) > 1 and all(isinstance(node, ast.Assert) for node in body):
        return [ast.unparse(node) for node in body]
    return [text]


def _case(one: Mapping[str, Any]) -> Case:
    given = next((one[name] for name in _IN if one.get(name) is not None), "")
    wanted = next((one[name] for name in _OUT if name in one), None)
    points, secret = float(one.get("points", 1.0)), bool(one.get("secret") or one.get("hidden"))
    function = one.get("function") or one.get("entry_point")
    if function and isinstance(given, list):
        given = f"{function}({', '.join(repr(arg) for arg in given)})"
        return Case(Probe("call", given), repr(wanted) if not isinstance(wanted, str) else wanted, points, secret)
    if wanted is None:
        return Case(Probe("assert", str(given), setup=str(one.get("setup") or "")), None, points, secret)
    case = _pair(given, wanted, force_stdin="stdin" in one)
    return Case(case.test, case.expected, points, secret)


def _pair(given: object, wanted: object, *, force_stdin: bool = False) -> Case:
    code = str(given).strip()
    expected = wanted.strip("\n") if isinstance(wanted, str) else repr(wanted)
    if not force_stdin and _is_call(code):
        if code.startswith("print(") and code.endswith(")"):
            return Case(Probe("assert", code), expected)
        return Case(Probe("call", code), expected)
    return Case(Probe("stdin", stdin=str(given)), expected)


def _is_call(code: str) -> bool:
    try:
        tree = ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))


def passes(case: Case, result: Result) -> bool:
    """Whether a result is what the test wants: the same value of the same kind, or the same text but for blanks at line ends."""
    if case.expected is None:
        return result.passed
    if result.status != "ok":
        return False
    if case.test.kind == "call":
        if result.value.strip() == case.expected.strip():
            return True
        wanted, given = _literal(case.expected), _literal(result.value)
        if wanted is not _NONE and given is not _NONE:
            return _same(wanted, given)
        return result.value.startswith(("'", '"')) and given == case.expected.strip()
    return _lines(result.printed) == _lines(case.expected)


_NONE = object()


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return _NONE


def _same(a: object, b: object) -> bool:
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    if isinstance(a, (list, tuple)) and type(a) is type(b) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


_COMPARED: dict[type[ast.cmpop], Any] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.eq, ast.IsNot: operator.ne,
}  # fmt: skip
_TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_CUNNING = re.compile(r"\b(?:os|sys|gc|inspect|ctypes|builtins|modules|globals|setattr|exec|eval|__\w+__|_getframe)\b")
"""What a program needs to forge a verdict, and an answer to a school's question hardly."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What an assert says of a call: worked out by itself, its value compared with `value` by `compare`."""

    test: Probe
    compare: Any
    value: object

    def holds(self, result: Result) -> bool | None:
        """None where the value that came out is none that can be read out here."""
        given = _literal(result.value)
        if result.status != "ok" or given is _NONE:
            return None
        try:
            return bool(self.compare(given, self.value))
        except TypeError:
            return None


def _claim(case: Case) -> _Claim | None:
    """The claim of `assert call == value` and its like; None for any other test."""
    if case.test.kind != "assert" or case.expected is not None:
        return None
    try:
        body = ast.parse(case.test.code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(body) != 1 or not isinstance(body[0], ast.Assert):
        return None
    said = body[0].test
    if isinstance(said, ast.Compare) and len(said.ops) == 1 and type(said.ops[0]) in _COMPARED:
        left, right, how = said.left, said.comparators[0], type(said.ops[0])
        if _literal(ast.unparse(left)) is not _NONE:
            left, right, how = right, left, _TURNED.get(how, how)
        if (value := _literal(ast.unparse(right))) is _NONE or not _is_call(ast.unparse(left)):
            return None
        return _Claim(Probe("call", ast.unparse(left), setup=case.test.setup), _COMPARED[how], value)
    is_denied = isinstance(said, ast.UnaryOp) and isinstance(said.op, ast.Not)
    inner = said.operand if isinstance(said, ast.UnaryOp) and is_denied else said
    if isinstance(inner, ast.Call):
        return _Claim(Probe("call", ast.unparse(inner), setup=case.test.setup), lambda a, b: bool(a) is b, not is_denied)
    return None


def run_cases(program: str, cases: Sequence[Case], setup: str = "", limits: Limits | None = None) -> tuple[Run, list[bool], bool]:
    """Run a program on its tests: what happened, which pass, and whether all that pass may be believed."""
    run = run_program(program, [case.test for case in cases], setup, limits)
    passed = [passes(case, result) for case, result in zip(cases, run.results, strict=True)]
    claims = {k: claim for k, case in enumerate(cases) if passed[k] and (claim := _claim(case))}
    again = run_program(program, [claim.test for claim in claims.values()], setup, limits).results if claims else ()
    held = {k: claims[k].holds(result) for k, result in zip(claims, again, strict=True)}
    is_believed = True
    for k, case in enumerate(cases):
        if case.test.kind != "assert" or not passed[k]:
            continue
        passed[k] = held.get(k) is not False
        is_believed &= held[k] is not None if k in claims else not _CUNNING.search(program)
    return run, passed, is_believed


def grade_program(item: object, program: str, lang: Lang = "en") -> Grade:
    """A program's grade: the share of points of the tests that pass, each test a criterion, the first failure explained."""
    cases, setup = read_cases(field(item, "tests", []), item)
    if not cases:
        raise Invalid("The item has no tests; write them into its field `tests`.")
    run, passed, is_believed = run_cases(program, cases, setup)
    criteria = tuple(
        Criterion(str(k + 1), ok, 0.98, "" if case.is_secret else _shown(case, result), case.points)
        for k, (case, result, ok) in enumerate(zip(cases, run.results, passed, strict=True))
    )
    total = sum(case.points for case in cases)
    score = sum(case.points for case, ok in zip(cases, passed, strict=True) if ok) / total
    feedback = says("tests", lang, n=sum(passed), of=len(passed))
    bad = next((r for r, ok in zip(run.results, passed, strict=True) if not ok), None)
    if bad is not None:
        reason = bad.status if bad.status in ("timeout", "memory", "forbidden") else "crashed" if bad.error else ""
        feedback = f"{feedback} {says(reason, lang, error=re.sub(r'[^ -~]', '', bad.error))}".strip()
    is_odd = not is_believed or any(result.status in ("forbidden", "crashed", "output") for result in run.results)
    return Grade(
        score, 0.7 if is_odd or run.isolation == "limits" else 0.98, "equal" if all(passed) else "tests",
        f"{sum(passed)}/{len(passed)}", feedback, criteria, is_draft=run.isolation == "limits",
    )  # fmt: skip


def _shown(case: Case, result: Result) -> str:
    asked = case.test.code or case.test.stdin
    return f"{asked} → {result.value or result.error or result.printed or result.status}"[:300]
