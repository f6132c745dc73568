"""The operator's rules for earned autonomy, and blind reviews of what left alone."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, Json, UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "autonomy_rules",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("alpha", sa.Float(), nullable=False),
        sa.Column("delta", sa.Float(), nullable=False),
        sa.Column("audit", sa.Float(), nullable=False),
        sa.Column("forbidden", Json, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_autonomy_rules")),
    )
    op.create_table(
        "audit",
        sa.Column("draft_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("reviewer_id", Id, nullable=False),
        sa.Column("is_changed", sa.Boolean(), nullable=False),
        sa.Column("final_text", sa.Text(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_workspace", "audit", ["workspace_id", "decided_at"])


def downgrade() -> None:
    op.drop_table("audit")
    op.drop_table("autonomy_rules")
