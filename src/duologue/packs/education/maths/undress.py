"""What stands around an answer and says nothing: "I think it is", 答：, ticks, a full stop, full-width letters, the
check behind it.

Knows no mathematics and no key; takes off words only where something is left.
"""

import re

from duologue.packs.education.maths.units import read_unit

_RAISED = str.maketrans("²³", "23")
_WIDE = str.maketrans({chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code) not in "，：；（）！？～"})
_LEAD = re.compile(
    r"^\s*(?:(?:(?:the |my |our |final |so |and )*(?:answer|ans|result|solution)\b\s*(?:is|was|are|=|:|：)?(?!\s*(?:set|"
    r"does|exist))"
    r"|(?:and |so )?i (?:think|believe|guess|say|make it|got|get|have|found)(?: that)?(?:\s*,)?|(?:so |then )?(?:it|"
    r"that)(?:['’]s| is| equals)(?: just)?"
    r"|so|therefore|thus|hence)(?=[\s:：=]|\b)\s*[,:：]?"
    r"|(?:答案?\s*(?=[:：是为])|解\s*(?=[:：])|解得|我(?:觉得|认为|想|算出来?)|应该?(?=[是为等])|所以|因此|结果(?=[\s:：是为等])|等于(?!号|或))\s*(?:应该?)?"
    r"(?:是(?!的)|为|等于(?!号)|[:：=＝])?)\s*(?=\S)", re.IGNORECASE,
)  # fmt: skip


def bare(answer: str) -> str:
    """The answer alone; one of only such words stays as it is."""
    if len(answer) > 600:
        return answer
    text = re.sub(r"[\s✓✔☑✅👍🙂]+$", "", answer.translate(_WIDE))
    text = re.sub(r"^\s*=(?:\s+(?=[<>])|\s*(?=[^\s=<>]))", "", text)
    for _ in range(3):
        shorter = _LEAD.sub("", text, count=1)
        if shorter == text or not shorter.strip(" .。,，"):
            break
        text = shorter
    text = re.sub(r"^\s*=(?:\s+(?=[<>])|\s*(?=[^\s=<>]))", "", text)
    return re.sub(r"(?<=[^.。\s])[.。]\s*$", "", text)


def undress(raw: str) -> str:
    """Without ticks, arrows in front, questions behind, a unit in brackets, and the same once more in words."""
    text = re.sub(r"[\s✓✔☑✅👍🙂]+$", "", raw)
    text = re.sub(r"[,，]?\s*(?:对吗|对吧|对不对|是吗|right|correct|ok(?:ay)?)\s*[?？]?\s*$", "", text, flags=re.IGNORECASE)
    text = re.sub(r"[,，;；(（]?\s*(?:check(?:ed)?|verif(?:y|ied)|验算|检验)\s*[:：].*$", "", text, flags=re.IGNORECASE | re.DOTALL)
    text = re.sub(r"^\s*(?:=>|⇒|⟹|→|->|∴)+\s*", "", text)
    text = re.sub(r"[;；]\s*$", "", text)
    text = re.sub(
        r"^\s*(?:(?:there (?:are|is) |it has |we get )?(?:the )?(?:two|2|three|3|both) )?"
        r"(?:answers|solutions|roots|values)\s*(?:are|:|：|=)?\s*"
        r"(?=[-−\da-z√±])", "", text, flags=re.IGNORECASE,
    )  # fmt: skip
    text = re.sub(r"\s+&\s+", " and ", text)
    text = re.sub(r"^\s*(?:这?[一二两三四]个)(?:解|根|答案|数)(?:分别)?(?:是|为)?\s*[:：]?", "", text)
    text = re.sub(r"(?<=\d)\s*\\\s*(?=\d)", "/", text)
    text = re.sub(r"(?<=\d)['’](?=\d{3}(?!\d))|(?<=\d) (?=\d{4}(?!\d))", "", text)
    text = re.sub(r"(?<=\d)\s*[°º]\s*(?=[-−–+*/×÷=])", "", text)
    text = re.sub(r"^\s*[-−\d./*+×÷ ]*\d\s+is\s+(?=[-−]?[\d.])", "", text)
    text = re.sub(r"^\s*(-?[\d./]+) is ([A-Za-z])\s*$", r"\2 = \1", text)
    text = re.sub(r"^\s*[fghFGPT]\s*[(（]\s*-?\d[\d./]*\s*[)）]\s*[=＝]\s*", "", text)
    text = re.sub(r"[(（][^()（）]*[=＝][^()（）]*[)）]\s*$", "", text) if re.search(r"\d\s*[(（][^()（）]*[=＝]", text) else text
    tail = re.search(r"(?<=[\d)）])\s*[(（]([^()（）]*)[)）]\s*$", text)
    if tail and re.fullmatch(
        r"(?:to\s+)?\d\s*(?:s\.?\s?f|d\.?\s?p|sig\.? figs?|decimal places?)\.?|保留.*", tail[1], re.IGNORECASE
    ):
        return text[: tail.start()]
    if tail and read_unit(tail[1].translate(_RAISED)):
        return f"{text[: tail.start()]} {tail[1].strip()}"
    if tail and re.fullmatch(r"(?:[A-Za-z]{3,}[\s-]*)+|[\u4e00-\u9fff\s]+", tail[1]):
        return text[: tail.start()]
    if (
        tail
        and re.search(r"[A-Za-z]{3,}", tail[1])
        and not re.search(r"[=＝]|\b(?:or|not|and)\b", tail[1])
        and not tail[1][:1].isdigit()
    ):
        return text[: tail.start()]
    return text
