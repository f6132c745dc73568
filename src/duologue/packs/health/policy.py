"""What the clinic leaves to people: prescriptions, dosing, results; and what is no matter for it. Red flags are read apart.

Results go to a clinician at once. Who asks for a prescription or a dose is told that a clinician decides, and is asked on.
"""

import re

from duologue.kit.text import Lang
from duologue.packs.health.facts.mentions import find_mentions
from duologue.packs.health.redflags.rules import red_flags
from duologue.sdk import Policy, Topic

PRESCRIPTION = Topic(
    "prescription",
    {
        "en": [
            r"\bprescribe me\b|\b(?:can|could|will|would|please|should)\b(?:\W+\w+){0,3}\W+prescribe\b",
            r"\b(?:need|want|like|get|give|renew\w*|repeat|new|write|send|another|more|run out of|order)\b"
            r"(?:\W+\w+){0,4}\W+(?:prescription|refill)s?\b",
            r"\b(?:prescription|refill)s?\b(?:\W+\w+){0,3}\W*(?:please|\?)|^\W*(?:prescription|refill)\b",
            r"\b(?:give|get|order|send) me (?:some |an? |the )?(?:antibiotic|painkiller|pills?|tablets?|medic)\w*",
            r"\bwhat (?:dose|dosage)\b|\bhow (?:much|many) .{0,30}\b(?:should|can) i take\b|\bchange my dose\b",
        ],
        "zh": [
            r"(?:能|可以|帮|给我|想|要|请|再|麻烦)[^,。，了过]{0,6}开(?!始)[^,。，了过的]{0,8}(?:药|处方|抗生素|止痛|消炎|退烧|头孢|西林|霉素|沙星|洛芬|激素|安眠|安定)|^开(?:点|些|个|一?盒|一?支)|开[^,。，了过的]{0,6}(?:药|处方)[^,。，]{0,3}[吗吧？?]|续方|续药",
            r"(?:吃|用)多少(?:片|毫克|剂量)?合适|加量|减量|能不能停药",
        ],
    },
)
RESULTS = Topic(
    "results",
    {
        "en": [r"\b(?:my|the) (?:test|scan|blood|lab|biopsy|x-?ray) results?\b"],
        "zh": [r"(?:化验|检查|检验|病理|CT|核磁).{0,4}(?:结果|报告)"],
    },
)
POLICY = Policy(topics=(RESULTS,))
_PRESCRIPTIONS = Policy(topics=(PRESCRIPTION,))
CANT_PRESCRIBE: dict[Lang, str] = {
    "en": "I can't prescribe or name a dose: the clinician decides about that and sees that you asked. ",
    "zh": "我不能开药，也不能说剂量：由医生决定，医生会看到您的请求。",
}
TO_GO_ON: dict[Lang, str] = {"en": "To go on: ", "zh": "我们继续："}


def asks_prescription(text: str) -> bool:
    """Whether a message asks for a prescription, a refill or a dose."""
    return _PRESCRIPTIONS.find_topic(text) is not None


def only_asks_prescription(text: str, lang: Lang) -> bool:
    """Whether it asks for that and tells nothing else: it then answers no question."""
    rest = [p for p in re.split(r"[.?!;。？！；，\n]+|,\s", text) if p.strip() and not asks_prescription(p)]
    left = " ".join(rest)
    few = len(left.split()) <= 3 if lang == "en" else len(left) <= 4
    return asks_prescription(text) and few and not find_mentions(left, lang) and not red_flags(text, lang)


_OFF: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:weather|poem|joke|homework|football score|stock|bitcoin|recipe|movie|code|translate)\b", re.I),
    "zh": re.compile(r"天气|写诗|讲个?笑话|作业|股票|比特币|菜谱|电影|代码|翻译"),
}
OFF_TOPIC: dict[Lang, str] = {
    "en": "I can only take down what matters for your visit here. Is there anything about your health that we should know?",
    "zh": "我在这里只能帮您记录就诊相关的情况。有什么健康方面的事想让医生知道吗？",
}


_REQUEST: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(
        r"\?|^\W*(?:please |hey |hi |ok |so )*(?:tell|write|translate|give|make|show|help|what|how|who|can|could|will|would)\b",
        re.I,
    ),
    "zh": re.compile(r"[？?]|吗|^(?:请|能|可以|帮|给|写|讲|翻译|推荐|告诉|来)|(?:帮|给)我"),
}


def is_off_topic(text: str, lang: Lang) -> bool:
    """Whether a message asks for something that has nothing to do with the visit; what names anything of health never does."""
    is_asked = _OFF[lang].search(text) and _REQUEST[lang].search(text)
    return bool(is_asked) and not find_mentions(text, lang) and not red_flags(text, lang)


_OPINION: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(
        r"\bwhat (?:have i|do i have|has (?:he|she) got|'?s wrong with (?:me|him|her)|is wrong with|could (?:it|this) be"
        r"|is (?:it|this)\W*$"
        r"|do you think (?:it|this))|\bdo i have\b(?! to)|\b(?:is|could) (?:it|this|that) (?:be )?(?:a |an |my )?(?!ok|normal for)"
        r"(?:\w+ ){0,2}\w+\?|\b(?:am i|is (?:he|she)) (?:dying|going to die)|\bdiagnos(?:e|is)\b",
        re.I,
    ),
    "zh": re.compile(
        r"(?:什么|啥)(?:病|毛病|问题|情况)|怎么回事|(?:是不是|会不会是|会是|难道是)[^,。，]{1,12}|是[^,。，]{1,10}(?:吗|么)[？?]?$"
        r"|(?:严重|要紧|要命|有事)(?:吗|么|不)"
    ),
}
CANT_SAY: dict[Lang, str] = {
    "en": "I can't tell you what it is: a clinician judges that and will tell you. To go on: ",
    "zh": "是什么情况我不能判断，要由医生来看并告诉您。我们继续：",
}


def asks_opinion(text: str, lang: Lang) -> bool:
    """Whether a message asks what somebody has, or whether it is grave: that is a clinician's to say."""
    return bool(_OPINION[lang].search(text)) and ("?" in text or "？" in text or lang == "zh" or text.lower().startswith("what"))
