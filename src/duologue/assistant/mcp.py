"""Tools of MCP servers, as tools of the assistant. The file has the form that MCP clients share: `{"mcpServers": {name: {…}}}`.

A tool runs unasked only where its server marks it as read-only, or the operator lists it under `"read"` of the server's entry; any
other waits for an expert. What a server says is data: it is fenced like everything from outside. Tools of servers see no person.
"""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duologue.assistant.tools import Tool, ToolContext
from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger

if TYPE_CHECKING:
    from pydantic_ai.mcp import MCPToolset

log = get_logger(__name__)

MAX_RESULT_CHARS = 6_000


class McpServers:
    """The servers of one configuration file; an empty path means none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._stack = AsyncExitStack()

    async def start(self) -> list[Tool]:
        """Connect to all servers and list their tools. Raises SetupError naming the file; a server that fails is left out."""
        if not self._path:
            return []
        from pydantic_ai.mcp import MCPToolset, load_mcp_toolsets  # a second of imports, for those who have servers
        from pydantic_ai.toolsets import PrefixedToolset

        try:
            toolsets = load_mcp_toolsets(self._path)
            config = json.loads(Path(self._path).read_text("utf-8"))["mcpServers"]
        except (OSError, ValueError) as error:
            raise SetupError(f"The MCP configuration {self._path} cannot be used: {str(error).splitlines()[0]}") from error
        tools: list[Tool] = []
        for toolset in toolsets:
            assert isinstance(toolset, PrefixedToolset)
            server = toolset.wrapped
            assert isinstance(server, MCPToolset)
            try:
                await self._stack.enter_async_context(server)
                tools += await _list_tools(server, toolset.prefix, set(config[toolset.prefix].get("read", ())))
            except Exception as error:
                log.error("the MCP server %s is left out: %s", toolset.prefix, error)
        return tools

    async def aclose(self) -> None:
        """Close all connections and end the servers that were started here."""
        await self._stack.aclose()


async def _list_tools(server: "MCPToolset[Any]", prefix: str, reads: set[str]) -> list[Tool]:
    tools = []
    for found in await server.list_tools():
        hint = found.annotations.read_only_hint if found.annotations else None
        text = (found.description or found.name)[:1_000]
        tools.append(
            Tool(
                name=f"{prefix}_{found.name}",
                description={"en": text, "zh": text},
                function=_caller(server, found.name),
                scope="read" if hint or found.name in reads else "change",
                parameters=found.input_schema,
                pack=prefix,
            )
        )
    return tools


def _caller(server: "MCPToolset[Any]", name: str) -> Any:
    async def call(context: ToolContext, **arguments: Any) -> str:
        value = await server.direct_call_tool(name, arguments)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return text[:MAX_RESULT_CHARS]

    return call
