"""What the house's own guard hears in a message ("chest pain", "想死"), judged by the pack's reading instead of by the words alone.

At a desk of this pack the guard says nothing itself: its text names no clinic and keeps no escalation. What it hears is raised
here, if it is meant (neither denied, past, somebody else's nor only talked about) and the rules leave it in doubt or don't read
the words at all. What the rules read and find harmless is left to them.
"""

from collections.abc import Sequence
from dataclasses import replace

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.language.context import assess
from duologue.packs.health.language.phrases import load_lexicon
from duologue.packs.health.redflags.deciding import UNNAMED as UNNAMED_RULE
from duologue.packs.health.redflags.rules import UNNAMED, Alarm, Evidence, load_redflag_rules, red_flags
from duologue.sdk import Danger, find_dangers


def heard_alarms(turns: Sequence[Turn], lang: Lang) -> list[Alarm]:
    """Raised alarms for what the guard hears in the last turn; none where the rules raise one for it already."""
    if not turns or turns[-1].role != "patient":
        return []
    last = turns[-1]
    spoken = detect_lang(last.text, lang)
    meant = [d for d in find_dangers(last.text) if assess(d.text, d.start, d.end, spoken).is_present]
    if not meant:
        return []
    here = [a for a in red_flags(list(turns), lang) if any(e.turn == last.index for e in a.evidence)]
    if here:
        is_oneself = any(d.kind == "self_harm" for d in meant)
        return [] if any(a.state == "raised" for a in here) else [_raised(a, is_oneself) for a in here]
    unread = [d for d in meant if not _is_read(d, spoken)]
    return [_unnamed(last, unread[0], lang)] if unread else []


def alarms_in(turns: Sequence[Turn], lang: Lang) -> list[Alarm]:
    """All alarms of a talk as it stands, gravest first: those of the rules, and what the guard heard on the way."""
    found = {a.rule: a for a in red_flags(list(turns), lang)} if turns else {}
    for n in range(len(turns)):
        for alarm in heard_alarms(turns[: n + 1], lang):
            if alarm.rule not in found or found[alarm.rule].state != "raised":
                found[alarm.rule] = alarm
    return sorted(found.values(), key=lambda a: (a.level, a.state == "ask"))


def _raised(alarm: Alarm, is_oneself: bool) -> Alarm:
    like = "suicide" if is_oneself and alarm.rule == UNNAMED_RULE else alarm.like
    return replace(alarm, state="raised", like=like)


def _is_read(danger: Danger, lang: Lang) -> bool:
    """Whether the rules have a phrase for the words that the guard heard."""
    return any(m.start < danger.end and danger.start < m.end for m in load_lexicon(lang).find(danger.text))


def _unnamed(turn: Turn, danger: Danger, lang: Lang) -> Alarm:
    words = Evidence(UNNAMED_RULE, turn.index, 0, len(turn.text), turn.text)
    like = "suicide" if danger.kind == "self_harm" else ""
    return Alarm(UNNAMED_RULE, load_redflag_rules()[0], 1, "raised", UNNAMED[lang], "the program's own guard", (words,), like)
