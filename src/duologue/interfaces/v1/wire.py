"""Pieces of answers that several routes send: usage, log-probabilities, reasons, names of this build."""

from collections.abc import Iterable, Sequence
from typing import Any

from duologue import __version__
from duologue.engine.protocol import Candidate, FinishReason, ScoredToken, ToolCall, Usage

Json = dict[str, Any]
FINGERPRINT = f"duologue-{__version__}"
NO_PROBABILITY = -9999.0
"""What OpenAI sends for a token that cannot be; JSON has no infinity."""


def sum_usage(usages: Iterable[Usage]) -> Usage:
    """Of several sequences of one request: the prompt counts once."""
    found = list(usages)
    return Usage(
        max((u.prompt_tokens for u in found), default=0),
        sum(u.completion_tokens for u in found),
        max((u.cached_tokens for u in found), default=0),
    )


def usage_json(usage: Usage) -> Json:
    """As chat and text completions send it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def reason_text(reason: FinishReason) -> str:
    """Why a text ended, in OpenAI's words."""
    return "stop" if reason == "cancelled" else reason


def finite(logprob: float | None) -> float | None:
    """A log-probability that JSON can hold."""
    return logprob if logprob is None else max(logprob, NO_PROBABILITY)


def chat_logprobs(tokens: Sequence[ScoredToken]) -> Json:
    """As chat completions send it."""
    return {"content": [token_json(t) | {"top_logprobs": [token_json(c) for c in t.top]} for t in tokens], "refusal": None}


def token_json(token: ScoredToken | Candidate) -> Json:
    """One token with its bytes."""
    return {"token": token.text, "logprob": finite(token.logprob), "bytes": list(token.data)}


def text_logprobs(tokens: Sequence[ScoredToken], wanted: int, offset: int) -> Json:
    """As text completions send it; `offset` is where the first token begins in the text.

    The likeliest candidates and the token itself stand in `top_logprobs`, as OpenAI has it; the first token of a prompt has none.
    """
    offsets: list[int] = []
    top: list[dict[str, float | None] | None] = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.text)
        if token.logprob is None or not wanted:
            top.append(None)
            continue
        row = {c.text: finite(c.logprob) for c in token.top[:wanted]}
        row.setdefault(token.text, finite(token.logprob))
        top.append(row)
    return {
        "tokens": [t.text for t in tokens],
        "token_logprobs": [finite(t.logprob) for t in tokens],
        "top_logprobs": top if wanted else None,
        "text_offset": offsets,
    }


def call_json(call: ToolCall) -> Json:
    """A whole tool call."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
