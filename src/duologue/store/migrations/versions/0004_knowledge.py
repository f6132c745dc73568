"""Documents, passages with their full-text index, vectors, and the counts that ranking needs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from duologue.store.schema import Id, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = "workspace_id, title_terms, heading_terms, body_terms"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "document",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("uri", sa.String(2000), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("passage_count", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("workspace_id", "uri", name=op.f("uq_document_workspace_id_uri")),
    )
    op.create_table(
        "passage",
        sa.Column("number", _KEY, autoincrement=True, nullable=False, comment="never used a second time"),
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("document_id", Id, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("title_terms", sa.Text(), nullable=False),
        sa.Column("heading_terms", sa.Text(), nullable=False),
        sa.Column("body_terms", sa.Text(), nullable=False),
        sa.Column("search", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=True, comment="PostgreSQL only"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_passage")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_passage_document_id"), ondelete="CASCADE"),
        sa.UniqueConstraint("id", name=op.f("uq_passage_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_passage_workspace_id"), "passage", ["workspace_id"])
    op.create_index(op.f("ix_passage_document_id"), "passage", ["document_id"])
    op.create_index(op.f("ix_passage_search"), "passage", ["search"], postgresql_using="gin")
    op.create_table(
        "passage_vector",
        sa.Column("number", _KEY, autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("encoder", sa.String(200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False, comment="float32, little-endian"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_passage_vector")),
        sa.ForeignKeyConstraint(["number"], ["passage.number"], name=op.f("fk_passage_vector_number"), ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_passage_vector_workspace_id"), "passage_vector", ["workspace_id"])
    op.create_table(
        "knowledge_term",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("term", sa.String(200), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "term", name=op.f("pk_knowledge_term")),
    )
    op.create_table(
        "knowledge_state",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False, comment="grows with every change"),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("title_terms", sa.BigInteger(), nullable=False),
        sa.Column("heading_terms", sa.BigInteger(), nullable=False),
        sa.Column("body_terms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_knowledge_state")),
    )
    if not is_sqlite:
        return
    op.execute(
        f"CREATE VIRTUAL TABLE passage_fts USING fts5({_COLUMNS}, content='passage', content_rowid='number', "
        "tokenize=\"unicode61 remove_diacritics 0 tokenchars '-_.'''\")"
    )
    op.execute(
        f"CREATE TRIGGER passage_fts_insert AFTER INSERT ON passage BEGIN INSERT INTO passage_fts(rowid, {_COLUMNS}) "
        "VALUES (new.number, new.workspace_id, new.title_terms, new.heading_terms, new.body_terms); END"
    )
    op.execute(
        f"CREATE TRIGGER passage_fts_delete AFTER DELETE ON passage BEGIN INSERT INTO passage_fts(passage_fts, rowid, {_COLUMNS}) "
        "VALUES ('delete', old.number, old.workspace_id, old.title_terms, old.heading_terms, old.body_terms); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE passage_fts")
    for table in ("knowledge_state", "knowledge_term", "passage_vector", "passage", "document"):
        op.drop_table(table)
