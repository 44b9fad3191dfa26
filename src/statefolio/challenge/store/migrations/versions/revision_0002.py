"""Files of forward rounds, and an index of each team's waiting submissions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "forward_files",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("team", sa.String(32), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("first_date", sa.String(10), nullable=False),
        sa.Column("last_date", sa.String(10), nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("scored_through", sa.String(10)),
        sa.Column("value", sa.Float(53)),
        sa.Column("details", sa.Text),
    )
    op.create_index("forward_files_of_team", "forward_files", ["team", "number"])
    op.create_index("submissions_waiting", "submissions", ["team", "state", "number"])
