"""Homework, what was handed in with its grade, checks before signing many at once, appeals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "education_homework",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("by", sa.String(48), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "education_submission",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("homework_id", sa.String(48), nullable=False, index=True),
        sa.Column("person_id", sa.String(48), nullable=False, index=True),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("grade", JSON, nullable=False),
        sa.Column("signed", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("homework_id", "person_id", "item", name="uq_education_submission"),
    )
    op.create_table(
        "education_check",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("body", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "education_appeal",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("submission_id", sa.String(48), nullable=False, index=True),
        sa.Column("person_id", sa.String(48), nullable=False, index=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    for name in ("appeal", "check", "submission", "homework"):
        op.drop_table(f"education_{name}")
