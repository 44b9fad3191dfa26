"""Counts that one web process asks for: scores stored, and the states of the submissions that requests wait for."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from statefolio.challenge.store.tables import scores, submissions


def count_scores(connection: Connection) -> int:
    """Return how many scores are stored, of every window and engine."""
    return connection.execute(select(func.count()).select_from(scores)).scalar_one()


def states_of(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the states of submissions by id; unknown ids are left out."""
    query = select(submissions.c.id, submissions.c.state).where(submissions.c.id.in_(tuple(ids)))
    return {row.id: row.state for row in connection.execute(query)}
