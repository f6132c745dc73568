"""For whom the promise of autonomy is made: a desk as a whole, or each of its topics and languages."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("autonomy_rules", sa.Column("each", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("autonomy_rules", "each")
