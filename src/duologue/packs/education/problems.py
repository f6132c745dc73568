"""Why an answer or a file could not be used, in the reader's language: the sentences that readers raise, and their Chinese.

Readers speak English; what they name (a place, a number, a word) is put back into the other sentence. A test holds that none
lacks one.
"""

import json
import re
from functools import cache
from pathlib import Path

from duologue.kit.errors import DuologueError
from duologue.kit.text import Lang

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
