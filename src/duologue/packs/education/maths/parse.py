"""Plain notation parsed into a tree by a grammar of its own: nothing typed by a learner is ever evaluated as a program.

Only what the grammar lists exists: numbers, single letters, π, e, ∞, a few functions, brackets, relations. Depth is bounded.
Precedence as on paper: −3² is −9; 1/2x is (1/2)·x and C/2π is C/(2π), and such a reading is marked `is_ambiguous`.
"""

import re
from dataclasses import dataclass

from duologue.packs.education.maths.node import Node, num
from duologue.packs.education.maths.text import FUNCTIONS, Unreadable

MAX_DEPTH = 40
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<num>\d*\.\d*⦅\d+⦆|\d+(?:\.\d+)?|\.\d+)|(?P<name>[A-Za-zα-ωΔ]+(?:_\w+)?)|(?P<op>[-+*/^()\[\]{}|√,;:=<>≤≥∈≠∪%!±∞πℝ∅])"
)
_RELATIONS = "=<>≤≥∈≠"
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    after_space: bool


def _tokens(text: str) -> list[_Token]:
    out: list[_Token] = []
    place, spaced = 0, False
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Unreadable(f"I cannot read “{text[place : place + 12]}”.")
        kind = str(match.lastgroup)
        if kind == "space":
            spaced = True
        else:
            if kind == "num" and out and out[-1].kind == "num" and not spaced:
                raise Unreadable("A number has two decimal points.")
            out.append(_Token(kind, match[0], spaced))
            spaced = False
        place = match.end()
    return out


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree, and whether the learner could have meant another."""

    node: Node
    is_ambiguous: bool


def parse(text: str, names: frozenset[str] = frozenset()) -> Parsed:
    """Parse plain notation; `names` are words of several letters that are one variable. Raises Unreadable."""
    parser = _Parser(_tokens(text), names)
    if not parser.tokens:
        raise Unreadable("There is no answer.")
    node = parser.listing()
    if parser.place < len(parser.tokens):
        raise Unreadable(f"I cannot read what follows “{parser.tokens[parser.place].text}”.")
    return Parsed(node, parser.is_ambiguous)


class _Parser:
    def __init__(self, tokens: list[_Token], names: frozenset[str]) -> None:
        self.tokens, self.names = tokens, names
        self.place = self.depth = self.bars = 0
        self.is_ambiguous = False

    def peek(self, ahead: int = 0) -> _Token | None:
        at = self.place + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def sees(self, signs: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "op" and token.text in signs

    def take(self) -> _Token:
        token = self.tokens[self.place]
        self.place += 1
        return token

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("The answer is nested too deeply.")

    def listing(self, closing: str = "") -> Node:
        parts = [self.relation()]
        while self.sees(",;"):
            while self.sees(",;"):
                self.take()
            if self.peek() is None or (closing and self.sees(closing)):
                break
            parts.append(self.relation())
        return parts[0] if len(parts) == 1 else Node("list", tuple(parts))

    def relation(self) -> Node:
        parts, signs = [self.ratio()], ""
        while self.sees(_RELATIONS):
            signs += self.take().text
            parts.append(self.ratio())
        if not signs:
            return parts[0]
        return Node(signs, tuple(parts)) if len(signs) == 1 else Node("chain", tuple(parts), signs)

    def ratio(self) -> Node:
        parts = [self.union()]
        while self.sees(":"):
            self.take()
            parts.append(self.union())
        return parts[0] if len(parts) == 1 else Node("ratio", tuple(parts))

    def union(self) -> Node:
        parts = [self.sum()]
        while self.sees("∪"):
            self.take()
            parts.append(self.sum())
        return parts[0] if len(parts) == 1 else Node("union", tuple(parts))

    def sum(self) -> Node:
        self.enter()
        parts = [self.signed()]
        while self.sees("+-±"):
            sign = self.take().text
            part = self.signed() if self.sees("+-") else self.product()
            parts.append(part if sign == "+" else Node("neg" if sign == "-" else "pm", (part,)))
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Node("+", tuple(parts))

    def signed(self) -> Node:
        if self.sees("+-±"):
            self.enter()
            sign = self.take().text
            part = self.signed() if self.sees("+-±") else self.product()
            self.depth -= 1
            return part if sign == "+" else Node("neg" if sign == "-" else "pm", (part,))
        return self.product()

    def product(self) -> Node:
        left = self.power()
        divided = False
        while True:
            if self.sees("*"):
                self.take()
                left = _times(left, self.factor())
                divided = False
            elif self.sees("/"):
                self.take()
                bottom = self.factor()
                while self.goes_under(left, bottom):
                    self.is_ambiguous = True
                    bottom = _times(bottom, self.power())
                left = Node("/", (left, bottom))
                divided = True
            elif self.starts_factor():
                if divided:
                    self.is_ambiguous = True
                left = _times(left, self.power())
            else:
                return left

    def goes_under(self, top: Node, bottom: Node) -> bool:
        """C/2π is C/(2π): who means half of Cπ writes Cπ/2. With a number on top, 1/2x, the first reading stands."""
        token = self.peek()
        is_tight = token is not None and not token.after_space and (token.kind == "name" or token.text == "π")
        has_letter = any(part.op == "sym" for part in top.walk())
        return is_tight and has_letter and (bottom.op == "num" or (bottom.op == "*" and bottom.parts[0].op == "num"))

    def factor(self) -> Node:
        if self.sees("-+"):
            self.enter()
            sign = self.take().text
            part = self.factor()
            self.depth -= 1
            return Node("neg", (part,)) if sign == "-" else part
        return self.power()

    def starts_factor(self) -> bool:
        token = self.peek()
        if token is None:
            return False
        if token.kind == "num":  # "2 3" is no product, "√2 3" neither
            before = self.tokens[self.place - 1]
            return before.text in (*_CLOSE, "π") or (before.kind == "name" and not token.after_space and False)
        if token.kind == "name":
            return True
        return token.text in "([√π" or (token.text == "{" and False) or (token.text == "|" and self.bars == 0)

    def power(self) -> Node:
        base = self.postfix()
        if self.sees("^"):
            self.take()
            self.enter()
            exponent = self.factor()
            self.depth -= 1
            return self.post(Node("^", (base, exponent)))
        return base

    def postfix(self) -> Node:
        return self.post(self.atom())

    def post(self, node: Node) -> Node:
        while self.sees("%!"):
            node = Node("percent" if self.take().text == "%" else "!", (node,))
        return node

    def atom(self) -> Node:
        token = self.peek()
        if token is None:
            raise Unreadable("The answer breaks off.")
        if token.kind == "num":
            return self.number()
        if token.kind == "name":
            return self.name()
        self.take()
        if token.text in _OPEN:
            return self.bracketed(token.text)
        if token.text == "√":
            self.enter()
            inner = self.power() if not self.sees("-") else self.factor()
            self.depth -= 1
            return Node("func", (inner,), "sqrt")
        if token.text == "|":
            self.bars += 1
            inner = self.sum()
            self.bars -= 1
            if not self.sees("|"):
                raise Unreadable("A bar is not closed.")
            self.take()
            return Node("abs", (inner,))
        if token.text in "π∞":
            return Node("const", text=token.text)
        if token.text == "ℝ":
            return Node("reals")
        if token.text == "∅":
            return Node("empty")
        raise Unreadable(f"I did not expect “{token.text}” here.")

    def number(self) -> Node:
        if "⦅" in (first := self.take().text):
            return _recurring(first)
        whole = num(first)
        a, b, c = self.peek(), self.peek(1), self.peek(2)
        is_mixed = (
            a is not None and a.kind == "num" and a.after_space and b is not None and b.text == "/" and c is not None
            and c.kind == "num" and whole.text.isdecimal() and a.text.isdecimal() and c.text.isdecimal()
        )  # fmt: skip
        if not is_mixed:
            return whole
        top = num(self.take().text)
        self.take()
        return Node("mixed", (whole, Node("/", (top, num(self.take().text)))))

    def bracketed(self, opening: str) -> Node:
        self.enter()
        bars, self.bars = self.bars, 0
        if opening == "{" and self.sees("}"):
            self.take()
            self.depth -= 1
            return Node("empty")
        inner = self.listing(_CLOSE)
        self.depth -= 1
        self.bars = bars
        if not self.sees(_CLOSE):
            raise Unreadable("A bracket is not closed.")
        closing = self.take().text
        is_match = _CLOSE[_OPEN.index(opening)] == closing
        parts = inner.parts if inner.op == "list" else (inner,)
        if not is_match:
            if len(parts) == 2 and opening + closing in ("[)", "(]"):
                return Node("interval", parts, opening + closing)
            raise Unreadable("A bracket is closed by another kind of bracket.")
        if opening == "{":
            return Node("set", parts)
        if len(parts) == 1 and inner.op != "list":
            return inner if opening == "(" or inner.op not in ("num",) else Node("bracket", parts)
        return Node("pair" if opening == "(" else "bracket", parts)

    def name(self) -> Node:
        token = self.take()
        word = token.text
        lower = word.lower()
        for function in sorted(FUNCTIONS, key=len, reverse=True):
            if lower.startswith(function):
                return self.function(function, word[len(function) :])
        if word in self.names or len(word) == 1 or "_" in word:
            return Node("sym", text=word)
        if lower == "pi":
            return Node("const", text="π")
        if (len(word) <= 4 or (len(word) <= 12 and len(set(word)) == 1)) and (
            not self.names or set(word) <= {c for name in self.names for c in name}
        ):
            return Node("*", tuple(Node("sym", text=c) for c in word))
        raise Unreadable(f"I do not know the word “{word[:20]}”.")

    def function(self, name: str, rest: str) -> Node:
        self.enter()
        if rest:
            self.place -= 1
            self.tokens[self.place] = _Token("name", rest, False)
        base: tuple[Node, ...] = ()
        exponent: Node | None = None
        if name == "log" and rest.startswith("_"):
            self.tokens[self.place] = _Token("num", rest[1:], False)
            base = (self.number(),)
        if self.sees("^"):  # sin^2 x
            self.take()
            exponent = self.atom()
        argument = self.power() if self.sees("(√|") else self.product() if name not in ("sqrt", "root3") else self.power()
        self.depth -= 1
        parts = argument.parts if argument.op in ("pair", "list") else (argument,)
        if name == "root3":
            node = Node("func", (*parts, num(3)), "root")
        elif name == "abs":
            node = Node("abs", parts[:1])
        else:
            node = Node("func", (*parts, *base), name)
        return Node("^", (node, exponent)) if exponent is not None else node


def _recurring(text: str) -> Node:
    """0.1⦅6⦆: the decimal 0.1666…, with its exact value beside it."""
    whole, _, rest = text.partition(".")
    before, period = rest.rstrip("⦆").split("⦅")
    bottom = (10 ** len(period) - 1) * 10 ** len(before)
    top = int((whole or "0") + before + period) - int((whole or "0") + before)
    shown = text.replace("⦅", "(").replace("⦆", ")")
    return Node("recurring", (Node("/", (num(top), num(bottom))),), shown)


def _times(left: Node, right: Node) -> Node:
    return Node("*", (*left.parts, right)) if left.op == "*" else Node("*", (left, right))
