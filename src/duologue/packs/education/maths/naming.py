"""An answer that names what was asked beside its value: "mean = 6", ∠ABC = 40°, "6 is the HCF", 最小公倍数是36, "it costs £34 now".

A name is taken off only where the item speaks of the same thing, so that "median = 6" for a mean stays what it is. Knows no key.
"""

import re
from collections.abc import Iterator

from duologue.packs.education.maths.numerals import rewrite_english
from duologue.packs.education.maths.text import FUNCTIONS
from duologue.packs.education.maths.units import read_unit

MOST = 200
"""Characters of an answer that is looked at here: a sentence, not a page, for the patterns take longer than the text is long."""
_ITS = r"(?:is equal to|equals|comes to|works out (?:as|to)|is|are|was|=|＝|:|：|就?是|等于|为)"
_VALUE = (
    r"(?=\s*(?:about |约)?[-−–+]?\s*(?:[£$€¥￥]\s*)?[\d√(（π±]|\s*\\|\s*[一二三四五六七八九十百千零两负]+(?:[^\u4e00-\u9fff]|$))"
)
_SAID = re.compile(
    rf"^(?P<name>[^=＝]{{1,80}}?)\s*{_ITS}(?:\s+(?:now|just|only|then|therefore))?\s*{_VALUE}(?P<value>[^=＝]+)$",
    re.IGNORECASE | re.DOTALL,
)
_AFTER = re.compile(
    r"^(?P<value>[-−–]?[£$€¥]?\d[\d./]*(?:\s*(?:°|%|[a-zA-Z]{1,2}[²³]?)(?![a-zA-Z]))?)\s*"
    r"(?:is|are|was|就?是|为)\s*(?P<name>[^=＝\d]{1,60})$",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|or|never|maybe|half|twice|double|minus|negative|power|root|squared|times)\b|n['’]t|[不非没或负]", re.IGNORECASE
)
NAMELESS = """
a an the of and its it this that these those they he she you we i there answer value number total result so then now new final
missing unknown required one other angle length line side distance in on at for to from between has have had will be would is are
was costs cost pays pay gets get needs need takes take makes make left each every per their his her my our your which common
middle event
"""
"""Words that name nothing, or whatever was asked."""
SHORT = {
    "hcf": "highest common factor", "gcf": "highest common factor", "gcd": "highest common factor", "greatest": "highest",
    "lcm": "lowest common multiple", "least": "lowest", "divisor": "factor", "slope": "gradient", "average": "mean",
    "width": "breadth", "chance": "probability",
}  # fmt: skip
_QUANTITY = re.compile(
    r"\b(mean|average|median|mode|range|radius|diameter|circumference|perimeter|area|volume|hcf|lcm|gradient|slope|intercept)\b"
    r"|(平均数|中位数|众数|极差|半径|直径|周长|面积|体积|最大公因数|最大公约数|最小公倍数|斜率|截距)",
    re.IGNORECASE,
)
LETTERS = {"r": "radius 半径", "d": "diameter 直径", "h": "height 高", "w": "width 宽"}
_ASKS = re.compile(
    r"[?？]|\b(?:what|which|how|find|work out|calculate|write|give|state|evaluate)\b|求|多少|几|什么|计算", re.IGNORECASE
)
_ANY_HAN = re.compile(
    r"^(?:它们?的?|他们?|她|这个?|那个?|一共|共|总共|总|现在|应该?|需要?|要|可以|能|找回?|得到?|有|还剩下?|剩下?|原式|模长?|最简比?|比值?|的|和|与|是|"
    r"答|即|所求|结果|答案|值|数|个|本|题|不等式|方程|解集|解|在|里|中|每|各|平均|大约|约|等于)+$"
)
_SENTENCE = re.compile(
    r"^(?P<before>(?:[A-Za-z]+ ){1,8}|[\u4e00-\u9fff]{2,12})"
    r"(?P<value>[-−–]?[£$€¥]?\d[\d./]*(?:\s*(?:°|%|[a-zA-Z]{1,2}[²³]?(?![a-zA-Z])|[\u4e00-\u9fff]{1,4}$))?)"
    r"(?P<after>(?: [A-Za-z]+){0,5})\s*$"
)
_LABEL = re.compile(
    r"^\s*(?:(?:∠|\\angle|<(?=[A-Z]{1,3}\b)|m∠|△|\|)\s*)?(?P<name>[A-Z]{1,3})[₀-₉\d]?\s*\|?\s*"
    rf"(?:{_ITS})\s*{_VALUE}"
)
_CLAIM = re.compile(
    r"^(?P<name>[^=＝\d]*?(?:[A-Za-z]{3,}|[\u4e00-\u9fff]{2,})[^=＝\d]*?)\s*"
    rf"{_ITS}\s*{_VALUE}", re.IGNORECASE,
)  # fmt: skip
"""Words, and the value that they are said to have."""
_BAR = re.compile("^\\s*[a-zA-Z]\u0304\\s*[=＝]\\s*")
_OF = re.compile(
    r"^\s*(?:[a-zA-Z]{2,4}|[A-Z])\s*[(（\[【][^()（）=]*[)）\]】]\s*[=＝]\s*(?=[-−\d])|^\s*[(（\[][\d\s,，、]+[)）\]]\s*[=＝]\s*(?=\d+\s*$)"
)
_LEAD = re.compile(
    r"^\s*(?:there(?:['’]s| is| are| was| were| will be)|(?:you|he|she|they|we|i|it)(?:['’]ll| will| would)?\s+"
    r"(?:get|gets|got|pay|pays|need|needs|have|has|cost|costs|take|takes|receive|receives|be))\s+(?:an? |about )?"
    r"(?=[-−£$€¥]?\s*\d)",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"(?<=[\d²³%°])\s*(?P<unit>[a-zA-Z]{1,2}[²³]?|metres?|hours?|minutes?|pounds?|pence)?\s+"
    r"(?:now|long|tall|wide|high|deep|in all|in total|altogether|chance|probability|change|to \d\s*(?:d\.?\s?p\.?|s\.?\s?f\.?|"
    r"decimal places?|significant figures?))\s*$",
    re.IGNORECASE,
)


def _values(text: str, item: str) -> Iterator[str]:
    for form in (_SAID, _AFTER, _SENTENCE):
        if said := form.match(text):
            parts = said.groupdict()
            name = parts.get("name") or f"{parts['before']} {parts['after']}"
            if _is_asked(name, item) and not (form is _SENTENCE and _is_rate(name)):
                yield said["value"]


def asked_part(item: str) -> str:
    """The sentences of an item that ask; all of it where none does. What is given stands in the others."""
    parts = re.findall(r"(?:[^.?!。？！]|\.(?=\d))+[.?!。？！]?", item)
    if len(parts) == 1 and (clause := re.search(r"[，,]\s*(求[^，,]+)$", item)):
        return clause[1]
    asks = [part for part in parts if _ASKS.search(part)]
    return " ".join(asks) or item


def names_other(text: str, item: str, *, is_number: bool) -> bool:
    """Whether an answer names another quantity than was asked: "mean = 6" for a median, `r = 10` for a diameter.

    Where the key `is_number`, any name counts that the question does not ask for, else only well-known ones.
    """
    if len(text) > MOST:
        return False
    asked, given = asked_part(item), item
    if (label := re.match(r"\s*∠?\s*([A-Z]{2,3})\s*[=＝:：]\s*[-\d√]", text)) and not _is_own(label[1], item):
        return True
    wanted = {_same(m[0]) for m in _QUANTITY.finditer(asked)}
    last = re.split(r"[;；]|[,，]\s*(?![^(（]*[)）])|\bso\b|所以", text)[-1]
    said = re.search(rf"{_QUANTITY.pattern}\s*{_ITS}\s*[-−\d]", last, re.IGNORECASE)
    if wanted and said and _same(said[1] or said[2]) not in wanted:
        return True
    if letter := re.match(r"\s*([rdhw])\s*[=＝]\s*[\d.]+", text):
        meant = LETTERS[letter[1]].split()
        is_given = any(word in given.casefold() for word in meant) or (
            letter[1] in "rd" and bool(wanted & {"radius", "diameter", "半径", "直径"})
        )
        return is_given and not any(word in asked.casefold() for word in meant)
    label = _CLAIM.match(last) if is_number else None
    if label and (called := re.match(r"\s*(arc)?(sin|cos|tan|log|ln|lg)", label["name"])):
        return re.search("sin|cos|tan|log|ln|lg", asked) is not None and called[2] not in asked
    return _names_given(last, item) or (label is not None and not _is_asked(_inner(label["name"]), item))


def names_meant(item: str) -> set[str]:
    """The one name of an item that asks of a he, she or it."""
    asked = asked_part(item)
    if not re.search(r"\b(?:he|she|it|they|her|his|him|their)\b", asked, re.IGNORECASE):
        return set()
    found = {word.casefold() for word in re.findall(r"\b[A-Z][a-z]{2,}\b", item.replace(asked, ""))}
    found -= {*NAMELESS.split(), "find", "one", "two", "three", "some", "give", "write", "how"}
    return found if len(found) == 1 else set()


def _inner(name: str) -> str:
    """What a name says: the event of P(not rain), the letters of <ABC."""
    event = re.fullmatch(r"\s*P\s*[(（](.*)[)）]\s*", name)
    return re.sub(r"\b(?:not?)\b", "", event[1]) or "the" if event else name.lstrip(" <∠")


def _names_given(last: str, item: str) -> bool:
    """Whether what is said to have the value stands in the item where it tells, not where it asks: Tom is 9, 底角是80°, 用去5米."""
    said = re.match(r"\s*([A-Z][a-z]{2,})\s+(?:is|has|gets|got|pays|needs)\s+[-−£$€]?\d", last)
    asked = asked_part(item)
    if said and re.search(rf"\b{said[1]}\b", item) and not re.search(rf"\b{said[1]}\b|\b(?:he|she|it|they)\b", asked):
        return True
    clause = next(
        (part for part in reversed(re.split(r"，(?!\s*[-−\d])|[；。]|,(?![^(（]*[)）])", item)) if _ASKS.search(part)), item
    )
    name = re.match(r"\s*(?:答案?[:：]?)?([\u4e00-\u9fff]{2,12}?)(?:就?是|为|等于|=|＝)?\s*(?=[-−\d√π一二三四五六七八九十]+)", last)
    if not name or clause == item or re.match(r"每|第", name[1]):
        return False
    pieces = [name[1][k : k + 2] for k in range(len(name[1]) - 1)]
    if re.search("还?剩", name[1]) and "剩" not in item:
        return True
    if not any(piece in item.replace(clause, "") and piece not in clause for piece in pieces):
        return False
    shared = next((k for k, piece in enumerate(pieces) if piece in clause), None)
    before = clause[: clause.index(pieces[shared])] if shared is not None else clause
    return re.search("[\u4e00-\u9fff]{2}", before) is not None  # the question has a name of its own there: 黑球的概率, not 白球


def _same(word: str) -> str:
    return SHORT.get(word.casefold(), word.casefold())


def unnamed(text: str, item: str) -> str:
    """The value alone, where the rest names what the item asks for; else the text as it is."""
    if len(text) > MOST:
        return text
    text = re.sub(
        r"^\s*(?:divide|multiply|add|subtract|times)\b[^,，=]*[,，]\s*|^\s*[÷×]\s*\d+\s*=\s*|^\s*(?:\.{3}|…)\s*", "", text
    )
    if (
        of := re.search(r"(?<=\d)\s+of (?:an?|the|its|his|her|their) ([a-z ]+)$|(?<=[¼½¾a-z])\s+of (?:an?|the) ([a-z ]+)$", text)
    ) and all(word in item.casefold() for word in (of[1] or of[2]).split()):
        text = text[: of.start()]
    out = re.sub(r"[∠△]\s*(?=[A-Z])|\\angle\s*", "", _BAR.sub("", text))
    out = re.sub(r"^\s*<\s*(?=[A-Z]{1,3}\s*[=＝])", "", out)
    out = _OF.sub("", out) if not re.search(r"[a-z]\s*[(（]\s*[a-z]\s*[)）]", out) else out
    out = re.sub(r"^\s*(?:sin|cos|tan)\s*∠?[A-Z]\s*[=＝]\s*(?=[-−\d√])", "", out)
    if (label := _LABEL.match(out)) and _is_own(label["name"], item) and not re.search("[=＝]", out[label.end() :]):
        out = out[label.end() :]
    elif (lead := _LEAD.match(out)) and not _DENIES.search(out):
        out = out[lead.end() :]
    else:
        out = next((found for found in _values(out, item)), out)
    if (by := re.search(r"(?<=[\d%])(?: more| less| fewer| extra| (?:per|an|a) [a-z]+| [a-z]{3,}er)$", out)) and all(
        word in asked_part(item).casefold().split() or word in ("per", "an", "a") for word in by[0].split()
    ):
        out = out[: by.start()]
    return _TRAIL.sub(lambda m: f" {m['unit']}" if m["unit"] else "", out).strip()


def _is_rate(name: str) -> bool:
    """每小时, 每立方厘米: what stands before the number belongs to its unit."""
    return name.startswith("每") and any(read_unit(name[1:end]) for end in range(2, 6))


def _is_own(name: str, item: str) -> bool:
    """Whether a label of capitals is the item's, where it labels anything: AB is not BC, and the angle at B is not ACB."""
    item = asked_part(item) if re.search(r"(?<![A-Za-z])[A-Z]{2,3}(?![A-Za-z])", asked_part(item)) else item
    labels = set(re.findall(r"(?<![A-Za-z])[A-Z]{1,3}(?![A-Za-z])", item)) - {"A", "I"}
    if len(name) > 1:
        long = {label for label in labels if len(label) == len(name)}
        return not long or name in long or name[::-1] in long
    return not any(name in label and not (len(label) == 3 and label[1] == name) and name != label for label in labels)


def _is_asked(name: str, item: str) -> bool:
    """Whether every word, sign and number of it stands in the item, or says nothing."""
    if re.fullmatch(r"\s*[a-zA-Z]\s*", name) or _DENIES.search(name.replace("不等式", "")) or re.search(r"[<>≤≥≠?？;；]", name):
        return False
    if re.search(r"[a-z]", name) and re.search(r"[-+*/^²³×÷]", name) and re.sub(r"\s", "", name) in re.sub(r"\s", "", item):
        return True  # the item's own expression: a²-b²=5
    asked, whole = rewrite_english(asked_part(item).casefold()), rewrite_english(item.casefold())
    words = {
        part for word in re.findall(r"[a-z]+", f"{asked} {asked_part(item).casefold()}") for part in (word, *_same(word).split())
    }
    known = words | names_meant(item) | set(NAMELESS.split()) | ({"p"} if "probability" in words else set())
    said = [word for word in re.findall(r"[a-z]+", name.casefold()) if len(word) > 1 or word == "p"]
    if FUNCTIONS & set(said):
        return False
    meant = [part for word in said for part in _same(word).split()]
    if any(word not in known and word.rstrip("s") not in known and f"{word}s" not in known for word in meant):
        return False
    numbers = set(re.findall(r"\d+(?:[./]\d+)?", name))
    if not numbers <= set(re.findall(r"\d+(?:[./]\d+)?", whole)):
        return False
    tight = re.sub(r"[\s，,。？?]", "", item)
    runs = re.findall(r"[\u4e00-\u9fff]+", name)
    if any(run not in tight and not _ANY_HAN.match(_rest(run, tight)) for run in runs):
        return False
    return bool(said or runs or (numbers and "%" in name))


def _rest(run: str, asked: str) -> str:
    """What of a run of characters is left when all pieces of two and more that the item has are taken out."""
    out, place = "", 0
    while place < len(run):
        size = next((n for n in range(len(run) - place, 1, -1) if run[place : place + n] in asked), 0)
        out, place = (out, place + size) if size else (out + run[place], place + 1)
    return out or "的"
