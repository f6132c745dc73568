"""A question as it is compared with earlier ones, and what makes two of them different however near they lie.

An encoder takes Norway for Iceland and "buy" for "sell", for these stand in the same sentences. So what differs is looked at:
one piece exchanged in one frame, a name or number on one side only, and another thing that is asked for.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher

from duologue.kit.text import Lang, normalise, words
from duologue.knowledge.synonyms import subjects, unite, unite_han
from duologue.knowledge.terms import STOPWORDS, stem

FRAME = 0.5
"""Share of two questions from which what is equal counts as one frame."""
NEAR: dict[Lang, int] = {"en": 0, "zh": 1}
"""Two exchanged pieces with so little between them are one."""

_KINDS = {
    kind: re.compile(sign)
    for kind, sign in {
        "time": r"\bwhen\b|\bwhat time\b|\bhow (?:long|late|early|soon|many (?:days|weeks|hours|minutes))\b"
        "|几点|什么时候|何时|多久|多长时间|几天|时间",
        "place": r"\bwhere\b|哪里|哪儿|去哪|在哪|什么地方",
        "price": r"\bhow much\b|\bprices?\b|\bcosts?\b|\bcharges?\b|\bfees?\b|多少钱|价格|价钱|费用|收费|租金",
        "reason": r"\bwhy\b|\bhow come\b|为什么|为啥|怎么回事",
        "way": r"\bhow (?:do|can|could|would|should) (?:i|we)\b|\bhow to\b|怎么[^了回]|如何|怎样",
        "weight": r"\bhow heavy\b|\bweigh\w*\b|多重|几斤|重量",
        "length": r"\bhow (?:far|tall|wide|big|large)\b|多长(?!时间)|多远|多少公里|多大|多高",
    }.items()
}
_POLITE = re.compile(
    r"\b(?:hello|hi|hey|please|thanks?|thank you|excuse me|good (?:morning|afternoon|evening))\b"
    "|您好|你好|请问|谢谢|麻烦|[吗呢啊呀吧嘛么]+$",
    re.I,
)
_SIGN = re.compile(r"[^\w\s]|_")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_WORD = re.compile(r"[A-Za-z0-9][\w’'-]*", re.ASCII)
_FUNCTION_SIGNS = frozenset(
    "的了吗呢吧啊呀么是我你您他她它们这那有没在和也都还就很把被给对向到为以于要会能可不怎样如何什哪谁请问想一下个"
)
_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER = re.compile(rf"\b(?:{'|'.join(_NUMBERS)})\b")
_NO_NAMES = frozenset(["I", "I'm", "I'd", "I'll", "I've", "OK", "Ok", "Hi", "Hello", "Please", "Thanks"])


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is compared: its terms, its frame (stems in order; signs in order of a Chinese one), and what it names."""

    text: str
    lang: Lang
    terms: frozenset[str]
    frame: tuple[str, ...]
    names: frozenset[str]

    @classmethod
    def read(cls, text: str, lang: Lang) -> "Question":
        """The question of a text."""
        return cls(text, lang, frozenset(subjects(text)), _frame(text, lang), frozenset(_names(text)))


def find_exchanged(asked: Question, known: Question) -> str:
    """What stands in `asked` for another piece of `known` where both are one frame otherwise; empty where they are not.

    "do you buy old tents" and "do you sell old tents": "buy".
    """
    matcher = SequenceMatcher(None, known.frame, asked.frame, autojunk=False)
    if matcher.ratio() < FRAME:
        return ""
    pieces: list[str] = []
    since, glue = len(known.frame), "" if asked.lang == "zh" else " "
    for kind, a, b, c, d in matcher.get_opcodes():
        left, right = _content(known.frame[a:b]), _content(asked.frame[c:d])
        if kind == "equal":
            since = b - a
        elif left and right:
            piece = glue.join(right)
            if pieces and since <= NEAR[asked.lang]:
                pieces[-1] += glue + piece
            else:
                pieces.append(piece)
        elif left or right:
            return ""  # words on one side only: more was said, nothing exchanged
    return pieces[0] if len(pieces) == 1 else ""


def is_named_otherwise(asked: Question, known: Question, answer: str) -> bool:
    """Whether one of them has a name or number that the other lacks: a country, a model, an amount. The answer may name it, too."""
    said, told = _plain(asked.text), _plain(f"{known.text} {answer}")
    return not all(_stands_in(name, said) for name in known.names) or not all(_stands_in(name, told) for name in asked.names)


def is_asked_otherwise(asked: Question, known: Question) -> bool:
    """Whether both say what they want to know, a time or a place, a price or a reason, and not the same."""
    wanted, given = (
        {kind for kind, sign in _KINDS.items() if sign.search(question.text.casefold())} for question in (asked, known)
    )
    is_other = bool(wanted and given) and wanted.isdisjoint(given)
    return is_other and ("way" not in wanted | given or "reason" in wanted | given)  # "how do I" may stand for "where do I"


def _content(pieces: Collection[str]) -> list[str]:
    return [piece for piece in pieces if piece not in STOPWORDS and piece not in _FUNCTION_SIGNS]


def _frame(text: str, lang: Lang) -> tuple[str, ...]:
    bare = _POLITE.sub(" ", normalise(text).casefold().rstrip("?？!！.。 "))
    if lang == "zh":
        return tuple(unite_han(re.sub(r"\s", "", _SIGN.sub("", bare))))
    return tuple(unite(stem(word)) for word in words(bare))


def _names(text: str) -> set[str]:
    """Numbers, and words with a capital letter that do not begin a sentence."""
    found = set()
    for match in _LATIN_WORD.finditer(text):
        word = match.group()
        begins = not match.start() or bool(re.search(r"[.?!:\n\"“(]\s*$", text[: match.start()]))
        is_name = word[0].isupper() and (not begins or _HAN.search(text) is not None) and word not in _NO_NAMES
        if is_name or any(c.isdigit() for c in word):
            found.add(_plain(word))
    return found


def _stands_in(name: str, text: str) -> bool:
    """Whether a name or number stands in a text whole: 4 does not in 14.95, nor in 40; both are `_plain`."""
    return re.search(rf"(?<![a-z0-9])(?<!\d[.,]){re.escape(name)}s?(?![a-z0-9]|[.,]\d)", text) is not None


def _plain(text: str) -> str:
    """Small letters, numbers as digits, no ending of days and possessives: `Sundays` is named where `sunday` is."""
    text = normalise(text).casefold().replace("’", "'").replace("'s", "")
    text = _NUMBER.sub(lambda match: str(_NUMBERS.index(match.group()) + 1), text)
    return re.sub(r"(?<=day)s\b", "", text)
