"""Counts what models do for callers, and traces it: time to the first token, time per token, tokens, outcomes, spans.

Spans follow OpenTelemetry's conventions for generative models; without its SDK (the extra `telemetry`) they cost nothing and
go nowhere. Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/.
"""

import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import fields
from typing import Any, cast

from opentelemetry import trace
from opentelemetry.context import attach, detach
from opentelemetry.propagate import extract
from starlette.types import ASGIApp, Receive, Scope, Send

from duologue.engine.protocol import Engine, EngineStats, Finished, GenerationRequest, Measured, PromptScored, TokenEvent
from duologue.interfaces.exposition import Histogram, counter_lines, gauge_lines, histogram_lines, join_lines
from duologue.kit.errors import DuologueError

FIRST_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PER_TOKEN_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
GAUGES = ("running", "waiting", "blocks", "blocks_used")
SPREADS = {
    "queue_seconds": "Time from a request's arrival until the engine first works on it.",
    "batch_sequences": "Sequences that one step moved on together.",
}
MODEL = ("model",)

Spreads = dict[tuple[str, ...], tuple[tuple[float, ...], tuple[int, ...], float]]

tracer = trace.get_tracer("duologue.v1")


class GoOnTrace:
    """Spans of a request go on from the trace that its `traceparent` header names. Source: https://www.w3.org/TR/trace-context/."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = {
            k.decode("latin-1"): v.decode("latin-1") for k, v in scope.get("headers", ()) if k in (b"traceparent", b"tracestate")
        }
        token = attach(extract(named)) if named else None
        try:
            await self._app(scope, receive, send)
        finally:
            if token is not None:
                detach(token)


class Meter:
    """What was asked of the models of this process over /v1."""

    def __init__(self) -> None:
        self.started = time.time()
        self.open = 0
        self._first, self._per_token = Histogram(FIRST_S), Histogram(PER_TOKEN_S)
        self._outcomes: dict[tuple[str, ...], float] = defaultdict(int)
        self._tokens: dict[tuple[str, ...], float] = defaultdict(int)

    async def watch(
        self, name: str, engine: Engine, request: GenerationRequest, operation: str, spend: Callable[[int], None]
    ) -> AsyncGenerator[TokenEvent]:
        """The events of `engine.generate`, measured as they pass; `spend` is told the tokens at the end."""
        begun, first_at, read, cached, written, outcome = time.perf_counter(), 0.0, 0, 0, 0, "cancelled"
        self.open += 1
        span = tracer.start_span(f"{operation} {name}", kind=trace.SpanKind.SERVER)
        span.set_attributes({"gen_ai.operation.name": operation, "gen_ai.request.model": name, "gen_ai.provider.name": "duologue"})
        try:
            async with aclosing(cast(AsyncGenerator[TokenEvent], engine.generate(request))) as events:
                async for event in events:
                    if not first_at and not isinstance(event, PromptScored):
                        first_at = time.perf_counter()
                        self._first.observe(first_at - begun, name)
                        span.add_event("first_token")
                    if isinstance(event, Finished):
                        outcome = event.reason
                        read = event.usage.prompt_tokens
                        written += event.usage.completion_tokens
                        cached = event.usage.cached_tokens
                    yield event
            if written > request.n:
                self._per_token.observe((time.perf_counter() - first_at) / (written / request.n - 1), name)
        except DuologueError as error:
            outcome = error.code
            span.set_attribute("error.type", error.code)
            span.set_status(trace.StatusCode.ERROR)
            raise
        finally:
            self.open -= 1
            spend(read + written)
            self._outcomes[name, operation, outcome] += 1
            self._tokens[name, "prompt"] += read
            self._tokens[name, "completion"] += written
            span.set_attributes({"gen_ai.usage.input_tokens": read, "gen_ai.usage.output_tokens": written})
            span.set_attribute("gen_ai.usage.cache_read.input_tokens", cached)
            span.set_attribute("gen_ai.response.finish_reasons", [outcome])
            span.end()

    def render(self, engines: Iterable[tuple[str, Engine]]) -> str:
        """All of it as text, with what each engine says of itself."""
        named = ("model", "operation", "outcome")
        return join_lines(
            (
                counter_lines("duologue_model_requests_total", "Ended requests to a model.", named, self._outcomes),
                counter_lines("duologue_model_tokens_total", "Tokens read and written.", ("model", "kind"), self._tokens),
                gauge_lines("duologue_model_open_requests", "Requests that a model is working on.", (), {(): self.open}),
                self._first.lines("duologue_model_first_token_seconds", "Time to the first token.", MODEL),
                self._per_token.lines("duologue_model_token_seconds", "Time per token after the first.", MODEL),
                *_engine_lines({name: e.stats() for name, e in engines if isinstance(e, Measured)}),
            )
        )


def _engine_lines(stats: dict[str, EngineStats]) -> list[list[str]]:
    if not stats:
        return []
    found = []
    for name in (f.name for f in fields(EngineStats)):
        values: dict[tuple[str, ...], Any] = {(model,): getattr(s, name) for model, s in stats.items()}
        words = name.replace("_", " ")
        if name in SPREADS:
            rows: Spreads = {labels: (v.bounds, v.counts, v.total) for labels, v in values.items()}
            found.append(histogram_lines(f"duologue_engine_{name}", SPREADS[name], MODEL, rows))
        elif name in GAUGES:
            found.append(gauge_lines(f"duologue_engine_{name}", f"The engine's {words} now.", MODEL, values))
        else:
            found.append(counter_lines(f"duologue_engine_{name}_total", f"The engine's {words} since its start.", MODEL, values))
    return found
