"""Care ends, and people's words stand beside the audit's links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for name, kind in (("name", sa.String(200)), ("ended_by", sa.String(200)), ("ended_why", sa.Text())):
        op.add_column("health_care", sa.Column(name, kind, nullable=False, server_default=""))
    for name in ("until", "ended_at"):
        op.add_column("health_care", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "health_audit_words",
        sa.Column("workspace_id", sa.String(48), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.String(48), primary_key=True),
        sa.Column("said", JSON, nullable=False),
    )
    op.create_index("ix_health_audit_words_person", "health_audit_words", ["workspace_id", "person_id"])


def downgrade() -> None:
    op.drop_table("health_audit_words")
    for name in ("name", "ended_by", "ended_why", "until", "ended_at"):
        op.drop_column("health_care", name)
