"""The event feed."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, Json, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False, comment="lowest cursor still held"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_feed")),
    )
    op.create_table(
        "event",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("cursor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "cursor", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_conversation_id"), "event", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("event")
    op.drop_table("feed")
