"""`duologue chat`: a person's conversation in the terminal, in this process or with a running server. Answers stream.

Both ways give the same two kinds of happenings: stored events that a person may see, and tokens on their way.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from duologue.interfaces.cli.run import get_workspace, out
from duologue.kit.errors import DuologueError, SetupError, Unavailable
from duologue.kit.ids import new_id
from duologue.kit.text import Lang

if TYPE_CHECKING:
    from duologue.interfaces.platform import Platform

PATIENCE_S = 120.0
START_S = 3.0
"""Where no turn has begun after this, a person is in charge, who may take an hour."""
WORDS: dict[Lang, dict[str, str]] = {
    "en": {
        "hello": "Type a question; /human asks for a person, /quit leaves.",
        "waiting": "No answer yet; it appears here when it comes.",
        "you": "you",
        "ai": "assistant",
        "expert": "expert",
        "sources": "Sources",
    },
    "zh": {
        "hello": "请输入问题；/human 转人工，/quit 退出。",
        "waiting": "还没有回复；收到后会显示在这里。",
        "you": "你",
        "ai": "助手",
        "expert": "客服",
        "sources": "来源",
    },
}


@dataclass(frozen=True, slots=True)
class Happened:
    """A stored event, or something ephemeral: `data` is its payload."""

    what: Literal["change", "ephemeral"]
    kind: str
    data: dict[str, Any]


class Line(Protocol):
    """One conversation of one person, however it is reached."""

    def follow(self) -> AsyncIterator[Happened]:
        """What happens, from now on."""
        ...

    async def say(self, body: str) -> None:
        """Send a message."""
        ...

    async def ask_for_human(self) -> None:
        """Ask for a person."""
        ...


class Here:
    """A conversation in this process."""

    def __init__(self, platform: "Platform", workspace_id: str, person_id: str, conversation_id: str, cursor: int) -> None:
        self._platform, self._ws = platform, workspace_id
        self._person, self._conversation, self._cursor = person_id, conversation_id, cursor

    async def follow(self) -> AsyncIterator[Happened]:
        from duologue.store.bus import Ephemeral

        async with self._platform.database.bus.subscribe(self._ws) as queue:
            while True:
                records = await self._platform.conversations.read_events(
                    self._ws, self._cursor, conversation_id=self._conversation, audience="public"
                )
                for record in records:
                    self._cursor = record.cursor
                    yield Happened("change", record.kind, record.payload)
                signal = await queue.get()
                if isinstance(signal, Ephemeral) and signal.audience == "public" and signal.conversation_id == self._conversation:
                    yield Happened("ephemeral", signal.kind, signal.data)

    async def say(self, body: str) -> None:
        await self._platform.conversations.post_person_message(self._ws, self._conversation, self._person, new_id("cli"), body)

    async def ask_for_human(self) -> None:
        await self._platform.conversations.request_human(None, None, self._ws, self._conversation, "asked_for_person")


class OverHttp:
    """A conversation at a running server."""

    def __init__(self, client: Any, conversation_id: str, cursor: int) -> None:
        self._client, self._path, self._cursor = client, f"/api/chat/conversations/{conversation_id}", cursor

    async def follow(self) -> AsyncIterator[Happened]:
        import httpx

        while True:
            event, data = "", ""
            with contextlib.suppress(httpx.TransportError):
                params = {"since": self._cursor}
                async with self._client.stream("GET", f"{self._path}/stream", params=params, timeout=None) as response:
                    async for line in response.aiter_lines():
                        name, _, value = line.partition(":")
                        event = value.strip() if name == "event" else event
                        data = value.strip() if name == "data" else data
                        if name == "id":
                            self._cursor = int(value)
                        if not line and data:
                            got = json.loads(data)
                            if event in ("change", "ephemeral"):
                                yield Happened(event, got["kind"], got["payload"] if event == "change" else got["data"])  # type: ignore[arg-type]
                            event = data = ""
            await asyncio.sleep(1)

    async def say(self, body: str) -> None:
        await call(self._client, "POST", f"{self._path}/messages", {"client_id": new_id("cli"), "body": body})

    async def ask_for_human(self) -> None:
        await call(self._client, "POST", f"{self._path}/request-human", {})


async def call(client: Any, method: str, path: str, given: dict[str, Any] | None = None) -> Any:
    """One request; the server's error becomes one of ours. Raises Unavailable, DuologueError."""
    import httpx

    try:
        response = await client.request(method, path, json=given)
    except httpx.TransportError as error:
        raise Unavailable(f"The server at {client.base_url} does not answer: {error}.") from error
    if response.status_code >= 400:
        try:
            message = response.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            message = f"The server answered {response.status_code}."
        raise DuologueError(message)
    return response.json()


async def chat_here(platform: "Platform", slug: str, lang: Lang) -> None:
    """Talk in this process."""
    workspace = await get_workspace(platform, slug)
    desks = await platform.conversations.list_desks(workspace.id)
    if not desks:
        raise SetupError(f"The workspace {workspace.slug} has no desk; add one on /admin.")
    person = await platform.accounts.start_person(workspace.id, lang)
    conversation = await platform.conversations.start(workspace.id, person.id, desks[0].id, lang)
    snapshot = await platform.conversations.snapshot(workspace.id, conversation.id, "public")
    await talk(Here(platform, workspace.id, person.id, conversation.id, snapshot.cursor), lang)


async def chat_over_http(url: str, slug: str, lang: Lang) -> None:
    """Talk with a running server."""
    import httpx

    async with httpx.AsyncClient(base_url=url.rstrip("/"), timeout=30) as client:
        session = await call(client, "POST", "/api/chat/session", {"workspace": slug, "lang": lang})
        client.headers["X-CSRF-Token"] = session["csrf"]
        started = await call(client, "POST", "/api/chat/conversations", {"lang": lang})
        ident = started["conversation"]["id"]
        cursor = (await call(client, "GET", f"/api/chat/conversations/{ident}"))["cursor"]
        await talk(OverHttp(client, ident, cursor), lang)


async def talk(line: Line, lang: Lang) -> None:
    """Read, send, print what comes, until the input ends."""
    words, turn = WORDS[lang], _Turn()
    printer = asyncio.create_task(_print_all(line, words, turn))
    out.print(words["hello"], style="dim")
    try:
        while (text := await _read(f"{words['you']}> ")) is not None:
            text = text.strip()
            if text in ("/quit", "/exit"):
                break
            if not text:
                continue
            turn.begin()
            await (line.ask_for_human() if text == "/human" else line.say(text))
            await _wait(turn, printer, words)
    finally:
        printer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await printer


async def _read(prompt: str) -> str | None:
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(None, input, prompt if sys.stdin.isatty() else "")
    except EOFError:
        return None


class _Turn:
    """What one waits for after having said something."""

    def __init__(self) -> None:
        self.started, self.answered = asyncio.Event(), asyncio.Event()

    def begin(self) -> None:
        """Something was said."""
        self.started.clear()
        self.answered.clear()


async def _wait(turn: _Turn, printer: "asyncio.Task[None]", words: dict[str, str]) -> None:
    """Until an answer, a notice or the end of the turn; not long where no turn begins."""
    for event, patience_s in ((turn.started, START_S), (turn.answered, PATIENCE_S)):
        waiting = asyncio.create_task(event.wait())
        done, _ = await asyncio.wait({waiting, printer}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if printer in done:
            printer.result()
        if not event.is_set():
            break
    if not turn.answered.is_set():
        out.print(words["waiting"], style="dim")


async def _print_all(line: Line, words: dict[str, str], turn: _Turn) -> None:
    run_id, shown = "", 0
    is_said = False
    async for happened in line.follow():
        data = happened.data
        if happened.kind == "run" and data.get("state") == "finished":
            if not is_said:
                await asyncio.sleep(0.2)
            turn.answered.set()
        elif happened.kind == "run":
            is_said = False
            turn.started.set()
        elif happened.kind == "tokens" and data.get("text"):
            if data["run_id"] != run_id:
                run_id, shown = data["run_id"], 0
                out.print(f"{words['ai']}: ", style="bold cyan", end="")
            if data["offset"] == shown:
                out.print(data["text"], end="", markup=False)
                shown += len(data["text"])
        elif happened.kind == "MessagePosted":
            message = data["message"]
            if message["author_kind"] == "person":
                continue
            is_said = True
            _print_message(message, words, shown if message["run_id"] == run_id else 0)
            run_id, shown = "", 0
            turn.started.set()
            turn.answered.set()


def _print_message(message: dict[str, Any], words: dict[str, str], shown: int) -> None:
    """The stored message; where it was streamed already, what is missing of it."""
    who = words.get(message["author_kind"], "")
    if message["kind"] != "text":
        out.print(message["body"], style="dim", markup=False)
        return
    if not shown:
        out.print(f"{who}: ", style="bold cyan", end="")
    out.print(message["body"][shown:], markup=False)
    if message["citations"]:
        named = [f"[{c['number']}] {c['title']}" + (f" › {c['heading']}" if c["heading"] else "") for c in message["citations"]]
        out.print(f"{words['sources']}: " + "; ".join(named), style="dim", markup=False)
