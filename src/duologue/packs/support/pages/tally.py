"""The desk's figures from what is kept: who answered, how content people were, what became of offers. Knows no storage.

Definitions: a conversation was answered *alone* where only the assistant spoke to the person, *assisted* where an expert signed or
edited its words, *by people* where an expert wrote; it is *waiting* where nobody has answered, or where the last question waits
for a person and no expert wrote yet. It is *durable* where it is resolved and the person did not write again on any
conversation within seven days; younger ones are not judged.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from duologue.packs.support.model import Offer, SurveyRow
from duologue.packs.support.mood.survey import summarise

Handling = Literal["alone", "assisted", "by_people", "waiting"]
HANDLINGS: tuple[Handling, ...] = ("alone", "assisted", "by_people", "waiting")
DURABLE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation as the figures see it. `last_written` is when its person wrote last; `satisfaction` 1..5 where predicted."""

    id: str
    person_id: str
    topic: str
    is_resolved: bool
    handling: Handling
    started_at: datetime
    last_written: datetime
    messages: int
    satisfaction: float | None


def find_handling(authors: Sequence[tuple[str, bool]], *, is_waiting: bool = False) -> Handling:
    """Who answered: authors of the public texts that are not the person's, as (`ai` or `expert`, whether it was a signed draft).

    `is_waiting`: the last question waits for a person, so that the assistant has not done it alone.
    """
    if any(author == "expert" and not is_signed for author, is_signed in authors):
        return "by_people"
    if not authors or is_waiting:
        return "waiting"
    return "assisted" if any(author == "expert" for author, _ in authors) else "alone"


def count_handling(cases: Sequence[Case], now: datetime) -> dict[str, Any]:
    """How many conversations were handled by whom, of those old enough how many stayed solved, and how content they sounded."""
    written: dict[str, list[datetime]] = defaultdict(list)
    for case in cases:
        written[case.person_id].append(case.last_written)
        written[case.person_id].append(case.started_at)
    out: dict[str, Any] = {}
    for handling in HANDLINGS:
        own = [case for case in cases if case.handling == handling]
        old = [case for case in own if now - case.last_written >= DURABLE]
        lasting = [
            case
            for case in old
            if case.is_resolved
            and not any(case.last_written < when <= case.last_written + DURABLE for when in written[case.person_id])
        ]
        predicted = _mean([case.satisfaction for case in own if case.satisfaction is not None])
        out[handling] = {"count": len(own), "judged": len(old), "durable": len(lasting), "predicted": predicted}
    return out


def count_days(cases: Sequence[Case], days: Sequence[datetime]) -> dict[str, list[int]]:
    """Conversations started per day, by handling; `days` are midnights, oldest first."""
    place = {day.date(): n for n, day in enumerate(days)}
    out: dict[str, list[int]] = {handling: [0] * len(days) for handling in HANDLINGS}
    for case in cases:
        if case.started_at.date() in place:
            out[case.handling][place[case.started_at.date()]] += 1
    return out


def by_topic(cases: Sequence[Case], surveys: Sequence[SurveyRow]) -> list[dict[str, Any]]:
    """Topics with their number, mean predicted satisfaction and mean score given, the most frequent first."""
    counts = Counter(case.topic for case in cases)
    given: dict[str, list[int]] = defaultdict(list)
    for survey in surveys:
        if survey.score is not None:
            given[survey.topic].append(survey.score)
    rows = []
    for topic, count in counts.most_common():
        guessed = [case.satisfaction for case in cases if case.topic == topic and case.satisfaction is not None]
        rows.append(
            {
                "topic": topic,
                "count": count,
                "predicted": _mean(guessed),
                "given": _mean(given[topic]),
                "answers": len(given[topic]),
            }
        )
    return rows


def count_offers(offers: Sequence[Offer]) -> dict[str, Any]:
    """The funnel: proposed, shown, accepted, declined, dropped; and what always choosing the best would have earned (SNIPS)."""
    shown = [offer for offer in offers if offer.state in ("shown", "accepted", "declined")]
    accepted = [offer for offer in offers if offer.state == "accepted"]
    out: dict[str, Any] = {
        "proposed": len(offers),
        "shown": len(shown),
        "accepted": len(accepted),
        "declined": sum(offer.state == "declined" for offer in offers),
        "dropped": sum(offer.state == "dropped" for offer in offers),
        "logged": len(accepted) / len(shown) if shown else None,
        "greedy": None,
    }
    chosen = [offer for offer in shown if offer.propensity < 1.0]
    if len(chosen) >= 10:
        from duologue.packs.support.recommend.offpolicy import snips

        reward = [float(offer.state == "accepted") for offer in chosen]
        best = [float(offer.propensity > 0.5) for offer in chosen]
        found = snips(_array(reward), _array([offer.propensity for offer in chosen]), _array(best))
        out["greedy"] = {"value": found.value, "low": found.low, "high": found.high}
    return out


def _array(values: Sequence[float]) -> Any:
    import numpy as np

    return np.asarray(values, float)


def sum_up(surveys: Sequence[SurveyRow]) -> Mapping[str, Any]:
    """What the survey says, and its bias."""
    report = summarise([survey.score for survey in surveys], [survey.predicted for survey in surveys])
    counts = Counter(survey.score for survey in surveys if survey.score is not None)
    return {
        **asdict(report),
        "bias": report.bias,
        "scores": [counts.get(score, 0) for score in range(1, 6)],
        "remarks": [{"score": s.score, "remark": s.remark} for s in reversed(surveys) if s.remark][:20],
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None
