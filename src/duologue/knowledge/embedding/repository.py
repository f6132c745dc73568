"""All SQL of pgvector: a table of embeddings that PostgreSQL searches, filled from `passage_vector` and rebuilt from it at will.

Exact search over a workspace's vectors by inner product. Where the extension is missing or may not be created, nothing of this
exists and the cache in memory (`dense.py`) does the same. Source: pgvector 0.8, operator `<#>` (negative inner product).
"""

from collections.abc import Iterable, Sequence

import numpy as np
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from duologue.kit.log import get_logger
from duologue.store.database import Database, Tx, WriteTx

log = get_logger(__name__)

_TABLE = """
CREATE TABLE IF NOT EXISTS passage_embedding (
  number bigint PRIMARY KEY REFERENCES passage (number) ON DELETE CASCADE,
  workspace_id varchar(48) NOT NULL,
  encoder varchar(200) NOT NULL,
  embedding vector NOT NULL
)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS ix_passage_embedding_workspace ON passage_embedding (workspace_id, encoder)"
FILL_AT_ONCE = 500


async def prepare(database: Database) -> bool:
    """Make the extension and its table where that can be done; whether PostgreSQL compares vectors from now on."""
    if database.is_sqlite:
        return False
    try:
        async with database.write() as tx:
            for statement in ("CREATE EXTENSION IF NOT EXISTS vector", _TABLE, _INDEX):
                await tx.conn.execute(text(statement))
    except DBAPIError as error:
        log.info("PostgreSQL compares no vectors here (%s); memory does", str(error.orig).splitlines()[0])
        return False
    return True


async def is_ready(tx: Tx) -> bool:
    """Whether the table is there."""
    if tx.is_sqlite:
        return False
    return (await tx.conn.execute(text("SELECT to_regclass('passage_embedding') IS NOT NULL"))).scalar_one() is True


async def fill(tx: WriteTx, workspace_id: str, encoder: str) -> int:
    """Take in the vectors that are missing or of another encoder, where the table is there; how many."""
    count = 0
    while await is_ready(tx) and (taken := await _fill(tx, workspace_id, encoder)):
        count += taken
    return count


async def _fill(tx: WriteTx, workspace_id: str, encoder: str) -> int:
    query = text(
        "SELECT v.number, v.vector FROM passage_vector v "
        "LEFT JOIN passage_embedding e ON e.number = v.number AND e.encoder = v.encoder "
        "WHERE v.workspace_id = :ws AND v.encoder = :encoder AND e.number IS NULL ORDER BY v.number LIMIT :limit"
    )
    found = (await tx.conn.execute(query, {"ws": workspace_id, "encoder": encoder, "limit": FILL_AT_ONCE})).all()
    if found:
        rows = [{"n": n, "ws": workspace_id, "encoder": encoder, "v": _literal(np.frombuffer(blob, "<f4"))} for n, blob in found]
        insert = (
            "INSERT INTO passage_embedding (number, workspace_id, encoder, embedding) "
            "VALUES (:n, :ws, :encoder, CAST(:v AS vector)) "
            "ON CONFLICT (number) DO UPDATE SET encoder = excluded.encoder, embedding = excluded.embedding"
        )
        await tx.conn.execute(text(insert), rows)
    return len(found)


async def nearest(tx: Tx, workspace_id: str, encoder: str, vector: Sequence[float], k: int) -> list[int]:
    """Numbers of the `k` passages whose vectors have the largest inner product with `vector`, best first."""
    query = text(
        "SELECT number FROM passage_embedding WHERE workspace_id = :ws AND encoder = :encoder "
        "ORDER BY embedding <#> CAST(:v AS vector), number LIMIT :k"
    )
    return list((await tx.conn.execute(query, {"ws": workspace_id, "encoder": encoder, "v": _literal(vector), "k": k})).scalars())


async def score(tx: Tx, encoder: str, vector: Sequence[float], numbers: Sequence[int]) -> dict[int, float]:
    """The inner products of some passages; those without a vector are left out."""
    query = text(
        "SELECT number, -(embedding <#> CAST(:v AS vector)) AS score FROM passage_embedding "
        "WHERE encoder = :encoder AND number = ANY(:numbers)"
    )
    rows = await tx.conn.execute(query, {"v": _literal(vector), "encoder": encoder, "numbers": list(numbers)})
    return {row.number: float(row.score) for row in rows}


def _literal(vector: Iterable[float]) -> str:
    return "[" + ",".join(repr(float(x)) for x in vector) + "]"
