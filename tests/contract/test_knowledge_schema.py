"""The tables that the code describes and the ones that the migration makes hold the same full-text index."""

from pathlib import Path

from duologue.knowledge.repository import FTS_DDL
from duologue.store.database import Database
from duologue.store.migrate import upgrade


async def test_the_migration_makes_the_index_that_the_code_describes(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'd.db'}")
    await upgrade(database)
    async with database.read() as tx:
        rows = await tx.conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name LIKE 'passage_fts%' AND sql IS NOT NULL")
        made = {row[0] for row in rows}
    await database.aclose()
    assert set(FTS_DDL) <= made
