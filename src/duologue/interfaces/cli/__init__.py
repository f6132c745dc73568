"""The command line: `duologue …`. One module per command family; `run.py` turns errors into one line and an exit code."""

from duologue.interfaces.cli.commands import app

__all__ = ["app"]
