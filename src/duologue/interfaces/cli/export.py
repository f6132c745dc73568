"""`duologue export`: verdicts as training examples. A file appears whole or not at all."""

import json
import os
from pathlib import Path

from duologue.interfaces.cli.run import err, get_workspace, print_json
from duologue.interfaces.platform import Platform
from duologue.learning.model import ExportFormat


async def export_to(platform: Platform, slug: str, form: ExportFormat, to: Path | None) -> None:
    """Write the examples to a file or to stdout."""
    workspace = await get_workspace(platform, slug)
    lines = platform.exports.lines(workspace.id, form)
    if to is None:
        async for line in lines:
            print_json(line)
        return
    draft, count = to.with_name(f".{to.name}.part"), 0
    with draft.open("w", encoding="utf-8") as file:
        async for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    os.replace(draft, to)
    err.print(f"{count} examples in {to}.", markup=False)
