"""Files of forward rounds: weights or forecasts for dates to come, kept as they came."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from statefolio.challenge.store import audit
from statefolio.challenge.store.clock import next_day, start_of_day
from statefolio.challenge.store.errors import QuotaSpent
from statefolio.challenge.store.rounds import require_open
from statefolio.challenge.store.tables import forward_files, teams
from statefolio.challenge.store.teams import Team


@dataclass(frozen=True)
class ForwardFile:
    """A file of a forward round, and its score so far.

    Attributes
    ----------
    kind : str
        "weights" or "forecasts".
    first_date, last_date : datetime.date
        The dates it is about.
    scored_through : datetime.date or None
        The last date that arrived when it was last scored.
    """

    number: int
    id: str
    team: str
    kind: str
    name: str
    body: bytes
    body_hash: str
    first_date: date
    last_date: date
    received_at: datetime
    scored_through: date | None
    value: float | None
    details: dict[str, float | None] | None


def deposit(
    conn: Connection,
    team: Team,
    kind: Literal["weights", "forecasts"],
    name: str,
    body: bytes,
    dates: tuple[date, date],
    now: datetime,
) -> str:
    """Store a checked file and return its id; it counts with the day's limit of files.

    Raises
    ------
    RoundNotOpen
        Outside the round.
    QuotaSpent
        If the team deposited as many files today as it may submit.
    """
    conn.execute(select(teams.c.id).where(teams.c.id == team.id).with_for_update()).one()
    round_ = require_open(conn, now)
    today = (forward_files.c.team == team.id, forward_files.c.received_at >= start_of_day(now))
    if (conn.execute(select(func.count()).where(*today)).scalar() or 0) >= round_.per_day:
        raise QuotaSpent("day", round_.per_day, next_day(now))
    new, digest = f"f_{secrets.token_hex(10)}", hashlib.sha256(body).hexdigest()
    conn.execute(
        insert(forward_files).values(
            id=new,
            team=team.id,
            kind=kind,
            name=name,
            body=body,
            body_hash=digest,
            first_date=dates[0].isoformat(),
            last_date=dates[1].isoformat(),
            received_at=now,
        )
    )
    audit.append(conn, now, team.id, "deposit", {"file": new, "body_hash": digest})
    return new


def forward_files_of(conn: Connection, team: Team | None = None) -> list[ForwardFile]:
    """Return the files of a team, or of all teams, in the order in which they came."""
    query = select(*(forward_files.c[name] for name in ForwardFile.__dataclass_fields__))
    if team is not None:
        query = query.where(forward_files.c.team == team.id)
    return [_file(dict(row._mapping)) for row in conn.execute(query.order_by(forward_files.c.number))]


def set_forward_score(
    conn: Connection, file: str, through: date, value: float | None, details: Mapping[str, float | None]
) -> None:
    """Note the score of a file on the dates that arrived."""
    values = {"scored_through": through.isoformat(), "value": value, "details": dict(details)}
    conn.execute(update(forward_files).where(forward_files.c.id == file).values(**values))


def _file(row: dict[str, Any]) -> ForwardFile:
    dates = {
        name: None if row[name] is None else date.fromisoformat(str(row[name]))
        for name in ("first_date", "last_date", "scored_through")
    }
    return ForwardFile(**{**row, **dates})
