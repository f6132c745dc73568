"""Brings a database to the newest schema at the start of the program. One process at a time; a newer database is refused."""

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


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


async def upgrade(database: Database) -> None:
    """Apply what is missing, in one transaction. Raises SetupError with one sentence where that cannot be done."""
    where = database.url.render_as_string(hide_password=True)
    try:
        async with database.write() as tx:
            if not tx.is_sqlite:
                await tx.conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await tx.conn.run_sync(_upgrade)
    except (DBAPIError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SetupError(f"The database {where} cannot be used: {cause}.") from error


def _upgrade(connection: Connection) -> None:
    config = _config()
    script = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    head = script.get_current_head()
    if present == head:
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if present is not None and present not in known:
        raise SetupError(f"The database was written by a newer Duologue (schema {present}); update the program.")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
