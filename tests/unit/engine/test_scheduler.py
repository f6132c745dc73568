"""The scheduler under random lives of sequences: no page is leaked, nobody starves, everything is read once and in order."""

import random

import pytest

from duologue.engine.batch import BLOCK
from duologue.engine.blocks import Blocks
from duologue.engine.scheduler import Scheduler
from duologue.engine.sequence import Sequence

TRACES = 10_000


class World:
    """A scheduler with a pretended network: what stands in a page is remembered, and looked up when it is read."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.pages = rng, rng.randint(3, 12)
        self.scheduler = Scheduler(Blocks(self.pages), rng.randint(1, 4))
        self.memory = [[-1] * BLOCK for _ in range(self.pages)]
        self.alive: list[Sequence] = []
        self.arrivals = 0

    def add(self) -> None:
        length = self.rng.randint(1, self.pages * BLOCK - 1)
        beginning = [7] * self.rng.choice([0, 3, BLOCK, 2 * BLOCK])
        ids = (beginning + [self.rng.randint(0, 1) for _ in range(length)])[:length]
        limit = min(self.pages * BLOCK, length + self.rng.randint(1, 20))
        sequence = Sequence(ids, length, limit, self.rng.choice([0, 0, 1]), self.arrivals, self.rng.choice([0, 0, 1]))
        self.arrivals += 1
        self.alive.append(sequence)
        self.scheduler.add(sequence)

    def step(self) -> None:
        plan = self.scheduler.plan(self.rng.randint(1, 40))
        if self.alive:
            assert plan.pieces, "somebody is alive, so somebody goes on"
        for source, target in plan.copies:
            self.memory[target] = list(self.memory[source])
        for piece in plan.pieces:
            s = piece.sequence
            assert piece.start == s.num_stored
            text = (s.ids + s.drafts)[piece.start : piece.start + piece.count]
            for place, token in enumerate(text, piece.start):
                page = s.table[place // BLOCK]
                assert not self.scheduler.blocks.is_shared(page), "nobody writes into another's page"
                self.memory[page][place % BLOCK] = token
        for piece in plan.pieces:
            self.after(piece.sequence, piece.count, piece.is_last, piece)

    def after(self, s: Sequence, count: int, is_last: bool, piece: object) -> None:
        told = [self.memory[s.table[i // BLOCK]][i % BLOCK] for i in range(s.num_stored + count - len(s.drafts) * is_last)]
        assert told == s.ids[: len(told)], "it reads what it wrote"
        kept = 0
        if is_last:
            kept = self.rng.randint(0, len(s.drafts))
            s.ids += s.drafts[:kept]
            if len(s.ids) < s.limit:
                s.ids.append(self.rng.randint(0, 1))
        self.scheduler.store(piece, count - (len(s.drafts) - kept if is_last else 0))  # type: ignore[arg-type]
        if not is_last:
            return
        s.drafts = []
        if len(s.ids) >= s.limit or self.rng.random() < 0.1:
            self.alive.remove(s)
            self.scheduler.drop(s)
        else:
            if self.rng.random() < 0.3:
                s.drafts = [self.rng.randint(0, 1) for _ in range(min(self.rng.randint(1, 3), s.limit - len(s.ids)))]
            if self.rng.random() < 0.1 and len(self.alive) < 6:
                self.alive.append(self.scheduler.fork(s, self.arrivals))
                self.arrivals += 1

    def check(self) -> None:
        s = self.scheduler
        s.blocks.check([q.table for q in (*s.running, *s.waiting)])
        assert sorted(map(id, self.alive)) == sorted(map(id, (*s.running, *s.waiting)))


@pytest.mark.parametrize("part", range(4))
def test_random_lives_leak_no_page_and_mix_no_text(part: int) -> None:
    for seed in range(part * TRACES // 4, (part + 1) * TRACES // 4):
        rng = random.Random(seed)
        world = World(rng)
        for _ in range(rng.randint(4, 14)):
            match rng.randint(0, 3):
                case 0 if len(world.alive) < 6:
                    world.add()
                case 1 if world.alive and rng.random() < 0.3:
                    world.scheduler.drop(world.alive.pop(rng.randrange(len(world.alive))))
                case _:
                    world.step()
            world.check()
        for sequence in list(world.alive):
            world.scheduler.drop(sequence)
        assert world.scheduler.blocks.num_free == world.pages


def test_everyone_ends_though_pages_are_few() -> None:
    world = World(random.Random(5))
    world.pages = 6
    world.scheduler, world.memory = Scheduler(Blocks(6), 4), world.memory[:1] * 6
    world.memory = [list(page) for page in world.memory]
    for arrival in range(6):
        world.alive.append(Sequence([arrival] * 20, 20, 90, arrival=arrival))
        world.scheduler.add(world.alive[-1])
    for _ in range(3000):
        if not world.alive:
            break
        world.step()
    assert not world.alive
    assert world.scheduler.num_preemptions > 0


def finish_prompt(scheduler: Scheduler, sequence: Sequence) -> int:
    """Read the whole prompt; how many tokens were read."""
    read = 0
    while sequence.num_due:
        for piece in scheduler.plan(64).pieces:
            scheduler.store(piece, piece.count)
            read += piece.count
    return read


def test_an_equal_beginning_is_read_once_and_another_adapter_reads_anew() -> None:
    scheduler = Scheduler(Blocks(40), 4)
    prompt = list(range(100))
    for adapter, ids, read in ((0, prompt, 100), (0, prompt, 4), (0, [*prompt[:50], 1], 3), (1, prompt, 100)):
        sequence = Sequence(list(ids), len(ids), len(ids) + 1, adapter=adapter)
        scheduler.add(sequence)
        assert finish_prompt(scheduler, sequence) == read
        assert sequence.num_found == len(ids) - read
        scheduler.drop(sequence)


def test_writers_go_on_while_a_long_prompt_is_read() -> None:
    scheduler = Scheduler(Blocks(100), 4)
    writer, reader = Sequence([1, 2, 3], 3, 50), Sequence([4] * 500, 500, 510, arrival=1)
    scheduler.add(writer)
    finish_prompt(scheduler, writer)
    writer.ids.append(5)
    scheduler.add(reader)
    for _ in range(4):
        plan = scheduler.plan(32)
        assert [(p.sequence is writer, p.count) for p in plan.pieces] == [(True, 1), (False, 31)]
        for piece in plan.pieces:
            scheduler.store(piece, piece.count)
        writer.ids.append(5)


def test_the_urgent_go_first_and_take_the_place_of_the_others() -> None:
    scheduler = Scheduler(Blocks(4), 1)
    late, urgent = Sequence([1] * 20, 20, 30, priority=1), Sequence([2] * 20, 20, 30, priority=-1, arrival=1)
    scheduler.add(late)
    finish_prompt(scheduler, late)
    late.ids.append(1)
    scheduler.add(urgent)
    plan = scheduler.plan(64)
    assert urgent in {p.sequence for p in plan.pieces}
    assert scheduler.waiting == [late]
    assert late.table == []
