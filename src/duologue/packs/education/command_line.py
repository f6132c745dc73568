"""What `duologue education …` does: questions in and out, statements. Works on the database, beside a running server."""

from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid, NotFound
from duologue.kit.text import Lang
from duologue.packs.education.interchange import course_files, xapi
from duologue.packs.education.interchange.formats import FORMATS, read
from duologue.packs.education.library import service as library
from duologue.packs.education.pages.exchange import statements, write
from duologue.sdk import Errand, Host


async def take_in(host: Host, workspace_id: str, file: Path, form: str = "", lang: Lang = "en") -> dict[str, Any]:
    """Take questions in from GIFT, Moodle XML, QTI 1.2 or 2.1 or CSV, or a whole course (`--form files`)."""
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    content = file.read_bytes()
    if len(content) > host.settings.max_upload_bytes:
        raise Invalid(f"{file} is larger than {host.settings.max_upload_bytes} bytes.")
    if form == "files":
        files = course_files.read(content)
        await library.set_course(host, workspace_id, files, "duologue education import")
        return {"kept": len(files["course.json"].get("items", ())), "notes": []}
    kept, notes = await library.take_in(host, workspace_id, read(content, file.name, form), "duologue education import")
    return {"kept": len(kept), "notes": [n.say(lang) for n in notes]}


async def export(host: Host, workspace_id: str, form: str, to: Path, what: str = "course", lang: Lang = "en") -> dict[str, Any]:
    """Write the course, imported questions or homework (`--what`) as gift, moodle, qti12, qti21, csv, anki, files, or xapi."""
    if form == "xapi":
        made = await statements(host, workspace_id, "", lang)
        to.write_bytes(xapi.to_bytes(made))
        return {"file": str(to), "statements": len(made), "notes": []}
    if form not in (*FORMATS, "anki", "files"):
        raise Invalid(f"There is no format {form}; use one of {', '.join(FORMATS)}, anki, files, xapi.", field="form")
    found, notes = await write(host, workspace_id, form, what, lang)
    to.write_bytes(found.content)
    return {"file": str(to), "bytes": len(found.content), "notes": [n.say(lang) for n in notes]}


ERRANDS = (Errand("import", take_in), Errand("export", export))
