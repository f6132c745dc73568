"""Collections of papers and what was decided of them, in place of the reviews that nothing used."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.drop_table("health_review")
    op.create_table(
        "health_collection",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "health_paper",
        sa.Column("collection_id", sa.String(48), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("body", JSON, nullable=False),
    )
    op.create_table(
        "health_decision",
        sa.Column("collection_id", sa.String(48), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("include", sa.Boolean(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    for table in ("decision", "paper", "collection"):
        op.drop_table(f"health_{table}")
    op.create_table(
        "health_review",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
