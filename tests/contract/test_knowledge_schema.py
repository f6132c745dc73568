"""The tables that the code describes and the ones that the migration makes are the same, the full-text index too."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from duologue.knowledge import repository
from duologue.store.database import Database
from duologue.store.migrate import upgrade

OURS = ("document", "passage", "passage_vector", "knowledge_term", "knowledge_state")


async def test_the_migration_makes_the_tables_that_the_code_describes(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        def is_ours(name: str | None, kind: str, parents: object) -> bool:
            return kind != "table" or name in OURS

        context = MigrationContext.configure(connection, opts={"include_name": is_ours, "compare_type": True})
        tables = repository.document.metadata
        return [d for d in compare_metadata(context, tables) if d[0] not in ("add_table", "remove_table") and _names(d) & {*OURS}]

    async with database.read() as tx:
        assert await tx.conn.run_sync(differences) == []


def _names(difference: object) -> set[str]:
    """Every table that a difference speaks of."""
    if isinstance(difference, list | tuple):
        return {name for part in difference for name in _names(part)}
    table = getattr(difference, "table", difference)
    return {str(getattr(table, "name", table))}


async def test_the_migration_makes_the_index_that_the_code_describes(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'd.db'}")
    await upgrade(database)
    async with database.read() as tx:
        rows = await tx.conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name LIKE 'passage_fts%' AND sql IS NOT NULL")
        made = {row[0] for row in rows}
    await database.aclose()
    assert set(repository.FTS_DDL) <= made
