"""The first tables: round, teams, credentials, submissions, scores, board, audit log with its triggers."""

import sqlalchemy as sa
from alembic import op

from statefolio.challenge.store.migrations.append_only import forbid_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _people()
    _entries()
    _results()
    op.create_table(
        "audit",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    forbid_changes("audit")


def _people() -> None:
    op.create_table(
        "round",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tutorial", sa.Boolean, nullable=False),
        sa.Column("opens_at", sa.BigInteger, nullable=False),
        sa.Column("closes_at", sa.BigInteger),
        sa.Column("per_day", sa.Integer, nullable=False),
        sa.Column("per_round", sa.Integer, nullable=False),
        sa.Column("finalists", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("engine_version", sa.Text, nullable=False),
        sa.Column("data_hash", sa.String(64)),
        sa.Column("commitment", sa.String(64)),
        sa.Column("salt", sa.Text),
        sa.Column("opened_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("revealed_at", sa.BigInteger),
        sa.Column("results", sa.Text),
        sa.CheckConstraint("id = 1", name="one_round"),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("skeleton", sa.Text, nullable=False, unique=True),
        sa.Column("benchmark", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "credentials",
        sa.Column("prefix", sa.String(16), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("team", sa.String(32), sa.ForeignKey("teams.id")),
        sa.Column("team_name", sa.Text),
        sa.Column("csrf", sa.String(64)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_index("credentials_of_team", "credentials", ["team", "kind"])


def _entries() -> None:
    op.create_table(
        "submissions",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("team", sa.String(32), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("track", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("counts_quota", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("window", sa.String(16), nullable=False),
        sa.Column("engine_version", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_token", sa.String(64)),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("scorer", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("team_fault", sa.Boolean),
        sa.Column("finished_at", sa.BigInteger),
    )
    op.create_index("submissions_queue", "submissions", ["state", "number"])
    op.create_index("submissions_of_team", "submissions", ["team", "number"])
    op.create_table(
        "idempotency",
        sa.Column("team", sa.String(32), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("submission", sa.String(32), nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("team", "key"),
    )
    op.create_table(
        "selections",
        sa.Column("team", sa.String(32), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("submission", sa.String(32), sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("selected_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("team", "submission"),
    )


def _results() -> None:
    op.create_table(
        "scores",
        sa.Column("submission", sa.String(32), sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("engine_version", sa.Text, nullable=False),
        sa.Column("window", sa.String(16), nullable=False),
        sa.Column("value", sa.Float(53)),
        sa.Column("standard_error", sa.Float(53)),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("failed_gates", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("series_hash", sa.String(64), nullable=False),
        sa.Column("improved", sa.Boolean, nullable=False),
        sa.Column("scored_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("submission", "engine_version", "window"),
    )
    op.create_table(
        "board",
        sa.Column("team", sa.String(32), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("track", sa.String(16), nullable=False),
        sa.Column("submission", sa.String(32), sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("value", sa.Float(53)),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("team", "track"),
    )
    op.create_index("board_by_rank", "board", ["track", "rank"])
    op.create_table(
        "board_versions",
        sa.Column("track", sa.String(16), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "heartbeats",
        sa.Column("scorer", sa.String(64), primary_key=True),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("submission", sa.String(32)),
        sa.Column("last_error", sa.Text),
        sa.Column("last_error_at", sa.BigInteger),
    )
