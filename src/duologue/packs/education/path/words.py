"""Why a step is in a path, in both languages. Knows the reasons, not how they are found."""

from duologue.kit.text import Lang

REASONS: dict[str, dict[Lang, str]] = {
    "diagnose": {
        "en": "A few questions first, those that tell most, so that the plan does not repeat what you know.",
        "zh": "先做几道最能说明情况的题，这样计划不会重复你已经会的内容。",
    },
    "lesson": {
        "en": "Reading before practice: “{skill}” is known with a chance of about {known:.0%}.",
        "zh": "先读再练：“{skill}”已掌握的可能约为 {known:.0%}。",
    },
    "ready": {
        "en": "What it builds on is known by then; “{skill}” is at about {known:.0%}{opens}.",
        "zh": "那时前面的知识已经具备；“{skill}”约为 {known:.0%}{opens}。",
    },
    "goal": {
        "en": "The day is near, so the rest of the time goes to the goal: “{skill}”, now {known:.0%}.",
        "zh": "期限临近，剩下的时间用于目标“{skill}”，目前约 {known:.0%}。",
    },
    "closest": {
        "en": "Nothing is quite ready; for “{skill}” ({known:.0%}) least is missing.",
        "zh": "暂时没有完全准备好的内容；“{skill}”（{known:.0%}）缺得最少。",
    },
    "keep": {"en": "All is known; “{skill}” is the weakest ({known:.0%}).", "zh": "都已掌握；“{skill}”最弱（{known:.0%}）。"},
    "review": {
        "en": "“{skill}” was learnt a while ago; a short review before it is forgotten.",
        "zh": "“{skill}”学过一段时间了，在遗忘之前简短复习。",
    },
    "teacher": {"en": "Your teacher put this here.", "zh": "这是老师安排的。"},
}
FEW: dict[str, dict[Lang, str]] = {
    "lesson": {
        "en": "Reading before practice: too few answers yet to say how well “{skill}” is known.",
        "zh": "先读再练：“{skill}”答题太少，还不能判断掌握了多少。",
    },
    "ready": {
        "en": "What it builds on is known by then; too few answers yet on “{skill}”{opens}.",
        "zh": "那时前面的知识已经具备；“{skill}”答题还太少{opens}。",
    },
    "goal": {
        "en": "The day is near, so the rest of the time goes to the goal: “{skill}”.",
        "zh": "期限临近，剩下的时间用于目标“{skill}”。",
    },
    "closest": {
        "en": "Nothing is quite ready; for “{skill}” least is missing.",
        "zh": "暂时没有完全准备好的内容；“{skill}”缺得最少。",
    },
}
"""The same where there are too few answers for a figure."""
OPENS: dict[Lang, str] = {"en": ", and “{opens}” builds on it", "zh": "，“{opens}”要用到它"}
WARNINGS: dict[str, dict[Lang, str]] = {
    "not_enough": {
        "en": "The goal is not expected to be reached by {due}: more minutes a day, a later day or a smaller goal would help.",
        "zh": "预计到 {due} 达不到目标：可以增加每天的时间、推迟日期或缩小目标。",
    },
    "over": {
        "en": "The goal's day, {due}, is over; the plan goes on for four weeks. Choose a new day.",
        "zh": "目标日期 {due} 已过，计划暂时顺延四周。请选择新的日期。",
    },
    "too_early": {
        "en": "On {day} “{skill}” comes before “{missing}” is expected to be known.",
        "zh": "{day} 安排了“{skill}”，那时“{missing}”预计还没有掌握。",
    },
}


def reason(why: str, lang: Lang, known: float, *, skill: str, goal: str, opens: str, is_few: bool = False) -> str:
    """The sentence for a reason; without a figure where `is_few`."""
    more = OPENS[lang].format(opens=opens) if opens else ""
    return (FEW if is_few and why in FEW else REASONS)[why][lang].format(skill=skill, known=known, goal=goal, opens=more)


def warning(code: str, lang: Lang, **values: str) -> str:
    """The sentence for what does not work out."""
    return WARNINGS[code][lang].format(**values)
