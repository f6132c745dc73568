"""Desks, postures, conversations and their messages."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, Json, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("mode", sa.String(16), nullable=True),
        sa.Column("pack", sa.String(64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_desk_workspace_id_name")),
    )
    op.create_table(
        "posture",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("scope_id", sa.String(200), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "scope", "scope_id", name=op.f("pk_posture")),
    )
    op.create_table(
        "conversation",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("desk_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(400), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("snoozed_until", UtcTime(), nullable=True),
        sa.Column("mode_override", sa.String(16), nullable=True),
        sa.Column("controller", sa.String(80), nullable=False),
        sa.Column("lease_expires_at", UtcTime(), nullable=True),
        sa.Column("attention_kind", sa.String(16), nullable=False),
        sa.Column("attention_reason", sa.String(32), nullable=True),
        sa.Column("attention_at", UtcTime(), nullable=True),
        sa.Column("control_epoch", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_public_seq", sa.Integer(), nullable=False),
        sa.Column("episode_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("waiting_since", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index("ix_conversation_lease", "conversation", ["lease_expires_at"])
    op.create_index("ix_conversation_person", "conversation", ["workspace_id", "person_id"])
    op.create_index("ix_conversation_snoozed", "conversation", ["snoozed_until"])
    op.create_index("ix_conversation_workspace_updated", "conversation", ["workspace_id", "updated_at"])
    op.create_table(
        "message",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(80), nullable=False),
        sa.Column("author_kind", sa.String(16), nullable=False),
        sa.Column("author_id", Id, nullable=False),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("citations", Json, nullable=False),
        sa.Column("draft_id", Id, nullable=True),
        sa.Column("run_id", Id, nullable=True),
        sa.Column("data", Json, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "conversation_id", "author_kind", "client_id", name=op.f("uq_message_conversation_id_author_kind_client_id")
        ),
        sa.UniqueConstraint("conversation_id", "seq", name=op.f("uq_message_conversation_id_seq")),
    )


def downgrade() -> None:
    op.drop_table("message")
    op.drop_table("conversation")
    op.drop_table("posture")
    op.drop_table("desk")
