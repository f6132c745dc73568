"""Text cut into the terms that the pack's linear models count: words, pairs of words, pieces of words, Chinese characters.

Works the same for every language: Latin words by their letters, Han runs by characters, so that Chinese needs no segmenter and
no foreign encoder. Knows no model and learns nothing.
"""

import re
import unicodedata

MAX_CHARS = 2000
"""Of a longer text, the first and the last half of this many characters are read: who writes that much says it at the ends."""

_TOKEN = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|(?:(?![\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])[^\W_])+(?:['’][a-z]+)?|[?!]"
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_DIGIT = re.compile(r"\d")
_CONTROL = dict.fromkeys(range(32), " ")


def shorten(text: str) -> str:
    """The text, or its two ends where it is longer than MAX_CHARS."""
    half = MAX_CHARS // 2
    return text if len(text) <= MAX_CHARS else f"{text[:half]} {text[-half:]}"


def tokens(text: str) -> list[str]:
    """Lower-case words, numbers with their digits hidden (12 → 00), `?`, `!`, and whole runs of Han characters, in order."""
    plain = unicodedata.normalize("NFKC", shorten(text)).translate(_CONTROL).lower()
    return _TOKEN.findall(_DIGIT.sub("0", plain))


def is_han(token: str) -> bool:
    """Whether a token is a run of Han characters."""
    return _HAN.match(token) is not None


def word_terms(text: str) -> list[str]:
    """Words and neighbouring pairs; of Han runs the characters and their pairs and triples."""
    out: list[str] = []
    before = ""
    for token in tokens(text):
        if is_han(token):
            out.extend(token[i : i + n] for n in (1, 2, 3) for i in range(len(token) - n + 1))
            before = ""
        else:
            out.append(token)
            if before:
                out.append(f"{before} {token}")
            before = token
    return out


def piece_terms(text: str) -> list[str]:
    """Runs of 2 to 5 characters within words, borders marked by blanks; Han runs give runs of 2 to 4 with their borders."""
    out: list[str] = []
    for token in tokens(text):
        han = is_han(token)
        word = token if han and len(token) > 3 else f" {token} "
        for n in range(2, 5 if han else 6):
            if n >= len(word):
                out.append(word)
                break
            out.extend(word[i : i + n] for i in range(len(word) - n + 1))
    return out
