"""Runs of the assistant, their drafts, and from which confidence a workspace lets it answer alone."""

import sqlalchemy as sa
from alembic import op

from duologue.store.schema import Id, Json, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("job_id", sa.String(96), nullable=False),
        sa.Column("responding_to_seq", sa.Integer(), nullable=False),
        sa.Column("control_epoch", sa.Integer(), nullable=False),
        sa.Column("last_public_seq", sa.Integer(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("draft_id", Id),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.Column("prompt_version", sa.String(80), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("signals", Json, nullable=False),
        sa.Column("retrieved", Json, nullable=False),
        sa.Column("verdict_ids", Json, nullable=False),
        sa.Column("steps", Json, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("workspace_id", "job_id", name=op.f("uq_run_workspace_id_job_id")),
    )
    op.create_index("ix_run_conversation", "run", ["workspace_id", "conversation_id"])
    op.create_index("ix_run_status", "run", ["status"])
    op.create_table(
        "draft",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("run_id", Id, nullable=False),
        sa.Column("responding_to_seq", sa.Integer(), nullable=False),
        sa.Column("control_epoch", sa.Integer(), nullable=False),
        sa.Column("last_public_seq", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("citations", Json, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Float()),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("action", Json, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index("ix_draft_conversation", "draft", ["workspace_id", "conversation_id"])
    op.create_index("ix_draft_run", "draft", ["run_id"])
    op.create_table(
        "assistant_setting",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_assistant_setting")),
    )


def downgrade() -> None:
    op.drop_table("assistant_setting")
    op.drop_table("draft")
    op.drop_table("run")
