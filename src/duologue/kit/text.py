"""Text in two languages: normal form, which language, words, sentences. Knows no model and no store."""

import logging
import re
import unicodedata
from functools import cache
from typing import Literal

Lang = Literal["en", "zh"]

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z]+")
_WORD = re.compile(r"[a-z0-9]+(?:['’.-][a-z0-9]+)*|[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_SENTENCE_END = re.compile(r"(?<=[。！？；])(?!$)|(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9\u4e00-\u9fff])|\n+")


def normalise(text: str) -> str:
    """NFKC, newlines as LF, no control characters, no trailing blanks: full-width digits become ASCII digits."""
    text = unicodedata.normalize("NFKC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def clean(text: str) -> str:
    """As `normalise`, but for the eye: composed (NFC) and otherwise as it was written, full-width punctuation too."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def detect_lang(text: str, default: Lang = "en") -> Lang:
    """`zh` where Han characters weigh more than Latin words, else `en`; `default` where there is neither."""
    han = len(_HAN.findall(text))
    latin = len(_LATIN.findall(text))
    if not han and not latin:
        return default
    return "zh" if han >= latin else "en"


@cache
def _segmenter():  # type: ignore[no-untyped-def]
    import jieba

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    return jieba


def words(text: str) -> list[str]:
    """Lower-case index terms: Latin words and numbers as they stand, Han runs cut by jieba's search mode.

    Both databases index exactly these terms, so that a query and a passage are cut alike.
    """
    out: list[str] = []
    for run in _WORD.findall(normalise(text).lower()):
        if _HAN.match(run):
            out.extend(w for w in _segmenter().lcut_for_search(run) if w.strip())
        else:
            out.append(run)
    return out


def sentences(text: str) -> list[str]:
    """Sentences of English or Chinese text, in order, without surrounding blanks; line ends are borders."""
    return [s.strip() for s in _SENTENCE_END.split(text) if s and s.strip()]
