"""What the support pack keeps: intents, answers, routes, outcomes, offers, surveys, alarms, catalogue, events."""

import sqlalchemy as sa
from alembic import op

from duologue.sdk import Id, Json, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "support_alarm",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("desk_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_support_alarm"),
    )
    op.create_index("ix_support_alarm_person_id", "support_alarm", ["person_id"])
    op.create_index("ix_support_alarm_workspace", "support_alarm", ["workspace_id", "at"])
    op.create_table(
        "support_answer",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("intent", sa.String(120), nullable=False),
        sa.Column("lang", sa.String(8), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("by", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "intent", "lang", name="pk_support_answer"),
    )
    op.create_table(
        "support_event",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "person", "item", "at", name="pk_support_event"),
    )
    op.create_table(
        "support_item",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("id", sa.String(120), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_support_item"),
    )
    op.create_table(
        "support_offer",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("by", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("decided_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_support_offer"),
    )
    op.create_index("ix_support_offer_conversation_id", "support_offer", ["conversation_id"])
    op.create_index("ix_support_offer_person_id", "support_offer", ["person_id"])
    op.create_index("ix_support_offer_workspace", "support_offer", ["workspace_id", "at"])
    op.create_table(
        "support_outcome",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(120), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_support_outcome"),
    )
    op.create_index("ix_support_outcome_person_id", "support_outcome", ["person_id"])
    op.create_index("ix_support_outcome_workspace", "support_outcome", ["workspace_id", "at"])
    op.create_table(
        "support_route",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("intent", sa.String(120), nullable=False),
        sa.Column("team", sa.String(80), nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "intent", name="pk_support_route"),
    )
    op.create_table(
        "support_survey",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("conversation_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("topic", sa.String(120), nullable=False),
        sa.Column("predicted", sa.Float(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("answered_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_support_survey"),
    )
    op.create_index("ix_support_survey_person_id", "support_survey", ["person_id"])
    op.create_index("ix_support_survey_workspace", "support_survey", ["workspace_id", "asked_at"])
    op.create_table(
        "support_version",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("examples", Json, nullable=False),
        sa.Column("card", Json, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_support_version"),
    )
    op.create_index("ix_support_version_workspace", "support_version", ["workspace_id", "number"], unique=True)


def downgrade() -> None:
    op.drop_table("support_version")
    op.drop_table("support_survey")
    op.drop_table("support_route")
    op.drop_table("support_outcome")
    op.drop_table("support_offer")
    op.drop_table("support_item")
    op.drop_table("support_event")
    op.drop_table("support_answer")
    op.drop_table("support_alarm")
