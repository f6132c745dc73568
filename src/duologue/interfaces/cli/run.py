"""How a command runs: settings from the options, a platform for as long as it lasts, one line where something is wrong.

Exit codes: 0 done, 1 the request cannot be fulfilled, 2 the program cannot start as it is set up, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from duologue.kit.errors import DuologueError, SetupError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import typer

    from duologue.accounts.model import Workspace
    from duologue.interfaces.platform import Openers, Platform
    from duologue.kit.settings import Settings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def load_settings(**given: Any) -> Settings:
    """Settings from the environment, overridden by the options that were given. Raises SetupError naming what is wrong."""
    from pydantic import ValidationError

    from duologue.kit.settings import Settings, find_misspelt

    for name, meant in find_misspelt(os.environ).items():
        err.print(f"{name} is no setting" + (f"; {meant} is one." if meant else "."), markup=False)
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "DUOLOGUE_" + "_".join(str(p) for p in first["loc"]).upper()
        raise SetupError(f"The setting {name} cannot be used: {first['msg']}.") from error


def with_platform(
    context: typer.Context,
    work: Callable[[Platform], Awaitable[None]],
    data_dir: Path | None = None,
    *,
    answers: bool = False,
    **given: Any,
) -> None:
    """Run `work` with an open platform, in which the assistant `answers` or sleeps. Logs only what is wrong."""
    openers: Openers = context.obj
    given = {"log_level": os.environ.get("DUOLOGUE_LOG_LEVEL", "WARNING")} | given
    settings = load_settings(data_dir=data_dir, **given)

    async def main() -> None:
        async with openers.open(settings, answers) as platform:
            await work(platform)

    asyncio.run(main())


async def get_workspace(platform: Platform, slug: str) -> Workspace:
    """The workspace of the option `--workspace`; the first one where it is empty."""
    return await platform.accounts.get_workspace(slug)


def print_json(value: Any) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def guarded(main: Callable[[], None]) -> int:
    """Run the command line; the exit code."""
    try:
        main()
    except SetupError as error:
        err.print(f"duologue: {error.message}", style="red", markup=False, soft_wrap=True)
        return 2
    except DuologueError as error:
        err.print(f"duologue: {error.message}", style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0
