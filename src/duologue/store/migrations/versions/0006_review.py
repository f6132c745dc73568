"""Verdicts, which the database itself keeps from being changed, and ratings."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, Json, UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_GUARD_SQLITE = """
CREATE TRIGGER verdict_is_immutable BEFORE UPDATE ON verdict
BEGIN SELECT RAISE(ABORT, 'a verdict is never changed'); END
"""
_GUARD_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_verdict_update() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a verdict is never changed'; END $$
    """,
    "CREATE TRIGGER verdict_is_immutable BEFORE UPDATE ON verdict FOR EACH ROW EXECUTE FUNCTION refuse_verdict_update()",
)


def upgrade() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("draft_id", Id, nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("message_id", Id),
        sa.Column("responding_to_seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("draft_text", sa.Text(), nullable=False),
        sa.Column("final_text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("reviewer_id", Id, nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.Column("prompt_version", sa.String(80), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("retrieved", Json, nullable=False),
        sa.Column("citations", Json, nullable=False),
        sa.Column("shown_at", UtcTime()),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_verdict_draft_id")),
        sa.CheckConstraint("kind IN ('approve','edit','reject','respond','ignore','regenerate')", name=op.f("ck_verdict_kind")),
    )
    op.create_index("ix_verdict_workspace_decided", "verdict", ["workspace_id", "decided_at"])
    op.create_table(
        "rating",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("value", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "person_id", name=op.f("pk_rating")),
    )
    op.create_index("ix_rating_workspace", "rating", ["workspace_id", "rated_at"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_GUARD_SQLITE)
    else:
        for statement in _GUARD_POSTGRESQL:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TRIGGER verdict_is_immutable ON verdict")
        op.execute("DROP FUNCTION refuse_verdict_update()")
    op.drop_table("rating")
    op.drop_table("verdict")
