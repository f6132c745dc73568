"""What packs' readers see in messages, and what a draft's message will carry."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, Json, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("pack", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("alarm", Json, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "pack", "name", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_conversation", "reading", ["workspace_id", "conversation_id"])
    op.create_index("ix_reading_person", "reading", ["workspace_id", "person_id"])
    op.add_column("draft", sa.Column("data", Json, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("draft", "data")
    op.drop_table("reading")
