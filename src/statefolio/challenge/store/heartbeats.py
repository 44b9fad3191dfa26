"""Heartbeats of the scorers: who is alive, what it does, and its last error."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update

from statefolio.challenge.store.tables import heartbeats

ALIVE = timedelta(seconds=30)
"""A scorer is alive if it was heard from within this time."""


@dataclass(frozen=True)
class Heartbeat:
    """What a scorer last said."""

    scorer: str
    started_at: datetime
    at: datetime
    state: str
    submission: str | None
    last_error: str | None
    last_error_at: datetime | None

    def alive(self, now: datetime) -> bool:
        """Return whether the scorer was heard from lately and did not stop."""
        return self.state != "stopped" and now - self.at <= ALIVE


def beat(
    conn: Connection,
    scorer: str,
    now: datetime,
    state: Literal["warming", "waiting", "scoring", "stopped"],
    submission: str | None = None,
    error: str | None = None,
    *,
    started: bool = False,
) -> None:
    """Note what a scorer does, that it started now, and its error if it had one."""
    values = {"at": now, "state": state, "submission": submission}
    if started:
        values |= {"started_at": now}
    if error is not None:
        values |= {"last_error": error[:2000], "last_error_at": now}
    if conn.execute(update(heartbeats).where(heartbeats.c.scorer == scorer).values(**values)).rowcount == 0:
        conn.execute(insert(heartbeats).values(**{"scorer": scorer, "started_at": now, **values}))


def scorers(conn: Connection) -> list[Heartbeat]:
    """Return every scorer, the last heard from first."""
    query = select(*(heartbeats.c[name] for name in Heartbeat.__dataclass_fields__))
    return [Heartbeat(*row) for row in conn.execute(query.order_by(heartbeats.c.at.desc()))]


def forget_old(conn: Connection, now: datetime) -> None:
    """Remove scorers that were not heard from for a day."""
    conn.execute(delete(heartbeats).where(heartbeats.c.at < now - timedelta(days=1)))
