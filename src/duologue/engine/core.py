"""The engine's heart, without threads: requests come in, `step` moves all of them on by one step, events go out.

Joins the five nouns: a request's answers are sequences in pages, the scheduler plans, the runner computes, the sampler chooses.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from duologue.engine.answer import Answer, Task
from duologue.engine.batch import Logits
from duologue.engine.blocks import Blocks
from duologue.engine.prompt import Prompts
from duologue.engine.protocol import EngineStats, Finished, GenerationRequest, PromptScored, TokenEvent, Usage
from duologue.engine.runner import Options, Runner
from duologue.engine.sampler import draw_seed
from duologue.engine.scheduler import Piece, Scheduler
from duologue.engine.sequence import Sequence
from duologue.kit.errors import Invalid, Overloaded

STEP_S = 0.05
"""While others write, a piece of a prompt may take about so long: nobody's stream stalls for longer."""
LEAST_PIECE = 16
MOST_ANSWERS = 64


class Core:
    """All requests to one model."""

    def __init__(self, runner: Runner, prompts: Prompts, options: Options) -> None:
        self.runner, self.prompts, self.options = runner, prompts, options
        self.scheduler = Scheduler(Blocks(runner.num_blocks), options.max_batch)
        self.tasks: list[Task] = []
        self._owner: dict[Sequence, Answer] = {}
        self._arrivals = count()
        self._seconds_per_token = 0.0
        self.done = EngineStats()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self.tasks

    def submit(self, request: GenerationRequest, emit: Callable[[TokenEvent | BaseException], None]) -> Task:
        """Take a request; its events go to `emit`. Raises Invalid for what cannot be done, Overloaded where too many wait."""
        if len(self.scheduler.waiting) >= self.options.max_waiting:
            raise Overloaded(f"{self.options.max_waiting} requests are waiting already; try again later.", retry_after_s=1)
        prompt = self.prompts.read(request)
        room = self._check(request, prompt)
        seed = draw_seed() if request.seed is None else request.seed
        task = Task(request, prompt, emit, time.perf_counter())
        sequence = Sequence(list(prompt), len(prompt), len(prompt) + room, request.priority, next(self._arrivals))
        sequence.wants_all = request.prompt_logprobs is not None
        for index in range(request.n):  # all but the first get their sequence when the prompt has been read
            task.answers.append(Answer(task, index, sequence, self.prompts, self.runner.ends, seed + index))
        self._owner[sequence] = task.answers[0]
        self.tasks.append(task)
        self.scheduler.add(sequence)
        return task

    def cancel(self, task: Task) -> None:
        """Forget a request and free all that it holds, now."""
        if task in self.tasks:
            self.tasks.remove(task)
            for sequence in {a.sequence for a in task.answers}:
                self._forget(sequence)

    def step(self) -> None:
        """Move everything on: plan, compute, choose, tell."""
        plan = self.scheduler.plan(self._budget())
        began = time.perf_counter()
        outputs = self.runner.run(plan)
        self._learn_speed(sum(p.count for p in plan.pieces), time.perf_counter() - began)
        for piece, logits in zip(plan.pieces, outputs, strict=True):
            answer = self._owner[piece.sequence]
            if piece.sequence.wants_all:
                answer.score_prompt(piece.start, logits.values, logits.lse)
            if not piece.is_last:
                self.scheduler.store(piece, piece.count)
            elif piece.start < piece.sequence.num_prompt and answer.num_tokens == 0:
                self._begin(piece, logits)
            else:
                self._write(piece, answer, logits)
        for task in [t for t in self.tasks if t.is_done]:
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

    def _begin(self, piece: Piece, logits: Logits) -> None:
        """A prompt has been read: every answer begins from the same logits, on pages that they share."""
        first, task = piece.sequence, self._owner[piece.sequence].task
        self.scheduler.store(piece, piece.count)
        first.wants_all = False
        task.first_token_s = time.perf_counter()
        self._count(prompt_tokens=len(task.prompt), cached_tokens=first.num_found)
        if task.request.prompt_logprobs is not None:
            task.emit(PromptScored(tuple(task.scores)))
        for answer in task.answers[1:]:
            answer.sequence = self.scheduler.fork(first, next(self._arrivals))
            self._owner[answer.sequence] = answer
        for answer in task.answers:
            if answer.room <= 0:  # only the prompt was to be scored
                task.emit(Finished("length", Usage(len(task.prompt), 0, first.num_found), None, answer.index))
                answer.is_done = True
            else:
                answer.advance(logits.values[-1], float(logits.lse[-1]), int(logits.best[-1]))
                self._count(completion_tokens=1)
            self._end_or_guess(answer)

    def _write(self, piece: Piece, answer: Answer, logits: Logits) -> None:
        """Take the next token, and as many more as were guessed right."""
        drafts, kept = piece.sequence.drafts, 0
        rows = len(drafts) + 1
        first = len(logits.values) - rows
        for row in range(first, first + rows):
            token = answer.advance(logits.values[row], float(logits.lse[row]), int(logits.best[row]))
            if answer.is_done or kept == len(drafts) or token != drafts[kept]:
                break
            kept += 1
        self._count(completion_tokens=kept + 1, drafted_tokens=len(drafts), accepted_tokens=kept)
        self.scheduler.store(piece, piece.count - len(drafts) + kept)
        piece.sequence.drafts = []
        self._end_or_guess(answer)

    def _end_or_guess(self, answer: Answer) -> None:
        if answer.is_done:
            self._forget(answer.sequence)

    def _forget(self, sequence: Sequence) -> None:
        if self._owner.pop(sequence, None) is not None:
            self.scheduler.drop(sequence)

    def _check(self, request: GenerationRequest, prompt: list[int]) -> int:
        """How many tokens may be written. Raises Invalid for a request that this model cannot answer."""
        context = self.runner.config.context
        if len(prompt) + bool(request.max_tokens) > context:
            sentence = f"The prompt has {len(prompt)} tokens, this model reads {context} with its answer; give it less."
            raise Invalid(sentence, prompt_tokens=len(prompt), context_tokens=context)
        if request.max_tokens < 0:
            raise Invalid("max_tokens is at least 0.", param="max_tokens")
        if not 1 <= request.n <= MOST_ANSWERS:
            raise Invalid(f"n is between 1 and {MOST_ANSWERS}.", param="n")
        if not 0 < request.top_p <= 1 or not 0 <= request.min_p <= 1 or request.temperature < 0 or request.repetition_penalty <= 0:
            message = "top_p is within (0, 1], min_p within [0, 1], temperature at least 0, repetition_penalty above 0."
            raise Invalid(message, param="top_p")
        size = self.runner.config.vocab_size
        if any(not 0 <= token < size for token in request.logit_bias):
            raise Invalid(f"logit_bias names tokens from 0 to {size - 1}.", param="logit_bias")
        return min(request.max_tokens, context - len(prompt))

    def _budget(self) -> int:
        """Tokens of the next step: all that are allowed where nobody is writing, else what takes about STEP_S."""
        limit = self.options.step_tokens
        writing = sum(len(s.ids) - s.num_stored == 1 for s in self.scheduler.running)
        if not writing or not self._seconds_per_token:
            return limit + writing
        return writing + min(limit, max(LEAST_PIECE, int(STEP_S / self._seconds_per_token)))

    def _learn_speed(self, tokens: int, seconds: float) -> None:
        if tokens >= LEAST_PIECE:
            self._seconds_per_token = seconds / tokens

    def _count(self, **more: int) -> None:
        self.done = replace(self.done, **{name: getattr(self.done, name) + value for name, value in more.items()})
