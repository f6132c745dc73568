"""Who goes on in the next step, and with how many tokens. Pure bookkeeping over sequences and pages; knows no tensor.

A step has room for `budget` tokens: first one (and its guesses) for everyone who is writing, then pieces of prompts, so that a
long prompt stalls nobody (Agrawal et al. 2023). Where pages run out, the last in order gives its own back and is read again later.
"""

from bisect import insort
from dataclasses import dataclass

from duologue.engine.batch import BLOCK
from duologue.engine.blocks import Blocks
from duologue.engine.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens of one sequence that the step reads: `count` from `start`; `is_last` where what follows them is wanted."""

    sequence: Sequence
    start: int
    count: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A step: pieces, and pages to copy before it (from, to)."""

    pieces: list[Piece]
    copies: list[tuple[int, int]]


class Scheduler:
    """Sequences that wait and sequences that run. Both are kept in order: priority, then arrival."""

    def __init__(self, blocks: Blocks, max_running: int) -> None:
        self.blocks, self.max_running = blocks, max_running
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []
        self.num_preemptions = 0

    def add(self, sequence: Sequence) -> None:
        """Let a sequence wait for its turn. It must fit: `limit` tokens within all pages together."""
        insort(self.waiting, sequence, key=lambda s: s.order)

    def drop(self, sequence: Sequence) -> None:
        """Forget a sequence, whatever it is doing, and free its pages at once."""
        for queue in (self.waiting, self.running):
            if sequence in queue:
                queue.remove(sequence)
        self._free(sequence)

    def fork(self, sequence: Sequence, arrival: int) -> Sequence:
        """A second sequence that goes on from the same tokens, sharing all pages until one of the two writes."""
        twin = Sequence(list(sequence.ids), sequence.num_prompt, sequence.limit, sequence.priority, arrival, sequence.adapter)
        twin.table, twin.names = list(sequence.table), list(sequence.names)
        twin.num_stored, twin.num_found = sequence.num_stored, sequence.num_found
        for block in twin.table:
            self.blocks.hold(block)
        insort(self.running, twin, key=lambda s: s.order)
        return twin

    def plan(self, budget: int) -> Plan:
        """The next step. Empty only where nothing waits and nothing runs."""
        plan = Plan([], [])
        writing = [s for s in self.running if len(s.ids) - s.num_stored == 1]
        for sequence in [*writing, *(s for s in self.running if len(s.ids) - s.num_stored > 1)]:
            if sequence in self.running:  # it may have been preempted meanwhile
                budget -= self._give(plan, sequence, budget)
        while budget > 0 and (first := next((s for s in self.waiting if not s.is_paused), None)):
            resting = [s for s in self.running if s.is_paused and not plan.pieces]
            if (len(self.running) < self.max_running or resting) and self._admit(first):
                budget -= self._give(plan, first, budget)
            elif self.running and self.running[-1].priority > first.priority:
                self._preempt(plan, self.running[-1])
            elif resting:  # nobody else can go on: those who wait for others give their pages
                self._preempt(plan, resting[-1])
            else:
                break
        return plan

    def store(self, piece: Piece, num_kept: int) -> None:
        """The step has run: of the piece's tokens the first `num_kept` are right, and full pages of them can be found."""
        s = piece.sequence
        first = s.num_stored // BLOCK
        s.num_stored += num_kept
        for index in range(first, s.num_stored // BLOCK):
            self.blocks.publish(s.table[index], s.name_page(index))

    def _give(self, plan: Plan, sequence: Sequence, budget: int) -> int:
        """Put as much of a sequence into the step as it needs and the budget allows; the number of its tokens."""
        if sequence.num_due > budget and sequence.num_due <= 1 + len(sequence.drafts):
            sequence.drafts = sequence.drafts[: max(0, budget - 1)]
        count = min(sequence.num_due, budget)
        if count <= 0 or not self._make_room(plan, sequence, count):
            return 0
        plan.pieces.append(Piece(sequence, sequence.num_stored, count, count == sequence.num_due))
        return count

    def _admit(self, sequence: Sequence) -> bool:
        """Start a waiting sequence where its prompt fits beside the others; what the cache has of it is not read again."""
        found, names = ([], []) if sequence.wants_all else self.blocks.find(sequence.ids, sequence.root)
        needed = -(-(len(sequence.ids) + 1) // BLOCK) - len(found)
        for block in found:
            self.blocks.hold(block)
        if needed > self.blocks.num_free:
            for block in reversed(found):
                self.blocks.let_go(block)
            return False
        sequence.table, sequence.names, sequence.num_stored = found, names, len(found) * BLOCK
        if len(sequence.ids) == sequence.num_prompt:
            sequence.num_found = sequence.num_stored
        self.waiting.remove(sequence)
        insort(self.running, sequence, key=lambda s: s.order)
        return True

    def _make_room(self, plan: Plan, sequence: Sequence, count: int) -> bool:
        """Pages for `count` more tokens, none of them shared; others behind it in the order make way. False: it made way itself."""
        first, last = sequence.num_stored // BLOCK, (sequence.num_stored + count - 1) // BLOCK
        if first < len(sequence.table) and self.blocks.is_shared(sequence.table[first]):
            block = self._take(plan, sequence)
            if block is None:
                return False
            plan.copies.append((sequence.table[first], block))
            self.blocks.let_go(sequence.table[first])
            sequence.table[first] = block
        while len(sequence.table) <= last:
            block = self._take(plan, sequence)
            if block is None:
                return False
            sequence.table.append(block)
        return True

    def _take(self, plan: Plan, sequence: Sequence) -> int | None:
        while (block := self.blocks.take()) is None:
            victim = self.running[-1]
            self._preempt(plan, victim)
            if victim is sequence:
                return None
        return block

    def _preempt(self, plan: Plan, victim: Sequence) -> None:
        """Take everything from a sequence; it waits in its old order and is read again, its own text as part of the prompt."""
        self.num_preemptions += 1
        self.running.remove(victim)
        plan.pieces[:] = [p for p in plan.pieces if p.sequence is not victim]
        self._free(victim)
        victim.drafts = []
        insort(self.waiting, victim, key=lambda s: s.order)

    def _free(self, sequence: Sequence) -> None:
        for block in reversed(sequence.table):  # the end of a text is forgotten before its beginning
            self.blocks.let_go(block)
        sequence.table, sequence.names, sequence.num_stored = [], [], 0
