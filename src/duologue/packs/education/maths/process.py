"""The math worker's program: reads comparisons from its input, a line each, and answers on its output. Ends when one takes too much
of the processor's time, which the kernel counts (`ITIMER_PROF`), and is killed when it takes far longer by the clock.

Trees come as lists from our own parser, so that no learner's text is evaluated; `verify` hands LaTeX to Math-Verify.
Values are compared at 60 digits in several points; SymPy then tries to prove the identity.
"""

import json
import resource
import signal
import sys
from typing import Any

DIGITS = 60
_POINTS = (("7/3", "-5/11"), ("-13/7", "17/5"), ("19/23", "29/13"), ("-31/37", "-3/17"), ("41/9", "1/43"), ("53/47", "2/59"))
GIB = 1 << 30


def _numeric(node: list[Any], values: dict[str, Any], mp: Any) -> Any:
    op, text, parts = node
    v = [_numeric(part, values, mp) for part in parts]
    if op == "num":
        return mp.mpf(text)
    if op == "sym":
        return mp.e if text == "e" else values[text]
    if op == "const":
        return mp.pi if text == "π" else mp.inf
    if op == "+":
        return mp.fsum(v)
    if op == "*":
        return mp.fprod(v)
    if op == "!":
        if not 0 <= v[0] <= 2000:
            raise ValueError("factorial")
        return mp.factorial(v[0])
    if op == "func":
        return _function(text, v, mp)
    table = {
        "/": lambda: v[0] / v[1], "^": lambda: _power(v[0], v[1], mp), "neg": lambda: -v[0], "abs": lambda: abs(v[0]),
        "percent": lambda: v[0] / 100, "mixed": lambda: v[0] + v[1], "recurring": lambda: v[0],
    }  # fmt: skip
    return table[op]()


def _power(base: Any, exponent: Any, mp: Any) -> Any:
    if abs(exponent) > 10**5:
        raise ValueError("power")
    return mp.power(base, exponent)


def _function(name: str, v: list[Any], mp: Any) -> Any:
    if name == "root":
        if v[0].imag == 0 and v[0] < 0 and int(v[1]) % 2:
            return -mp.root(-v[0], int(v[1]))
        return mp.power(v[0], 1 / v[1])
    if name == "log":
        return mp.log(v[0], v[1]) if len(v) > 1 else mp.log(v[0], 10)
    names = {"lg": mp.log10, "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan}
    return (names.get(name) or getattr(mp, name))(v[0])


def _names(node: list[Any]) -> set[str]:
    out = {node[1]} if node[0] == "sym" and node[1] != "e" else set()
    return out.union(*(_names(part) for part in node[2]))


def _values(names: list[str], point: int, mp: Any) -> dict[str, Any]:
    base, step = _POINTS[point]
    return {name: _ratio(base, mp) + (k + 1) * _ratio(step, mp) * (k + 2) for k, name in enumerate(names)}


def _ratio(text: str, mp: Any) -> Any:
    top, bottom = text.split("/")
    return mp.mpf(top) / mp.mpf(bottom)


def _has_root(node: list[Any]) -> bool:
    """Whether a letter stands under a power that is no whole number, as in a^(3/2), and nothing is an absolute value."""
    op, _, parts = node
    if op == "abs":
        return False
    own = (
        op == "^" and bool(_names(parts[0])) and parts[1][0] in ("/", "num") and "." in f"{parts[1][1]}{'.' * (parts[1][0] == '/')}"
    )
    return own or any(_has_root(part) for part in parts)


def _close(a: Any, b: Any, mp: Any) -> bool:
    if mp.isinf(a) or mp.isinf(b):
        return bool(a == b)
    return bool(abs(a - b) <= mp.mpf(10) ** (-DIGITS + 18) * max(1, abs(a), abs(b)))


def equal(a: list[Any], b: list[Any], *, up_to_factor: bool) -> dict[str, Any]:
    """Whether two trees are the same function (or differ by a constant factor other than 0)."""
    from mpmath import mp

    mp.dps = DIGITS
    names = sorted(_names(a) | _names(b))
    tried, factor = 0, None
    for point in range(len(_POINTS) if names else 1):
        values = _values(names, point, mp)
        if _has_root(a):  # a^(3/2) is meant where it is real
            values = {name: abs(value) for name, value in values.items()}
        try:
            x, y = _numeric(a, values, mp), _numeric(b, values, mp)
        except ZeroDivisionError:
            continue
        if up_to_factor:
            if _close(x, mp.mpf(0), mp) != _close(y, mp.mpf(0), mp):
                return {"same": False}
            if not _close(y, mp.mpf(0), mp):
                factor = x / y if factor is None else factor
                if not _close(factor * y, x, mp):
                    return {"same": False}
                tried += 1
            continue
        if not _close(x, y, mp):
            return {"same": False}
        tried += 1
    if names and tried < 3:
        return {"error": "undefined"}
    return {"same": tried > 0}


def prove(a: list[Any], b: list[Any]) -> bool:
    """Whether SymPy shows that two trees are identical; False where it cannot tell."""
    import sympy

    try:
        difference = _build(a, sympy) - _build(b, sympy)
        return bool(sympy.expand(difference) == 0 or sympy.simplify(difference) == 0)
    except (ValueError, TypeError, KeyError, RecursionError, ZeroDivisionError):
        return False


def _build(node: list[Any], sympy: Any) -> Any:
    op, text, parts = node
    v = [_build(part, sympy) for part in parts]
    if op == "num":
        return sympy.Rational(text)
    if op == "sym":
        return sympy.E if text == "e" else sympy.Symbol(text)
    if op == "const":
        return sympy.pi if text == "π" else sympy.oo
    if op == "func":
        names = {"root": lambda: sympy.real_root(*v), "sqrt": lambda: sympy.sqrt(v[0]),
                 "log": lambda: sympy.log(v[0], v[1] if len(v) > 1 else 10),
                 "ln": lambda: sympy.log(v[0]), "lg": lambda: sympy.log(v[0], 10), "sin": lambda: sympy.sin(v[0]),
                 "cos": lambda: sympy.cos(v[0]), "tan": lambda: sympy.tan(v[0]), "exp": lambda: sympy.exp(v[0])}  # fmt: skip
        return names[text]()
    table = {
        "+": lambda: sympy.Add(*v), "*": lambda: sympy.Mul(*v), "/": lambda: v[0] / v[1], "^": lambda: v[0] ** v[1],
        "neg": lambda: -v[0], "abs": lambda: abs(v[0]), "percent": lambda: v[0] / 100, "mixed": lambda: v[0] + v[1],
        "!": lambda: sympy.factorial(v[0]) if v[0].is_Integer and v[0] < 500 else 1 / sympy.S.Zero,
    }  # fmt: skip
    return table[op]()


def verify(key: str, answer: str, *, as_it_comes: bool) -> dict[str, Any]:
    """Math-Verify's own verdict; `as_it_comes` with its default extraction (to measure it), else LaTeX only."""
    from math_verify import LatexExtractionConfig, parse
    from math_verify import verify as judge

    if as_it_comes:
        gold, given = parse(key), parse(answer)
    else:
        config = [LatexExtractionConfig()]
        gold, given = parse(f"${key}$", extraction_config=config), parse(f"${answer}$", extraction_config=config)
    return {"same": bool(gold and given and judge(gold, given))}


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """One comparison."""
    if job["op"] == "verify":
        return verify(job["a"], job["b"], as_it_comes=job["as_it_comes"])
    if job["op"] == "prove":
        return {"same": prove(job["a"], job["b"])}
    return equal(job["a"], job["b"], up_to_factor=job["op"] == "multiple")


def main() -> None:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (2 * GIB, 2 * GIB))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(5000)
    for line in sys.stdin:
        try:
            job = json.loads(line)
            signal.setitimer(signal.ITIMER_PROF, job["cpu_s"])  # SIGPROF, which nobody catches, ends the process
            out = answer(job)
            signal.setitimer(signal.ITIMER_PROF, 0)
        except Exception as error:  # whatever goes wrong in a library is an answer to the parent, not its end
            out = {"error": type(error).__name__}
        sys.stdout.write(json.dumps(out) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
