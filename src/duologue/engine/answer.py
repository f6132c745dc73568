"""One answer while it is written: tokens become text, text becomes events, and something ends it. One place, one thread.

Knows the rules of a request and the text so far; nothing of pages or batches. The tokens themselves stand in its `Sequence`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from duologue.engine.prompt import Prompts
from duologue.engine.protocol import Finished, FinishReason, GenerationRequest, ScoredToken, TextDelta, TokenEvent, Usage
from duologue.engine.sampler import Floats, Rules, Seen, choose, top_logprobs
from duologue.engine.sequence import Sequence, WrittenText
from duologue.lm.tokenizer import TextStream


@dataclass(eq=False, slots=True)
class Task:
    """A request on its way: its prompt, its answers, and where its events go."""

    request: GenerationRequest
    prompt: list[int]
    emit: Callable[[TokenEvent | BaseException], None]
    arrived_s: float
    answers: list["Answer"] = field(default_factory=list)
    scores: list[ScoredToken] = field(default_factory=list)  # of the prompt
    first_token_s: float = 0.0

    @property
    def is_done(self) -> bool:
        """Whether every answer has ended."""
        return all(a.is_done for a in self.answers)


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

    def __init__(self, task: Task, index: int, sequence: Sequence, prompts: Prompts, ends: frozenset[int], seed: int) -> None:
        self.task, self.index, self.sequence = task, index, sequence
        self._prompts, self._ends = prompts, ends
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

    def next_token(self, logits: Floats, best: int) -> int:
        """The token that comes next, by the rules."""
        banned = self._ends if self.num_tokens < self.task.request.min_tokens else ()
        return choose(logits, best, self.rules, self.seen, self.num_tokens, None, banned)

    def advance(self, logits: Floats, lse: float, best: int) -> int:
        """Write one more token: send its text, or end. The token."""
        token = self.next_token(logits, best)
        logprob = float(logits[token]) - lse
        self.seen.text[token] += 1
        self.num_tokens += 1
        self._logprob += logprob
        if token in self._ends and not self.task.request.ignore_end:
            self.finish("stop")
            return token
        self.sequence.ids.append(token)
        if self.task.request.logprobs is not None:
            self._held.append(self._score(token, logprob, logits, lse, self.task.request.logprobs))
        self.send(self._written.push(self._stream.push(token)))
        if self._written.is_stopped:
            self.finish("stop")
        elif self.room <= 0:
            self.finish("length")
        return token

    def send(self, text: str) -> None:
        """Send text that is whole, if any."""
        if text:
            self.task.emit(TextDelta(text, self._sent, self.index, tuple(self._held)))
            self._sent += len(text)
            self._held.clear()

    def finish(self, reason: FinishReason) -> None:
        """Send the rest and the end."""
        rest = self._written.finish()
        if rest or (self._held and not self._written.is_stopped):
            self.task.emit(TextDelta(rest, self._sent, self.index, tuple(self._held)))
        usage = Usage(len(self.task.prompt), self.num_tokens, self.sequence.num_found)
        mean = self._logprob / self.num_tokens if self.num_tokens else None
        self.task.emit(Finished(reason, usage, mean, self.index))
        self.is_done = True

    def _score(self, token: int, logprob: float | None, logits: Floats, lse: float, count: int) -> ScoredToken:
        data = self._prompts.data(token)
        top = tuple(self._prompts.candidate(t, p) for t, p in top_logprobs(logits, lse, count))
        return ScoredToken(token, data.decode("utf-8", "replace"), data, logprob, top)

    def score_prompt(self, start: int, logits: Floats, lse: Floats) -> None:
        """Take the logits (n, V) of the prompt's places from `start`: each says how likely the token after it was."""
        task, count = self.task, self.task.request.prompt_logprobs or 0
        if start == 0:
            data = self._prompts.data(task.prompt[0])
            task.scores.append(ScoredToken(task.prompt[0], data.decode("utf-8", "replace"), data, None))
        for row in range(len(logits)):
            place = start + row + 1
            if place == len(task.scores) and place < len(task.prompt):
                token = task.prompt[place]
                task.scores.append(
                    self._score(token, float(logits[row, token]) - float(lse[row]), logits[row], float(lse[row]), count)
                )
