"""What a person means to spend at most, read from words: "under £200", "budget 150", 预算1000, 不超过八百块. Patterns only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from duologue.kit.text import normalise
from duologue.packs.support.intents.slots import NUMBER, NUMBER_ZH, read_amounts, read_number

_SIGN, _DIGITS = r"[a-z]{0,3}[$£€¥]?\s?", rf"(?:{NUMBER}|{NUMBER_ZH})(?![\d%])"
_UNIT = (
    r"(?:\s?(?:[$£€¥]|usd|gbp|eur|rmb|cny|hkd|dollars?|bucks|pounds?|quid|euros?|yuan|块钱|[元块]|美元|美金|英镑|欧元|人民币"
    r"|港[币元]))?"
)
_MEASURE = (
    r"(?!\s?(?:days?|weeks?|months?|nights?|hours?|hrs?|min(?:ute)?s?|years?|k[gm]|grams?|[glm]|[cm]m|lit(?:er|re)s?|lbs?|oz|miles?"
    r"|people|persons?|degrees?|celsius)\b|\s?[°%天晚周年岁斤克里米升人个位件度号码层双只]|\s?(?:星期|小时|分钟|公[斤里分]|千克|厘米|月))"
)
"""What a number may not be of: of weight, time or people it is no price."""
_BOUND = re.compile(
    r"(?:\b(?:under|below|less than|cheaper than|up to|at most|no more than|not more than|max(?:imum)?(?: of)?|within)\s+"
    r"|\bbudget(?:'s| is| of|:)?\s*(?:about |around |max(?:imum)? )?|\bspend (?:about |around |up to |at most )?"
    r"|预算(?:是|为|大概|大约|在|有|只有|:|：)*|(?:不超过|不要超过|别超过|低于|少于|最多|顶多))\s*"
    + rf"{_SIGN}(?P<after>{_DIGITS})"
    + _UNIT
    + _MEASURE
    + r"|"
    + rf"{_SIGN}(?P<before>{_DIGITS})"
    + _UNIT
    + r"\s?(?:以内|以下|之内|左右|\b(?:or less|max(?:imum)?|tops|at most)\b)"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent; `currency` is empty where none was named."""

    value: float
    currency: str = ""


def read_budget(said: Sequence[str]) -> Budget | None:
    """The last bound that a person named; what has no number beside words of a bound is none."""
    for text in reversed(said):
        plain = normalise(text).casefold()
        for m in reversed(list(_BOUND.finditer(plain))):
            value = read_number(m["after"] or m["before"])
            if value:
                amounts = read_amounts(m.group())
                return Budget(value, amounts[0].value.split()[-1] if amounts else "")
    return None
