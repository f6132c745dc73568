"""`python -m duologue` and the command `duologue`: hands the command line what only `bootstrap` can join."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from duologue.interfaces.cli import app
from duologue.interfaces.cli.run import guarded
from duologue.interfaces.platform import Openers, Platform

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from duologue.kit.settings import Settings


def _open(settings: Settings, answers: bool) -> AbstractAsyncContextManager[Platform]:
    from duologue.bootstrap import open_platform

    return open_platform(settings, answers=answers)


def _serve(settings: Settings) -> None:
    from duologue.bootstrap import serve

    serve(settings)


def _serve_models(settings: Settings, folders: tuple[Path, ...]) -> None:
    from duologue.bootstrap.lone import serve_lone

    serve_lone(settings, folders)


OPENERS = Openers(_open, _serve, _serve_models)


def main() -> None:
    """Run the command line and exit."""
    sys.exit(guarded(lambda: app(obj=OPENERS)))


if __name__ == "__main__":
    main()
