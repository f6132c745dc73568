"""Personal data in text, found and taken out, in English and Chinese, without leaving the machine.

Three recognisers: patterns with check digits (`rules/phi.yaml`), Chinese names by surname and surroundings, and a trained tagger.
What is in doubt is taken out. The map back stays with the caller.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.language.phrases import load_rules
from duologue.packs.health.privacy.tagger import COMMON, SURNAMES, Spanned, Tagger, read_spans

_WEIGHTS = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text without personal data. `spans` are (start, end, type) in the original; `back` maps each mark to what stood there."""

    text: str
    spans: tuple[Spanned, ...]
    back: dict[str, str]


def redact(text: str, lang: Lang | None = None) -> Redaction:
    """Replace personal data by marks such as `[NAME-1]`; the same words get the same mark."""
    spans = find_phi(text, lang)
    marks: dict[tuple[str, str], str] = {}
    out, last = [], 0
    for start, end, kind in spans:
        words = text[start:end]
        mark = marks.setdefault((kind, words), f"[{kind}-{sum(k == kind for k, _ in marks) + 1}]")
        out += [text[last:start], mark]
        last = end
    return Redaction("".join([*out, text[last:]]), tuple(spans), {m: w for (_, w), m in marks.items()})


def find_phi(text: str, lang: Lang | None = None) -> list[Spanned]:
    """Spans of personal data, in order, not overlapping."""
    language = lang or detect_lang(text)
    return merge(by_rule(text, language) + by_tagger(text, language))


def by_tagger(text: str, lang: Lang) -> list[Spanned]:
    """What the trained tagger finds; nothing without one."""
    tagger = _shipped(lang)
    found = tagger.find(text) if tagger else []
    return [(a, b, k) for a, b, k in found if not (lang == "zh" and k == "NAME" and _NOT_NAMES.match(text[a:b]))]


def by_rule(text: str, lang: Lang) -> list[Spanned]:
    """What patterns find, and in Chinese surnames in their surroundings."""
    return by_form(text, lang) + (chinese_names(text) if lang == "zh" else [])


def trusted_forms(rows: Sequence[Mapping[str, Any]], lang: Lang, least: float = 0.7) -> frozenset[str]:
    """Types whose patterns cover, on labelled rows, personal characters in at least that share; types never seen are trusted."""
    right: dict[str, int] = {}
    told: dict[str, int] = {}
    for row in rows:
        gold = {i for a, b, _ in read_spans(row) for i in range(a, b)}
        for start, end, kind in by_rule(row["text"], lang):
            told[kind] = told.get(kind, 0) + end - start
            right[kind] = right.get(kind, 0) + len(gold & set(range(start, end)))
    kinds = {kind for kind, _ in _forms(lang)} | {"NAME"}
    return frozenset(k for k in kinds if not told.get(k) or right[k] / told[k] >= least)


def merge(spans: Sequence[Spanned]) -> list[Spanned]:
    """Overlapping spans become one, with the type of the longest."""
    out: list[Spanned] = []
    for start, end, kind in sorted(spans, key=lambda s: (s[0], -s[1])):
        if out and start < out[-1][1]:
            a, b, k = out[-1]
            out[-1] = (a, max(b, end), k if b - a >= end - start else kind)
        else:
            out.append((start, end, kind))
    return out


@cache
def _shipped(lang: Lang) -> Tagger | None:
    """The shipped tagger of a language; none where there are no weights or the extra `health` is not installed."""
    path = _WEIGHTS / f"phi-{lang}.crf"
    if not path.exists():
        return None
    try:
        return Tagger(path, lang)
    except ModuleNotFoundError:
        return None


@cache
def _forms(lang: Lang) -> list[tuple[str, re.Pattern[str]]]:
    data = load_rules("phi.yaml")
    return [(kind, re.compile(p)) for part in ("both", lang) for kind, patterns in data[part].items() for p in patterns]


def by_form(text: str, lang: Lang) -> list[Spanned]:
    """What shows by its form: numbers, dates, addresses, titles before names."""
    out: list[Spanned] = []
    for kind, pattern in _forms(lang):
        for m in pattern.finditer(text):
            group = "x" if "x" in pattern.groupindex and m.group("x") else 0
            start, end = _trimmed(text, *m.span(group), kind) if lang == "zh" else m.span(group)
            if lang == "en" and kind in ("NAME", "PLACE"):
                end = _of_names(text, start, end)
            if end - start >= 2 and not (kind == "CARD" and not _luhn(text[start:end])):
                out.append((start, end, kind))
    return out


_BEFORE_PLACE = re.compile(r".+(?:[在从于到住]|来自|转[到往至]|送[到往至])(?=[\u4e00-\u9fff\d]{4})")


def _trimmed(text: str, start: int, end: int, kind: str) -> tuple[int, int]:
    """A place without the words that lead to it: "我去年在北京协和医院" is the hospital alone."""
    m = _BEFORE_PLACE.match(text, start, end) if kind in ("PLACE", "ADDRESS") else None
    return (m.end() if m else start), end


def _of_names(text: str, start: int, end: int) -> int:
    """Where a name ends: a word without a capital is one only where the language does not know it ("called in")."""
    for m in re.finditer(r"\S+", text[start:end]):
        word = m.group().strip(".,;:!?'’")
        if not word[:1].isupper() and word.lower() in COMMON:
            return start + m.start()
    return end if text[start:end].lower() not in COMMON or text[start:end][:1].isupper() else start


def _luhn(number: str) -> bool:
    digits = [int(c) for c in number if c.isdigit()]
    total = sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits)))
    return total % 10 == 0


_GIVEN = r"[\u4e00-\u9fff]{1,2}?"
_SURNAME = "|".join(sorted(SURNAMES, key=lambda s: -len(s)))
_CUES = (
    r"姓名|名字|患者|病人|病患|产妇|患儿|我叫|我是|名叫|叫做?|联系人|家属|签名|签字|署名|医师|主治医师|主管医生|责任护士|记录者|记录人|"
    r"申请人|监护人|配偶|爱人|对象|丈夫|妻子|老公|老婆|公公|婆婆|岳父|岳母|儿媳妇?|女婿|嫂子|姐夫|父亲|母亲|儿子|女儿|爸爸|妈妈|哥哥|姐姐|弟弟|妹妹|伴侣|陪同|主任|教授|医生|护士|大夫|由|"
    r"经手人|术者|助手|麻醉师|审核|报告人|送检|转诊给|请|找|联系|同事|朋友|邻居|室友|班主任|老师|叫我|我姓|老师姓|爷爷|奶奶|外公|外婆|姥姥|姥爷|"
    r"叔叔|伯伯|姑姑|姨妈|舅舅|孙子|孙女|侄子|侄女|外甥|[我他她]的?[姐妹哥弟]|(?:挂号|预约|住院|就诊|复诊|看病|手术|出院|送来|转来|检查)的"
)
_TITLES = r"先生|女士|小姐|同志|医生|医师|大夫|主任|护士长?|教授|阿姨|叔叔|老师|同学|院长|科长|经理|奶奶|爷爷"
_ENDS = (
    r"(?=$|[\s,，。.;；:：、()（）!！?？/\d]|(?:先生|女士|小姐|男|女|今年|因|于|患|来|在|的|说|是|住|电话|年龄|性别|出生|昨[天晚日夜]|今[天早晚晨日年]|明[天早晚晨日年]|上|这|刚|现|前|后|也|到|去|有|要|被|给|自述|主诉|诉|和|与|陪|已|将|为)"
    r"|(?:医生|医师|大夫|主任|护士|教授))"
)
_AFTER_CUE = re.compile(rf"(?:{_CUES})(?:[:：为是叫]|\s){{0,3}}(?P<x>(?:{_SURNAME}){_GIVEN}){_ENDS}")
_BEFORE_TITLE = re.compile(rf"(?P<x>(?:{_SURNAME})[\u4e00-\u9fff]{{0,2}}?)(?=(?:{_TITLES}))")
_MASKED = re.compile(rf"(?P<x>(?:{_SURNAME})(?:某某?|[*×xX]{{1,2}}|某))")
_NICKNAME = re.compile(
    rf"(?:{_CUES}|的)(?P<x>[老小阿](?![时师司莫麦])(?:{_SURNAME}))(?=$|[^\u4e00-\u9fff]|[送陪开接来说带帮打也都在的他她叫给和跟要去到今昨])"
)
_OF_TWO_PARTS = re.compile(r"(?P<x>[^\W\d_叫是的我你他她妈爸者人名和给请找在由为医生]{1,6}(?:[·•・][\u4e00-\u9fff]{1,8})+)")
"""Names of two parts, as Uyghur, Kazakh and foreign ones are written in Chinese."""
_BESIDE = re.compile(
    rf"(?:[我你他她您]|^|[,，。])(?:和|跟|与)(?P<x>(?:{_SURNAME})[\u4e00-\u9fff]{{1,2}}?)(?=是|都|一起|一块|同|住|来|去|在|$|[\s,，。])"
)
"""A name beside the speaker: 我和王丽华是同事."""
_SURNAME_ALONE = re.compile(rf"姓(?P<x>{_SURNAME})(?=$|[^\u4e00-\u9fff])")
_NOT_NAMES = re.compile(
    r"^(?:于是|明显|高血|高热|时间|向医|向您|方面|方便|安全|安静|和|成人|全身|万一|双侧|左侧|右|石膏|汤药|常规|温度|安排|易|贺|何时|何处|"
    r"任何|单位|房间|麻烦|钱不|黄体|黄疸|江苏|王八|白带|白天|白色|马上|高烧|高压|水肿|温水|项目|关节|关于|花粉|包块|牛奶|鱼油|米饭|车祸|金属|"
    r"毛巾|雷电|常常|平时|平常|顾不|宁愿|应该|别的|计划|封闭|柏油|连续|卜|甘油)"
)


def chinese_names(text: str) -> list[Spanned]:
    """Chinese personal names by surname, cue before or title behind."""
    out: list[Spanned] = []
    for pattern in (_AFTER_CUE, _BEFORE_TITLE, _MASKED, _NICKNAME, _OF_TWO_PARTS, _SURNAME_ALONE, _BESIDE):
        for m in pattern.finditer(text):
            if not _NOT_NAMES.match(m.group("x")):
                out.append((*m.span("x"), "NAME"))
    known = {text[a:b] for a, b, _ in out if b - a >= 2}
    for name in known:
        out += [(m.start(), m.end(), "NAME") for m in re.finditer(re.escape(name), text)]
    return out
