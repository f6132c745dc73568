"""Rebuilds a conversation from its events: `apply(None, events)` equals what the repository fetches. Pure.

From the public events alone it gives what a person fetches, once `model.as_public` has taken out what is not theirs to see.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from duologue.conversation.events import (
    ControlChanged,
    ConversationEvent,
    ConversationLabelled,
    ConversationStarted,
    LeaseRenewed,
    MessagePosted,
    StatusChanged,
)
from duologue.conversation.model import Conversation, Message
from duologue.store.feed import Record, from_payload

KINDS: dict[str, type[ConversationEvent]] = {
    e.kind: e for e in (ConversationStarted, MessagePosted, ControlChanged, LeaseRenewed, StatusChanged, ConversationLabelled)
}


@dataclass(frozen=True, slots=True)
class State:
    """A conversation and its messages, in order."""

    conversation: Conversation
    messages: tuple[Message, ...] = ()


def parse(record: Record) -> ConversationEvent | None:
    """The event of a feed record; None for kinds of other features."""
    cls = KINDS.get(record.kind)
    return None if cls is None else from_payload(cls, record.payload)


def apply(state: State | None, records: Iterable[Record]) -> State | None:
    """The state after these records."""
    for record in records:
        event = parse(record)
        if event is not None:
            state = step(state, event, record.at)
    return state


def step(state: State | None, event: ConversationEvent, at: datetime) -> State:
    """The state after one event."""
    if isinstance(event, ConversationStarted):
        return State(event.conversation)
    if state is None:
        raise ValueError(f"{event.kind} before ConversationStarted")
    conversation, messages = state.conversation, state.messages
    if isinstance(event, MessagePosted):
        message = event.message
        changed = replace(conversation, last_seq=message.seq)
        if message.visibility == "public":
            changed = replace(changed, last_public_seq=message.seq, waiting_since=event.waiting_since, updated_at=at)
        return State(changed, (*messages, message))
    if isinstance(event, ControlChanged):
        changed = replace(
            conversation,
            controller=event.controller,
            lease_expires_at=event.lease_expires_at,
            mode=event.mode,
            mode_override=event.mode_override,
            attention=event.attention,
            control_epoch=event.control_epoch,
        )
    elif isinstance(event, LeaseRenewed):
        return State(replace(conversation, lease_expires_at=event.lease_expires_at), messages)
    elif isinstance(event, StatusChanged):
        changed = replace(
            conversation,
            status=event.status,
            snoozed_until=event.snoozed_until,
            episode_seq=event.episode_seq,
            waiting_since=event.waiting_since,
        )
    else:
        return State(replace(conversation, topic=event.topic, subject=event.subject, lang=event.lang), messages)
    return State(replace(changed, updated_at=at), messages)
