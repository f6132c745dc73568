"""Who lets the assistant learn from what he wrote."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learning_consent",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("may_learn", sa.Boolean(), nullable=False),
        sa.Column("said_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "person_id", name=op.f("pk_learning_consent")),
    )
    op.create_table(
        "learning_consent_rule",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("rule", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_learning_consent_rule")),
    )


def downgrade() -> None:
    op.drop_table("learning_consent_rule")
    op.drop_table("learning_consent")
