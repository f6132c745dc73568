"""Text in two languages: normal form, which language, words, sentences. Knows no model and no store."""

import logging
import re
import unicodedata
from functools import cache
from typing import Literal

Lang = Literal["en", "zh"]

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z]+")
_WORD = re.compile(
    r"(?:(?![\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])[^\W_])+(?:['’.-](?:(?![\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])[^\W_])+)*"
    r"|[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
_BORDER = re.compile(
    r"[。！？；]+[”’」』）)\"']*"  # Chinese: no blank needed
    r"|[.!?…]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[^\W_a-z])"  # English: a blank, then anything but a small letter
    r"|[!?]+(?=[\u4e00-\u9fff])"
    r"|\n+"
)
_ABBREVIATION = re.compile(
    r"(?:(?:^|[\s(])(?:e\.g|i\.e|etc|approx|incl|excl|vs|cf|nos|mr|mrs|ms|dr|tel)|^\d{1,3}|^[a-z])\.$", re.IGNORECASE
)
"""What ends in a full stop without ending a sentence; a bare number before one is the mark of a list."""


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


EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.ASCII)
"""An e-mail address; what stands before it is looked at once, so that endless words cost no more than they are long."""
_NO_LANGUAGE = re.compile(rf"\bhttps?://\S+|{EMAIL.pattern}|\b[A-Z]{{1,4}}[- ]?\d{{3,}}\b", re.ASCII)


def detect_lang(text: str, default: Lang = "en") -> Lang:
    """`zh` where Han characters weigh more than Latin words, else `en`; `default` where there is neither.

    Addresses and order numbers are in no language.
    """
    text = _NO_LANGUAGE.sub(" ", text)
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


def _bare(text: str) -> str:
    """Letters without accents: `café` is looked up as `cafe`."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn"))


def words(text: str) -> list[str]:
    """Lower-case index terms: Latin words and numbers as they stand, Han runs cut by jieba's search mode.

    Both databases index exactly these terms, so that a query and a passage are cut alike.
    """
    out: list[str] = []
    for run in _WORD.findall(_bare(normalise(text).lower())):
        if _HAN.match(run):
            out.extend(w for w in _segmenter().lcut_for_search(run) if w.strip())
        else:
            out.append(run)
    return out


def sentences(text: str) -> list[str]:
    """Sentences of English or Chinese text, in order, without surrounding blanks; line ends are borders. No character is lost."""
    out: list[str] = []
    start = 0
    for border in _BORDER.finditer(text):
        end = border.end()
        tail = text[max(start, end - 16) : end].rstrip()  # longer than any abbreviation with its marks
        if not border.group().startswith("\n") and _ABBREVIATION.search(tail):
            continue
        out.append(text[start:end].strip())
        start = end
    out.append(text[start:].strip())
    return [piece for piece in out if piece]
