"""Times of day as people write them, in both languages: `7.15pm`, "ten past two", 1905, 七点一刻, 次日凌晨2点10分.

Knows digits, words and halves of the day; knows no durations.
"""

import re
from dataclasses import dataclass

from duologue.packs.education.maths.numerals import rewrite_han

IS_ASKED = re.compile(
    r"\bwhat time\b|\bwhen\b|\btime is\b|24[- ]hour|12[- ]hour|几点|几时|什么时[候刻间]|时刻|(?:24|12|二十四|"
    r"十二)\s*(?:小?时|时计时)",
    re.IGNORECASE,
)
KEY = re.compile(r"\s*\d{1,2}\s*[:：]\s*\d{2}\s*(?:[ap]\.?m\.?)?\s*", re.IGNORECASE)
"""A key that is a time of day: with a colon."""
_IN_24 = re.compile(r"24[- ]?hour|(?:24|二十四)\s*小?时", re.IGNORECASE)
_LATE = re.compile(r"\bp\.?m\b|afternoon|evening|night|下午|晚上|傍晚", re.IGNORECASE)
_PARTS = {"半": 30, "一刻": 15, "三刻": 45}
_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_NUMBERS = {word: n for n, word in enumerate(_UNITS.split(), 1)} | {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_MORNING, _EVENING = (
    r"a\.?\s?m\b\.?|上午|早上|早晨|清晨|凌晨|in the morning",
    r"p\.?\s?m\b\.?|下午|晚上|傍晚|夜里|晚|in the (?:afternoon|evening)|at night",
)
_LEADS = (
    r"^[^\d]*?(?:\bat|\bis|\bit(?:'|’)s|到达|到|是|为|在|[:：])\s*(?=[\d零一二两三四五六七八九十]|a?\s*(?:half|quarter|ten|twen|five)|"
    r"(?:次日|第二天|当天|明天|后一天)?\s*(?:凌晨|早上|上午|中午|下午|晚上|傍晚))"
)
_DAYS = (
    r"\b(?:on )?the (?:next|following|same) (?:day|morning)\b|\bnext day\b|\btomorrow\b|次日的?|第二天的?|当天的?|明天的?|后一天的?"
)
_CLOCK = re.compile(
    r"^(?:[^\d]{0,12}?(?<![-−]))?(?P<h>\d{1,2})\s*(?:[:：.]\s*(?P<m>\d{2})|[点时]\s*(?:(?P<n>\d{1,2})\s*分?|(?P<part>半|一刻|三刻)|整|钟)?"
    r"|\s+(?P<k>[0-5]\d)|(?<=\d)(?P<q>[0-5]\d)(?=\s*(?:$|h|hrs?\b|hours\b))|(?=\s*o['’]?clock)|(?=\s*@))"
    r"\s*(?:o['’]?clock|h|hrs?|hours|到达|到)?\s*@?\s*[.。]?$",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"^\D{0,12}?(?:(?P<half>half)|an? quarter|(?P<quarter>quarter)|(?P<n>\d{1,2})(?:\s*min(?:ute)?s?)?)\s*(?P<way>past|"
    r"after|to|before)\s*"
    r"(?P<h>\d{1,2})\s*(?:o['’]?clock)?\s*@?\s*[.。]?$"
)
_BEFORE = re.compile(
    r"^\D{0,6}?(?:差\s*(?P<a>\d{1,2}|一刻)分?(?:钟)?\s*(?P<h>\d{1,2})[点时]|(?P<k>\d{1,2})[点时]差\s*(?P<b>\d{1,2}|一刻)分?)@?$"
)


@dataclass(frozen=True, slots=True)
class Clock:
    """Minutes of the day, and whether the writer named its half: a.m. or p.m."""

    minutes: int
    half: str = ""
    has_zero: bool = False

    @property
    def shown(self) -> str:
        """With a colon."""
        return f"{self.minutes // 60}:{self.minutes % 60:02}"


def is_asked(item: str) -> bool:
    """Whether the item asks for a time of day, so that a key with a colon is no ratio."""
    return IS_ASKED.search(item) is not None or (
        re.search(r"\btime\b|o['’]clock|\bclock\b|时间", item, re.IGNORECASE) is not None
        and re.search(r"\bratio\b|比", item, re.IGNORECASE) is None
    )


def read_clock(text: str) -> Clock | None:
    """A time of day, or None."""
    text = text.strip().casefold()
    if len(text) > 120 or re.search(r"\bnot\b|n['’]t\b|不|[?？]|\bor\b|或", text):
        return None
    half = "a" if re.search(_MORNING, text) else "p" if re.search(_EVENING, text) else ""
    text = re.sub(rf"(?:{_MORNING}|{_EVENING}|中午)", "@", text)
    text = re.sub(_DAYS, " ", text)
    text = re.sub(_LEADS, "", _digits(text))
    found = _read(re.sub(r"\s+", " ", text.replace("@", " ")).strip(" ,，") + ("@" if half else ""))
    if found is None:
        return None
    hour, minute = found
    if hour > 24 or not 0 <= minute <= 59:
        return None
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    return Clock(60 * (hour % 24) + minute, half, re.match(r"\D*0\d", text) is not None)


def _read(text: str) -> tuple[int, int] | None:
    if past := _PAST.match(text):
        away = 30 if past["half"] else int(past["n"] or 15)
        hour = int(past["h"])
        if past["way"] in ("past", "after"):
            return hour, away
        return (hour - 1) or 12, 60 - away
    if before := _BEFORE.match(text):
        short = before["a"] or before["b"]
        return (int(before["h"] or before["k"]) - 1) or 12, 60 - (15 if short == "一刻" else int(short))
    if found := _CLOCK.match(text):
        if found["q"] and len(found["h"]) + 2 < 4:
            return None  # 195 is no time
        return int(found["h"]), int(found["m"] or found["n"] or found["k"] or found["q"] or _PARTS.get(found["part"] or "", 0))
    return None


def _digits(text: str) -> str:
    """Number words in digits, each by itself: "seven fifteen" is 7 15, 八点零五 is 8点5."""
    words = "|".join(sorted(_NUMBERS, key=len, reverse=True))
    text = re.sub(r"\b(twenty|thirty|forty|fifty)[\s-]+(one|two|three|four|five|six|seven|eight|nine)\b",
                  lambda m: str(_NUMBERS[m[1]] + _NUMBERS[m[2]]), text)  # fmt: skip
    text = re.sub(rf"\b(?:oh|zero)\s+({words})\b", lambda m: f"0{_NUMBERS[m[1]]}", text)
    text = re.sub(rf"\b({words})\b", lambda m: str(_NUMBERS[m[1]]), text)
    return re.sub(r"零?([一二两三四五六七八九十]+)(?!刻)", lambda m: rewrite_han(m[1]), text)


def leaves_half_out(wanted: Clock, given: Clock) -> bool:
    """Whether the key says a.m. or p.m. and the answer, on a dial of twelve hours, does not: 9:35 for 9:35 pm."""
    return bool(wanted.half) and not given.half and not given.has_zero and 60 <= given.minutes < 780


def agree(wanted: Clock, given: Clock, item: str) -> bool:
    """Whether both are one time; a key of twelve hours means the afternoon where the item speaks of it."""
    if _IN_24.search(item) and given.half:
        return False  # 7:05 pm where 24 hours are asked for
    if re.search(r"12[- ]?hour|(?:12|十二)\s*小?时计时", item, re.IGNORECASE) and wanted.half and not given.half:
        return False
    away = abs(wanted.minutes - given.minutes)
    if leaves_half_out(wanted, given):
        return away in (0, 720)
    if away == 720 and not wanted.half and not wanted.has_zero and 60 <= wanted.minutes < 780:
        return _LATE.search(item) is not None and given.half != "a"
    return away == 0
