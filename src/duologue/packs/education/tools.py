"""What the class's assistant may do by itself. It knows no key of an item."""

from duologue.sdk import Tool

TOOLS: tuple[Tool, ...] = ()
