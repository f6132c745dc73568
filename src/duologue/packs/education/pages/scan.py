"""The learner's photographs and PDFs of homework: what was read is shown, to be corrected; nothing is kept or handed in."""

import asyncio
from typing import Any

from duologue.packs.education.grades.homework import get_homework
from duologue.packs.education.scan.reader import is_installed
from duologue.packs.education.scan.work import UNSURE, read_work, split
from duologue.sdk import PanelContext, Upload


async def scanning(context: PanelContext) -> Any:
    """Whether photographs can be read here; PDFs with text always can."""
    return {"photographs": is_installed()}


async def read_file(context: PanelContext, file: Upload, homework_id: str) -> Any:
    """The lines of a file, by question where it numbers them; unsure ones are marked. Raises Invalid, TooLarge, Unavailable."""
    row = await get_homework(context.host, context.workspace_id, homework_id)
    work = await asyncio.to_thread(read_work, file.content)
    parts = split(work.lines, len(row.items))
    ids = [item["id"] for item in row.items]
    return {
        "by": work.by,
        "questions": {
            ids[number - 1] if number else "": [{"text": line.text, "is_unsure": line.confidence < UNSURE} for line in lines]
            for number, lines in parts.items()
        },
    }
