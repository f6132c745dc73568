"""What the catalogue says of the items that were just offered, when the person asks: "is it heavy?", 防水吗.

A question names a property by a few words, and what is said of an item tells it by others; where no item tells it, somebody who
knows has to answer. Knows no conversation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duologue.kit.text import Lang
from duologue.packs.support.intents.terms import has_han
from duologue.packs.support.shop.catalogue import Item

MOST = 60
"""Characters of a question about what was just offered; a longer one is a matter of its own."""


@dataclass(frozen=True, slots=True)
class _Property:
    asks: re.Pattern[str]
    tells: re.Pattern[str]


def _property(asks: str, tells: str) -> _Property:
    return _Property(re.compile(asks, re.IGNORECASE), re.compile(tells, re.IGNORECASE))


_PRICE = re.compile(
    r"\bhow much (?:is|are|do|does)\b(?!.*\bweigh)|\bprices?\b|\bcosts?\b|多少钱|价格|什么价|贵[吗么不]", re.IGNORECASE
)
_PROPERTIES = (
    _property(
        r"\bheavy\b|\bweighs?\b|\bweight\b|\blight(?:er|est)?\b|重[吗么不量]|多重|几斤|沉[吗么不]|轻[吗么不便一些点]|[更最个款种]轻",
        r"\d\s?k?g\b|\blight\b|\d\s?公?[斤克]|轻",
    ),
    _property(r"\bwater|\brain|\bwet\b|\bdry\b|防水|防雨|下雨|淋雨|进水", r"\bwater|\brain|防水|防雨|防泼水"),
    _property(
        r"\bwarm|\bcold\b|\bwinter\b|\bdegrees\b|\btemperature|保暖|暖和|冷[吗么不]|冬天|几度|多少度|零下",
        r"°C|\bwarm|\bR-value|保暖|温度|隔热值",
    ),
    _property(
        r"\bhow many (?:people|persons)\b|\bfor (?:two|three|four|\d)\b|几个?人|[两三四]个?人",
        r"\bperson\b|\bfor one or two\b|[单双两三四]人|到两人",
    ),
    _property(
        r"\blit(?:re|er)s?\b|\bvolume\b|\bcapacity\b|\bhow big\b|容量|多大|几升|多少升", r"\b\d+ ?l\b|\blitre|\d\s?升|\b\d{2}\b"
    ),
    _property(
        r"\bpacks?\b|\bpacked\b|\bbulky\b|\bsmall enough\b|\bspace\b|收纳|占地方|占空间|体积",
        r"\bpacks? into\b|\binflatable\b|收纳",
    ),
    _property(r"\brecharge|\bbatter|充电|电池", r"\brecharge|充电"),
    _property(r"\bresole|换底", r"\bresole|换底"),
    _property(r"\bchild|\bkids?\b|孩子|小孩|儿童", r"\bchildren\b|\bkids\b|\bfamil|儿童|家庭"),
)
_LEAD: Mapping[Lang, str] = {"en": "Our catalogue says:", "zh": "商品介绍里是这样写的："}
_SILENT: Mapping[Lang, str] = {"en": "It does not say this of {titles}.", "zh": "{titles}没有写明这一点。"}


def describe(question: str, items: Sequence[Item], lang: Lang) -> str | None:
    """What is said of each item about the property that is asked for; None where none is asked for, or nothing is said of it."""
    if len(question) > MOST or not items:
        return None
    if _PRICE.search(question):
        told = [(item, item.price_text or "") for item in items]
    else:
        found = next((one for one in _PROPERTIES if one.asks.search(question)), None)
        if found is None:
            return None
        told = [(item, _say(item, found.tells, lang)) for item in items]
    if not any(words for _, words in told):
        return None
    mark, gap = (": ", ", ") if lang == "en" else ("：", "、")
    lines = [f"- {item.name(lang)}{mark}{words}" for item, words in told if words]
    silent = gap.join(item.name(lang) for item, words in told if not words)
    return "\n".join([_LEAD[lang], "", *lines, *(["", _SILENT[lang].format(titles=silent)] if silent else [])])


def _say(item: Item, tells: re.Pattern[str], lang: Lang) -> str:
    """The sentence of the language that tells it; where only another language's does, that one; the name where only that does."""
    said = [part.strip() for part in re.split(r"(?<=[.。!！])\s+|\n+", item.text) if part.strip()]
    telling = [part for part in said if tells.search(part)]
    own = [part for part in telling if has_han(part) == (lang == "zh")]
    named = item.name(lang) if tells.search(item.name(lang)) else ""
    exact = [part for part in telling if re.search(r"\d", part)]
    return (
        " ".join(dict.fromkeys([*own[:1], *[part for part in exact[:1] if not own or not re.search(r"\d", own[0])]])).strip()
        or named
    )
