"""The audit's chain tells of any change, and stays whole where people's words are erased beside it."""

from dataclasses import replace
from datetime import UTC, datetime

from duologue.packs.health.audit.chain import TRIMMED, UNSAID, find_break, link, trim_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_any_change_breaks_the_chain() -> None:
    chain = [link(None, AT, "dr", "read", "c", {"n": 1})]
    for action in ("edited", "signed", "read"):
        chain.append(link(chain[-1], AT, "dr", action, "c", {}))
    assert find_break(chain) is None
    assert find_break([*chain[:1], replace(chain[1], action="read"), *chain[2:]]) == 2
    assert find_break([chain[0], *chain[2:]]) == 3
    assert find_break([replace(chain[0], who="else"), *chain[1:]]) == 1


def test_a_chain_that_lost_its_oldest_links_says_so_itself() -> None:
    chain = [link(None, AT, "dr", "read", "c", {})]
    for action in ("edited", "signed", "read"):
        chain.append(link(chain[-1], AT, "dr", action, "c", {}))
    rest = chain[2:]
    assert find_break(rest) == 3
    assert find_break([*rest, link(rest[-1], AT, "chore", TRIMMED, "", trim_of(chain[1]))]) is None
    assert find_break([*rest, link(rest[-1], AT, "chore", TRIMMED, "", trim_of(chain[0]))]) == 3


def test_words_stand_beside_their_link_and_can_be_erased_only_where_the_chain_says_so() -> None:
    first = link(None, AT, "dr", "break_glass", "c", {"name": "Dr. Ada", "reason": "Mr Keller's wife rang"})
    second = link(first, AT, "dr", "searched", "", {"words": "keller", "found": 1})
    chain = [first, second, link(second, AT, "dr", "read", "c", {})]
    assert "Keller" not in str(dict(first.detail))
    assert (first.told, second.told) == (
        {"name": "Dr. Ada", "reason": "Mr Keller's wife rang"}, {"words": "keller", "found": 1},
    )  # fmt: skip
    assert find_break(chain) is None
    assert find_break([replace(first, said={**(first.said or {}), "reason": "on duty"}), *chain[1:]]) == 1
    gone = [replace(first, said=None), *chain[1:]]
    assert find_break(gone) == 1
    told = [*gone, link(gone[-1], AT, "command", UNSAID, "", {"person": "p", "links": [1]})]
    assert find_break(told) is None
    assert find_break(told[1:], is_end=True) is None
    assert find_break([told[0], replace(second, said=None), *told[2:]]) == 2
    assert told[0].told == {"name": "Dr. Ada"}


def test_the_same_words_have_another_seal_each_time_so_that_a_guess_finds_nothing() -> None:
    one, other = (link(None, AT, "dr", "searched", "", {"words": "keller"}) for _ in range(2))
    assert one.detail["sealed"] != other.detail["sealed"]
