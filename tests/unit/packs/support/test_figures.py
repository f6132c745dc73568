"""The desk's figures by hand: who answered, what lasted seven days, topics, offers, the survey."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duologue.packs.support.model import Offer, SurveyRow
from duologue.packs.support.pages.tally import Case, by_topic, count_days, count_handling, count_offers, find_handling, sum_up

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def case(id_: str, person: str, days_ago: float, **more: Any) -> Case:
    began = NOW - days_ago * DAY
    given = {"topic": "delivery_info", "is_resolved": True, "handling": "alone", "messages": 2, "satisfaction": None} | more
    return Case(id_, person, started_at=began, last_written=began, **given)


@pytest.mark.parametrize(
    ("authors", "handling"),
    [
        ([], "waiting"),
        ([("ai", False)], "alone"),
        ([("ai", False), ("expert", True)], "assisted"),
        ([("ai", False), ("expert", True), ("expert", False)], "by_people"),
    ],
)
def test_who_answered(authors: list[tuple[str, bool]], handling: str) -> None:
    assert find_handling(authors) == handling


def test_what_waits_for_a_person_was_not_answered_alone() -> None:
    assert find_handling([("ai", False)], is_waiting=True) == "waiting"
    assert find_handling([("ai", False), ("expert", False)], is_waiting=True) == "by_people"


def test_durable_is_what_was_resolved_and_not_asked_again_within_seven_days() -> None:
    cases = [
        case("lasting", "a", 20, satisfaction=4.0),
        case("asked again", "b", 20),
        case("again", "b", 14),
        case("asked much later", "c", 20),
        case("later", "c", 12),
        case("open", "d", 20, is_resolved=False),
        case("young", "e", 6.9),
        case("signed", "f", 20, handling="assisted", satisfaction=3.0),
    ]
    found = count_handling(cases, NOW)
    assert found["alone"] == {"count": 7, "judged": 6, "durable": 4, "predicted": 4.0}
    assert found["assisted"] == {"count": 1, "judged": 1, "durable": 1, "predicted": 3.0}
    assert found["waiting"] == {"count": 0, "judged": 0, "durable": 0, "predicted": None}


def test_days_and_topics() -> None:
    cases = [case("1", "a", 0.1, satisfaction=4.0), case("2", "b", 1.1, satisfaction=2.0), case("3", "c", 9, topic="")]
    days = [datetime(2026, 6, 29, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC)]
    assert count_days(cases, days)["alone"] == [1, 1]
    surveys = [survey("1", 5), survey("2", None)]
    assert by_topic(cases, surveys)[0] == {"topic": "delivery_info", "count": 2, "predicted": 3.0, "given": 5.0, "answers": 1}


def survey(id_: str, score: int | None, remark: str = "", predicted: float = 3.0) -> SurveyRow:
    answered = None if score is None else NOW
    return SurveyRow(id_, "wsp", id_, "per", "delivery_info", predicted, score, remark, NOW, answered)


def test_the_survey_beside_what_was_predicted_for_those_who_kept_silent() -> None:
    found = sum_up([survey("1", 5, "quick", 4.5), survey("2", 4, "", 4.0), survey("3", None, "", 2.0)])
    assert (found["asked"], found["answered"], found["given"], found["scores"]) == (3, 2, 4.5, [0, 0, 0, 1, 1])
    assert found["bias"] == pytest.approx(2.25)
    assert found["remarks"] == [{"score": 5, "remark": "quick"}]


def test_offers_from_proposal_to_acceptance() -> None:
    states = ["proposed", "dropped", "shown", "declined", *["accepted"] * 6, *["declined"] * 6]
    offers = [offer(str(i), state, 0.8 if state == "accepted" else 0.2) for i, state in enumerate(states)]
    found = count_offers(offers)
    assert {name: found[name] for name in ("proposed", "shown", "accepted", "declined", "dropped")} == {
        "proposed": 16, "shown": 14, "accepted": 6, "declined": 7, "dropped": 1,
    }  # fmt: skip
    assert found["logged"] == pytest.approx(6 / 14)
    assert found["greedy"]["value"] == pytest.approx(1.0)
    assert count_offers([])["logged"] is None


def offer(id_: str, state: Any, propensity: float) -> Offer:
    return Offer(id_, "wsp", "cnv", "per", "1", 0, 1.0, propensity, "", state, "", NOW, None)
