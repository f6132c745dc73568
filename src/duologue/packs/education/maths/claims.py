"""Answers that are a sentence about the question: "2/3 is larger", "it went up by 25 %", "length 8, width 5", "x can't be 3".

Turns the claim into the value or the relation that it states, by the item's words and the key's kind, never by the key's value.
"""

import re

from duologue.packs.education.maths.node import Node
from duologue.packs.education.maths.numerals import rewrite_english, rewrite_han
from duologue.packs.education.maths.text import with_remainder
from duologue.packs.education.maths.units import read_unit

_NUMBER = r"[-−]?\d+(?:[./]\d+)?"
_MORE = (
    r"larger|largest|bigger|biggest|greater|greatest|higher|highest|more|heavier|heaviest|longer|longest|taller|tallest|faster|fastest|"
    r"further|farther|older|oldest|hotter|warmer|wider|deeper|dearer|more expensive"
)
_FEWER = (
    r"smaller|smallest|less|least|lower|lowest|lighter|lightest|shorter|shortest|slower|slowest|nearer|younger|youngest|colder|cooler|"
    r"narrower|shallower|cheaper|cheapest"
)
_MORE_ZH, _FEWER_ZH = "大多高重长快远贵热宽深", "小少低轻短慢近冷窄浅"
_LARGER = re.compile(rf"\bwhich\b[^.?]*\b(?:{_MORE})\b|哪个?[^。？]{{0,6}}[{_MORE_ZH}]|[较更最][{_MORE_ZH}]的?", re.IGNORECASE)
_SMALLER = re.compile(rf"\bwhich\b[^.?]*\b(?:{_FEWER})\b|哪个?[^。？]{{0,6}}[{_FEWER_ZH}]|[较更最][{_FEWER_ZH}]的?", re.IGNORECASE)
_THING = r"([-−]?[^<>=＜＞＝≤≥,，。;；]+?)"
_BIG, _SMALL = rf"(?:(?:the )?(?:{_MORE})(?: one)?)", rf"(?:(?:the )?(?:{_FEWER})(?: one)?)"
_UP = (
    r"increas\w*|ris(?:e|es|ing)|rose|went up|goes? up|gain\w*|growth|grew|profit|up|more|增加|增长|上涨|涨价?|提高|"
    r"上升|升高?|盈利|多"
)
_DOWN = (
    r"decreas\w*|fall\w*|fell|went down|goes? down|loss|lost|drop\w*|reduc\w*|down|less|discount|减少|下降|降低|"
    r"降价?|下跌|跌|亏损|少"
)
_BY = re.compile(
    rf"^\s*(?:(?:it|the \w+|价格)\s*)?(?:an?\s+|the\s+)?(?:has |have |was |is )?(?:(?P<up>{_UP})|(?P<down>{_DOWN}))(?:d|"
    rf"ed)?\s*(?:了|of|by|:|：)?\s*(?=[\d百])"
    rf"|(?<=[%\d％])\s*(?P<by>percent|per cent)?\s*(?:(?P<up2>{_UP})|(?P<down2>{_DOWN}))\s*$",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?P<up>increas\w*|ris(?:e|es|en|ing)|rose|gain\w*|grow[ns]?|grew|profit|dearer)\b|(?P<upzh>增加|增长|涨|提高|上升)"
    r"|\b(?P<down>decreas\w*|fall\w*|fell|loss|lost|drop\w*|reduc\w*|discount|cheaper)\b|(?P<downzh>减少|下降|降|跌|亏)",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"\b(?:ascending|descending|increasing|decreasing) order|\border of size|\bin order\b(?! to)|\bfrom (?:the "
    r")?(?:smallest|largest|least|greatest)|"
    r"\bnext (?:two|three|four|\d) (?:terms|numbers)|\bfirst (?:two|three|four|five|six|\d) terms|\border (?:the|these)|"
    r"从[小大]到[大小]|[由按]?[小大]到[大小]|顺序|后[两二三四\d]个?[项数]|接下来|前[两二三四五\d]项|依次|排列",
    re.IGNORECASE,
)

_FALLS = re.compile(
    r"descending|decreasing|from (?:the )?(?:largest|greatest|highest|biggest)|(?:largest|greatest) (?:first|to)|从大|由大|按大",
    re.IGNORECASE,
)


def claimed(text: str, item: str) -> str | None:
    """The value that is said to be the larger (or the smaller) one, where the item asks which is; None where nothing is claimed."""
    larger, smaller = _LARGER.search(item), _SMALLER.search(item)
    if bool(larger) == bool(smaller):
        return None
    bare = re.split(r"\s*(?:\bbecause\b|\bsince\b|因为|由于)", text.strip().rstrip(".。"))[0].strip(" ,，") or text
    bare = re.sub(r"\s*[(（][^()（）]*[)）]\s*$", "", bare) if re.match(r"[^(（]*\d", bare) else bare
    bare = re.split(r"(?:[,，;；]\s*(?:so|therefore|所以|因此)?|所以|因此)\s*", bare)[-1] if re.search("[<>＜＞]", bare) else bare
    bare = re.sub(
        r"^(?:so|therefore|所以|因此|是|the (?:larger|bigger|greater|smaller|less)(?: one| number)? is|"
        r"[较更最][大小]的?[数是]?[是为]?)\s*",
        "",
        bare,
    )
    first, second = None, None
    if found := re.fullmatch(rf"{_THING}\s*([<>＜＞])\s*{_THING}", bare):
        first, second = (found[1], found[3]) if found[2] in ">＞" else (found[3], found[1])
    elif found := re.fullmatch(rf"{_THING}\s+is\s+(?:(?P<b>{_BIG})|(?P<s>{_SMALL}))(?:\s+than\s+(?P<o>.+))?", bare, re.IGNORECASE):
        first, second = (found[1], found["o"]) if found["b"] else (found["o"], found[1])
    elif found := re.fullmatch(rf"(.+?)比(.+?)(?:要|更)?(?:([{_MORE_ZH}])|([{_FEWER_ZH}]))", bare):
        first, second = (found[1], found[2]) if found[3] else (found[2], found[1])
    elif found := re.fullmatch(r"(.+?)(?:(大于)|(小于))(.+)", bare):
        first, second = (found[1], found[4]) if found[2] else (found[4], found[1])
    elif found := re.fullmatch(rf"(.+?)(?:是|为|比较|较|更|最)*(?:([{_MORE_ZH}])|([{_FEWER_ZH}]))的?", bare):
        first, second = (found[1], None) if found[2] else (None, found[1])
    else:
        return bare if bare != text.strip() else None
    chosen = first if larger else second
    if chosen is None and (two := re.search(rf"({_NUMBER}|π)\s*(?:and|or|,|和|与|、|，)\s*({_NUMBER}|π)", item)):
        said = (first or second or "").strip()
        chosen = two[2] if said == two[1] else two[1]  # "3/5 is smaller" says that the other one is larger
    return chosen


def related(text: str, item: str) -> str:
    """ "5/6 is bigger", 5/6大, 5/6比7/9大 as a relation of the two numbers that the item compares."""
    two = re.search(rf"({_NUMBER})\s*(?:and|or|with|to|,|和|与|、|，|○|◯|___*|□)\s*({_NUMBER})", item)
    bare = text.strip().rstrip(".。!！")
    if found := re.fullmatch(rf"({_NUMBER})\s*比\s*({_NUMBER})\s*(?:要|更)?(?:([{_MORE_ZH}])|([{_FEWER_ZH}]))", bare):
        return f"{found[1]} {'>' if found[3] else '<'} {found[2]}"
    found = re.fullmatch(rf"({_NUMBER})\s*(?:is\s+)?(?:(?P<b>{_BIG})|(?P<s>{_SMALL}))(?:\s+than\s+(?P<o>{_NUMBER}))?", bare, re.I)
    found = found or re.fullmatch(
        rf"({_NUMBER})(?P<o>)\s*(?:是|更|较|最|比较)*(?:(?P<b>[{_MORE_ZH}])|(?P<s>[{_FEWER_ZH}]))的?", bare
    )
    if not found or not (two or found["o"]) or (two and found[1] not in two.groups()):
        return text
    other = found["o"] or (two[2] if two and two[1] == found[1] else two[1] if two else "")
    return f"{found[1]} {'>' if found['b'] else '<'} {other}"


def change(text: str, item: str) -> tuple[str, bool]:
    """(the amount alone, whether its direction is the asked one), where the item asks by how much something rose or fell."""
    ways = {("up" if m["up"] or m["upzh"] else "down") for m in _CHANGE.finditer(item)}
    text = re.sub(r"^\s*an?\s+(?=\d)", "", text)
    found = _BY.search(text)
    if found is None:
        return text, True
    up = found["up"] or found["up2"]
    if len(ways) != 1:
        return text, True
    kept = f"{text[: found.start()]}{'%' if found['by'] else ''}{text[found.end() :]}"
    return kept.strip(), ("up" in ways) == bool(up)


def is_ordered(item: str) -> bool:
    """Whether the item asks for a list whose order counts."""
    return _ORDERED.search(item) is not None


def exclusion(text: str, name: str) -> str:
    """ "x is not 3", "all reals except 3" as x ≠ 3."""
    letter = r"(?:[a-zA-Z]\s*)?"
    number = r"(-?[\d./]+)"
    bare = text.strip().rstrip(".。")
    for pattern in (
        rf"(?:{letter})(?:is not|isn['’]t|cannot be|can['’]t be|cannot equal|must not be|mustn['’]t be|can not be|(?:is "
        rf")?not equal to|does(?: not|n['’]t) equal|=/=|/=)\s*{number}",
        rf"(?:{letter}(?:is |can be )?)?(?:all|any|every|everything|anything)(?: other)?(?: real)?(?: numbers?| values?| "
        rf"reals?| [a-z])?(?: of [a-z])?\s*"
        rf"(?:except|but|other than|apart from)(?: for)?(?: {letter}=)?\s*{number}",
        rf"(?:[a-zA-Z]\s*∈\s*)?[Rℝ]\s*[\\∖−-]\s*[{{｛]\s*{number}\s*[}}｝]",
        rf"(?:当|取|为|除了?)?\s*{letter}(?:可?取|为|是)?(?:不等于|不为|不是|不能等于|不能为|不能是|不可以是|≠|除|除了)\s*{letter}{number}\s*"
        rf"(?:以外|之外|外)?(?:的)?(?:任[意何]|一切|所有|全体)?(?:实?数|值|时)?(?:都可以|均可|时?有意义)?",
        rf"[a-z]\s*∈\s*[Rℝ]\s*(?:[,，]|且|and|并且)\s*[a-z]\s*(?:≠|不等于)\s*{number}",
        rf"[{{｛]\s*[a-z]\s*[|:｜]\s*[a-z]\s*≠\s*{number}\s*[}}｝]",
    ):
        if found := re.fullmatch(pattern, bare, re.IGNORECASE):
            return f"{name}≠{found[1]}"
    return text


def labelled(text: str, names: tuple[str, ...]) -> str:
    """Labels in words where the key has letters (l, w): "length 8 cm, width 5 cm", 长8宽5."""
    words = {
        "l": r"\blength|长",
        "w": r"\bwidth|宽",
        "h": r"\bheight|高",
        "b": r"\bbase|\bbreadth|底",
        "r": r"\bradius|半径",
        "d": r"\bdiameter|直径",
    }
    out = text
    for name in names:
        if name.lower() in words:
            said = rf"(?:the\s+)?(?:{words[name.lower()]})(?:度)?\s*(?:is|are|of|=|:|：|是|为|＝)?\s*(?=\d)"
            out = re.sub(said, f"; {name} = ", out, flags=re.IGNORECASE)
    if out == text:
        return text
    return re.sub(r"\s*[,，、;；]?\s*(?:and|和)?\s*;\s*", "; ", out).strip("; ")


def vector(node: Node) -> tuple[Node, ...] | None:
    """The parts of `4i - 3j` (and k), zeros filled in; None for what is no sum of these three letters."""
    parts = node.parts if node.op == "+" else (node,)
    found: dict[str, Node] = {}
    for part in parts:
        sign, inner = (True, part.parts[0]) if part.op == "neg" else (False, part)
        letters = [p.text for p in inner.walk() if p.op == "sym"]
        if len(letters) != 1 or letters[0] not in "ijk" or letters[0] in found:
            return None
        if inner.op == "sym":
            value = Node("num", text="1")
        elif inner.op == "*" and sum(p.op == "sym" for p in inner.parts) == 1:
            rest = tuple(p for p in inner.parts if p.op != "sym")
            value = rest[0] if len(rest) == 1 else Node("*", rest)
        else:
            return None
        found[letters[0]] = Node("neg", (value,)) if sign else value
    size = 3 if "k" in found else 2
    return tuple(found.get(letter, Node("num", text="0")) for letter in "ijk"[:size])


_NOTHING = re.compile(
    r"^(?:[A-Z]\s*(?:∩|\\cap)\s*[A-Z]\s*(?:=|is|为|是)?\s*|(?:it|this|交集)(?:'s| is|是|为)?\s*|是\s*)?(?:\$)?(?:the |an )?"
    r"(?:empty(?: set)?|nothing|∅|Ø|\\emptyset|\\varnothing|[{｛]\s*[}｝]|空集?|没有(?:公共)?元素|无公共元素|空集)\$?$"
)


def say_plainly(text: str, item: str, kind: str, key: Node, units: bool) -> str:
    """The answer without what a sentence says around its value; `kind` is the key's, `units` whether it has one."""
    if kind == "equation" and key.op in ("<", ">") and not any(part.op == "sym" for part in key.walk()):
        return related(text, item)
    if kind == "empty":
        return "∅" if _NOTHING.match(text.strip().rstrip(".。")) else text
    if kind == "value":
        if (found := claimed(text, item)) is not None:
            text = found
        if key.op == "percent" or re.search(r"percent|百分之", item, re.IGNORECASE):
            text, is_asked = change(text, item)
            text = text if is_asked else f"-{text}"
        text = re.sub(
            r"^\s*\|{1,2}[^|=]{1,12}\|{1,2}\s*[=＝]\s*|^(?:the )?(?:magnitude|length|模长?)(?: is|是|为|=|\s)\s*(?=[-\d√])",
            "",
            text,
        )
        text = re.sub(r"^\s*an?\s+(?=\d)|\s+chance$", "", text)
        text = _last_side(text, key)
        if not any(part.op == "sym" for part in key.walk()):
            text = _bare_number(text)
    text = re.sub(r"^at\s+(?=[a-zA-Z]\s*=|\()", "", text)
    is_matrix = key.op == "bracket" and any(part.op == "bracket" for part in key.parts)  # else [1; 3] is two ends
    if is_matrix and (rows := re.fullmatch(r"\s*\[\s*([-\d./\s]+(?:;[-\d./\s]+)+)\]\s*", text)):  # [1 3; 4 4]
        text = "[" + ", ".join(f"[{', '.join(row.split())}]" for row in rows[1].split(";")) + "]"
    if kind == "point" and key.op == "bracket":
        text = with_remainder(text)
    if kind == "value" and (constant := _constant(key, item)):
        text = re.sub(
            r"\+\s*(?:an? )?(?:constant|const\.?|常数)(?: c)?\s*$|\+\s*[cCkAdD]\s*(?:[,，(（].*)?$", f"+ {constant}", text
        )
    if kind in ("solutions", "empty"):
        text = re.sub(r"^\s*(?:∁\s*_?[A-Z]?\s*[A-Z]|[A-Z](?:['’′]|\^[cC]|ᶜ))\s*[=＝]\s*", "", text)
        text = re.sub(
            r"^\s*\$?\s*[A-Z]\s*(?:(?:∩|∪|\\cap|\\cup|∖|[-−])\s*[A-Z]\s*)+(?:=|＝|is|是|为)\s*|^(?:the |a )?set (?:is "
            r")?(?=[{｛])|^(?:集合|交集|并集|补集|解集)(?:是|为|=)?(?=[{｛])",
            "",
            text,
        )
        text = text.rstrip().rstrip("$") if text.count("$") == 1 else text
        text = re.sub(r"(?<=\d)\s*&\s*(?=-?\d)", ", ", text)
    if kind == "point" and (
        end := re.search(r"[=＝].*[,，;；。]\s*[A-Za-z\u4e00-\u9fff\s]*[:：]?\s*([(（][^()（）]+[)）])\s*$", text)
    ):
        text = end[1]
    if kind in ("point", "points"):
        lead = re.match(r"^[A-Za-z\u4e00-\u9fff\s]+[:：]?\s*(?=[(（]\s*[-−]?[\d√π])", text)
        text = text[lead.end() :] if lead and not re.search(r"\bnot\b|\bor\b|不|非|或", lead[0]) else text
        text = re.sub(r"^\s*[A-Z](?:['’′]*\s*=|['’′]+)\s*(?=[(（])", "", text)
        text = re.sub(r"^\s*\$?\s*(?:<|\\langle)\s*([^<>\\=]+[,，][^<>\\=]+?)\s*(?:>|\\rangle)\s*\$?\s*$", r"(\1)", text)
        text = re.sub(
            r"^横坐标(?:是|为|=)?\s*(\S+?)\s*[,，、;；]\s*纵坐标(?:是|为|=)?\s*(\S+?)$", r"(\1, \2)", text.strip().rstrip("。")
        )
    if kind == "solutions" and key.op in ("list", "set"):
        text = _spread(text, item)
    return _measured(text) if units else text


def _spread(text: str, item: str) -> str:
    """A list with other signs between: 1/3 < 0.45 < 0.5, "14 then 17", 6 7 8."""
    bare = re.sub(
        r"^(?:the |they |these )?(?:[a-z]{2,} |\d )*are\s*:?\s*(?=[-\d{a-z])", "", text.strip().rstrip(".。"), flags=re.IGNORECASE
    )
    bare = re.sub(
        r"^[^\d=,，、]*?[\u4e00-\u9fff](?:是|为|：|:)\s*(?=[-−\d{｛])|^[后前][一二两三四\d][个]?[项数](?:是|为|：|:)?\s*", "", bare
    )
    bare = re.sub(r"(?<=\d)[一二两三四五六七八九]个?数?$", "", bare)
    if not re.search("[?？]", bare) and not re.search(r"[A-Za-z]", rewrite_english(bare.casefold())):
        bare = rewrite_han(rewrite_english(bare.casefold()))
    if is_ordered(item):
        falls = _FALLS.search(item) is not None
        signs = set(re.findall(r"[<>＜＞]", bare))
        if len(signs) == 1 and (signs <= set(">＞")) == falls:
            bare = re.sub(r"\s*[<>＜＞]\s*", "; ", bare)
        bare = re.sub(r"^(?:first|先)\s*|\s*,?\s*\b(?:and )?then\b\s*", lambda m: "; " if m.start() else "", bare)
        bare = re.sub(r"\s*(?:→|->)\s*", "; ", bare)
        bare = re.sub(r"^从[小大]到[大小](?:排列)?(?:是|为|[:：])?", "", bare)
        bare = re.sub(r"^[.…\s,，]+|[,，、\s]*(?:\.{2,}|…+)\s*$", "", bare)
        given = [re.sub(r"\s", "", run) for run in re.findall(rf"{_NUMBER}(?:\s*[,，、]\s*{_NUMBER})+", item)]
        tight = re.sub(r"[，、]", ",", re.sub(r"\s", "", bare))
        for run in (re.sub(r"[，、]", ",", one) for one in given):
            if tight.startswith(run + ",") and re.search(r"next|后|接", item):
                bare = tight[len(run) + 1 :]
    is_thousands = re.fullmatch(r"\d{1,3}(?: \d{3})+|-?\d+ \d+/\d+", bare) is not None
    if re.fullmatch(rf"{_NUMBER}(?:\s+{_NUMBER})+", bare) and not is_thousands:
        bare = "; ".join(bare.split())
    if re.search(r"\bratio\b|比", item) and re.fullmatch(rf"{_NUMBER}(?:\s*[:：∶]\s*{_NUMBER})+", bare):
        bare = re.sub(r"\s*[:：∶]\s*", "; ", bare)
    return re.sub(r"(?<=\d)\s+(?=[£$€¥]\s*\d)", "; ", bare)


_RAISED = str.maketrans("¹²³", "123")


def _last_side(text: str, key: Node) -> str:
    """What a sum came to: 200 cm + 35 cm = 235 cm, for a key without letters."""
    if any(part.op == "sym" for part in key.walk()) or re.search(r"[<>≤≥≠≈;；\\]|[,，]\s", text):
        return text
    sides = re.split(r"[=＝]", text)
    if len(sides) > 2 and re.fullmatch(r"\s*-?[\d.,/√π]+\s*", sides[-1]):  # dy/dx = 2x = 6
        return sides[-1].strip()
    if len(sides) < 2 or not all(re.search(r"[\d一二三四五六七八九]", side) for side in sides):
        return text
    return sides[-1].strip() if re.match(r"\s*[-−$£€¥√π(（\d]", sides[-1]) and not re.match(r"\s*[a-zA-Z]\s*$", sides[0]) else text


def _bare_number(text: str) -> str:
    """Without the things that were counted: 5 jugs, "it takes 5 jugs"; a unit of measure stays."""
    plain = rewrite_english(text.casefold()) if re.match(r"^\W*[a-z]", text.casefold()) else text
    found = re.fullmatch(r"(?:[A-Za-z]{2,} ){0,5}(-?\d[\d./]*)\s+((?:[A-Za-z]{3,}\s*){1,3})", plain.strip().rstrip(".!"))
    if not found or any(read_unit(word) or word.casefold() in _MEANT for word in found[2].split()):
        return text
    return found[1] if not re.search(r"\b(?:not|or|and|minus|less|about|negative)\b", plain) else text


_MEANT = frozenset(
    word
    for line in (
        "percent times half halves third thirds quarter quarters fourth fourths fifth fifths sixth sixths seventh sevenths eighth",
        "eighths ninth ninths tenth tenths hundredth hundredths hundred thousand million billion squared cubed root remainder",
        "recurring repeating plus minus over point power pence dozen degrees below above sqrt out and rem mod",
    )
    for word in line.split()
)


def _constant(key: Node, item: str) -> str:
    """The letter of the key's constant of integration."""
    if key.op != "+" or not re.search(r"∫|\\\\int\b|integra|antiderivative|primitive|积分|原函数", item, re.IGNORECASE):
        return ""
    return next((part.text for part in key.parts if part.op == "sym" and part.text in "CcKk"), "")


def _measured(text: str) -> str:
    """Units as people say them: 零下3度, "3 degrees below zero", £3 5p, 1米5, ms⁻¹, a right angle."""
    text = re.sub(r"^\s*零下\s*", "-", text)
    text = re.sub(r"(?<=[a-z²³])\s+of\s+(?:the\s+)?[a-z]+(?: [a-z]+)?\s*$", "", text) if re.match(r"\W*\d", text) else text
    text = re.sub(r"(?<=\d)(\s*(?:千克|公斤|克|升|毫升|吨|斤))(?![每的])[\u4e00-\u9fff]{1,3}$", r"\1", text)
    text = re.sub(r"^\s*零上\s*", "", text)
    text = re.sub(r"^(.*?\d.*?|\w+ degrees?.*?)\s*below (?:zero|freezing)\s*\.?$", r"-\1", text, flags=re.IGNORECASE)
    text = re.sub(r"\s*above zero\s*\.?$", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(?:deg(?:rees?|s)?|°)\s*(?:C|celsius|centigrade)\b|(?<=\d)\s*º\s*C\b|摄氏度", "℃", text, flags=re.IGNORECASE)
    text = re.sub(r"^\s*(?:an? )?right angle\s*$|^\s*(?:是)?直角\s*$", "90°", text, flags=re.IGNORECASE)
    text = re.sub(r"^\s*£?\s*(\d+)\s*(?:pounds?)?\s*(?:and)?\s+(?:and\s+)?(\d{1,2})\s*p(?:ence)?\s*$", r"\1 pounds \2 pence", text)
    text = re.sub(r"^(\s*£\s*\d+\.\d\d)\s*p$", r"\1", text)
    text = re.sub(r"^\s*£\s*(\d+)\s*-\s*(\d\d)$", r"£\1.\2", text)
    text = re.sub(r"(?<=\d)\s*(mm|cm|dm|m|km)\s*sq\.?\s*$", r" sq \1", text)
    text = re.sub(r"(?<=\d)\s*(squared|cubed)\s+(mm|cm|dm|m|km|metres?|centimetres?)\s*$", r" \2 \1", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=[元块角米时分])零(?=[\d一二三四五六七八九])", "", text)
    text = re.sub(r"一刻钟?$", "15分钟", re.sub(r"三刻钟?$", "45分钟", text)) if "小时" in text else text
    text = re.sub(r"^(\d+|[一二两三])\s*米\s*([\d一二三四五六七八九])$", r"\1米\2分米", text)
    text = re.sub(r"^(\d+|[一二两三])\s*(?:米|m)\s*(\d\d)$", r"\1米\2厘米", text)
    parts = {"half": ".5", "a half": ".5", "quarter": ".25", "a quarter": ".25", "three quarters": ".75"}
    text = re.sub(
        r"^\s*(?:(an|one)|(\d+))\s+(?:hours?\s+)?and\s+(a half|half|a quarter|three quarters)(?:\s+hours?)?\s*$",
        lambda m: f"{m[2] or 1}{parts[m[3]]} hours", text,
    )  # fmt: skip
    text = re.sub(r"^\s*an hour\b", "1 hour", text)
    text = re.sub(r"^\s*秒速\s*(.*?)(米|m)$", r"\1\2/秒", text)
    text = re.sub(r"(元|块钱?)\s*(?:一|每|1)\s*(?=千克|公斤|斤|克|米|个|本|升|支|张|件|吨)", "元/", text)
    text = re.sub(r"^每(?:一|1)?(?:千克|公斤|斤|米|个|本|升|支|张|件|吨|箱|盒|瓶)\s*(?=\d+元\d+角)", "", text)
    if (pounds := re.fullmatch(r"\s*(\w+)\s+pounds?\s+([a-z]+(?:[\s-][a-z]+)?|\d\d)\s*", text.casefold())) and pounds[2] not in (
        "each",
    ):
        text = f"{pounds[1]} pounds {pounds[2]} pence"
    if re.search(
        r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty)\b", text.casefold()
    ):
        text = rewrite_english(text.casefold())
    text = re.sub(r"(?<=[\d\s])ms\s*\^?\s*\(?[-−⁻][1¹]\)?\s*$", "m/s", text)
    return re.sub(
        r"([A-Za-z]+)[\s·]*\b(h|s|min|cm|m|L|l|dm|km)\s*\^?\s*[({]?[-−⁻]([1-3¹²³])[)}]?\s*$",
        lambda m: f"{m[1]}/{m[2]}" + ("" if m[3] in "1¹" else f"^{m[3].translate(_RAISED)}"), text,
    )  # fmt: skip
