"""Imported questions, and a class's own course."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "education_question",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("body", JSON, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "education_course",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("body", JSON, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    for name in ("course", "question"):
        op.drop_table(f"education_{name}")
