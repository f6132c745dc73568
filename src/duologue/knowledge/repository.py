"""All SQL of documents and passages, and the two full-text indexes behind one face.

SQLite keeps its FTS5 index by triggers over the columns of terms; PostgreSQL keeps a tsvector of the same terms, made here so that
no parser of its own cuts them again. Both only choose candidates: the ranking is computed in `bm25.py`, alike on both. In how many
passages a term occurs is counted in the same transaction.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from duologue.knowledge.embedding import repository as embedding
from duologue.knowledge.model import Document, Passage
from duologue.store.database import Tx, WriteTx
from duologue.store.schema import Id, UtcTime, metadata

FIELDS = ("title", "heading", "body")
WEIGHTS = (2.0, 1.5, 1.0)
"""Of title, heading and body where the database chooses candidates; the final ranking has its own (`bm25.py`)."""

_BigKey = BigInteger().with_variant(Integer, "sqlite")

document = Table(
    "document",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("uri", String(2000), nullable=False),
    Column("title", String(300), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("error", Text, nullable=False),
    Column("passage_count", Integer, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("workspace_id", "uri", name="uq_document_workspace_id_uri"),
)

passage = Table(
    "passage",
    metadata,
    Column("number", _BigKey, primary_key=True, autoincrement=True, comment="never used a second time"),
    Column("id", Id, nullable=False, unique=True),
    Column("workspace_id", Id, nullable=False, index=True),
    Column("document_id", Id, ForeignKey("document.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    Column("title", String(300), nullable=False),
    Column("heading", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("lang", String(8), nullable=False),
    Column("title_terms", Text, nullable=False),
    Column("heading_terms", Text, nullable=False),
    Column("body_terms", Text, nullable=False),
    Column("search", Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=True, comment="PostgreSQL only"),
    sqlite_autoincrement=True,
)
Index("ix_passage_search", passage.c.search, postgresql_using="gin")  # on SQLite it holds nothing but NULLs

passage_vector = Table(
    "passage_vector",
    metadata,
    Column("number", _BigKey, ForeignKey("passage.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("workspace_id", Id, nullable=False, index=True),
    Column("encoder", String(200), nullable=False),
    Column("vector", LargeBinary, nullable=False, comment="float32, little-endian"),
)

knowledge_term = Table(
    "knowledge_term",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("term", String(200), primary_key=True),
    Column("passages", Integer, nullable=False),
)

knowledge_state = Table(
    "knowledge_state",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("generation", BigInteger, nullable=False, comment="grows with every change"),
    Column("passages", Integer, nullable=False),
    Column("title_terms", BigInteger, nullable=False),
    Column("heading_terms", BigInteger, nullable=False),
    Column("body_terms", BigInteger, nullable=False),
)

_COLUMNS = "workspace_id, title_terms, heading_terms, body_terms"
FTS_DDL = (
    f"CREATE VIRTUAL TABLE passage_fts USING fts5({_COLUMNS}, content='passage', content_rowid='number', "
    "tokenize=\"unicode61 remove_diacritics 0 tokenchars '-_.'''\")",
    f"CREATE TRIGGER passage_fts_insert AFTER INSERT ON passage BEGIN INSERT INTO passage_fts(rowid, {_COLUMNS}) "
    "VALUES (new.number, new.workspace_id, new.title_terms, new.heading_terms, new.body_terms); END",
    f"CREATE TRIGGER passage_fts_delete AFTER DELETE ON passage BEGIN INSERT INTO passage_fts(passage_fts, rowid, {_COLUMNS}) "
    "VALUES ('delete', old.number, old.workspace_id, old.title_terms, old.heading_terms, old.body_terms); END",
)
for _statement in FTS_DDL:
    event.listen(passage, "after_create", DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
_DROP = DDL("DROP TABLE IF EXISTS passage_fts")  # type: ignore[no-untyped-call]
event.listen(passage, "before_drop", _DROP.execute_if(dialect="sqlite"))


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a passage by field, in order, doubles kept."""

    title: list[str]
    heading: list[str]
    body: list[str]

    @property
    def all(self) -> set[str]:
        return {*self.title, *self.heading, *self.body}


@dataclass(frozen=True, slots=True)
class State:
    """What ranking must know of a workspace: how many passages, how many terms in each field, and which generation this is."""

    generation: int = 0
    passages: int = 0
    title_terms: int = 0
    heading_terms: int = 0
    body_terms: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage with what ranking needs."""

    number: int
    passage: Passage
    terms: Terms
    uri: str


def _to_document(row: Row[Any]) -> Document:
    return Document(**{name: row._mapping[name] for name in Document.__slots__})


def _to_passage(row: Row[Any]) -> Passage:
    return Passage(**{name: row._mapping[name] for name in Passage.__slots__})


# ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def list_documents(tx: Tx, workspace_id: str) -> list[Document]:
    """Documents by title."""
    query = select(document).where(document.c.workspace_id == workspace_id).order_by(document.c.title, document.c.id)
    return [_to_document(row) for row in await tx.conn.execute(query)]


async def find_document(tx: Tx, workspace_id: str, *, document_id: str = "", uri: str = "") -> tuple[Document, str] | None:
    """A document and its text, by id or by uri."""
    named = document.c.id == document_id if document_id else document.c.uri == uri
    row = (await tx.conn.execute(select(document).where(document.c.workspace_id == workspace_id, named))).one_or_none()
    return None if row is None else (_to_document(row), row.text)


async def put_document(
    tx: WriteTx, doc: Document, body: str, passages: Sequence[tuple[Passage, Terms]], encoder: str, vectors: Sequence[bytes]
) -> None:
    """Store a document with its passages in place of the one with the same uri. `vectors` may be empty: they are then missing."""
    await _lock(tx, doc.workspace_id)
    old = select(document.c.id).where(document.c.workspace_id == doc.workspace_id, document.c.uri == doc.uri)
    for (old_id,) in (await tx.conn.execute(old)).all():
        await _remove(tx, doc.workspace_id, old_id)
    await tx.conn.execute(insert(document).values(**asdict(doc), text=body))
    if not passages:
        return
    rows = [_row(found, terms, tx.is_sqlite) for found, terms in passages]
    await tx.conn.execute(insert(passage), rows)
    await _count(tx, doc.workspace_id, [terms for _, terms in passages], 1)
    if vectors:
        query = select(passage.c.number).where(passage.c.document_id == doc.id).order_by(passage.c.ordinal)
        numbers = (await tx.conn.execute(query)).scalars().all()
        await put_vectors(tx, doc.workspace_id, encoder, dict(zip(numbers, vectors, strict=True)))


async def delete_document(tx: WriteTx, workspace_id: str, document_id: str) -> Document | None:
    """Remove a document and everything made of it; returns what it was."""
    await _lock(tx, workspace_id)
    found = await find_document(tx, workspace_id, document_id=document_id)
    if found is None:
        return None
    await _remove(tx, workspace_id, document_id)
    return found[0]


async def _remove(tx: WriteTx, workspace_id: str, document_id: str) -> None:
    query = select(passage.c.title_terms, passage.c.heading_terms, passage.c.body_terms).where(passage.c.document_id == document_id)
    gone = [Terms(*(field.split() for field in row)) for row in await tx.conn.execute(query)]
    await tx.conn.execute(delete(passage).where(passage.c.document_id == document_id))
    await tx.conn.execute(delete(document).where(document.c.id == document_id, document.c.workspace_id == workspace_id))
    if gone:
        await _count(tx, workspace_id, gone, -1)


def _row(found: Passage, terms: Terms, is_sqlite: bool) -> dict[str, Any]:
    row = asdict(found) | {f"{name}_terms": " ".join(getattr(terms, name)) for name in FIELDS}
    return row if is_sqlite else row | {"search": _tsvector(terms)}


def _tsvector(terms: Terms) -> str:
    """The terms as PostgreSQL writes a tsvector: `'term':1A,7B`. Positions end at 16383, and 255 are kept for each term."""
    places: dict[str, list[str]] = {}
    at = 0
    for name, weight in zip(FIELDS, "ABD", strict=True):
        for term in getattr(terms, name):
            at = min(at + 1, 16_383)
            places.setdefault(term, []).append(f"{at}{weight}")
    return " ".join(f"{_lexeme(term)}:{','.join(where[:255])}" for term, where in places.items())


def _lexeme(term: str) -> str:
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


# ── counts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _upsert(tx: Tx, table: Table) -> Any:
    return sqlite.insert(table) if tx.is_sqlite else postgresql.insert(table)


async def _lock(tx: WriteTx, workspace_id: str) -> None:
    """Step the generation; from here to the commit, this transaction alone changes the workspace's knowledge."""
    first = _upsert(tx, knowledge_state).values(workspace_id=workspace_id, **asdict(State(generation=1)))
    later = {"generation": knowledge_state.c.generation + 1}
    await tx.conn.execute(first.on_conflict_do_update(index_elements=["workspace_id"], set_=later))


async def _count(tx: WriteTx, workspace_id: str, passages: Sequence[Terms], sign: int) -> None:
    found = Counter(term for terms in passages for term in terms.all)
    if sign > 0:
        rows = [{"workspace_id": workspace_id, "term": term, "passages": n} for term, n in found.items()]
        if rows:
            added = _upsert(tx, knowledge_term)
            more = {"passages": knowledge_term.c.passages + added.excluded.passages}
            await tx.conn.execute(added.on_conflict_do_update(index_elements=["workspace_id", "term"], set_=more), rows)
    elif found:
        here = knowledge_term.c.workspace_id == workspace_id
        fewer = update(knowledge_term).where(here, knowledge_term.c.term == bindparam("t"))
        await tx.conn.execute(
            fewer.values(passages=knowledge_term.c.passages - bindparam("n")), [{"t": t, "n": n} for t, n in found.items()]
        )
        await tx.conn.execute(delete(knowledge_term).where(here, knowledge_term.c.passages <= 0))
    moved: dict[str, Any] = {"passages": knowledge_state.c.passages + sign * len(passages)}
    for name in FIELDS:
        moved[f"{name}_terms"] = knowledge_state.c[f"{name}_terms"] + sign * sum(len(getattr(terms, name)) for terms in passages)
    await tx.conn.execute(update(knowledge_state).where(knowledge_state.c.workspace_id == workspace_id).values(**moved))


async def get_state(tx: Tx, workspace_id: str) -> State:
    """The counts of a workspace; zeros where nothing was ever ingested."""
    row = (await tx.conn.execute(select(knowledge_state).where(knowledge_state.c.workspace_id == workspace_id))).one_or_none()
    return State() if row is None else State(**{name: row._mapping[name] for name in State.__slots__})


async def count_terms(tx: Tx, workspace_id: str, terms: Iterable[str]) -> dict[str, int]:
    """In how many passages each term occurs; terms that occur nowhere are left out."""
    query = select(knowledge_term.c.term, knowledge_term.c.passages)
    query = query.where(knowledge_term.c.workspace_id == workspace_id, knowledge_term.c.term.in_(list(terms)))
    return {row.term: row.passages for row in await tx.conn.execute(query)}


async def list_words(tx: Tx, workspace_id: str) -> dict[str, int]:
    """Every term of a workspace that begins with a Latin letter, and in how many passages it occurs."""
    term = knowledge_term.c.term if tx.is_sqlite else knowledge_term.c.term.collate("C")
    query = select(knowledge_term.c.term, knowledge_term.c.passages).where(knowledge_term.c.workspace_id == workspace_id)
    return {row.term: row.passages for row in await tx.conn.execute(query.where(term >= "a", term < "{"))}


# ── passages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def match(tx: Tx, workspace_id: str, weights: Mapping[str, float], limit: int) -> list[int]:
    """Numbers of the passages that hold any of the terms, roughly best first; `weights` says how much each term tells."""
    if not weights:
        return []
    if tx.is_sqlite:
        either = " OR ".join(f'"{term}"' for term in weights)
        wanted = f'workspace_id : "{workspace_id}" AND {{title_terms heading_terms body_terms}} : ({either})'
        columns = ", ".join(str(weight) for weight in (0.0, *WEIGHTS))
        query = text(
            f"SELECT rowid FROM passage_fts WHERE passage_fts MATCH :wanted ORDER BY bm25(passage_fts, {columns}), rowid LIMIT :n"
        )
        return list((await tx.conn.execute(query, {"wanted": wanted, "n": limit})).scalars())
    marks = f"{{{WEIGHTS[2] / 4}, {WEIGHTS[2] / 4}, {WEIGHTS[1] / 4}, {WEIGHTS[0] / 4}}}"
    terms = list(weights)
    # ts_rank knows no idf, so every term is rated by itself and counts by its weight
    rated = " + ".join(f"CAST(:w{i} AS real) * ts_rank('{marks}', search, CAST(:t{i} AS tsquery), 1)" for i in range(len(terms)))
    wanted = "workspace_id = :ws AND search @@ CAST(:q AS tsquery)"
    query = text(f"SELECT number FROM passage WHERE {wanted} ORDER BY {rated} DESC, number LIMIT :n")
    lexemes = [_lexeme(term) for term in terms]
    bound = {f"t{i}": lexeme for i, lexeme in enumerate(lexemes)} | {f"w{i}": weights[term] for i, term in enumerate(terms)}
    found = await tx.conn.execute(query, bound | {"ws": workspace_id, "q": " | ".join(lexemes), "n": limit})
    return list(found.scalars())


async def get_candidates(tx: Tx, workspace_id: str, numbers: Sequence[int]) -> list[Candidate]:
    """Passages by number, with their terms and the uri of their document."""
    query = select(passage, document.c.uri).join(document, passage.c.document_id == document.c.id)
    rows = await tx.conn.execute(query.where(passage.c.workspace_id == workspace_id, passage.c.number.in_(numbers)))
    return [
        Candidate(
            row.number,
            _to_passage(row),
            Terms(row.title_terms.split(), row.heading_terms.split(), row.body_terms.split()),
            row.uri,
        )
        for row in rows
    ]


async def find_passage(tx: Tx, workspace_id: str, passage_id: str) -> Passage | None:
    """A passage by id."""
    query = select(passage).where(passage.c.workspace_id == workspace_id, passage.c.id == passage_id)
    row = (await tx.conn.execute(query)).one_or_none()
    return None if row is None else _to_passage(row)


async def list_passages(tx: Tx, workspace_id: str, document_id: str) -> list[Passage]:
    """Passages of a document in order."""
    query = select(passage).where(passage.c.workspace_id == workspace_id, passage.c.document_id == document_id)
    return [_to_passage(row) for row in await tx.conn.execute(query.order_by(passage.c.ordinal))]


# ── vectors ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def put_vectors(tx: WriteTx, workspace_id: str, encoder: str, vectors: Mapping[int, bytes]) -> None:
    """Store the vectors of passages in place of earlier ones, and step the generation so that caches notice."""
    if not vectors:
        return
    rows = [{"number": n, "workspace_id": workspace_id, "encoder": encoder, "vector": v} for n, v in vectors.items()]
    await tx.conn.execute(delete(passage_vector).where(passage_vector.c.number.in_(list(vectors))))
    await tx.conn.execute(insert(passage_vector), rows)
    await embedding.fill(tx, workspace_id, encoder)
    await _lock(tx, workspace_id)


async def list_vector_numbers(tx: Tx, workspace_id: str, encoder: str) -> list[int]:
    """Numbers of the passages that have a vector of this encoder, in order."""
    query = select(passage_vector.c.number)
    query = query.where(passage_vector.c.workspace_id == workspace_id, passage_vector.c.encoder == encoder)
    return list((await tx.conn.execute(query.order_by(passage_vector.c.number))).scalars())


async def keep_present(tx: Tx, workspace_id: str, numbers: Sequence[int]) -> set[int]:
    """Those of the numbers under which there still is a passage."""
    query = select(passage.c.number).where(passage.c.workspace_id == workspace_id, passage.c.number.in_(numbers))
    return set((await tx.conn.execute(query)).scalars())


async def get_vectors(tx: Tx, workspace_id: str, encoder: str, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Vectors of passages numbered above `after`, in order."""
    query = select(passage_vector.c.number, passage_vector.c.vector)
    query = query.where(passage_vector.c.workspace_id == workspace_id, passage_vector.c.encoder == encoder)
    query = query.where(passage_vector.c.number > after).order_by(passage_vector.c.number).limit(limit)
    return [(row.number, row.vector) for row in await tx.conn.execute(query)]


async def list_unencoded(tx: Tx, workspace_id: str, encoder: str, limit: int) -> list[tuple[int, Passage]]:
    """Passages without a vector of this encoder."""
    has = (passage_vector.c.number == passage.c.number) & (passage_vector.c.encoder == encoder)
    query = select(passage).outerjoin(passage_vector, has).where(passage.c.workspace_id == workspace_id)
    rows = await tx.conn.execute(query.where(passage_vector.c.number.is_(None)).order_by(passage.c.number).limit(limit))
    return [(row.number, _to_passage(row)) for row in rows]
