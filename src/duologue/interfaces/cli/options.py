"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder that holds everything that the program writes.")]
Workspace = Annotated[str, typer.Option("--workspace", "-w", help="Short name of the workspace; empty means the first one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
