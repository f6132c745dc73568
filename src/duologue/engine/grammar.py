"""Text that must be of a form: JSON of a schema, a regular expression, one of some choices, a call of a tool. By llguidance.

A `Guide` says which tokens may stand next; one for a call that a model begins by itself takes over from there. Near the limit of
tokens it closes what is open: it never takes a token after which the text could no longer be completed in the room that is left.
The library is imported when the first constraint is asked for.
"""

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from duologue.engine.protocol import Constraint, ToolSpec
from duologue.engine.tools import CLOSE, OPEN
from duologue.kit.errors import Invalid
from duologue.kit.log import get_logger
from duologue.lm.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer

log = get_logger(__name__)

JSON_FORM = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
LONGEST_END = 400
"""Tokens of an ending that are looked for; a form that needs more cannot be closed in time and ends with `length`."""
CARE = 64
"""So many tokens before the limit every choice is checked for whether the text can still be completed."""
ENDINGS = (b'"', b"}", b"]", b",", b":", b"0", b"1", b"null", b"true", b")", b".", b"a", b" ")
"""What most often ends a value, in the order of trying."""
CALL_FORM = {"whitespace_pattern": r"[ \n]?"}
"""Models write their calls with one blank or none; more would only be a way to babble."""


def describe_tools(tools: Sequence[ToolSpec], name: str) -> dict[str, Any]:
    """The JSON schema of a call of one of the tools, or of the one named. Raises Invalid for a name that none has."""
    chosen = [t for t in tools if not name or t.name == name]
    if not chosen:
        raise Invalid(f"There is no tool named {name!r} among those of the request.", param="tool_choice")
    calls = [
        {
            "type": "object",
            "properties": {"name": {"const": t.name}, "arguments": dict(t.parameters) or {"type": "object"}},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for t in chosen
    ]
    return calls[0] if len(calls) == 1 else {"anyOf": calls}


class Grammars:
    """Makes guides for one tokenizer."""

    def __init__(self, tokenizer: TextTokenizer, vocab_size: int, ends: frozenset[int], data: Callable[[int], bytes]) -> None:
        self._tokenizer, self._vocab_size, self._ends, self._data = tokenizer, vocab_size, ends, data

    def guide(self, constraint: Constraint) -> "Guide":
        """A guide at the beginning of a text. Raises Invalid, with the reason, for a form that cannot be held to."""
        try:
            from llguidance import LLMatcher
        except ImportError as error:
            message = "Constrained text needs llguidance: pip install 'duologue[local]'."
            raise Invalid(message, param="constraint") from error
        try:
            grammar = _translate(constraint, LLMatcher)
        except (ValueError, TypeError) as error:
            raise Invalid(f"The constraint cannot be read: {error}.", param="constraint") from error
        matcher = LLMatcher(self._vocabulary, grammar, log_level=0)
        if matcher.is_error():
            reason = matcher.get_error().strip().splitlines()[0]
            raise Invalid(f"The constraint cannot be held to: {reason}", param="constraint")
        return Guide(matcher, self._ends, self._endings)

    def call_guide(self, tools: Sequence[ToolSpec], has_many: bool, written: Sequence[int]) -> "Guide | None":
        """A guide from where a model has begun a call by itself; None where it has not, or the schemas cannot be read.

        What llguidance does not know of a schema (`uniqueItems`, `not`, an unusual `format`) is left out and logged: the call is
        still one of the tools, with arguments of the rest of its schema.
        """
        try:
            from llguidance import LLMatcher

            is_marked = OPEN in self._tokenizer.decode(written)
            for form in (CALL_FORM, {**CALL_FORM, "lenient": True}):
                schema = {**describe_tools(tools, ""), "x-guidance": form}
                matcher = LLMatcher(self._vocabulary, _call_grammar(schema, is_marked, has_many), log_level=0)
                if not matcher.is_error():
                    break
                log.warning("calls are not held to all of the tools' schemas: %s", matcher.get_error().strip().splitlines()[0])
        except (ImportError, Invalid) as error:
            log.debug("calls are not held to their schemas: %s", error)
            return None
        if matcher.is_error() or matcher.try_consume_tokens(list(written)) != len(written):
            return None
        return Guide(matcher, self._ends, self._endings)

    @cached_property
    def _vocabulary(self) -> "LLTokenizer":
        from llguidance import LLTokenizer

        if not self._ends:
            raise Invalid("This model has no token that ends a text; constraints need one.", param="constraint")
        return LLTokenizer(self._tokenizer.inner.to_str(), n_vocab=self._vocab_size, eos_token=sorted(self._ends))

    @cached_property
    def _endings(self) -> NDArray[np.int64]:
        """Tokens in the order in which an ending tries them: those of ENDINGS, then single bytes, then the rest by length."""
        data = [self._data(i) for i in range(self._tokenizer.vocab_size)]
        rank = {text: i for i, text in enumerate(ENDINGS)}
        order = sorted(range(len(data)), key=lambda i: (rank.get(data[i], 99), data[i][:1] in b"{[ \n\t\\", len(data[i])))
        return np.array(order)


def _call_grammar(schema: dict[str, Any], is_marked: bool, has_many: bool) -> str:
    """Calls in Lark: the bare object, or marked ones after any text."""
    if not is_marked:
        return f"start: /\\s*/ call\ncall: %json {json.dumps(schema)}\n"
    more = f'("\\n"? "{OPEN}" one)*' if has_many else ""
    return f"""start: before one {more}
before[lazy]: /(\\n|.)*{OPEN}/
one: /\\n?/ call /\\n?/ "{CLOSE}"
call: %json {json.dumps(schema)}
"""


def _translate(constraint: Constraint, matcher: Any) -> str:
    match constraint.kind:
        case "json_schema" | "json_object":
            schema = constraint.json_schema if constraint.kind == "json_schema" else {"type": "object"}
            if schema is False:
                raise ValueError("the schema false permits nothing")
            text = json.dumps({} if schema is True else dict(schema))
            return str(matcher.grammar_from_json_schema(text, defaults=JSON_FORM))
        case "regex":
            return str(matcher.grammar_from_regex(constraint.regex))
        case "choice":
            if not constraint.choices or not all(constraint.choices):
                raise ValueError("give at least one choice, and none that is empty")
            return str(matcher.grammar_from_lark("start: " + " | ".join(json.dumps(c) for c in constraint.choices)))


def _is_set(matcher: "LLMatcher") -> NDArray[np.bool_]:
    return np.asarray(np.frombuffer(matcher.compute_logit_bias(), np.uint8) != 0)


def _ends(matcher: "LLMatcher", tokens: list[int]) -> bool:
    return bool(matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting())


class Guide:
    """The form of one text, as far as it is written."""

    def __init__(self, matcher: "LLMatcher", ends: frozenset[int], endings: NDArray[np.int64]) -> None:
        self._matcher, self._ends, self._endings = matcher, ends, endings
        self._care: int | None = None
        self._end: list[int] = []

    @property
    def is_complete(self) -> bool:
        """Whether the text so far has the form."""
        return self._matcher.is_accepting()

    @property
    def is_over(self) -> bool:
        """Whether nothing but the end may follow."""
        return self._matcher.is_stopped()

    def allowed(self) -> NDArray[np.bool_]:
        """(V,) True where a token may stand next; the end of the text where the form is complete."""
        return _is_set(self._matcher)

    def forced(self) -> list[int]:
        """Tokens about which the form leaves no choice."""
        return list(self._matcher.compute_ff_tokens())

    def advance(self, token: int) -> None:
        """Take a token that was allowed."""
        self._matcher.consume_token(token)

    def keep_closable(self, token: int, room: int) -> int:
        """The token, or where the text could not be completed after it in `room` tokens (itself counted), the way to an end."""
        if self._care is None:
            self._care = max(CARE, 2 * len(self._find_end(self._matcher) or ()) + 16)
        if room > self._care or token in self._ends:
            return token
        after = self._matcher.deep_copy()
        after.consume_token(token)
        known = self._end[1:] if self._end[:1] == [token] else self._end  # what ended the text before mostly ends it still
        end = known if 0 < len(known) < room and _ends(after.deep_copy(), known) else self._find_end(after)
        if end is not None and len(end) < room:
            self._end = end
            return token
        end = self._find_end(self._matcher)
        return end[0] if end else token

    def _find_end(self, matcher: "LLMatcher") -> list[int] | None:
        """Tokens after which the form is complete: short ones, not the shortest. None where there are too many."""
        ahead, found = matcher.deep_copy(), list[int]()
        while not ahead.is_accepting() and not ahead.is_stopped():
            forced = ahead.compute_ff_tokens()
            if not forced:
                open_tokens = self._endings[_is_set(ahead)[self._endings]]
                if len(open_tokens) == 0:
                    return None
                forced = [int(open_tokens[0])]
            if len(found) + len(forced) > LONGEST_END or ahead.try_consume_tokens(forced) != len(forced):
                return None
            found += forced
        return found if ahead.is_accepting() else None
