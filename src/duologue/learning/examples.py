"""From a verdict to its examples, by the rules that every export and training run share.

approve → SFT and a good label; edit → SFT on the final text, a preference pair where the meaning changed, and a bad label for
the draft; reject with an own reply → a preference pair and SFT on the reply; reject alone → a bad label; ignored, superseded
or sent back for another draft → nothing. An answer that left alone and that no expert judged gives a bare label: by its person's
thumb, else by how it ended. Knows no file format and no model.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from duologue.assistant.guard import asks_for_person
from duologue.conversation.model import Message
from duologue.kit.text import normalise, words
from duologue.learning.model import ChatTurn, Example, ExampleKind
from duologue.learning.repository import Unjudged
from duologue.review.model import Verdict

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
SAME_MEANING = 0.95
"""Overlap of index terms from which an edit counts as one of wording, unless a number or a negation changed."""
NEGATIONS = frozenset(
    {"not", "no", "never", "without", "cannot", "can't", "don't", "不", "没", "没有", "不能", "不可", "无", "未", "别"}
)


FASTEST_WORDS_PER_S = 15.0
"""An approval that came faster was not read: skilled readers read some 4 to 5 words a second (Brysbaert 2019)."""


def is_unread(text: str, read_s: float | None) -> bool:
    """Whether a text was decided on faster than anybody reads it; no, where nobody knows how fast."""
    return read_s is not None and read_s < len(words(text)) / FASTEST_WORDS_PER_S


@dataclass(frozen=True, slots=True)
class Said:
    """What of a text decides whether another one says the same."""

    numbers: tuple[str, ...]
    negations: frozenset[str]
    words: tuple[str, ...]
    distinct: frozenset[str]

    @classmethod
    def read(cls, text: str) -> "Said":
        """A text as it is compared."""
        found = words(text)
        distinct = frozenset(found)
        return cls(tuple(sorted(_NUMBER.findall(normalise(text)))), distinct & NEGATIONS, tuple(found), distinct)

    def differs(self, other: "Said") -> bool:
        """Whether the other says something else: other numbers, other negations, or other content words."""
        if self.numbers != other.numbers or self.negations != other.negations:
            return True
        if not self.words or not other.words:
            return self.words != other.words
        both = len(self.distinct & other.distinct)
        return 2 * both / (len(self.distinct) + len(other.distinct)) < SAME_MEANING


def meaning_changed(before: str, after: str) -> bool:
    """Whether an edit says something else."""
    return Said.read(before).differs(Said.read(after))


def to_examples(verdict: Verdict, prompt: Sequence[ChatTurn]) -> list[Example]:
    """The examples that a verdict gives. `prompt` is the dialogue up to and with the message that the draft answers."""

    def example(kind: ExampleKind, chosen: str, *, rejected: str = "", is_good: bool = True) -> Example:
        return Example(kind, tuple(prompt), chosen, rejected, is_good, _lineage(verdict))

    draft, final = verdict.draft_text.strip(), verdict.final_text.strip()
    match verdict.kind:
        case "approve":
            return [example("sft", final), example("label", final)]
        case "edit":
            found = [example("sft", final), example("label", final)]
            if draft and meaning_changed(draft, final):
                found += [example("preference", final, rejected=draft), example("label", draft, is_good=False)]
            return found
        case "respond":
            found = [example("sft", final), example("label", final)]
            if draft and draft != final:
                found += [example("preference", final, rejected=draft), example("label", draft, is_good=False)]
            return found
        case "reject":
            return [example("label", draft, is_good=False)] if draft else []
        case "ignore" | "regenerate":
            return []


Outcome = Literal["settled", "asked_for_person"]
"""How an answer that left alone ended: nothing more was asked and the matter was closed; its person wanted somebody else."""


def find_outcome(after: Sequence[Message], *, is_resolved: bool) -> Outcome | None:
    """What came of an answer. `after`: the public messages that followed it. None where it cannot be said."""
    for message in after:
        if message.kind == "notice" and message.data.get("reason") in ("asked_for_person", "bad_feedback", "failed_turns"):
            return "asked_for_person"
        if message.author_kind == "person" and message.kind == "text":
            return "asked_for_person" if asks_for_person(message.body) else None
        if message.author_kind == "expert":
            return None
    return "settled" if is_resolved else None


def to_label(answer: Unjudged, prompt: Sequence[ChatTurn], outcome: Outcome | None) -> list[Example]:
    """A label for an answer that left alone: its person's thumb, else its outcome, else nothing."""
    told = answer.rating or outcome
    if not told or not answer.body.strip():
        return []
    lineage = {
        "verdict_id": "", "verdict": told, "draft_id": answer.draft_id, "run_id": answer.run_id,
        "conversation_id": answer.conversation_id, "message_id": answer.message_id, "reason": answer.reason, "lang": answer.lang,
        "model_version": answer.model_version, "prompt_version": answer.prompt_version, "decided_at": answer.at.isoformat(),
    }  # fmt: skip
    return [Example("label", tuple(prompt), answer.body.strip(), "", told in ("up", "settled"), lineage)]


def _lineage(verdict: Verdict) -> dict[str, object]:
    return {
        "verdict_id": verdict.id,
        "draft_id": verdict.draft_id,
        "run_id": verdict.run_id,
        "conversation_id": verdict.conversation_id,
        "message_id": verdict.message_id,
        "verdict": verdict.kind,
        "reason": verdict.reason,
        "lang": verdict.lang,
        "model_version": verdict.model_version,
        "prompt_version": verdict.prompt_version,
        "reviewer_id": verdict.reviewer_id,
        "passage_ids": [r.passage_id for r in verdict.retrieved],
        "shown_at": verdict.shown_at.isoformat() if verdict.shown_at else None,
        "decided_at": verdict.decided_at.isoformat(),
    }
