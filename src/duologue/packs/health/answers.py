"""What an answer says to the question before it: yes, no, both in parts, or unclear. Two languages; knows no concept.

Openings are in `rules/answers.yaml`.

NegEx and ConText see one sentence; "Fever?" – "No" is two turns. What is neither yes nor no stays unknown and is asked again.
"""

import re
from functools import cache
from typing import Literal

from duologue.kit.text import Lang
from duologue.packs.health.phrases import fold, load_rules

Polarity = Literal["yes", "no", "unknown", "other"]


@cache
def _openings() -> dict[str, dict[str, re.Pattern[str]]]:
    return {kind: {lang: re.compile(p) for lang, p in by.items()} for kind, by in load_rules("answers.yaml").items()}


def is_question(text: str, lang: Lang) -> bool:
    """Whether a turn asks: by its mark or its form."""
    folded = fold(text).strip()
    if "?" in folded:
        return True
    if lang == "zh":
        return bool(
            re.search(r"吗|有没有|是不是|呢\W*$|会不会|多久|哪|几|什么|怎么样|么\W*$|没有过?\W*$|[疼痛吐]不[疼痛吐]|否", folded)
        )
    return bool(re.match(r"(?:any|do|does|did|have|has|are|is|was|were|can|could|what|when|where|how|which|who|why|and)\b", folded))


def read_answer(text: str, lang: Lang) -> Polarity:
    """What an answer says, from its opening words: `other` says something that is neither a yes nor a no."""
    folded = fold(text).strip()
    unclear = _openings()["unknown"][lang].search(folded[:40])
    is_late = unclear and unclear.start() > 6 and re.match(r"(?:yes|yeah|yep|no|nope|nah)\b", folded)
    if unclear and not is_late:
        return "unknown"
    if _openings()["no"][lang].match(folded):
        return "no"
    if _openings()["yes"][lang].match(folded) or (lang == "zh" and re.match(r"嗯+\W*$", folded)):
        return "yes"
    return "yes" if _openings()["elaborates"][lang].search(folded) else "other"
