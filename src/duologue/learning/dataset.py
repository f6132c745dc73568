"""From verdicts to a frozen dataset: what is left out and why, what is held out, and one hash that names it all.

Held out are the latest persons: those whose first verdict lies after the cut in time, so that neither a person nor a moment
stands on both sides. What known persons said after the cut belongs to neither side. Bare labels are kept for trainers that learn
from them; ours learns from answers and pairs. Pure; `archive.py` writes it as files.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from duologue.assistant.guard import Mask, is_injected
from duologue.kit.errors import Invalid
from duologue.learning.alike import Alike
from duologue.learning.examples import is_unread
from duologue.learning.export import to_row
from duologue.learning.harm import asks_for_secret, find_addresses, find_hosts, is_strange
from duologue.learning.model import Candidate, ChatTurn, Example

HELD_OUT = 0.2
"""Share of the time line behind the cut."""
NO_CONSENT = "no_consent"
"""Of these not even samples are kept."""
UNREAD = "approved_unread"
UNREAD_SHARE = 0.25
"""Of the approvals that nobody can have read, the share that is learnt from: an expert who sends a draft off stands for it, but
little. Drawn by the verdict's id, so that it is the same at every look; none is measured on, and none earns autonomy."""
STRANGE = "strange_address"
KNOWN = "known_person_after_the_cut"
PLANTED = ("speaks_to_the_model", "asks_for_secrets")
"""Reasons for which an answer is left out that nobody means well with."""
NO_ANSWER = ("empty", "asked_to_steer", NO_CONSENT)
"""Reasons that say nothing of an answer."""
SAMPLES = 8
"""Examples that are kept of each reason for leaving one out, for people to look at."""
LEAST_PAIRS = 20
LEAST_EXAMPLES = 40


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is learnt from and what is only measured. `left_out`: how many examples, by reason; `samples`: some of them."""

    name: str
    train: tuple[Example, ...]
    held_out: tuple[Example, ...]
    left_out: dict[str, int]
    people: int
    samples: tuple[tuple[str, Example], ...] = ()

    def pairs(self, of: Sequence[Example]) -> list[Example]:
        """The preference pairs among examples."""
        return [e for e in of if e.kind == "preference"]

    def answers(self, of: Sequence[Example]) -> list[Example]:
        """The answers to be learnt among examples."""
        return [e for e in of if e.kind == "sft"]

    def labels(self, of: Sequence[Example]) -> list[Example]:
        """The bare labels among examples."""
        return [e for e in of if e.kind == "label"]

    def check(self) -> None:
        """Raise Invalid, with the reason, where there is too little to learn from."""
        found, held = len(self.answers(self.train)), len(self.answers(self.held_out))
        if found < LEAST_EXAMPLES or held < LEAST_EXAMPLES // 4:
            raise Invalid(
                f"There is too little to learn from: {found} answers and {held} held out; it takes {LEAST_EXAMPLES} and "
                f"{LEAST_EXAMPLES // 4}. Go on deciding on drafts.",
                answers=found,
                held_out=held,
            )


def freeze(candidates: Iterable[Candidate], held_out: float = HELD_OUT, *, known: Collection[str] | None = None) -> Dataset:
    """Filter, split and name. The same candidates give the same dataset, whatever their order.

    `known`: hosts that the house's texts name; an answer that names another one is left out. None: every host is known.
    """
    left_out: Counter[str] = Counter()
    kept: list[Candidate] = []
    ordered = sorted(candidates, key=_order)
    seen = Alike(candidate.example for candidate in ordered)
    samples: list[tuple[str, Example]] = []
    for candidate in ordered:
        reason = _find_reason(candidate)
        if reason == NO_CONSENT:
            left_out[reason] += 1
            continue
        redacted = replace(candidate, example=redact(candidate.example))
        if reason is None and known is not None and _is_strange(redacted.example, known):
            reason = STRANGE
        if reason is None and seen.is_known(redacted.example):
            reason = "near_duplicate"
        if reason is not None:
            _leave(reason, redacted.example, left_out, samples)
            continue
        kept.append(redacted)
    train, measured = _split(kept, held_out, left_out, samples)
    name = _name(train, measured)
    people = len({c.person_id for c in kept})
    return Dataset(name, tuple(train), tuple(measured), dict(sorted(left_out.items())), people, tuple(samples))


def _order(candidate: Candidate) -> tuple[datetime, str, str, str]:
    lineage = candidate.example.lineage
    return candidate.decided_at, str(lineage.get("verdict_id")), candidate.example.kind, str(lineage.get("message_id"))


def _leave(reason: str, example: Example, left_out: Counter[str], samples: list[tuple[str, Example]]) -> None:
    left_out[reason] += 1
    if left_out[reason] <= SAMPLES:
        samples.append((reason, example))


def _find_reason(candidate: Candidate) -> str | None:
    example = candidate.example
    if not candidate.may_learn:
        return NO_CONSENT
    if not example.chosen.strip():
        return "empty"
    if is_injected(example.chosen) and example.is_good:
        return "speaks_to_the_model"
    if asks_for_secret(example.chosen) and example.is_good:
        return "asks_for_secrets"
    if any(is_injected(turn["content"]) for turn in example.prompt):
        return "asked_to_steer"
    return UNREAD if is_stamped(candidate) and not _counts(candidate) else None


def is_stamped(candidate: Candidate) -> bool:
    """Whether it is an approval that came faster than anybody reads."""
    return candidate.example.lineage.get("verdict") == "approve" and is_unread(candidate.example.chosen, candidate.read_s)


def _counts(candidate: Candidate) -> bool:
    drawn = hashlib.sha256(str(candidate.example.lineage.get("verdict_id")).encode()).digest()[:4]
    return int.from_bytes(drawn, "big") < UNREAD_SHARE * 2**32


def _is_strange(example: Example, known: Collection[str]) -> bool:
    """Whether an answer to be learnt names a host of nobody knows whom: neither the house nor the person named it."""
    if not example.is_good or not is_strange(example.chosen, known):
        return False
    asked = find_hosts(find_addresses(turn["content"] for turn in example.prompt if turn["role"] == "user"))
    return is_strange(example.chosen, {*known, *asked})


def redact(example: Example) -> Example:
    """The example with names in place of personal data, the same name for the same datum."""
    mask = Mask()
    prompt: tuple[ChatTurn, ...] = tuple({**turn, "content": mask.hide(turn["content"])} for turn in example.prompt)
    return replace(example, prompt=prompt, chosen=mask.hide(example.chosen), rejected=mask.hide(example.rejected))


def _split(
    kept: Sequence[Candidate], held_out: float, left_out: Counter[str], samples: list[tuple[str, Example]]
) -> tuple[list[Example], list[Example]]:
    if not kept:
        return [], []
    moments = sorted(c.decided_at for c in kept if c.example.kind != "label") or sorted(c.decided_at for c in kept)
    cut = moments[min(len(moments) - 1, int(len(moments) * (1 - held_out)))]
    first: dict[str, datetime] = {}
    for candidate in kept:
        first.setdefault(candidate.person_id, candidate.decided_at)
    train, measured = [], []
    for candidate in kept:
        if candidate.decided_at < cut:
            train.append(candidate.example)
        elif is_stamped(candidate):
            _leave(UNREAD, candidate.example, left_out, samples)
        elif first[candidate.person_id] >= cut:
            measured.append(candidate.example)
        else:
            _leave(KNOWN, candidate.example, left_out, samples)
    return train, measured


def _name(train: Sequence[Example], held_out: Sequence[Example]) -> str:
    whole = hashlib.sha256()
    for side in (train, held_out):
        for example in side:
            whole.update(json.dumps(to_row(example), ensure_ascii=False, sort_keys=True).encode() + b"\n")
        whole.update(b"--\n")
    return whole.hexdigest()[:16]
