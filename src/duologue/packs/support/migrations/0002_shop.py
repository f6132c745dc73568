"""How often a workspace's catalogue and events were changed, so that every process sees that they were."""

import sqlalchemy as sa
from alembic import op

from duologue.sdk import Id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "support_shop",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_support_shop"),
    )


def downgrade() -> None:
    op.drop_table("support_shop")
