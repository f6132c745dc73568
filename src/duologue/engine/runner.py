"""One model in memory, and one request through it, a token at a time. Runs on the engine's own thread (`engine/local.py`).

Knows the network, its cache and the chat format; nothing of threads or of who waits for the answer.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from duologue.engine.protocol import (
    Candidate,
    Finished,
    FinishReason,
    GenerationRequest,
    PromptScored,
    ScoredToken,
    TextDelta,
    TokenEvent,
    Usage,
)
from duologue.engine.sampler import choose
from duologue.engine.sequence import WrittenText
from duologue.kit.errors import Invalid
from duologue.lm.chat import render
from duologue.lm.checkpoint import load_checkpoint
from duologue.lm.tokenizer import BOS, BYTE_OF_LETTER, END, END_OF_TURN


class Runner:
    """A loaded model. Raises Invalid where the folder cannot be used."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self.model, self.tokenizer = load_checkpoint(folder)
        special = self.tokenizer.special_ids
        self._ends = {special[name] for name in (END_OF_TURN, END) if name in special}

    def generate(self, request: GenerationRequest) -> Iterator[TokenEvent | None]:
        """Text as it becomes whole, None for a token that completed no character, and one Finished.

        Raises Invalid for a prompt that leaves no room to answer, or with a message of a role that the model does not know.
        """
        prompt = self.read_prompt(request)
        context = self.model.config.context
        if len(prompt) + bool(request.max_tokens) > context:
            sentence = f"The prompt has {len(prompt)} tokens, this model reads {context} with its answer; give it less."
            raise Invalid(sentence, prompt_tokens=len(prompt), context_tokens=context)
        room = min(request.max_tokens, context - len(prompt))
        generator = torch.Generator().manual_seed(secrets.randbits(63) if request.seed is None else request.seed % 2**63)
        if request.prompt_logprobs is not None:
            yield PromptScored(self._score_prompt(prompt, request.prompt_logprobs))
        text, stream, sent = WrittenText(request.stop), self.tokenizer.stream(), 0
        ids: list[int] = []
        scored: list[ScoredToken] = []
        logprobs: list[float] = []
        reason: FinishReason = "length"
        cache = self.model.new_cache(1, len(prompt) + room)
        for _ in range(room):
            with torch.inference_mode():
                logits = self.model.step(torch.tensor(ids[-1:]), cache)[0] if ids else self._prefill(prompt, cache)
                forbidden = self._ends if len(ids) < request.min_tokens else ()
                token = choose(_without(logits, forbidden), request, generator, prompt=prompt, written=ids)
                row = logits.float().log_softmax(-1)
            logprobs.append(float(row[token]))
            if token in self._ends and not request.ignore_end:
                reason = "stop"
                break
            ids.append(token)
            if request.logprobs is not None:
                scored.append(self._score(row, token, request.logprobs))
            if ready := text.push(stream.push(token)):
                yield TextDelta(ready, sent, tokens=tuple(scored))
                scored = []
            else:
                yield None
            sent += len(ready)
            if text.is_stopped:
                reason = "stop"
                break
        rest = text.finish()
        if rest or (scored and not text.is_stopped):
            yield TextDelta(rest, sent, tokens=tuple(scored))
        mean = sum(logprobs) / len(logprobs) if logprobs else None
        yield Finished(reason, Usage(len(prompt), len(logprobs)), mean)

    def read_prompt(self, request: GenerationRequest) -> list[int]:
        """The ids of the prompt. Raises Invalid for an empty prompt, an unknown role or an id that the vocabulary lacks."""
        if request.prompt is None:
            messages = [{"role": m.role, "content": m.content} for m in request.messages]
            return render(self.tokenizer, messages, for_reply=True).ids
        if isinstance(request.prompt, str):
            bos = self.tokenizer.special_ids.get(BOS)
            ids = ([] if bos is None else [bos]) + self.tokenizer.encode(request.prompt)
        else:
            ids = list(request.prompt)
        if not ids or not all(0 <= i < self.model.config.vocab_size for i in ids):
            raise Invalid(f"A prompt has at least one token, each below {self.model.config.vocab_size}.", param="prompt")
        return ids

    def _prefill(self, prompt: list[int], cache: object) -> Tensor:
        return self.model.prefill(torch.tensor([prompt]), cache)[0]  # type: ignore[arg-type]

    def _score_prompt(self, prompt: list[int], k: int) -> tuple[ScoredToken, ...]:
        with torch.inference_mode():
            rows = self.model(torch.tensor([prompt]))[0].float().log_softmax(-1)  # (T, V)
        first = ScoredToken(prompt[0], *self._show(prompt[0]), None)
        return (first, *(self._score(rows[i], token, k) for i, token in enumerate(prompt[1:])))

    def _score(self, row: Tensor, token: int, k: int) -> ScoredToken:
        best = row.topk(min(k, row.numel()))
        top = tuple(Candidate(int(i), *self._show(int(i)), float(p)) for p, i in zip(best.values, best.indices, strict=True))
        return ScoredToken(token, *self._show(token), float(row[token]), top)

    def _show(self, token: int) -> tuple[str, bytes]:
        """Text and bytes of one id; a special token shows its name."""
        piece = self.tokenizer.inner.id_to_token(token) or ""
        if piece in self.tokenizer.special_ids or not all(letter in BYTE_OF_LETTER for letter in piece):
            return piece, piece.encode()
        data = bytes(BYTE_OF_LETTER[letter] for letter in piece)
        return data.decode("utf-8", "replace"), data


def _without(logits: Tensor, ids: object) -> Tensor:
    if not ids:
        return logits
    logits = logits.clone()
    logits[list(ids)] = float("-inf")  # type: ignore[call-overload]
    return logits
