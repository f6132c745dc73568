"""Why something could not be used or done, in the reader's language: the sentences that the pack raises, and their Chinese.

The pack's own code speaks English; what it names (a place, a number, a word) is put back into the other sentence. A test
holds that none lacks one.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, wraps
from pathlib import Path
from typing import Any

from duologue.kit.errors import DuologueError
from duologue.kit.text import Lang
from duologue.sdk import Panel, PanelContext

FILE = Path(__file__).with_name("problems.zh.json")
"""Patterns of the sentences, and the Chinese with `\\1` for what stands in the first brackets."""


@cache
def _ready() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.DOTALL), words) for pattern, words in json.loads(FILE.read_text("utf-8")).items()]


def in_words(message: str, lang: Lang) -> str:
    """The sentence in the language; one that is not known stays as it is."""
    if lang == "en":
        return message
    for pattern, words in _ready():
        if found := pattern.fullmatch(message):
            return found.expand(words)
    return message


def spoken(error: DuologueError, lang: Lang) -> DuologueError:
    """The same error with its sentence in the language, to be raised in its place."""
    return type(error)(in_words(error.message, lang), **error.detail)


SAID = ("invalid", "too_large", "conflict", "unavailable")
"""Codes whose sentence says what to do; the pages show it as it is (`panels/why.js`)."""


def in_both(panel: Panel) -> Panel:
    """The same page, whose refusals are in the language of who asked."""
    return replace(panel, queries=_spoken(panel.queries), commands=_spoken(panel.commands))


def _spoken(functions: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _one(function) for name, function in functions.items()}


def _one(function: Any) -> Any:
    @wraps(function)  # its signature is its schema
    async def said(context: PanelContext, *args: Any, **kwargs: Any) -> Any:
        try:
            return await function(context, *args, **kwargs)
        except DuologueError as error:
            if error.code not in SAID:
                raise
            raise spoken(error, context.lang) from error

    return said
