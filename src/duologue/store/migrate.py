"""Brings a database to the newest schema at the start of the program. One process at a time; a newer database is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from duologue.kit.errors import SetupError
from duologue.store.database import Database

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_240_311


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of migrations of its own, with a version table of its own: `name` is a pack's, `folder` holds its revisions."""

    name: str
    folder: Path

    @property
    def version_table(self) -> str:
        """Where the database says how far this line has come."""
        return f"alembic_version_{self.name}" if self.name else "alembic_version"


CORE = Branch("", FOLDER / "versions")


def _config(branch: Branch) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("version_locations", str(branch.folder))
    config.set_main_option("path_separator", "newline")
    config.attributes["version_table"] = branch.version_table
    return config


async def upgrade(database: Database, branches: Sequence[Branch] = ()) -> None:
    """Apply what is missing, the program's own first, in one transaction. Raises SetupError with one sentence where it cannot."""
    where = database.url.render_as_string(hide_password=True)
    try:
        async with database.write() as tx:
            if not tx.is_sqlite:
                await tx.conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            for branch in (CORE, *branches):
                await tx.conn.run_sync(_upgrade, branch)
    except (DBAPIError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SetupError(f"The database {where} cannot be used: {cause}.") from error


def _upgrade(connection: Connection, branch: Branch) -> None:
    config = _config(branch)
    script = ScriptDirectory.from_config(config)
    options = {"version_table": branch.version_table}
    present = MigrationContext.configure(connection, opts=options).get_current_revision()
    head = script.get_current_head()
    if present == head:
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if present is not None and present not in known:
        what = f"{branch.name} {present}".strip()
        raise SetupError(f"The database was written by a newer Duologue (schema {what}); update the program.")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
