"""Learners, their goals and answers, what a teacher decided about plans and resources."""

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
        "education_learner",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("person_id", sa.String(48), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("is_minor", sa.Boolean(), nullable=False),
        sa.Column("consented_at", sa.BigInteger(), nullable=False),
        sa.Column("goal", JSON, nullable=False),
        sa.Column("signed", JSON, nullable=False),
    )
    op.create_table(
        "education_answer",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("person_id", sa.String(48), nullable=False, index=True),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("hints", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "education_edit",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False),
        sa.Column("person_id", sa.String(48), nullable=False, index=True),
        sa.Column("body", JSON, nullable=False),
    )
    op.create_table(
        "education_read",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False),
        sa.Column("person_id", sa.String(48), nullable=False, index=True),
        sa.Column("resource", sa.String(200), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=True),
    )
    op.create_table(
        "education_choice",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("resource", sa.String(200), primary_key=True),
        sa.Column("choice", sa.String(10), nullable=False),
        sa.Column("by", sa.String(48), nullable=False),
    )


def downgrade() -> None:
    for name in ("choice", "read", "edit", "answer", "learner"):
        op.drop_table(f"education_{name}")
