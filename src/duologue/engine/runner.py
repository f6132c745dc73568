"""One model in memory, and one request through it, a token at a time. Runs on the engine's own thread (`engine/local.py`).

Knows the network, its cache and the chat format; nothing of threads or of who waits for the answer.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import torch

from duologue.engine.protocol import Finished, FinishReason, GenerationRequest, TextDelta, Usage
from duologue.engine.sampler import choose
from duologue.engine.sequence import WrittenText
from duologue.kit.errors import Invalid
from duologue.lm.chat import render
from duologue.lm.checkpoint import load_checkpoint
from duologue.lm.tokenizer import END, END_OF_TURN


class Runner:
    """A loaded model. Raises Invalid where the folder cannot be used."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self.model, self.tokenizer = load_checkpoint(folder)
        self._ends = {self.tokenizer.special(END_OF_TURN), self.tokenizer.special(END)}

    def generate(self, request: GenerationRequest) -> Iterator[TextDelta | Finished | None]:
        """Text as it becomes whole, None for a token that completed no character, and one Finished.

        Raises Invalid for a prompt that leaves no room to answer, or with a message of a role that the model does not know.
        """
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        prompt = render(self.tokenizer, messages, for_reply=True).ids
        context = self.model.config.context
        if len(prompt) >= context:
            sentence = f"The prompt has {len(prompt)} tokens, this model reads {context} with its answer; give it less."
            raise Invalid(sentence, prompt_tokens=len(prompt), context_tokens=context)
        room = min(request.max_tokens, context - len(prompt))
        generator = torch.Generator().manual_seed(secrets.randbits(63) if request.seed is None else request.seed)
        cache = self.model.new_cache(1, len(prompt) + room)
        written, stream, sent = WrittenText(request.stop), self.tokenizer.stream(), 0
        logprobs: list[float] = []
        reason: FinishReason = "length"
        with torch.inference_mode():
            logits = self.model.prefill(torch.tensor([prompt]), cache)[0]
        for index in range(room):
            token, logprob = choose(logits, temperature=request.temperature, top_p=request.top_p, generator=generator)
            logprobs.append(logprob)
            if token in self._ends:
                reason = "stop"
                break
            ready = written.push(stream.push(token))
            yield TextDelta(ready, sent) if ready else None
            sent += len(ready)
            if written.is_stopped:
                reason = "stop"
                break
            if index + 1 < room:
                with torch.inference_mode():
                    logits = self.model.step(torch.tensor([token]), cache)[0]
        if rest := written.finish():
            yield TextDelta(rest, sent)
        mean = sum(logprobs) / len(logprobs) if logprobs else None
        yield Finished(reason, Usage(len(prompt), len(logprobs)), mean)
