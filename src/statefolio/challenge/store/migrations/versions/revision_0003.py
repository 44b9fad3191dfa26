"""A board of each engine, and the engine whose board is shown: the old one stands while everything is scored again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name the engine of every board and of the one that is shown: so far there is one."""
    op.add_column("round", sa.Column("shown_engine", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE round SET shown_engine = engine_version")
    rows = "SELECT team, track, engine_version, submission, value, rank, updated_at FROM former_board, round"
    op.rename_table("board", "former_board")
    op.drop_index("board_by_rank", "former_board")
    op.create_table(
        "board",
        sa.Column("team", sa.String(32), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("track", sa.String(16), nullable=False),
        sa.Column("engine_version", sa.Text, nullable=False),
        sa.Column("submission", sa.String(32), sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("value", sa.Float(53)),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("team", "track", "engine_version", name="one_place_for_each_engine"),
    )
    op.execute(f"INSERT INTO board (team, track, engine_version, submission, value, rank, updated_at) {rows}")
    op.drop_table("former_board")
    op.create_index("board_by_rank", "board", ["track", "engine_version", "rank"])
