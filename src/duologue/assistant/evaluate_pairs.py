"""Two questions in one message: how often the answer says both, beside looking the message up as one question.

Every answerable question is paired with another one of its language that other articles answer, by a fixed rule.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from duologue.assistant.decide import Case, decide
from duologue.assistant.evaluate import answer_turn, is_answered, make_turn, slugs_of
from duologue.assistant.retrieve import Search
from duologue.knowledge.evaluate import Question

Pair = tuple[Question, Question]


def make_pairs(questions: Sequence[Question]) -> list[Pair]:
    """Each answerable question with the one half the list further on that shares no article with it."""
    pairs: list[Pair] = []
    for lang in ("en", "zh"):
        mine = [q for q in questions if q.lang == lang and q.articles]
        for i, one in enumerate(mine):
            later = (mine[(i + len(mine) // 2 + k) % len(mine)] for k in range(len(mine)))
            other = next((q for q in later if not set(q.articles) & set(one.articles)), None)
            pairs += [(one, other)] if other else []
    return pairs


async def evaluate_pairs(
    search: Search, workspace_id: str, questions: Sequence[Question], threshold: float, task: str
) -> list[dict[str, Any]]:
    """Figures per language, one object each; the baseline looks the whole message up at once."""
    seen: dict[tuple[str, bool], list[tuple[bool, bool]]] = {}
    for one, other in make_pairs(questions):
        turn = make_turn(workspace_id, replace(one, question=f"{one.question} {other.question}"))
        for cut in (True, False):
            answer, found, sure = await answer_turn(turn, search, cut=cut)
            is_sent = decide(Case("autopilot", answer, sure, threshold)).kind == "send"
            says_both = all(is_answered(q, answer, slugs_of(found)) for q in (one, other))
            seen.setdefault((one.lang, cut), []).append((is_sent, says_both))
    rows = []
    for lang in sorted({lang for lang, _ in seen}):
        mine, whole = seen[lang, True], seen[lang, False]
        for metric, value, baseline in (
            ("both_right", _share([right for _, right in mine]), _share([right for _, right in whole])),
            ("sent", _share([sent for sent, _ in mine]), _share([sent for sent, _ in whole])),
            ("sent_both_right", _share([right for sent, right in mine if sent]), _share([right for sent, right in whole if sent])),
        ):
            note = f"two questions in one message; threshold {threshold}; baseline: looked up as one"
            rows.append({"task": f"{task}.pairs.{lang}", "metric": metric, "value": value, "baseline": baseline, "n": len(mine),
                         "note": note})  # fmt: skip
    return rows


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
