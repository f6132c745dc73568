"""Keys that are no mathematics: a yes or a no, a time of day, a word, a sign, a number in words. How such an answer is read.

The key says only of which kind it is; what an answer is read as never depends on the key's value. Knows no units and no trees.
"""

import re
from dataclasses import dataclass

from duologue.packs.education.maths import clock, named

_YES = r"yes|yeah|true|correct|right|是|对|正确|能|会|可以|有"
_NO = r"no|nope|false|incorrect|wrong|不是|否|不对|错误?|不正确|不能|不会|不可以|没有"
_ENGLISH = re.compile(r"^(?:yes|yeah|true|correct|right|no|nope|false|incorrect|wrong)$", re.IGNORECASE)
_VERDICT = re.compile(
    rf"^\W*(?:(?P<no>{_NO})|(?P<yes>{_YES}))(?:的|了|呀)?(?P<rest>$|[\s,，.。;；:：!！(（].*|(?:因为|这|它|不).*)$",
    re.IGNORECASE | re.DOTALL,
)
_AGAINST_YES = re.compile(r"\b(?:no|not|nope|false|wrong)\b|n['’]t|[?？]|[不错没否非]", re.IGNORECASE)
_AGAINST_NO = re.compile(r"\b(?:yes|yeah|true|correct|right)\b|[?？]|(?<!不)(?:是的|对的|正确)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was read, for the learner's eye, and the value that is compared: yes or no, a time of day, a word."""

    shown: str
    value: bool | str | int | clock.Clock
    has_reason: bool = False


def read_spoken(answer: str, key: str, item: str) -> tuple[Spoken, Spoken | None] | None:
    """The key and the answer, None in its place where it cannot be read so; None where the key is of none of these kinds."""
    if len(key) > 200:
        return None
    said = _verdict(key)
    if said is not None and not said.has_reason and not _is_angle(key, item):
        return said, _verdict(answer) or _sentence(answer, item)
    if clock.KEY.fullmatch(key) and clock.is_asked(item) and (wanted := clock.read_clock(key)):
        found = clock.read_clock(answer)
        return Spoken(wanted.shown, wanted), Spoken(found.shown, found) if found else None
    if key.strip() in ("<", ">", "=", "≤", "≥", "＜", "＞", "＝"):
        return _both(named.read_sign(key, item), named.read_sign(answer, item))
    if (numeral := named.read_numeral(key, key, item)) is not None:
        return _both(numeral, named.read_numeral(answer, key, item))
    if named.asks_in_words(item, key):
        return _both(named.value_in_words(key), named.value_in_words(answer))
    if named.is_word(key, item):
        return _both(key.strip(), named.read_word(answer, key))
    return None


def _both(wanted: str | int | None, given: str | int | None) -> tuple[Spoken, Spoken | None] | None:
    if wanted is None:
        return None
    return Spoken(str(wanted), wanted), None if given is None else Spoken(str(given), given)


def is_loose(wanted: Spoken, given: Spoken) -> bool:
    """Whether the answer leaves open what the key says."""
    a, b = wanted.value, given.value
    return isinstance(a, clock.Clock) and isinstance(b, clock.Clock) and a.minutes != b.minutes and clock.leaves_half_out(a, b)


def agrees(wanted: Spoken, given: Spoken, item: str) -> bool:
    """Whether both say the same."""
    a, b = wanted.value, given.value
    if isinstance(a, clock.Clock) or isinstance(b, clock.Clock):
        return isinstance(a, clock.Clock) and isinstance(b, clock.Clock) and clock.agree(a, b, item)
    if isinstance(a, str) and isinstance(b, str):
        return a == b or named.same_word(a, b)
    return a == b


def _is_angle(key: str, item: str) -> bool:
    """Whether "right" is an angle or a triangle here."""
    return key.strip().casefold() == "right" and re.search(r"\bangle|\btriangle", item, re.IGNORECASE) is not None


def _verdict(text: str) -> Spoken | None:
    found = _VERDICT.match(text.strip())
    if not found or len(text) > 300:
        return None
    word = (found["no"] or found["yes"]).lower()
    rest = found["rest"].strip(" ,，.。;；:：!！")
    if rest and (_AGAINST_NO if found["no"] else _AGAINST_YES).search(rest):
        return None  # "yes and no", "no, it is right": a person reads it
    is_english = _ENGLISH.match(word) is not None
    shown = ("no" if found["no"] else "yes") if is_english else word
    return Spoken(shown, found["yes"] is not None, bool(rest))


_DENIAL = re.compile(r"\bnot\b|n['’]t\b|\bcannot\b")


def _sentence(text: str, item: str) -> Spoken | None:
    """A yes or a no that repeats the question: "it is not prime", 51不是质数; nothing where other words come into it."""
    if (
        len(text) > 120
        or re.search("[<>=＝]", text)
        or _DENIAL.search(item.casefold())
        or re.search(r"[?？]|不", re.sub(r"[?？]\s*$|是不是|能不能|[?？]", "", item))
    ):
        return None
    bare = re.split(r"\bbecause\b|\bsince\b|因为|由于", text.casefold().strip(" .。!！"))[0]
    bare = re.split(r"\bso\b|\btherefore\b|所以|因此", bare)[-1].strip(" ,，.。")
    if re.search(r"\b(?:or|maybe|perhaps)\b|或|可能|也许", bare):
        return None
    if short := re.fullmatch(r"(?:it|they|he|she|this|that) (?:is|are|does|do|can|will|was|has)( ?not|n['’]t)?", bare):
        return Spoken("no" if short[1] else "yes", not short[1])
    if re.search(r"[a-z]{2,}", bare):
        denials, words = _DENIAL.findall(bare), set(re.findall(r"[a-z]+|\d+", _DENIAL.sub(" ", bare)))
        asked = set(re.findall(r"[a-z]+|\d+", item.casefold()))
        rest = words - {
            "it",
            "is",
            "this",
            "that",
            "they",
            "are",
            "a",
            "an",
            "the",
            "does",
            "do",
            "can",
            "will",
            "was",
            "has",
            "i",
            "think",
        }
        if len(denials) > 1 or not rest or not rest <= asked:
            return None
        return Spoken("no" if denials else "yes", not denials, True)
    if bare in ("不", "不是", "不能", "不会"):
        return Spoken(bare, False)
    tight, mine = re.sub(r"[\s?？吗。]", "", item), re.sub(r"^(?:它们?|这个数|这)", "", re.sub(r"\s", "", bare))
    denied, kept = re.findall("不|没有?|无", mine), re.sub("不|没有?|无", "", mine)
    if len(denied) > 1 or len(mine) < 3 or not kept or kept not in tight:
        return None
    return Spoken(bare, not denied, True)
