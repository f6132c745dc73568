"""The engine's heart, without threads: requests come in, `step` moves all of them on by one step, events go out.

Joins the five nouns: a request's answers are sequences in pages, the scheduler plans, the runner computes, the sampler chooses.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

from duologue.engine.accept import read_request
from duologue.engine.answer import Answer, Task
from duologue.engine.batch import Logits
from duologue.engine.beams import Beams, Row
from duologue.engine.blocks import Blocks
from duologue.engine.grammar import Grammars
from duologue.engine.options import Options
from duologue.engine.prompt import Prompts
from duologue.engine.protocol import EngineStats, GenerationRequest, PromptScored, TokenEvent
from duologue.engine.runner import Runner
from duologue.engine.sampler import Floats, draw_seed
from duologue.engine.scheduler import Piece, Plan, Scheduler
from duologue.engine.sequence import Sequence
from duologue.engine.speculate import draft
from duologue.kit.errors import Overloaded

STEP_S = 0.05
"""While others write, a piece of a prompt may take about so long: nobody's stream stalls for longer."""
LEAST_PIECE = 16


class Core:
    """All requests to one model."""

    def __init__(self, runner: Runner, prompts: Prompts, options: Options) -> None:
        self.runner, self.prompts, self.options = runner, prompts, options
        self.scheduler = Scheduler(Blocks(runner.num_blocks), options.max_batch)
        self.tasks: list[Task] = []
        self._grammars = Grammars(prompts.tokenizer, runner.config.vocab_size, runner.ends, prompts.data)
        self._owner: dict[Sequence, Answer | Beams] = {}
        self._arrivals = count()
        self._seconds_per_token = 0.0
        self._lookup = 0 if runner.draft is not None else options.lookup
        self.done = EngineStats()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self.tasks

    def submit(self, request: GenerationRequest, emit: Callable[[TokenEvent | BaseException], None]) -> Task:
        """Take a request; its events go to `emit`. Raises Invalid for what cannot be done, Overloaded where too many wait."""
        if len(self.scheduler.waiting) >= self.options.max_waiting:
            raise Overloaded(f"{self.options.max_waiting} requests are waiting already; try again later.", retry_after_s=1)
        read = read_request(request, self.prompts, self.runner, self._grammars)
        seed = draw_seed() if request.seed is None else request.seed
        task = Task(request, read.prompt, emit, time.perf_counter())
        length = len(read.prompt)
        sequence = Sequence(list(read.prompt), length, length + read.room, request.priority, next(self._arrivals), read.adapter)
        sequence.wants_all = request.prompt_logprobs is not None
        begin_call = partial(self._grammars.call_guide, request.tools, request.parallel_tool_calls)
        for index in range(request.n):  # all but the first get their sequence when the prompt has been read
            guide = self._grammars.guide(read.constraint) if read.constraint is not None else None
            answer = Answer(task, index, sequence, self.prompts, self.runner.ends, seed + index, guide, self._lookup, begin_call)
            task.answers.append(answer)
        self._owner[sequence] = task.answers[0]
        if request.beams > 1:
            self._owner[sequence] = Beams(task, sequence, self.prompts, self.runner.ends)
        self.tasks.append(task)
        self.scheduler.add(sequence)
        return task

    def cancel(self, task: Task) -> None:
        """Forget a request and free all that it holds, now."""
        if task in self.tasks:
            self.tasks.remove(task)
            for sequence in [s for s, owner in self._owner.items() if owner.task is task]:
                self._forget(sequence)

    def step(self) -> None:
        """Move everything on: plan, guess, compute, choose, tell."""
        plan = self.scheduler.plan(self._budget())
        self.runner.prepare(plan)
        if self.runner.draft is not None and plan.pieces:
            draft(self.runner.draft, plan.pieces, self._peek)
        began = time.perf_counter()
        self._watch(plan, began)
        outputs = self.runner.run(plan)
        self._learn_speed(sum(p.count for p in plan.pieces), time.perf_counter() - began)
        for piece, logits in zip(plan.pieces, outputs, strict=True):
            self._take(piece, self._owner[piece.sequence], logits)
        for task in [t for t in self.tasks if self._is_done(t)]:
            self.cancel(task)

    def stats(self) -> EngineStats:
        """What is going on, and what has been done."""
        s = self.scheduler
        return replace(
            self.done,
            running=len(s.running),
            waiting=len(s.waiting),
            blocks=s.blocks.count,
            blocks_used=s.blocks.count - s.blocks.num_free,
            preemptions=s.num_preemptions,
        )

    def _take(self, piece: Piece, owner: Answer | Beams, logits: Logits) -> None:
        """What a piece of a sequence brought."""
        if not piece.is_last:
            self._score(piece, owner, logits)
            self.scheduler.store(piece, piece.count)
        elif isinstance(owner, Beams):
            self._search(piece, owner, logits)
        elif owner.num_tokens == 0:
            self._begin(piece, owner, logits)
        else:
            self._write(piece, owner, logits)

    def _score(self, piece: Piece, owner: Answer | Beams, logits: Logits) -> None:
        if piece.sequence.wants_all:
            owner.task.answers[0].score_prompt(piece.start, logits.values, logits.lse)

    def _open(self, piece: Piece, owner: Answer | Beams, logits: Logits) -> None:
        """A prompt has been read to its end."""
        first, task = piece.sequence, owner.task
        self._score(piece, owner, logits)
        self.scheduler.store(piece, piece.count)
        first.wants_all = False
        task.first_token_s = time.perf_counter()
        self._count(prompt_tokens=len(task.prompt), cached_tokens=first.num_found)
        if task.request.prompt_logprobs is not None:
            task.emit(PromptScored(tuple(task.scores)))

    def _begin(self, piece: Piece, owner: Answer, logits: Logits) -> None:
        """Every answer begins from the same logits, on pages that they share."""
        self._open(piece, owner, logits)
        task = owner.task
        for answer in task.answers[1:]:
            answer.sequence = self.scheduler.fork(piece.sequence, next(self._arrivals))
            self._owner[answer.sequence] = answer
        for answer in task.answers:
            if answer.room <= 0:  # only the prompt was to be scored
                answer.finish("length")
            else:
                answer.advance(logits.values[-1], float(logits.lse[-1]), int(logits.best[-1]))
                self._count(completion_tokens=1)
            self._end_or_guess(answer)

    def _write(self, piece: Piece, answer: Answer, logits: Logits) -> None:
        """Take the next token, and as many more as were guessed right."""
        drafts, kept = piece.sequence.drafts, 0
        for row in range(len(drafts) + 1):
            token = answer.advance(logits.values[row], float(logits.lse[row]), int(logits.best[row]))
            if answer.is_done or kept == len(drafts) or token != drafts[kept]:
                break
            kept += 1
        self._count(completion_tokens=kept + 1, drafted_tokens=len(drafts), accepted_tokens=kept)
        answer.learn(len(drafts), kept)
        self.scheduler.store(piece, piece.count - len(drafts) + kept)
        self._end_or_guess(answer)

    def _search(self, piece: Piece, beams: Beams, logits: Logits) -> None:
        """One live beam has been read; when all have, the search goes on."""
        if piece.sequence.num_stored < piece.sequence.num_prompt == len(piece.sequence.ids) and not beams.num_opened:
            self._open(piece, beams, logits)
            beams.num_opened, beams.num_found = 1, piece.sequence.num_found
        else:
            self.scheduler.store(piece, piece.count)
        piece.sequence.is_paused = True
        beams.rows[piece.sequence] = Row(logits.values[-1].copy(), float(logits.lse[-1]))
        if not beams.is_ready:
            return
        self._count(completion_tokens=len(beams.live))
        for sequence in beams.advance(lambda source: self._fork(source, beams)):
            self._forget(sequence)

    def _fork(self, source: Sequence, beams: Beams) -> Sequence:
        twin = self.scheduler.fork(source, next(self._arrivals))
        self._owner[twin] = beams
        return twin

    def _end_or_guess(self, answer: Answer) -> None:
        if answer.is_done:
            self._forget(answer.sequence)
        elif self.runner.draft is not None:
            answer.sequence.drafts = [0] * max(0, min(self.options.draft_tokens, answer.room - 1))
        else:
            answer.sequence.drafts = answer.guess()

    def _peek(self, sequence: Sequence, logits: Floats, best: int, ahead: int) -> int:
        owner = self._owner[sequence]
        return owner.peek(logits, best, ahead) if isinstance(owner, Answer) else best

    def _is_done(self, task: Task) -> bool:
        return all(owner.task is not task for owner in self._owner.values())

    def _forget(self, sequence: Sequence) -> None:
        if self._owner.pop(sequence, None) is not None:
            self.scheduler.drop(sequence)

    def _budget(self) -> int:
        """Tokens of the next step: all that are allowed where nobody is writing, else what takes about STEP_S."""
        limit = self.options.step_tokens
        writing = sum(s.num_due for s in self.scheduler.running if len(s.ids) - s.num_stored == 1)
        if not writing or not self._seconds_per_token:
            return limit + writing
        return writing + min(limit, max(LEAST_PIECE, int(STEP_S / self._seconds_per_token)))

    def _learn_speed(self, tokens: int, seconds: float) -> None:
        if tokens >= LEAST_PIECE:
            self._seconds_per_token = seconds / tokens

    def _watch(self, plan: Plan, now: float) -> None:
        """Note how many go on together, and how long those that begin have waited."""
        if plan.pieces:
            self.done = replace(self.done, batch_sequences=self.done.batch_sequences.add(len(plan.pieces)))
        for task in (self._owner[piece.sequence].task for piece in plan.pieces):
            if not task.begun_s:
                task.begun_s = now
                self.done = replace(self.done, queue_seconds=self.done.queue_seconds.add(now - task.arrived_s))

    def _count(self, **more: int) -> None:
        self.done = replace(self.done, **{name: getattr(self.done, name) + value for name, value in more.items()})
