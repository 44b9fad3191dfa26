"""The round in a few numbers, for the overview, the status and the metrics."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from statefolio.challenge.store.heartbeats import Heartbeat, scorers
from statefolio.challenge.store.tables import submissions, teams


@dataclass(frozen=True)
class Figures:
    """Counts of the round.

    Attributes
    ----------
    teams : int
        Teams that joined, without the benchmark.
    queued, running, scored, failed : int
        Submissions by state, the benchmark's included.
    oldest : datetime or None
        When the oldest unfinished submission was made.
    scorers : list of Heartbeat
        Every scorer that was heard from, the last first.
    """

    teams: int
    queued: int
    running: int
    scored: int
    failed: int
    oldest: datetime | None
    scorers: list[Heartbeat]

    @property
    def submissions(self) -> int:
        """All submissions."""
        return self.queued + self.running + self.scored + self.failed

    def alive(self, now: datetime) -> int:
        """Return how many scorers are alive."""
        return sum(each.alive(now) for each in self.scorers)


def figures(conn: Connection) -> Figures:
    """Count the round."""
    people = conn.execute(
        select(func.count()).select_from(teams).where(teams.c.benchmark.is_(False), teams.c.revoked_at.is_(None))
    ).scalar()
    states = waiting(conn)
    return Figures(
        teams=people or 0,
        queued=states.get("queued", 0),
        running=states.get("running", 0),
        scored=states.get("scored", 0),
        failed=states.get("failed", 0),
        oldest=oldest_waiting(conn),
        scorers=scorers(conn),
    )


def waiting(conn: Connection) -> dict[str, int]:
    """Return how many submissions are in each state."""
    query = select(submissions.c.state, func.count()).group_by(submissions.c.state)
    return {row[0]: row[1] for row in conn.execute(query)}


def oldest_waiting(conn: Connection) -> datetime | None:
    """Return when the oldest submission that is not finished was made."""
    unfinished = submissions.c.state.in_(("queued", "running"))
    return conn.execute(select(func.min(submissions.c.created_at)).where(unfinished)).scalar()
