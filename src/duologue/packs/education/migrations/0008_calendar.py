"""What stands in the calendars that a learner has taken along, so that a later file can call off what was dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "education_event",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("person_id", sa.String(48), primary_key=True),
        sa.Column("uid", sa.String(280), primary_key=True),
        sa.Column("step", sa.String(250), nullable=False),
        sa.Column("begins", sa.String(20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("education_event")
