"""Keys that are words: days, shapes, kinds of number or angle, a number written in words, a sign of comparison, another base.

An answer is read as the word, the sign or the value that it names, in either language; what is compared never leaks what is right.
Knows small lists of words that mean the same and no mathematics.
"""

import re
import unicodedata
from functools import cache

from duologue.packs.education.maths.numerals import read_han, rewrite_english

_SAME = """
monday mon 星期一 周一 礼拜一; tuesday tue tues 星期二 周二 礼拜二; wednesday wed 星期三 周三 礼拜三;
thursday thu thur thurs 星期四 周四 礼拜四; friday fri 星期五 周五 礼拜五; saturday sat 星期六 周六 礼拜六;
sunday sun 星期日 星期天 周日 周天 礼拜天 礼拜日
| january jan 一月 1月; february feb 二月 2月; march mar 三月 3月; april apr 四月 4月; may 五月 5月; june jun 六月 6月;
july jul 七月 7月;
august aug 八月 8月; september sep sept 九月 9月; october oct 十月 10月; november nov 十一月 11月; december dec 十二月 12月
| odd 奇数 单数; even 偶数 双数
| prime 质数 素数; composite 合数
| increasing increases rising 递增 单调递增 增函数 上升 增大; decreasing decreases falling 递减 单调递减 减函数 下降
减小; constant 不变 常数
| acute 锐角 acute-angled 锐角三角形; right 直角 right-angled 直角三角形; obtuse 钝角 obtuse-angled 钝角三角形;
straight 平角; reflex 优角
| isosceles 等腰 等腰三角形; equilateral 等边 等边三角形 正三角形; scalene 不等边三角形
| triangle 三角形; square 正方形; rectangle 长方形 矩形; rhombus 菱形; parallelogram 平行四边形; trapezium trapezoid
梯形; kite 筝形;
circle 圆 圆形; quadrilateral 四边形; pentagon 五边形 5边形; hexagon 六边形 6边形; heptagon septagon 七边形 7边形;
octagon 八边形 8边形;
nonagon 九边形 9边形; decagon 十边形 10边形; ellipse 椭圆; parabola 抛物线; hyperbola 双曲线; line 直线 straight-line
| cube 正方体 立方体; cuboid rectangular-prism 长方体; sphere 球 球体; cylinder 圆柱 圆柱体; cone 圆锥 圆锥体; pyramid
棱锥; prism 棱柱;
tetrahedron 四面体
| parallel 平行; perpendicular 垂直; skew 异面; intersecting 相交
| positive 正 正数; negative 负 负数; zero 零
| certain 必然 必然事件; impossible 不可能 不可能事件; likely 可能; unlikely 不太可能
| north 北; south 南; east 东; west 西; northeast north-east 东北; northwest north-west 西北; southeast south-east 东南;
southwest south-west 西南
| rational 有理数; irrational 无理数
| mean average 平均数 平均值; median 中位数; mode 众数; range 极差
| maximum 最大 最大值; minimum 最小 最小值
| clockwise 顺时针; anticlockwise counterclockwise counter-clockwise 逆时针
| direct directly 正比 正比例 成正比 成正比例; inverse inversely 反比 反比例 成反比 成反比例
| equal same 相等 一样 一样大; different unequal 不等 不相等
| numerator 分子; denominator 分母 | sum 和; difference 差; product 积; quotient 商; remainder 余数
| inside 圆内 内 在圆内; outside 圆外 外 在圆外; on 圆上 上 在圆上
| tangent 相切; secant 相割
"""
_NOUN = (
    r"(?:\s*(?:numbers?|angles?|triangles?|lines?|functions?|events?|proportion(?:al)?|direction|shape|sides?|数|角|"
    r"三角形|函数|的|事件|关系|线))$"
)
_NOT = re.compile(r"\bnot\b|n['’]t\b|\bneither\b|\bnever\b|不|非(?!负)|没|[?？]")
_BOTH = re.compile(r"\b(?:or|and|both|either)\b|或|和|都|又|既|、")
_LEAD = re.compile(
    r"^(?:(?:it|this|that|these|they|he|she|there|the answer|answer|the [a-z]+(?: [a-z]+)?|\d[\d/.]*|[a-z]|"
    r"we)\s*(?:(?:'s|’s| is| are| was| will be| would be)\b"
    r"|(?=(?:in|de)creases))|(?:it['’]s|its|is|called|named|on|an?|the|so|therefore|thus|because|hence|always|=|:|i "
    r"think)(?![a-z]))\s*"
)
_LEAD_ZH = re.compile(
    r"^(?:答案?|所以|因此|故|它们?|这个?[^是为叫]{0,4}?|那天|\d[\d/.]*|[a-z])?(?:[:：]|是一?个?|叫做?|为|属于|成|取|填|就是|应填)"
)
_REASON = re.compile(r"\s*(?:[,，。;；(（:：]|\bbecause\b|\bsince\b|\bas\b|因为|由于)\s*")
_ASKS_NAME = re.compile(
    r"\bwhat (?:day|month|kind|type|sort|shape|name|do you call|is the name)|\bname\b|\bwhich (?:day|month|word|shape|"
    r"kind|type)|\bcalled\b|\bor\b"
    r"|星期几|几月|叫什么|什么[图角数]|哪种|还是|名称|方向",
    re.IGNORECASE,
)
_SIGNS = {"<": "<", ">": ">", "=": "=", "≤": "≤", "≥": "≥", "≠": "≠"}
_SIGN_WORDS = (
    (r"(?:is )?(?:greater|more|larger|bigger) than or equal to|大于(?:或)?等于号?|不小于", "≥"),
    (r"(?:is )?(?:less|smaller) than or equal to|小于(?:或)?等于号?|不大于", "≤"),
    (r"(?:is )?(?:less|smaller|lower) than(?: sign)?|小于号?", "<"),
    (r"(?:is )?(?:greater|more|larger|bigger|higher) than(?: sign)?|大于号?", ">"),
    (r"(?:is |are )?equal(?:s)?(?: to| sign)?|(?:is )?the same(?: as)?|等于号?|等号|相等|一样大", "="),
)


@cache
def _classes() -> dict[str, tuple[int, int]]:
    """Each word's class (days, shapes, …) and its meaning within it."""
    out: dict[str, tuple[int, int]] = {}
    for kind, rows in enumerate(_SAME.split("|")):
        for meaning, row in enumerate(rows.split(";")):
            for word in row.split():
                out.setdefault(word.replace("-", " "), (kind, meaning))
                out.setdefault(word, (kind, meaning))
    return out


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().strip()
    return re.sub(r"\s+", " ", re.sub(r"^[\"'“”‘’「『(（\s]+|[\"'“”‘’」』)）.。!！\s]+$", "", text))


def is_word(key: str, item: str) -> bool:
    """Whether the key names something in words, rather than a number or an expression."""
    bare = _plain(key)
    if bare in _classes():
        return len(bare) > 1 or not bare.isascii()
    if re.fullmatch(r"[a-z][a-z' -]{2,39}", bare):
        return _ASKS_NAME.search(item) is not None and not any(c.isdigit() for c in rewrite_english(bare))
    return (
        re.fullmatch(r"[\u4e00-\u9fff]{2,12}", bare) is not None and _ASKS_NAME.search(item) is not None and read_han(bare) is None
    )


def read_word(text: str, key: str) -> str | None:
    """What the answer names, without the words around it; None where it denies, offers two things, or says more than one."""
    bare = _plain(text)
    if not bare or len(bare) > 120:
        return None
    head, *rest = _REASON.split(bare, maxsplit=1)
    if not head and rest:
        head, rest = rest[0], []
    name = _strip(head)
    if _plain(key)[:1] in "星周礼" and (day := re.fullmatch(r"(?:星期|周|礼拜)?([一二三四五六日天1-6])", name)):
        name = "星期" + ("一二三四五六"[int(day[1]) - 1] if day[1].isdigit() else day[1])
    if _NOT.search(head) and not _NOT.search(_plain(key)):
        return None
    if _BOTH.search(head) and not _BOTH.search(_plain(key)):
        return None
    mine = _classes().get(name)
    for word, (kind, meaning) in _classes().items():
        said = re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word), rest[0] if rest else "")
        other = said and mine and len(word) > 1 and kind == mine[0] and meaning != mine[1]
        if other and not re.search(rf"(?:\bnot (?:an? )?|不是?){re.escape(word)}", rest[0]):
            return None
    return name


def _strip(text: str) -> str:
    known = _classes()
    before = None
    while text != before and text not in known:
        before = text
        text = _LEAD.sub("", text, count=1)
        if text == before and re.search(r"[\u4e00-\u9fff]", text):
            text = _LEAD_ZH.sub("", text, count=1)
        if text == before:
            text = re.sub(_NOUN, "", text) or before
    return text.strip()


def same_word(key: str, name: str) -> bool:
    """Whether two names mean one thing: by the lists, else letter by letter, a plural taken for its singular."""
    wanted, known = _strip(_plain(key)), _classes()
    if wanted in known or name in known:
        return known.get(wanted) == known.get(name)
    return wanted == name or wanted.rstrip("s") == name.rstrip("s")


def asks_in_words(item: str, key: str) -> bool:
    """Whether a number is to be written in words."""
    return (
        re.search(r"\bin (?:english )?words\b|汉字|读作|怎么读|中文数字|中文写", item, re.IGNORECASE) is not None
        and value_in_words(key) is not None
    )


_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟〇", "一二三四五六七八九十百千零")


def value_in_words(text: str) -> int | None:
    """The whole number that words name, None where there are digits or other words."""
    bare = re.sub(r"^(?:it is|this is|读作|写作|答案?)\s*[:：]?\s*", "", _plain(text))
    if not bare or len(bare) > 200 or re.search(r"\d", bare):
        return None
    if re.search(r"[\u4e00-\u9fff]", bare):
        value = read_han(bare.translate(_FORMAL))
        return int(value) if value is not None and value.denominator == 1 else None
    joined = re.sub(r"[\s,-]+", " ", bare)
    read = rewrite_english(joined)
    read = re.sub(r"(?<=\d) (?:and )?(?=\d)", " ", read)
    return int(read) if read.isdecimal() else None


def read_numeral(text: str, key: str, item: str) -> str | None:
    """Roman numerals and digits of another base, sign for sign; None where the item asks for neither."""
    bare = re.sub(r"^.*[=＝]|^(?:it is|it's|是|为|写作)\s*[:：]?", "", _plain(text)).strip()
    if re.search(r"\broman\b|罗马", item, re.IGNORECASE) and re.fullmatch(r"[IVXLCDM]+", key.strip()):
        return re.sub(r"\s", "", bare).upper()
    if re.search(
        r"\bbinary\b|\bhexadecimal\b|\boctal\b|\bbase (?:\d|two|eight)|[二八]进制|十六进制", item, re.IGNORECASE
    ) and re.fullmatch(r"\s*[0-9A-Fa-f]+\s*", key):
        bare = re.sub(r"_?\(?(?:2|8|16)\)?$", "", bare) if re.search(r"_|[₂₈]|\)\s*_?\(?2", text) else bare
        bare = re.sub(r"\s*\(?\s*(?:in )?(?:base (?:\d+|two|eight|sixteen)|binary|二进制)\s*\)?$", "", bare)
        return re.sub(r"^0[bx]|[\s()]", "", bare).upper()
    return None


def read_sign(text: str, item: str) -> str | None:
    """The sign of comparison that an answer names; None where it names none."""
    bare = re.sub(r"^(?:it is|the (?:sign|answer) is|it's|应?填(?:入|写)?|是|答案?(?:是)?)\s*[:：]?\s*", "", _plain(text)).strip(
        "\"'“”‘’「」 "
    )
    bare = bare.replace("<=", "≤").replace(">=", "≥")
    for words, sign in _SIGN_WORDS:
        bare = re.sub(words, sign, bare)
    bare = re.sub(r"^(?:the )?(?:is )?|(?: sign)$", "", bare).strip("\"'“”‘’「」 ")
    if bare in _SIGNS:
        return bare
    parts = re.fullmatch(r"(.+?)\s*([<>=≤≥≠])\s*([^<>=≤≥≠]+)", bare)
    if not parts:
        return None
    left, right = (re.sub(r"\s", "", side) for side in (parts[1], parts[3]))
    asked = re.sub(r"\s", "", unicodedata.normalize("NFKC", item).casefold())
    if left not in asked or right not in asked or left == right:
        return None
    first, second = asked.find(left), asked.rfind(right)
    return parts[2] if first < second else parts[2].translate(str.maketrans("<>≤≥", "><≥≤"))
