"""Submissions: inserted once, counted under a lock of the team's row, and committed before they are acknowledged."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import (
    Connection,
    bindparam,
    func,
    insert,
    select,
)

from statefolio.challenge.store import audit
from statefolio.challenge.store.clock import next_day, start_of_day
from statefolio.challenge.store.columns import Moment
from statefolio.challenge.store.errors import KeyReused, QuotaSpent
from statefolio.challenge.store.rounds import Round, require_open, round_of
from statefolio.challenge.store.tables import idempotency, submissions, teams
from statefolio.challenge.store.teams import Team

LONGEST_KEY = 128
"""Most characters of an Idempotency-Key."""
ACCEPTED_PER_LIMIT = 2
"""A team's submissions of a day that cost nothing (the scorers failed) are at most as many as its limit."""


class Entry(Protocol):
    """The part of a checked submission that is stored."""

    @property
    def track(self) -> str:
        """The track it enters."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def canonical(self) -> bytes:
        """Its JSON in the one form that is hashed."""

    @property
    def hash(self) -> str:
        """SHA-256 of `canonical`, in hex."""


@dataclass(frozen=True)
class Limits:
    """What is left of a team's limits.

    Attributes
    ----------
    per_day, per_round : int
        The limits.
    left_today, left_round : int
        How many submissions are left.
    resets_at : datetime
        When the daily limit resets.
    """

    per_day: int
    per_round: int
    left_today: int
    left_round: int
    resets_at: datetime


@dataclass(frozen=True)
class Receipt:
    """The acknowledgement of a submission.

    Attributes
    ----------
    id : str
        "s_" and random letters.
    state : str
        "queued".
    limits : Limits
        What is left after it.
    replayed : bool
        Whether the same key and body came before: nothing was inserted.
    """

    id: str
    state: str
    limits: Limits
    replayed: bool = False


def submit(conn: Connection, team: Team, entry: Entry, key: str | None, now: datetime) -> Receipt:
    """Insert a submission and queue it. Acknowledge it only after the transaction is committed.

    Parameters
    ----------
    conn
        A transaction that writes.
    team
        Who submits.
    entry
        The checked submission.
    key
        The request's Idempotency-Key: the same key and body give the same receipt again.
    now
        The server's time at which the request came.

    Raises
    ------
    RoundNotOpen
        Before opening, and from closing on.
    QuotaSpent
        If a limit is used up.
    KeyReused
        If the key came before with another body.
    """
    _lock(conn, team)
    if key is not None:
        earlier = _replayed(conn, team, entry, key, now)
        if earlier is not None:
            return earlier
    round_ = require_open(conn, now)
    _require_left(conn, team, round_, now)
    number, new = insert_submission(conn, team, entry, round_, now)
    receipt = Receipt(new, "queued", limits(conn, team, now))
    if key is not None:
        conn.execute(
            insert(idempotency).values(
                team=team.id, key=key, body_hash=entry.hash, submission=new, response={"id": new}, created_at=now
            )
        )
    audit.append(conn, now, team.id, "submit", {"submission": new, "number": number, "body_hash": entry.hash})
    return receipt


def insert_submission(
    conn: Connection, team: Team, entry: Entry, round_: Round, now: datetime, *, counts_quota: bool = True
) -> tuple[int, str]:
    """Insert a queued submission without asking for limits; return its number and id."""
    new = f"s_{secrets.token_hex(10)}"
    done = conn.execute(
        insert(submissions).values(
            id=new,
            team=team.id,
            track=entry.track,
            name=entry.name,
            body=entry.canonical.decode(),
            body_hash=entry.hash,
            created_at=now,
            counts_quota=counts_quota,
            state="queued",
            window="validation",
            engine_version=round_.engine_version,
            attempts=0,
        )
    )
    key = done.inserted_primary_key
    return (0 if key is None else key[0]), new


def limits(conn: Connection, team: Team, now: datetime) -> Limits:
    """Return what is left of a team's limits."""
    round_ = round_of(conn)
    today, total, _ = _used(conn, team, now)
    left = max(round_.per_round - total, 0)
    return Limits(round_.per_day, round_.per_round, min(max(round_.per_day - today, 0), left), left, next_day(now))


def _lock(conn: Connection, team: Team) -> None:
    """Hold the team's row: its submissions are counted and inserted one after another."""
    conn.execute(select(teams.c.id).where(teams.c.id == team.id).with_for_update()).one()


def _replayed(conn: Connection, team: Team, entry: Entry, key: str, now: datetime) -> Receipt | None:
    row = conn.execute(
        select(idempotency.c.body_hash, idempotency.c.submission, submissions.c.state)
        .join(submissions, submissions.c.id == idempotency.c.submission)
        .where(idempotency.c.team == team.id, idempotency.c.key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.body_hash != entry.hash:
        raise KeyReused("Idempotency-Key must be new for another body, got one that was used. Send a new key.")
    return Receipt(row.submission, row.state, limits(conn, team, now), replayed=True)


def _require_left(conn: Connection, team: Team, round_: Round, now: datetime) -> None:
    today, total, accepted = _used(conn, team, now)
    if total >= round_.per_round:
        raise QuotaSpent("round", round_.per_round, None)
    if today >= round_.per_day or accepted >= ACCEPTED_PER_LIMIT * round_.per_day:
        raise QuotaSpent("day", round_.per_day, next_day(now))


def _used(conn: Connection, team: Team, now: datetime) -> tuple[int, int, int]:
    """Submissions that count today, in the round, and all that were accepted today."""
    row = conn.execute(_USED, {"team_id": team.id, "day": start_of_day(now)}).one()
    return row[0], row[1], row[2]


_TODAY = submissions.c.created_at >= bindparam("day", type_=Moment)
_COUNTS = submissions.c.counts_quota.is_(True)
_USED = select(func.count().filter(_COUNTS, _TODAY), func.count().filter(_COUNTS), func.count().filter(_TODAY)).where(
    submissions.c.team == bindparam("team_id")
)
