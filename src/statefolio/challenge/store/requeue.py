"""Puts finished submissions back into the queue: for the final window, for another engine, after a failure."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, exists, or_, update

from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.tables import scores, submissions


def queue_final(conn: Connection, finalists: Sequence[str]) -> int:
    """Queue finalists for the final window, those that are not yet; return how many. The round must be closing."""
    if round_of(conn, lock="share").state not in ("closing", "closed", "revealed"):
        return 0
    chosen = and_(submissions.c.id.in_(finalists), submissions.c.window != "final", submissions.c.state == "scored")
    again = {"window": "final", "state": "queued", "attempts": 0}
    return conn.execute(update(submissions).where(chosen).values(**again)).rowcount


def requeue(conn: Connection, engine_version: str) -> int:
    """Queue every submission that was scored, or failed through no fault of its team, for another engine.

    Those that this engine has scored before are not: their scores stand. Return how many were queued.
    """
    known = exists().where(
        scores.c.submission == submissions.c.id,
        scores.c.engine_version == engine_version,
        scores.c.window == "validation",
    )
    again = or_(
        submissions.c.state.in_(("scored", "queued", "running")),
        and_(submissions.c.state == "failed", submissions.c.team_fault.is_(False)),
    )
    fresh = {"state": "queued", "window": "validation", "engine_version": engine_version, "attempts": 0}
    values = fresh | {"lease_token": None, "lease_until": None, "reason": None, "team_fault": None}
    scored = values | {"state": "scored"}
    conn.execute(update(submissions).where(known).values(**scored))
    return conn.execute(update(submissions).where(again, ~known).values(**values)).rowcount


def requeue_failed(conn: Connection) -> int:
    """Queue submissions that failed through no fault of their team once more; they count again. Return how many."""
    chosen = and_(submissions.c.state == "failed", submissions.c.team_fault.is_(False))
    fresh = {"state": "queued", "attempts": 0, "reason": None, "team_fault": None}
    return conn.execute(update(submissions).where(chosen).values(**fresh)).rowcount
