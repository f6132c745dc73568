"""POST /v1/completions: raw text or token ids are continued; several prompts at once, echo and scoring as evaluations want it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from duologue.engine.protocol import Finished, GenerationRequest, PromptScored, ScoredToken, TextDelta, Tokenizes, Usage
from duologue.interfaces.v1.errors import RequestError, explain
from duologue.interfaces.v1.fields import MOST_TOKENS, Sampling, read_sampling, read_structured, refuse
from duologue.interfaces.v1.gateway import Caller, Gateway, Joined, Served
from duologue.interfaces.v1.security import Needs
from duologue.interfaces.v1.sse import DONE, EventStream, frame, unless_gone
from duologue.interfaces.v1.wire import FINGERPRINT, reason_text, sum_usage, text_logprobs, usage_json
from duologue.kit.errors import DuologueError
from duologue.kit.ids import new_id

router = APIRouter(tags=["completions"])
TextCaller = Annotated[Caller, Depends(Needs("completions"))]
Json = dict[str, Any]
Token = Annotated[int, Field(ge=0, lt=2**31)]
MOST_PROMPTS = 512
REFUSED: dict[str, tuple[Any, ...]] = {"suffix": ("",), "best_of": (1,)}
"""Refused by name, but for values that ask for nothing."""
WITHOUT_EFFECT = ("user",)
MOST_LOGPROBS = 20
"""OpenAI stops at 5; evaluation programs ask for up to 10."""


class CompletionBody(Sampling):
    """As OpenAI's reference describes it."""

    prompt: str | list[str] | list[Token] | list[list[Token]]
    max_tokens: int | None = Field(None, ge=0, le=MOST_TOKENS)
    logprobs: int | None = Field(None, ge=0, le=MOST_LOGPROBS)
    echo: bool | None = None
    best_of: int | None = Field(None, ge=1, le=20)
    suffix: str | None = None


@router.post("/completions")
async def create_completion(body: CompletionBody, request: Request, caller: TextCaller, gateway: Joined) -> Response:
    """Continue each prompt."""
    served, adapter = gateway.find(body.model)
    asked = [replace(a, model=served.name, adapter=adapter) for a in _read(body)]
    head = {"id": new_id("cmpl"), "object": "text_completion", "created": int(time.time()), "model": body.model}
    head["system_fingerprint"] = FINGERPRINT
    jobs = [
        _Job(served, gateway, caller, replace(a, request_id=f"{head['id']}-{i}"), bool(body.echo), i) for i, a in enumerate(asked)
    ]
    if not body.stream:
        return JSONResponse(await unless_gone(request, _complete(jobs, head)))
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    frames = _stream(jobs, head, with_usage=with_usage)
    first = await unless_gone(request, anext(frames))
    return EventStream(_after(first, frames))


def _read(body: CompletionBody) -> list[GenerationRequest]:
    """A request for each prompt. Raises RequestError."""
    if body.suffix:
        sentence = "Unsupported parameter: 'suffix' is not supported with this model: it was not taught to fill a gap."
        raise RequestError(sentence, param="suffix", code="unsupported_parameter")
    refuse(body, {"best_of": (1, body.n or 1)})
    prompts = _prompts(body.prompt)
    shared = read_sampling(body)
    scores = body.echo and body.logprobs is not None
    return [
        GenerationRequest(
            prompt=prompt,
            max_tokens=16 if body.max_tokens is None else body.max_tokens,
            logprobs=body.logprobs,
            prompt_logprobs=body.logprobs if scores else None,
            constraint=read_structured(body.structured_outputs),
            **shared,
        )
        for prompt in prompts
    ]


def _prompts(given: str | list[Any]) -> list[str | tuple[int, ...]]:
    if isinstance(given, str):
        return [given]
    if not given:
        raise RequestError("Invalid 'prompt': it is empty.", param="prompt", code="empty_array")
    if isinstance(given[0], int):
        return [tuple(given)]
    if len(given) > MOST_PROMPTS:
        raise RequestError(f"Invalid 'prompt': at most {MOST_PROMPTS} at once.", param="prompt", code="array_above_max_length")
    return [p if isinstance(p, str) else tuple(p) for p in given]


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list)
    tokens: list[ScoredToken] = field(default_factory=list)
    end: Finished = field(default_factory=lambda: Finished("stop"))


@dataclass(slots=True)
class _Piece:
    """Something of choice `index` that is ready to be sent."""

    index: int
    text: str = ""
    tokens: tuple[ScoredToken, ...] = ()
    end: Finished | None = None


@dataclass(slots=True)
class _Job:
    """One prompt on its way; `number` says which one of the request."""

    served: Served
    gateway: Gateway
    caller: Caller
    asked: GenerationRequest
    echo: bool
    number: int

    async def pieces(self) -> AsyncGenerator[_Piece]:
        """What is ready to be sent, the prompt first where it is echoed."""
        n, base = self.asked.n, self.number * self.asked.n
        scores = self.echo and self.asked.prompt_logprobs is not None
        if self.echo and not scores:
            text = await self._prompt_text()
            for index in range(n):
                yield _Piece(base + index, text)
        events = self.gateway.meter.watch(self.served.name, self.served.engine, self.asked, "text_completion", self.caller.spend)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, PromptScored):
                    tokens = event.tokens
                    if isinstance(self.asked.prompt, str) and _is_added(tokens, self.asked.prompt):
                        tokens = (replace(tokens[1], logprob=None, top=()), *tokens[2:])
                    for index in range(n):
                        yield _Piece(base + index, _text_of(tokens), tokens)
                elif isinstance(event, TextDelta):
                    yield _Piece(base + event.index, event.text, event.tokens)
                elif isinstance(event, Finished):
                    yield _Piece(base + event.index, end=event)

    async def _prompt_text(self) -> str:
        prompt = self.asked.prompt
        if isinstance(prompt, str):
            return prompt
        if not isinstance(self.served.engine, Tokenizes):
            sentence = "This model cannot echo token ids; send the prompt as a string."
            raise RequestError(sentence, param="echo", code="unsupported_parameter")
        return await self.served.engine.detokenize(prompt or ())


def _is_added(tokens: Sequence[ScoredToken], prompt: str) -> bool:
    """Whether the first token was put before the text by the engine; who echoes text does not want to see it."""
    return len(tokens) > 1 and (not tokens[0].data or not prompt.startswith(tokens[0].text))


def _text_of(tokens: Sequence[ScoredToken]) -> str:
    return b"".join(t.data for t in tokens).decode("utf-8", "replace")


async def _complete(jobs: Sequence[_Job], head: Json) -> Json:
    n = jobs[0].asked.n
    choices = [_Choice() for _ in range(len(jobs) * n)]

    async with aclosing(_merge(jobs)) as pieces:
        async for piece in pieces:
            choice = choices[piece.index]
            choice.text.append(piece.text)
            choice.tokens += piece.tokens
            choice.end = piece.end or choice.end
    usages = [sum_usage(c.end.usage for c in choices[i : i + n]) for i in range(0, len(choices), n)]
    return {
        **head,
        "choices": [_choice_json(i, c, jobs[0].asked) for i, c in enumerate(choices)],
        "usage": usage_json(_total(usages)),
    }


def _choice_json(index: int, choice: _Choice, asked: GenerationRequest) -> Json:
    wanted = asked.logprobs
    probable = None if wanted is None else text_logprobs(choice.tokens, wanted, 0)
    reason = reason_text(choice.end.reason)
    return {"index": index, "text": "".join(choice.text), "logprobs": probable, "finish_reason": reason}


def _total(usages: Sequence[Usage]) -> Usage:
    """Of several prompts."""
    return Usage(*(sum(getattr(u, name) for u in usages) for name in ("prompt_tokens", "completion_tokens", "cached_tokens")))


async def _stream(jobs: Sequence[_Job], head: Json, *, with_usage: bool) -> AsyncGenerator[bytes]:
    """Chunks of all choices as they come; raises what ends them before the first."""
    asked = jobs[0].asked
    usage: Json = {"usage": None} if with_usage else {}
    offsets = [0] * (len(jobs) * asked.n)
    ends: list[list[Usage]] = [[] for _ in jobs]

    def chunk(piece: _Piece) -> bytes:
        offset = offsets[piece.index]
        offsets[piece.index] += len(piece.text)
        wanted = asked.logprobs
        probable = None if wanted is None or not piece.tokens else text_logprobs(piece.tokens, wanted, offset)
        reason = reason_text(piece.end.reason) if piece.end else None
        return frame(
            {
                **head,
                "choices": [{"index": piece.index, "text": piece.text, "logprobs": probable, "finish_reason": reason}],
                **usage,
            }
        )

    has_begun = False
    async with aclosing(_merge(jobs)) as pieces:
        try:
            async for piece in pieces:
                if piece.end:
                    ends[piece.index // asked.n].append(piece.end.usage)
                yield chunk(piece)
                has_begun = True
        except DuologueError as error:
            if not has_begun:
                raise
            yield frame(explain(error)[1])
            return
    if with_usage:
        yield frame({**head, "choices": [], "usage": usage_json(_total([sum_usage(u) for u in ends]))})
    yield DONE


async def _merge(jobs: Sequence[_Job]) -> AsyncGenerator[_Piece]:
    """The pieces of all prompts as they come."""
    ready: asyncio.Queue[_Piece | BaseException | None] = asyncio.Queue(maxsize=64)

    async def write(job: _Job) -> None:
        try:
            async with aclosing(job.pieces()) as pieces:
                async for piece in pieces:
                    await ready.put(piece)
        except Exception as error:
            await ready.put(error)
        await ready.put(None)

    tasks = [asyncio.create_task(write(job)) for job in jobs]
    try:
        left = len(jobs)
        while left:
            piece = await ready.get()
            if isinstance(piece, BaseException):
                raise piece
            if piece is None:
                left -= 1
            else:
                yield piece
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _after(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk
