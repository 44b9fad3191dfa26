"""The tables, as the newest migration leaves them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from statefolio.challenge.store.columns import Json, Moment, Number

metadata = MetaData()

rounds = Table(
    "round",
    metadata,
    Column("id", Integer, primary_key=True),  # one row, 1
    Column("state", String(16), nullable=False),  # draft, open, closing, closed, revealed
    Column("name", Text, nullable=False),
    Column("tutorial", Boolean, nullable=False),
    Column("opens_at", Moment, nullable=False),
    Column("closes_at", Moment),  # NULL: until the organiser closes it
    Column("per_day", Integer, nullable=False),
    Column("per_round", Integer, nullable=False),
    Column("finalists", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("rules", Json, nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("shown_engine", Text, nullable=False, server_default=""),  # whose board is shown
    Column("data_hash", String(64)),
    Column("commitment", String(64)),
    Column("salt", Text),  # published by reveal
    Column("opened_at", Moment),
    Column("closed_at", Moment),
    Column("revealed_at", Moment),
    Column("results", Json),  # the closing tables
    CheckConstraint("id = 1", name="one_round"),
)

teams = Table(
    "teams",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("skeleton", Text, nullable=False, unique=True),
    Column("benchmark", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

credentials = Table(
    "credentials",
    metadata,
    Column("prefix", String(16), primary_key=True),
    Column("kind", String(16), nullable=False),  # token, invitation, login, session
    Column("digest", String(64), nullable=False),  # SHA-256 of the whole text
    Column("team", String(32), ForeignKey("teams.id")),  # NULL: an invitation of a new team
    Column("team_name", Text),
    Column("csrf", String(64)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    Index("credentials_of_team", "team", "kind"),
)

submissions = Table(
    "submissions",
    metadata,
    Column("number", Number, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("team", String(32), ForeignKey("teams.id"), nullable=False),
    Column("track", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON
    Column("body_hash", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("counts_quota", Boolean, nullable=False),
    # The queue: the submission is a task for this window and engine.
    Column("state", String(16), nullable=False),  # queued, running, scored, failed
    Column("window", String(16), nullable=False),  # validation, final
    Column("engine_version", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_token", String(64)),
    Column("lease_until", Moment),
    Column("scorer", Text),
    Column("reason", Text),
    Column("team_fault", Boolean),
    Column("finished_at", Moment),
    Index("submissions_queue", "state", "number"),
    Index("submissions_of_team", "team", "number"),
    Index("submissions_waiting", "team", "state", "number"),
)

scores = Table(
    "scores",
    metadata,
    Column("submission", String(32), ForeignKey("submissions.id"), nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("window", String(16), nullable=False),
    Column("value", Float(53)),  # NULL: undefined, ranked last
    Column("standard_error", Float(53)),
    Column("details", Json, nullable=False),
    Column("failed_gates", Json, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("series_hash", String(64), nullable=False),  # of the per-date results, which lie with the hidden data
    Column("improved", Boolean, nullable=False),
    Column("scored_at", Moment, nullable=False),
    PrimaryKeyConstraint("submission", "engine_version", "window"),
)

board = Table(
    "board",
    metadata,
    Column("team", String(32), ForeignKey("teams.id"), nullable=False),
    Column("track", String(16), nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("submission", String(32), ForeignKey("submissions.id"), nullable=False),
    Column("value", Float(53)),
    Column("rank", Integer, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("team", "track", "engine_version"),
    Index("board_by_rank", "track", "engine_version", "rank"),
)

board_versions = Table(
    "board_versions",
    metadata,
    Column("track", String(16), primary_key=True),
    Column("version", Integer, nullable=False),
)

selections = Table(
    "selections",
    metadata,
    Column("team", String(32), ForeignKey("teams.id"), nullable=False),
    Column("submission", String(32), ForeignKey("submissions.id"), nullable=False),
    Column("selected_at", Moment, nullable=False),
    PrimaryKeyConstraint("team", "submission"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("team", String(32), ForeignKey("teams.id"), nullable=False),
    Column("key", String(128), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("submission", String(32), nullable=False),
    Column("response", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("team", "key"),
)

forward_files = Table(
    "forward_files",
    metadata,
    Column("number", Number, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("team", String(32), ForeignKey("teams.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # weights, forecasts
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("first_date", String(10), nullable=False),
    Column("last_date", String(10), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("scored_through", String(10)),
    Column("value", Float(53)),
    Column("details", Json),
    Index("forward_files_of_team", "team", "number"),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("scorer", String(64), primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),  # warming, waiting, scoring, stopped
    Column("submission", String(32)),
    Column("last_error", Text),
    Column("last_error_at", Moment),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("details", Json, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)
