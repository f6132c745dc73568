"""Population, intervention, comparison and outcome in an abstract, as quotations with their places.

Cue phrases of each language find spans without training; a tagger fitted on labelled text finds more. Every span is verbatim by
construction.
"""

import re
from dataclasses import dataclass

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.privacy.tagger import Tagger

_POPULATION = (
    r"(?:\b\d[\d,]*\s+)?(?:\w+[- ]){0,4}?"
    r"(?:patients|participants|adults|children|women|men|subjects|infants|adolescents|volunteers)"
    r"(?:\s+(?:with|aged|undergoing|who|receiving|at risk of)\s+[^.,;()]{3,80})?"
)
_INTERVENTION = (
    r"(?:randomi[sz]ed to|assigned to|allocated to|treated with|received|receiving|effects? of|efficacy of)\s+(?P<x>[^.,;()]{3,80})"
)
_COMPARISON = (
    r"(?:compared (?:with|to)|versus|vs\.?|or|against)\s+(?P<x>(?:placebo|usual care|standard \w+|control|sham|[^.,;()]{3,50}))"
)
_OUTCOME = (
    r"(?:(?:primary|secondary|main) (?:outcome|end ?point)s?(?: measures?)?"
    r"(?: \w+)?\s+(?:was|were|included|:)\s*)(?P<x>[^.;]{3,120})"
)
_WHO = r"(?:患者|病人|患儿|孕妇|产妇|老年人|成人|儿童|婴儿|新生儿|受试者|志愿者|人群|学生|居民|女性|男性|哮喘|者)"
_UNIT = r"(?:例|名|人|位)"
_STOP = "，,。；;：:（(、）)"
_POPULATION_ZH = (
    rf"(?:(?:随机|便利|连续|前瞻性|回顾性)?(?:纳入|选取|选择|抽取|收集|分析|入选|入组|将|对)(?:了)?(?:[^{_STOP}]{{0,24}}?(?:收治|就诊|住院|入院)的)?|^|(?<=[{_STOP}】\s]))"
    rf"(?P<x>(?:\d[\d ]*{_UNIT}[^{_STOP}]{{0,24}}?{_WHO}(?:[^{_STOP}]{{0,16}}?(?:患者|患儿|产妇|孕妇))?"
    rf"|[^{_STOP}\s]{{2,30}}?{_WHO}(?:共)?\d[\d ]*{_UNIT}))"
    rf"|(?:治疗|对|在)(?P<y>[^{_STOP}的]{{2,20}}?{_WHO})(?=中?(?:进行|的|急性|疼痛|疗效|影响|效果))"
)
_ARM = r"(?:给予|予以|予|采用|采取|使用|接受|口服|行|进行|加用|加服|应用|改用|以)"
_TREATED = r"(?:观察组|试验组|实验组|治疗组|干预组|研究组)"
_NAMELESS = r"对照|观察|试验|实验|治疗|干预|研究|两|各"
_CONTROL = r"(?:对照组|安慰剂组|假刺激组|假手术组|常规组)"
_BETWEEN = rf"(?:[^。；;，,]{{0,16}}|[^。；;，,]{{0,10}}在(?:此|对照组)?基础上)(?:只|仅|均|再)?{_ARM}"
_INTERVENTION_ZH = (
    rf"{_TREATED}{_BETWEEN}(?P<x>(?!对照)[^{_STOP}]{{2,24}})"
    rf"|分[为成](?P<v>(?!{_NAMELESS})[^{_STOP}组]{{2,12}})组[和与]"
    r"|纳入比较(?P<y>[^，,。；;与和]{2,16})(?=[与和])"
    rf"|(?:分别)(?:给予|接受|采用)(?P<z>[^{_STOP}或和与]{{2,20}})"
    rf"|^(?:【?目的】?\s*)?(?:探讨|观察|评价|评估|研究|分析|比较)(?P<w>[^{_STOP}]{{2,24}}?)(?=(?:辅助)?治疗|对|在|干预|用于|联合)"
)
_COMPARISON_ZH = (
    rf"{_CONTROL}{_BETWEEN}(?P<x>[^{_STOP}]{{2,20}})"
    rf"|分[为成][^{_STOP}组]{{2,12}}组[和与](?P<v>(?!{_NAMELESS})[^{_STOP}组]{{2,12}})组"
    r"|(?:与|和)(?P<y>(?:安慰剂|假[^，,。；;]{1,8}|常规[^，,。；;比]{1,10}|[^，,。；;]{2,12}?))(?=(?:的)?(?:比较|相比|对照|随机对照))"
    rf"|(?:分别)(?:给予|接受|采用)[^{_STOP}]{{2,24}}?[或和与](?P<z>[^{_STOP}]{{2,14}}?)(?=治疗|[{_STOP}]|\d)"
)
_OUTCOME_ZH = (
    r"(?:主要|次要|观察|评价|疗效|结局)?(?:结局|终点|指标|结局指标|观察指标|疗效指标)(?:包括|为|是|[:：])[:：]?(?P<x>[^。；;]{2,40}?)(?=[。；;]|$)"
    r"|(?<!目的)(?<!目的[ 】])(?:比较(?:两|2|各)组|记录|测量|评定|观察)(?!组|和|与)(?:患者|治疗前后)?的?"
    r"(?P<y>[^。；;，,]{2,40}?)(?=变化|[，,。；;]|$)"
)
_FIRST = re.compile(
    rf"(?:其中)?(?P<x>[^{_STOP}组例\d]{{3,16}})组\s*[（(]?(?:n\s*=\s*)?\d+例?[）)]?[，,、](?P<y>[^{_STOP}组例\d]{{3,16}})组(?=\s*[（(]?(?:n\s*=\s*)?\d)"
)
"""Two arms named with their sizes: the first is the intervention, the second what it is compared with."""
_CUES: dict[Lang, list[tuple[str, re.Pattern[str]]]] = {
    "en": [(k, re.compile(p, re.I)) for k, p in (("P", _POPULATION), ("I", _INTERVENTION), ("C", _COMPARISON), ("O", _OUTCOME))],
    "zh": [
        (k, re.compile(p)) for k, p in (("P", _POPULATION_ZH), ("I", _INTERVENTION_ZH), ("C", _COMPARISON_ZH), ("O", _OUTCOME_ZH))
    ],
}


@dataclass(frozen=True, slots=True)
class Quote:
    """A span of an abstract. `kind` is P, I, C or O, or the label of the tagger."""

    kind: str
    start: int
    end: int
    text: str


def extract_pico(text: str, tagger: Tagger | None = None) -> list[Quote]:
    """The spans of an abstract, in order."""
    if tagger is not None:
        return [Quote(kind, start, end, text[start:end]) for start, end, kind in tagger.find(text)]
    out = _cued(text, detect_lang(text))
    return sorted(out, key=lambda q: (q.start, q.kind))


def _cued(text: str, lang: Lang) -> list[Quote]:
    out: list[Quote] = []
    for kind, pattern in _CUES[lang]:
        for m in pattern.finditer(text):
            start, end = next((m.span(g) for g in pattern.groupindex if m[g] is not None), m.span())
            if kind == "C" and lang == "en" and text[m.start() : m.start() + 2].lower() == "or":
                continue
            out.append(Quote(kind, start, end, text[start:end]))
    for m in _FIRST.finditer(text) if lang == "zh" else ():
        out += [Quote("I", *m.span("x"), m["x"]), Quote("C", *m.span("y"), m["y"])]
    return out
