"""Text cut into the terms that the pack's linear models count: words, pairs of words, pieces of words, Chinese characters.

Works the same for every language: Latin words by their letters, Han runs by characters, so that Chinese needs no segmenter and
no foreign encoder. Knows no model and learns nothing.
"""

import itertools
import re
import unicodedata

MAX_CHARS = 2000
"""Of a longer text, the first and the last half of this many characters are read: who writes that much says it at the ends."""

COMPANY = 8

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
    return _TOKEN.findall(_plain(text))


def has_han(text: str) -> bool:
    """Whether a text holds a Han character."""
    return _HAN.search(text) is not None


def is_han(token: str) -> bool:
    """Whether a token is a run of Han characters."""
    return _HAN.match(token) is not None


def word_terms(text: str) -> list[str]:
    """Words and neighbouring pairs; of Han runs the characters, their pairs and triples."""
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


def latin_terms(text: str) -> list[str]:
    """Words and neighbouring pairs without Han runs, whose characters are among the pieces."""
    own = [token for token in tokens(text) if not is_han(token)]
    return own + [f"{one} {other}" for one, other in itertools.pairwise(own)]


def company_terms(text: str) -> list[str]:
    """Pairs of words of which one follows the other within COMPANY words, in either order; nothing of Han runs."""
    own = [token for token in tokens(text) if not is_han(token)]
    near = ((one, other) for i, one in enumerate(own) for other in own[i + 1 : i + 1 + COMPANY])
    return [f"{min(pair)}~{max(pair)}" for pair in near]


def piece_terms(text: str) -> list[str]:
    """Of a text with Han characters every run of 1 to 3 characters; else runs of 2 to 5 within words, borders marked by blanks."""
    if has_han(text):
        plain = _plain(text)
        return [plain[i : i + n] for n in (1, 2, 3) for i in range(len(plain) - n + 1)]
    out: list[str] = []
    for token in tokens(text):
        word = f" {token} "
        for n in range(2, 6):
            if n >= len(word):
                out.append(word)
                break
            out.extend(word[i : i + n] for i in range(len(word) - n + 1))
    return out


def _plain(text: str) -> str:
    return _DIGIT.sub("0", unicodedata.normalize("NFKC", shorten(text)).translate(_CONTROL).lower())
