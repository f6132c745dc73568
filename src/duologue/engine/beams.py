"""Beam search of one request: its live beams are sequences that share pages, and go on when all of them have been read.

Keeps to `lm.decode.write`, which is its oracle: the same candidates, the same scores, the same end. Texts come whole, at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue.engine.answer import Task, make_rules
from duologue.engine.prompt import Prompts
from duologue.engine.protocol import Finished, FinishReason, TextDelta, Usage
from duologue.engine.sampler import Floats, Seen, apply_rules
from duologue.engine.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Text:
    """A complete text: its tokens without the end, the sum of their log-probabilities with it, and the score."""

    ids: tuple[int, ...]
    logprob: float
    score: float
    reason: FinishReason
    length: int


@dataclass(frozen=True, slots=True)
class Row:
    """What may follow one beam."""

    logits: Floats
    lse: float


class Beams:
    """The search. `advance` takes what follows each live beam and says how each goes on."""

    def __init__(self, task: Task, first: Sequence, prompts: Prompts, ends: frozenset[int]) -> None:
        self.task, self._prompts = task, prompts
        self._ends: frozenset[int] = frozenset() if task.request.ignore_end else ends
        self.live: dict[Sequence, float] = {first: 0.0}
        self.rows: dict[Sequence, Row] = {}
        self.finished: list[Text] = []
        self.num_found, self._length, self.num_opened = 0, 0, 0
        self.is_done = False

    @property
    def is_ready(self) -> bool:
        """Whether every live beam has been read."""
        return len(self.rows) == len(self.live)

    def advance(self, fork: Callable[[Sequence], Sequence]) -> list[Sequence]:
        """One more token for the best beams; the sequences that do not go on. Sends the texts and ends where they are decided."""
        request, before = self.task.request, list(self.live)
        room = before[0].limit - len(before[0].ids)
        candidates = self._extend(before)
        self._length += 1
        goes_on: list[tuple[Sequence, int, float]] = []
        for rank, (source, token, logprob) in enumerate(candidates):
            if token in self._ends:
                if (
                    rank < request.beams and self._length > request.min_tokens
                ):  # a complete text must be among the best, or it would be kept for being short
                    self._keep((*self._text(source), token), logprob, "stop")
            elif len(goes_on) < request.beams:
                goes_on.append((source, token, logprob))
        self.rows.clear()
        if room <= 1:
            for source, token, logprob in goes_on:
                self._keep((*self._text(source), token), logprob, "length")
            return self._end(before)
        if self._is_decided([p for _, _, p in goes_on]):
            return self._end(before)
        self.live = self._branch(goes_on, fork)
        return [s for s in before if s not in self.live]

    def _branch(self, goes_on: list[tuple[Sequence, int, float]], fork: Callable[[Sequence], Sequence]) -> dict[Sequence, float]:
        """Give every beam a sequence of its own: the first of a source goes on in it, the others in copies that share its pages."""
        used: set[Sequence] = set()
        made: list[tuple[Sequence, int, float]] = []
        for source, token, logprob in goes_on:
            made.append((fork(source) if source in used else source, token, logprob))
            used.add(source)
        for sequence, token, _ in made:
            sequence.ids.append(token)
            sequence.is_paused = False
        return {sequence: logprob for sequence, _, logprob in made}

    def _extend(self, before: list[Sequence]) -> list[tuple[Sequence, int, float]]:
        """The best continuations, enough that `beams` of them do not end."""
        request = self.task.request
        rules, rows = make_rules(request, 0), list[NDArray[np.float64]]()
        for sequence in before:
            row = self.rows[sequence]
            logprobs = (row.logits - np.float32(row.lse)).astype(np.float32)
            if not rules.is_plain:
                seen = Seen(self.task.prompt)
                seen.text.update(self._text(sequence))
                logprobs = apply_rules(logprobs, rules, seen)
            rows.append(logprobs.astype(np.float64) + self.live[sequence])
        joined = np.concatenate(rows)
        width = min(len(joined), request.beams * (1 + max(1, len(self._ends))))
        some = np.argpartition(-joined, width - 1)[:width]
        order = some[np.lexsort((some, -joined[some]))]
        size = len(rows[0])
        return [(before[int(at) // size], int(at) % size, float(joined[at])) for at in order]

    def _text(self, sequence: Sequence) -> tuple[int, ...]:
        return tuple(sequence.ids[sequence.num_prompt :])

    def _keep(self, ids: tuple[int, ...], logprob: float, reason: FinishReason) -> None:
        request = self.task.request
        score = logprob / max(1, len(ids)) ** request.length_penalty
        text = Text(ids[:-1] if reason == "stop" else ids, logprob, score, reason, len(ids))
        self.finished = sorted([*self.finished, text], key=lambda t: -t.score)[: request.beams]

    def _is_decided(self, logprobs: list[float]) -> bool:
        """Whether no live beam is going to be better than the complete texts, as far as its score now says."""
        if not logprobs:
            return True
        if len(self.finished) < self.task.request.beams:
            return False
        return bool(logprobs[0] / self._length**self.task.request.length_penalty <= self.finished[-1].score)

    def _end(self, before: list[Sequence]) -> list[Sequence]:
        """Send the best texts, each cut before the first stop string in it."""
        for index, text in enumerate(self.finished[: self.task.request.n]):
            said, reason = self._prompts.tokenizer.decode(text.ids), text.reason
            found = [at for stop in self.task.request.stop if stop and (at := said.find(stop)) >= 0]
            if found:
                said, reason = said[: min(found)], "stop"
            if said:
                self.task.emit(TextDelta(said, 0, index))
            usage = Usage(len(self.task.prompt), text.length, self.num_found)
            self.task.emit(Finished(reason, usage, text.logprob / max(1, text.length), index))
        self.is_done = True
        self.live = {}
        return before
