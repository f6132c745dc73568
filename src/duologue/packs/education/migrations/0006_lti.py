"""Learning platforms: registrations, launches under way, users, links, grades sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "education_lti_registration",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("auth_url", sa.Text(), nullable=False),
        sa.Column("token_url", sa.Text(), nullable=False),
        sa.Column("key_set_url", sa.Text(), nullable=False),
        sa.Column("has_consent", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(48), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "education_lti_launch",
        sa.Column("state", sa.String(64), primary_key=True),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, index=True),
    )
    op.create_table(
        "education_lti_user",
        sa.Column("registration_id", sa.String(48), primary_key=True),
        sa.Column("sub", sa.String(255), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.String(48), nullable=False, index=True),
        sa.Column("member_email", sa.Text(), nullable=False),
    )
    op.create_table(
        "education_lti_link",
        sa.Column("registration_id", sa.String(48), primary_key=True),
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("homework_id", sa.String(48), nullable=False),
        sa.Column("endpoint", JSON, nullable=False),
    )
    op.create_table(
        "education_lti_score",
        sa.Column("registration_id", sa.String(48), primary_key=True),
        sa.Column("link_id", sa.String(255), primary_key=True),
        sa.Column("person_id", sa.String(48), primary_key=True),
        sa.Column("workspace_id", sa.String(48), nullable=False, index=True),
        sa.Column("sent", JSON, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
    )


def downgrade() -> None:
    for name in ("score", "link", "user", "launch", "registration"):
        op.drop_table(f"education_lti_{name}")
