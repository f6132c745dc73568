"""From verdicts to a frozen dataset: what is left out and why, what is held out, and one hash that names it all.

Held out are the latest persons: those whose first verdict lies after the cut in time, so that neither a person nor a moment
stands on both sides. What known persons said after the cut belongs to neither side. Pure; `archive.py` writes it as files.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from duologue.assistant.guard import Mask, is_injected
from duologue.kit.errors import Invalid
from duologue.kit.text import words
from duologue.learning.export import to_line
from duologue.learning.harm import asks_for_secret
from duologue.learning.model import Candidate, ChatTurn, Example

HELD_OUT = 0.2
"""Share of the time line behind the cut."""
FASTEST_WORDS_PER_S = 15.0
"""An approval that came faster was not read: skilled readers read some 4 to 5 words a second (Brysbaert 2019)."""
KNOWN = "known_person_after_the_cut"
PLANTED = ("speaks_to_the_model", "asks_for_secrets")
"""Reasons for which an answer is left out that nobody means well with."""
NO_ANSWER = ("only_a_label", "empty", "asked_to_steer")
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


def freeze(candidates: Iterable[Candidate], held_out: float = HELD_OUT) -> Dataset:
    """Filter, split and name. The same candidates give the same dataset, whatever their order."""
    left_out: Counter[str] = Counter()
    kept: list[Candidate] = []
    known: set[tuple[str, str, str, str]] = set()
    samples: list[tuple[str, Example]] = []
    for candidate in sorted(candidates, key=lambda c: (c.decided_at, str(c.example.lineage.get("verdict_id")), c.example.kind)):
        reason = _find_reason(candidate)
        redacted = replace(candidate, example=redact(candidate.example))
        key = _key(redacted.example)
        if reason is None and key in known:
            reason = "near_duplicate"
        if reason is not None:
            left_out[reason] += 1
            if left_out[reason] <= SAMPLES:
                samples.append((reason, redacted.example))
            continue
        known.add(key)
        kept.append(redacted)
    train, measured = _split(kept, held_out, left_out, samples)
    name = _name(train, measured)
    people = len({c.person_id for c in kept})
    return Dataset(name, tuple(train), tuple(measured), dict(sorted(left_out.items())), people, tuple(samples))


def _find_reason(candidate: Candidate) -> str | None:
    example = candidate.example
    if example.kind == "label":
        return "only_a_label"
    if not example.chosen.strip():
        return "empty"
    if is_injected(example.chosen):
        return "speaks_to_the_model"
    if asks_for_secret(example.chosen):
        return "asks_for_secrets"
    if any(is_injected(turn["content"]) for turn in example.prompt):
        return "asked_to_steer"
    is_approval = example.lineage.get("verdict") == "approve"
    if is_approval and candidate.read_s is not None and candidate.read_s < len(words(example.chosen)) / FASTEST_WORDS_PER_S:
        return "approved_unread"
    return None


def redact(example: Example) -> Example:
    """The example with names in place of personal data, the same name for the same datum."""
    mask = Mask()
    prompt: tuple[ChatTurn, ...] = tuple({**turn, "content": mask.hide(turn["content"])} for turn in example.prompt)
    return replace(example, prompt=prompt, chosen=mask.hide(example.chosen), rejected=mask.hide(example.rejected))


def _key(example: Example) -> tuple[str, str, str, str]:
    asked = " ".join(words(example.prompt[-1]["content"])) if example.prompt else ""
    return (example.kind, asked, " ".join(words(example.chosen)), " ".join(words(example.rejected)))


def _split(
    kept: Sequence[Candidate], held_out: float, left_out: Counter[str], samples: list[tuple[str, Example]]
) -> tuple[list[Example], list[Example]]:
    if not kept:
        return [], []
    moments = sorted(c.decided_at for c in kept)
    cut = moments[min(len(moments) - 1, int(len(moments) * (1 - held_out)))]
    first: dict[str, datetime] = {}
    for candidate in kept:
        first.setdefault(candidate.person_id, candidate.decided_at)
    train, measured = [], []
    for candidate in kept:
        if candidate.decided_at < cut:
            train.append(candidate.example)
        elif first[candidate.person_id] >= cut:
            measured.append(candidate.example)
        else:
            left_out[KNOWN] += 1
            if left_out[KNOWN] <= SAMPLES:
                samples.append((KNOWN, candidate.example))
    return train, measured


def _name(train: Sequence[Example], held_out: Sequence[Example]) -> str:
    whole = hashlib.sha256()
    for side in (train, held_out):
        for example in side:
            whole.update(
                json.dumps(to_line(example, "sft" if example.kind == "sft" else "dpo"), ensure_ascii=False, sort_keys=True).encode()
                + b"\n"
            )
        whole.update(b"--\n")
    return whole.hexdigest()[:16]
