"""The values of a conversation: controllers as text, what is public of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.conversation.model import AI, Attention, Controller, Conversation, as_public
from duologue.conversation.notices import NOTICES
from duologue.store.feed import from_payload, to_payload

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
IT = Conversation(
    id="cnv_1", workspace_id="wsp_1", desk_id="dsk_1", person_id="per_1", lang="zh", topic="refunds", subject="difficult",
    status="open", snoozed_until=None, mode="copilot", mode_override=None, controller=Controller("human", "mem_1"),
    lease_expires_at=NOW, attention=Attention("answered", "low_confidence", NOW),
    control_epoch=3, last_seq=9, last_public_seq=7, episode_seq=2,
    created_at=NOW, updated_at=NOW, waiting_since=None,
)  # fmt: skip


@given(st.sampled_from(["ai", "human", "queue"]), st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_controller_is_read_as_it_was_written(kind: str, ident: str) -> None:
    controller = Controller(kind, ident)  # type: ignore[arg-type]
    assert Controller.parse(str(controller)) == controller


def test_an_unknown_controller_is_refused() -> None:
    assert Controller.parse("ai") == AI
    with pytest.raises(ValueError):
        Controller.parse("robot:1")


def test_the_public_sees_no_labels_no_lease_and_no_notes() -> None:
    seen = as_public(IT)
    assert (seen.topic, seen.subject, seen.lease_expires_at, seen.last_seq) == ("", "", None, 7)
    assert (seen.controller, seen.fence) == (IT.controller, IT.fence)


def test_a_conversation_survives_the_way_through_json() -> None:
    assert from_payload(Conversation, to_payload(IT)) == IT


def test_notices_speak_both_languages() -> None:
    assert all(set(words) == {"en", "zh"} and all(words.values()) for words in NOTICES.values())
