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
    if han and default == "zh":  # names and addresses among Chinese words: 改到 22 Queen Square, Bristol
        latin = sum(word[0].islower() for word in _LATIN.findall(text))
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


_SPELT_OUT = {
    "u": "you", "ur": "your", "urs": "yours", "ya": "you", "pls": "please", "plz": "please", "abt": "about", "cuz": "because",
    "wheres": "where is", "whats": "what is", "hows": "how is", "whens": "when is", "whos": "who is", "thats": "that is",
    "theres": "there is", "im": "I am", "ive": "I have", "youre": "you are", "theyre": "they are", "dont": "don't",
    "doesnt": "doesn't", "didnt": "didn't", "cant": "can't", "wont": "won't", "isnt": "isn't", "wasnt": "wasn't",
    "arent": "aren't", "havent": "haven't", "hasnt": "hasn't", "couldnt": "couldn't", "wouldnt": "wouldn't",
    "wanna": "want to", "gonna": "going to", "gimme": "give me", "lemme": "let me", "tmrw": "tomorrow", "tmr": "tomorrow",
    "hv": "have", "thx": "thanks", "tnx": "thanks", "ty": "thank you", "btw": "by the way", "adress": "address",
}  # fmt: skip
_SHORT = re.compile(rf"(?<![\w@.'’-])(?:{'|'.join(_SPELT_OUT)})(?![\w@'’-])", re.IGNORECASE | re.ASCII)
_SHORT_ARE = re.compile(r"\br(?= (?:you|your|they|we|these|those|the)\b)", re.IGNORECASE)
_YOU_ALL = re.compile(r"\byou (?:guys|lot|folks|all)\b(?! of)", re.IGNORECASE)


def spell_out(text: str) -> str:
    """English as it is typed in a hurry, in the words of a document: "do u guys ship" as "do you ship". Chinese stays as it is."""
    text = _SHORT.sub(lambda m: _SPELT_OUT[m.group().lower()], text)
    return _YOU_ALL.sub("you", _SHORT_ARE.sub("are", text))


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
