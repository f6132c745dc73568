"""One answer while it is written: tokens become text, text becomes events, and something ends it.

Knows the rules of a request and the text so far; nothing of pages or batches. The tokens themselves stand in its `Sequence`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from duologue.engine.grammar import Guide
from duologue.engine.prompt import Prompts
from duologue.engine.protocol import (
    Finished,
    FinishReason,
    GenerationRequest,
    ScoredToken,
    TextDelta,
    TokenEvent,
    ToolCalled,
    Usage,
)
from duologue.engine.sampler import Floats, Rules, Seen, choose, top_logprobs
from duologue.engine.sequence import Sequence, WrittenText
from duologue.engine.speculate import Lookup
from duologue.engine.tools import CallReader
from duologue.lm.text.tokenizer import TextStream

MOST_FORCED = 16
"""Tokens that a form leaves no choice about are read together, at most so many in one step."""


@dataclass(eq=False, slots=True)
class Task:
    """A request on its way: its prompt, and where its events go. `scores` are those of the prompt."""

    request: GenerationRequest
    prompt: list[int]
    emit: Callable[[TokenEvent | BaseException], None]
    arrived_s: float
    answers: list["Answer"] = field(default_factory=list)
    scores: list[ScoredToken] = field(default_factory=list)
    begun_s: float = 0.0
    first_token_s: float = 0.0


def make_rules(request: GenerationRequest, seed: int) -> Rules:
    """The rules of a request for the answer that draws by `seed`."""
    return Rules(
        request.temperature,
        request.top_k,
        request.top_p,
        request.min_p,
        request.repetition_penalty,
        request.presence_penalty,
        request.frequency_penalty,
        request.logit_bias,
        seed,
    )


class Answer:
    """One of a request's answers. `advance` takes the logits of the next place."""

    def __init__(
        self,
        task: Task,
        index: int,
        sequence: Sequence,
        prompts: Prompts,
        ends: frozenset[int],
        seed: int,
        guide: Guide | None,
        lookup: int,
        begin_call: Callable[[list[int]], Guide | None],
    ) -> None:
        self.task, self.index, self.sequence = task, index, sequence
        self._prompts, self._ends, self._guide = prompts, ends, guide
        self._lookup = Lookup(lookup) if lookup else None
        self._calls, self._begin_call, self._has_looked = CallReader(task.request), begin_call, False
        self.rules = make_rules(task.request, seed)
        self.seen = Seen(task.prompt if task.request.repetition_penalty != 1.0 else ())
        self._stream: TextStream = prompts.tokenizer.stream()
        self._written = WrittenText(task.request.stop)
        self._sent, self._held = 0, list[ScoredToken]()
        self.num_tokens, self._logprob = 0, 0.0
        self.is_done = False

    @property
    def room(self) -> int:
        """Tokens that may still be written."""
        return self.sequence.limit - len(self.sequence.ids)

    def advance(self, logits: Floats, lse: float, best: int) -> int:
        """Write one more token: send its text, or end. The token."""
        token = self._choose(logits, best)
        logprob = float(logits[token]) - lse
        self.seen.text[token] += 1
        self.num_tokens += 1
        self._logprob += logprob
        if token in self._ends and not self.task.request.ignore_end:
            self.finish("stop")
            return token
        self.sequence.ids.append(token)
        if self._guide is not None:
            self._guide.advance(token)
        if self.task.request.logprobs is not None:
            self._held.append(self._score(token, logprob, logits, lse, self.task.request.logprobs))
        self._send(self._written.push(self._stream.push(token)))
        if self._guide is None and not self._has_looked and self._calls.has_begun:
            self._has_looked = True
            self._guide = self._begin_call(self.sequence.ids[self.sequence.num_prompt :])
        if self._written.is_stopped or (self._guide is not None and self._guide.is_over):
            self.finish("stop")
        elif self.room <= 0:
            self.finish("stop" if self._guide is not None and self._guide.is_complete else "length")
        return token

    def peek(self, logits: Floats, best: int, ahead: int) -> int:
        """The token that these rules choose so many places ahead; a guess, for a draft model."""
        return choose(logits, best, self.rules, self.seen, self.num_tokens + ahead)

    def guess(self) -> list[int]:
        """Tokens that probably come next: what the form leaves no choice about, or what followed the last time."""
        if self._guide is not None:
            return self._guide.forced()[: max(0, min(MOST_FORCED, self.room - 1))]
        return self._lookup.guess(self.sequence.ids, self.room - 1) if self._lookup is not None else []

    def learn(self, guessed: int, right: int) -> None:
        """How many guesses were right."""
        if self._lookup is not None:
            self._lookup.learn(guessed, right)

    def finish(self, reason: FinishReason) -> None:
        """Send the rest, the calls of tools, and the end."""
        rest = self._calls.push(self._written.finish())
        held, calls = self._calls.finish()
        rest += held
        if rest or (self._held and not self._written.is_stopped and not calls):
            self._emit_text(rest)
        for call in calls:
            self.task.emit(ToolCalled(call, self.index))
        usage = Usage(len(self.task.prompt), self.num_tokens, self.sequence.num_found)
        mean = self._logprob / self.num_tokens if self.num_tokens else None
        self.task.emit(Finished("tool_calls" if calls else reason, usage, mean, self.index))
        self.is_done = True

    def score_prompt(self, start: int, logits: Floats, lse: Floats) -> None:
        """Take the logits (n, V) of the prompt's places from `start`: each says how likely the token after it was."""
        task, count = self.task, self.task.request.prompt_logprobs or 0
        if start == 0 and not task.scores:
            data = self._prompts.data(task.prompt[0])
            task.scores.append(ScoredToken(task.prompt[0], data.decode("utf-8", "replace"), data, None))
        for row in range(len(logits)):
            place = start + row + 1
            if place == len(task.scores) and place < len(task.prompt):
                token = task.prompt[place]
                logprob = float(logits[row, token]) - float(lse[row])
                task.scores.append(self._score(token, logprob, logits[row], float(lse[row]), count))

    def _choose(self, logits: Floats, best: int) -> int:
        banned = self._ends if self.num_tokens < self.task.request.min_tokens else ()
        if self._guide is None:
            return choose(logits, best, self.rules, self.seen, self.num_tokens, None, banned)
        allowed = self._guide.allowed()
        if banned and not allowed[[i for i in range(len(allowed)) if i not in banned]].any():
            banned = ()
        token = choose(logits, best, self.rules, self.seen, self.num_tokens, allowed, banned)
        return self._guide.keep_closable(token, self.room)

    def _send(self, text: str) -> None:
        if text := self._calls.push(text):
            self._emit_text(text)

    def _emit_text(self, text: str) -> None:
        self.task.emit(TextDelta(text, self._sent, self.index, tuple(self._held)))
        self._sent += len(text)
        self._held.clear()

    def _score(self, token: int, logprob: float | None, logits: Floats, lse: float, count: int) -> ScoredToken:
        data = self._prompts.data(token)
        top = tuple(self._prompts.candidate(t, p) for t, p in top_logprobs(logits, lse, count))
        return ScoredToken(token, data.decode("utf-8", "replace"), data, logprob, top)
