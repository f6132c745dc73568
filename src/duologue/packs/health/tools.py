"""What the clinic's assistant may do by itself: nothing. It asks, by its skill; what is done for a patient is a clinician's."""

from duologue.sdk import Tool

TOOLS: tuple[Tool, ...] = ()
