"""Whether a right number is said of what was asked: not "Tom is 9" for Ann's age, "the pens cost 65p" for the change.

Refuses nothing: a word, a name or a letter that neither the question nor the key explains only sends the answer to a person. Right
answers use such words too, and a rule that refused them refused 120 of those.
"""

import re
from functools import cache

from duologue.packs.education.maths.naming import LETTERS, MOST, NAMELESS, SHORT, asked_part, names_meant
from duologue.packs.education.maths.node import Node
from duologue.packs.education.maths.numerals import rewrite_english
from duologue.packs.education.maths.text import FUNCTIONS
from duologue.packs.education.maths.units import read_unit

_PLAIN = """
about around roughly approximately approx nearly exactly just only also because since by as if when where hence thus
therefore get gets got made makes make equal equals same be been being do does did done can could should must may say
says think work works working out up add added subtract subtracted multiply multiplied divide divided over plus minus
times point squared cubed square root power positive negative percent per cent sf dp fig figs figures decimal places
place simplified lowest terms simplest form fraction ratio reduced first second next last finally check checked using
use formula pythagoras old age more altogether answer answers value values ans solution amount unit units pm am clock
past quarter quarters half halves thirds third fourths fourth fifths fifth sixths sixth sevenths seventh eighths eighth
ninths ninth tenths tenth twelfths twentieths hundredths recurring repeating there their them long wide tall high sure
me was were who whole cubic square than below zero sec morning next
"""
_NEUTRAL = frozenset((set(NAMELESS.split()) | set(_PLAIN.split())) - {"missing", "left", "side", "length", "distance", "each"})
"""English words that do not change of what a number is said."""
_PLAIN_HAN = """
答案 答 解得 解 得到 得出 得 所以 因此 因为 于是 则 即 是 为 等于 约等于 约 大约 左右 应该 应 我 觉得 认为 算 出来 出
结果 最后 这个 这 那 它们 它 他们 他 她 的 了 有 需要 需 要 可以 能 会 就 共有 每个 各 现在 此时 原式 化简 移项 合并
两边 同 除以 除 乘以 乘 加 减 根号 平方 立方 次方 派 分之 百分之 百分 点 零 负 正 又 十 百 千 万 亿 一 二 三 四 五
六 七 八 九 两 半 循环 保留 小数 时 当 当时 位 元 角 块钱 块 钱 分钟 小时 钟头 分 秒 天 日 周 年 岁 度 米 厘米
分米 毫米 千米 公里 平方米 平方厘米 平方分米 立方米 立方厘米 立方分米 克 千克 公斤 吨 升 毫升 个 只 本 条 支 张 人 名 头
棵 辆 件 页 道 题 瓶 杯 次 种 枚 朵 箱 袋 组 份 段 倍 折 由 知 可知 可得 之 单位 零下 摄氏 人民币 刻钟 一刻 出现
行 凌晨 次 下午 上午 代入 设 令 值 数 和 与 在 里 中 也 都 还 再 用 花 那么 公式 勾股定理
"""
_HAN_NEUTRAL = tuple(sorted(_PLAIN_HAN.split(), key=len, reverse=True))
"""Chinese ones, the longest first."""
_TURNED = re.compile(
    r"(?P<a>[\u4e00-\u9fff]{1,8}?)(?P<how>相当于|比|占|是)(?P<b>[\u4e00-\u9fff]{1,8}?)(?:人数|数量)?"
    r"(?=的\s*[\d百一二三四五六七八九]|[多少大小长短高低贵重轻快慢])"
)
_EXTREME = re.compile(r"\b(?:min|max|least|greatest|largest|smallest|highest|lowest)|[最]|[a-z]\s*[(（]\s*-?\d", re.IGNORECASE)
_LETTER_WORDS = {
    **LETTERS, "A": "area 面积", "S": "area 面积 surface", "P": "perimeter 周长 probability", "V": "volume 体积",
    "C": "perimeter circumference 周长",
    "l": "length 长", "b": "breadth width base 宽 底", "R": "radius 半径", "D": "diameter 直径", "H": "height 高",
}  # fmt: skip
_NUMBER = r"\d+(?:[./]\d+)*"
_OF_IT = re.compile(
    rf"(?:\b(?:the (?!power)[a-z]+|half|third|quarter|double|twice|negative|minus) of ({_NUMBER})"
    rf"|\b(?:twice|double|half) ({_NUMBER})|({_NUMBER})\s*的(?!循环|数$)[\u4e00-\u9fff])[^\d=]*$",
    re.IGNORECASE,
)


_ALIKE = (
    "上涨 涨 增加 增长 提高 涨价 升高",
    "下降 降 减少 降低 降价 便宜 下跌",
    "哪个大 大于 更大 较大 比较大 比",
    "剩下 剩 剩余 余下",
    "模长 模",
    "共 一共 总共 共有",
    "rise rises rose risen went gone increase increased increases grew",
    "fall falls fell fallen drop drops dropped decrease decreased reduced",
    "left remain remains remaining over",
    "bigger larger greater biggest largest",
    "sum total altogether",
    "chance probability likelihood",
    "arrive arrives arrived lands",
    "earn earns earned",
    "cost costs price",
    "reads read",
    "travel travels travelled goes speed",
)
"""What is said for the same, where the question has one of them."""
_COUNTED_NOUN = re.compile(
    r"\b(?:\d+|many|more|fewer) ([a-z]+)|\d+ ?[a-z]* of ([a-z]+)|\d\s*[个只本条支张枚朵颗]([\u4e00-\u9fff]{1,3})"
)


def is_value(node: Node) -> bool:
    """Whether a key is one number: of those a name says whose it is."""
    return all(
        part.op in ("num", "/", "neg", "mixed", "percent", "recurring", "*", "^", "sqrt", "const", "pi") for part in node.walk()
    )


def is_spelt(raw: str, wanted: Node, given: Node) -> bool:
    """Whether a word was read as a product of letters that the key does not have: "£12 more" as 12·m·o·r·e."""
    known = {part.text for part in wanted.walk() if part.op == "sym"}
    strange = {part.text for part in given.walk() if part.op == "sym"} - known
    return any(set(word) <= strange for word in re.findall(r"(?<![a-z\\])[a-z]{3,}(?![a-z])", raw.casefold()) if len(set(word)) > 2)


def says_other(answer: str, item: str, key: str) -> bool:
    """Whether an answer with the right value carries what neither question nor key explains. `item` empty: never."""
    if len(answer) > MOST or not item.strip():
        return False
    text = re.sub(r"\\(?:text|mathrm|quad)\b|[{}]", " ", answer)
    text = re.sub(r"\\[a-zA-Z]+", " ", text)
    asked = asked_part(item)
    return (
        _has_strange_word(text, item, asked, key)
        or _has_strange_han(text, item, asked, key)
        or _has_strange_letter(text, item, asked, key)
        or _is_turned(text, item)
        or _is_of_it(text, item)
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.casefold()))


@cache
def _is_unit(word: str) -> bool:
    return bool(read_unit(word))


def _has_strange_word(text: str, item: str, asked: str, key: str) -> bool:
    known = _words(asked) | _words(key) | _NEUTRAL | FUNCTIONS | names_meant(item)
    known |= {part for word in known for part in SHORT.get(word, "").split()}
    known |= {word for alike in _ALIKE if set(alike.split()) & (known - _NEUTRAL) for word in alike.split()}
    if re.search(r"\bhow (?:many|much) (?:does|do|did|has|have|had|is|are|was|were|will|can|more)\b", asked, re.IGNORECASE):
        known |= {noun for found in _COUNTED_NOUN.findall(item) for noun in found}
    for word in _words(rewrite_english(re.sub(r"\b(?:sin|cos|tan)(?=[A-Z]\b)", "", text).casefold())):
        forms = {word, word.rstrip("s"), f"{word}s", f"{word}es", word.removesuffix("es"), *SHORT.get(word, word).split()}
        if not forms & known and not _is_unit(word):
            return True
    return False


def _clause(item: str) -> str:
    """What asks, in Chinese: from the last clause that does to the end, with the subject and things counted where it has none."""
    parts = re.split(r"(?<=[，,；;。])", item)
    last = next((k for k in range(len(parts) - 1, -1, -1) if re.search(r"[?？求]|多少|几|什么|计算", parts[k])), 0)
    clause = "".join(parts[last:])
    if last and not re.search(
        r"[\u4e00-\u9fff]{2,}", re.sub("现在|一共|总共|[还共剩又有可]|平均|每|天", " ", re.split("多少|几", clause)[0])
    ):
        subject = re.match(r"[\u4e00-\u9fff]{2,4}?(?=有|买|看|吃|养|带|的|原|今)", item)
        clause += f" {subject[0] if subject else ''} {' '.join(found[2] for found in _COUNTED_NOUN.findall(item))}"
    return clause + "".join(f" {alike}" for alike in _ALIKE if any(word in clause for word in alike.split()))


def _has_strange_han(text: str, item: str, asked: str, key: str) -> bool:
    known = re.sub(r"\s", "", f"{_clause(item)} {key}") + ("每" if re.search("[/每]", key) or "速度" in asked else "")
    for run in re.findall(r"[\u4e00-\u9fff]+", re.sub(r"\s", "", text)):
        rest, place = "", 0
        while place < len(run):
            size = next((n for n in range(len(run) - place, 1, -1) if run[place : place + n] in known), 0)
            size = max(size, next((len(word) for word in _HAN_NEUTRAL if run.startswith(word, place)), 0))
            size = size or (1 if run[place] in known else 0)
            rest += "" if size else run[place]
            place += size or 1
        if rest:
            return True
    return False


def _has_strange_letter(text: str, item: str, asked: str, key: str) -> bool:
    """`x = 3` where not x was asked for, or `2x = 4`, and the number is the last that is said."""
    some = re.search(r"(?<![\w.)^²³+*/])([-−]?\d+[a-z])\s*[=＝]\s*[-−+]?[\d.,/]+\s*$", text)
    if some and some[1] not in asked.replace(" ", "").replace(f"{some[1]}+", "").replace(f"{some[1]}-", ""):
        return True
    said = re.search(r"(?<![A-Za-z\d])(?P<name>[A-Za-z])\s*[=＝]\s*[-−+]?[\d.,/√π\s]+[^\d=＝]*$", text)
    if said is None or re.search(rf"(?<![A-Za-z]){said['name']}(?![A-Za-z])", key):
        return False
    name = said["name"]
    if words := _LETTER_WORDS.get(name):
        if any(word in asked.casefold() for word in words.split()):
            return False
        if any(word in item.casefold() for word in words.split()):
            return True
    if not re.search(rf"(?<![A-Za-z]){name}(?![A-Za-z])", item):
        return False
    if re.search(
        rf"(?:\b(?:find|of|what is|calculate|solve for|work out|for)|求|的)\s*(?:the value of )?{name}(?![A-Za-z(（])", asked
    ):
        return False
    if re.search(rf"(?<![A-Za-z\d]){name}\s*[=＝]", item):
        return False
    letters = set(re.findall(r"(?<![A-Za-z])[a-z](?![A-Za-z])", item)) - {"a"}
    return len(letters) > 1 or _EXTREME.search(item) is not None


def _is_turned(text: str, item: str) -> bool:
    """乙数是甲数的2/3 where 甲数是乙数的几分之几 is asked; the same in English with "than"."""
    tight = re.sub(r"\s", "", item)
    if said := _TURNED.search(re.sub(r"\s", "", text)):
        a, b = said["a"][-2:], said["b"][:2]
        asks = re.search(rf"{a}[\u4e00-\u9fff]{{0,4}}?{said['how']}(?:了)?{b}[^，。？]*", tight)
        turned = re.search(rf"{b}[\u4e00-\u9fff]{{0,4}}?(?:相当于|比|占|是){a}", tight)
        if turned and not asks:
            return True
    if said := re.search(r"\b([A-Za-z]+)\b[^.,]*\bthan\b (?:the |a |an )?([A-Za-z]+)", text):
        a, b = (word.casefold() for word in said.groups())
        before, than, after = item.casefold().rpartition("than")
        if than and re.search(rf"\b{b}", before) and re.search(rf"\b{a}", after):
            return True
    return False


def _is_of_it(text: str, item: str) -> bool:
    """The reciprocal of 7/5, 7/5的倒数, half of 9: something made of the number, which the question does not have."""
    for said in _OF_IT.finditer(text):
        number = next(g for g in said.groups() if g)
        if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", item):
            return True
    return False
