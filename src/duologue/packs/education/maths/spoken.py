"""Keys that are no mathematics: a yes or a no, and a time of day. How an answer to such a question is read, in both languages.

The key says only which of the two it is; what an answer is read as never depends on the key's value. Knows no units and no trees.
"""

import re
from dataclasses import dataclass

from duologue.packs.education.maths.numerals import rewrite_han

_YES = r"yes|yeah|true|correct|right|是|对|正确|能|会|可以|有"
_NO = r"no|nope|false|incorrect|wrong|不是|否|不对|错误?|不正确|不能|不会|不可以|没有"
_ENGLISH = re.compile(r"^(?:yes|yeah|true|correct|right|no|nope|false|incorrect|wrong)$", re.IGNORECASE)
_VERDICT = re.compile(
    rf"^\W*(?:(?P<no>{_NO})|(?P<yes>{_YES}))(?:的|了|呀)?(?P<rest>$|[\s,，.。;；:：!！(（].*|(?:因为|这|它|不).*)$",
    re.IGNORECASE | re.DOTALL,
)
_AGAINST_YES = re.compile(r"\b(?:no|not|nope|false|wrong)\b|n['’]t|[?？]|[不错没否非]", re.IGNORECASE)
_AGAINST_NO = re.compile(r"\b(?:yes|yeah|true|correct|right)\b|[?？]|(?<!不)(?:是的|对的|正确)", re.IGNORECASE)
_IS_ASKED = re.compile(r"\bwhat time\b|\bwhen\b|\btime is\b|几点|几时|什么时[候刻间]", re.IGNORECASE)
_CLOCK = re.compile(
    r"^\D{0,12}?(?P<half>am|pm|a\.m\.|p\.m\.|上午|早上|凌晨|中午|下午|晚上|傍晚)?\s*(?P<h>\d{1,2})\s*"
    r"(?:[:：.]\s*(?P<m>\d{2})|[点时]\s*(?:(?P<n>\d{1,2})\s*分?|(?P<part>半|一刻|三刻)|整|钟)?|(?=\s*(?:am|pm|a\.m|p\.m|o['’]?clock)))"
    r"\s*(?:o['’]?clock)?\s*(?P<after>am|pm|a\.m\.?|p\.m\.?)?\s*[.。]?$",
    re.IGNORECASE,
)
_PARTS = {"半": 30, "一刻": 15, "三刻": 45}
_LATE = re.compile(r"\bp\.?m\b|afternoon|evening|night|下午|晚上|傍晚", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was read, for the learner's eye, and the value that is compared: yes or no, or minutes of the day."""

    shown: str
    value: bool | int
    has_reason: bool = False


def read_spoken(answer: str, key: str, item: str) -> tuple[Spoken, Spoken | None] | None:
    """The key and the answer, None in its place where it cannot be read so; None where the key is of neither kind."""
    said = _verdict(key)
    if said is not None and not said.has_reason:
        return said, _verdict(answer)
    wanted = _clock(key, "") if re.fullmatch(r"\s*\d{1,2}\s*[:：]\s*\d{2}\s*(?:[ap]\.?m\.?)?\s*", key, re.IGNORECASE) else None
    if wanted is None or not _IS_ASKED.search(item):
        return None
    return wanted, _clock(answer, f"{item} {key}")


def agrees(wanted: Spoken, given: Spoken, item: str, answer: str) -> bool:
    """Whether both say the same; a clock of twelve hours means the afternoon where item or answer speak of it."""
    if isinstance(wanted.value, bool) or isinstance(given.value, bool):
        return wanted.value == given.value
    away = abs(int(wanted.value) - int(given.value))
    return away == 0 or (
        away == 720 and _LATE.search(item) is not None and not re.search(r"a\.?m\b|上午|早上", answer, re.IGNORECASE)
    )


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


def _clock(text: str, about: str) -> Spoken | None:
    digits = re.sub(
        r"零?([一二两三四五六七八九十]+)(?!刻)", lambda m: rewrite_han(m[1]), text.strip()
    )  # 八点零五 is no decimal here
    found = _CLOCK.match(digits)
    if not found:
        return None
    hour, minute = int(found["h"]), int(found["m"] or found["n"] or _PARTS.get(found["part"] or "", 0))
    half = (found["half"] or found["after"] or "").lower()
    if hour > 24 or minute > 59:
        return None
    if re.match(r"p|下午|晚上|傍晚", half) and hour < 12:
        hour += 12
    elif re.match(r"a|凌晨", half) and hour == 12:
        hour = 0
    return Spoken(f"{hour}:{minute:02}", 60 * hour + minute)
