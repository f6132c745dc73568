"""POST /v1/responses and what was answered there: text, function calls and structured text, whole or as events.

With `store` (as is OpenAI's default) a response is kept in this process' memory, so that `previous_response_id` can go on from
it; a bounded number of them, until the process ends.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from duologue.engine.protocol import ChatMessage, TokenEvent
from duologue.interfaces.v1.errors import RequestError, explain
from duologue.interfaces.v1.gateway import Caller, Gateway, Joined
from duologue.interfaces.v1.kept import Kept
from duologue.interfaces.v1.responses_body import ResponseBody, read_response
from duologue.interfaces.v1.responses_wire import Writing
from duologue.interfaces.v1.security import Needs
from duologue.interfaces.v1.sse import EventStream, frame, unless_gone
from duologue.kit.errors import DuologueError
from duologue.kit.ids import new_id

router = APIRouter(tags=["responses"])
ResponseCaller = Annotated[Caller, Depends(Needs("responses"))]
Json = dict[str, Any]


@router.post("/responses")
async def create_response(body: ResponseBody, request: Request, caller: ResponseCaller, gateway: Joined) -> Response:
    """Answer."""
    served, adapter = gateway.find(body.model)
    earlier = _earlier(gateway, caller, body.previous_response_id)
    asked = read_response(body, earlier, served.engine.info.context_tokens)
    asked = replace(asked, request_id=new_id("resp"), model=served.name, adapter=adapter)
    writing = Writing(asked, body)
    events = gateway.meter.watch(served.name, served.engine, asked, "responses", caller.spend)
    keep = _keeper(gateway, caller, body, writing)
    if not body.stream:
        return JSONResponse(await unless_gone(request, _complete(events, writing, keep)))
    first = await unless_gone(request, anext(events))
    return EventStream(_stream(first, events, writing, keep))


@router.get("/responses/{response_id}")
async def get_response(response_id: str, caller: ResponseCaller, gateway: Joined) -> Json:
    """A response that was kept."""
    return _find(gateway, caller, response_id).response


@router.delete("/responses/{response_id}")
async def delete_response(response_id: str, caller: ResponseCaller, gateway: Joined) -> Json:
    """Forget a response."""
    _find(gateway, caller, response_id)
    gateway.responses.forget(caller.key_id, response_id)
    return {"id": response_id, "object": "response", "deleted": True}


def _find(gateway: Gateway, caller: Caller, response_id: str) -> Kept:
    found = gateway.responses.find(caller.key_id, response_id)
    if found is None:
        raise RequestError(f"Response with id '{response_id[:80]}' not found.", status=404)
    return found


def _earlier(gateway: Gateway, caller: Caller, response_id: str | None) -> tuple[ChatMessage, ...]:
    if not response_id:
        return ()
    found = gateway.responses.find(caller.key_id, response_id)
    if found is None:
        sentence = f"Previous response with id '{response_id[:80]}' not found."
        raise RequestError(sentence, param="previous_response_id", code="previous_response_not_found")
    return found.messages


class _keeper:
    """Keeps a response once it is complete, with the conversation up to it; instructions are not carried over."""

    def __init__(self, gateway: Gateway, caller: Caller, body: ResponseBody, writing: Writing) -> None:
        self._gateway, self._caller, self._writing = gateway, caller, writing
        self._is_wanted = body.store is not False
        self._skip = 1 if body.instructions else 0

    def __call__(self, response: Json) -> None:
        if self._is_wanted:
            messages = (*self._writing.asked.messages[self._skip :], self._writing.message())
            self._gateway.responses.keep(self._caller.key_id, response["id"], Kept(response, messages))


async def _complete(events: AsyncGenerator[TokenEvent], writing: Writing, keep: _keeper) -> Json:
    async with aclosing(events):
        async for event in events:
            for _ in writing.take(event):
                pass
    response = writing.response()
    keep(response)
    return response


async def _stream(first: TokenEvent, events: AsyncGenerator[TokenEvent], writing: Writing, keep: _keeper) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        for made in writing.begin():
            yield frame(made, made["type"])
        event: TokenEvent | None = first
        try:
            while event is not None:
                for made in writing.take(event):
                    yield frame(made, made["type"])
                event = await anext(events, None)
        except DuologueError as error:
            told = explain(error)[1]["error"]
            made = writing.fail(told)
            yield frame(made, made["type"])
            return
    made = writing.end()
    keep(made["response"])
    yield frame(made, made["type"])
