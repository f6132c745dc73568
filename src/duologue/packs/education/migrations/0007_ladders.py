"""How far a learner climbed the ladder of each question: hints shown, the tutor's state."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "education_ladder",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("person_id", sa.String(48), primary_key=True),
        sa.Column("item", sa.String(200), primary_key=True),
        sa.Column("hints", sa.Integer(), nullable=False),
        sa.Column("talk", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("education_ladder")
