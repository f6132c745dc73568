"""Questions that became an article, or were found to need none."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposal_closed",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("draft_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("closed_by", Id, nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "draft_id", name=op.f("pk_proposal_closed")),
    )


def downgrade() -> None:
    op.drop_table("proposal_closed")
