"""Escalations, records, the audit chain, consent, care relations and reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "health_escalation",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("conversation_id", sa.String(48), nullable=False),
        sa.Column("person_id", sa.String(48), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "health_record",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False),
        sa.Column("conversation_id", sa.String(48), nullable=False, unique=True),
        sa.Column("person_id", sa.String(48), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "health_audit",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("who", sa.String(48), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("conversation_id", sa.String(48), nullable=False, index=True),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("before", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "health_consent",
        sa.Column("conversation_id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False),
        sa.Column("person_id", sa.String(48), nullable=False, index=True),
        sa.Column("purpose", sa.String(40), primary_key=True),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "health_care",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("person_id", sa.String(48), primary_key=True),
        sa.Column("member_id", sa.String(48), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "health_context",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("person_id", sa.String(48), primary_key=True),
        sa.Column("body", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "health_review",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    for table in ("review", "context", "care", "consent", "audit", "record", "escalation"):
        op.drop_table(f"health_{table}")
