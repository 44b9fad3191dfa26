"""The queue: the submissions themselves. A scorer claims one with a lease and a random token, and finishes it once.

queued -> running -> scored or failed. A lease that ends unfinished puts the submission back; after the last attempt it
fails, at no cost for the team. A team's submissions are scored one after another, in their order, because each is
compared with the best before it. Score, state and board change in one transaction.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, exists, insert, or_, select, update

from statefolio.challenge.store import audit
from statefolio.challenge.store.board import BoardChange, apply_change, is_current, show_complete_board
from statefolio.challenge.store.claims import Claim, Scored
from statefolio.challenge.store.columns import json_text
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.tables import scores, submissions, teams

Finished = Literal["done", "lost", "stale"]
GAVE_UP = (
    "The scorers stopped {attempts} times while they scored it. It cost nothing; submit it again, or ask the organiser."
)


def is_work(conn: Connection, engine_version: str, now: datetime) -> bool:
    """Return whether `claim` may find something; a look that waits for nobody."""
    queued = and_(submissions.c.state == "queued", submissions.c.engine_version == engine_version)
    expired = and_(submissions.c.state == "running", submissions.c.lease_until < now)
    return conn.execute(select(submissions.c.number).where(or_(queued, expired)).limit(1)).first() is not None


def claim(conn: Connection, scorer: str, engine_version: str, now: datetime, lease: timedelta) -> Claim | None:
    """Take the oldest submission that this scorer's engine can score, or None.

    Parameters
    ----------
    conn
        A transaction that writes.
    scorer
        The scorer's name, for the status.
    engine_version
        Its engine: submissions for another are left to other scorers.
    now
        The server's time.
    lease
        How long it is held without `renew`.
    """
    _expire(conn, now)
    mine = submissions.alias("mine")
    others = submissions.alias("others")
    waits_for_another = exists().where(
        others.c.team == mine.c.team,
        or_(others.c.state == "running", and_(others.c.state == "queued", others.c.number < mine.c.number)),
    )
    query = (
        select(mine.c.number, mine.c.attempts, teams.c.benchmark)
        .join(teams, teams.c.id == mine.c.team)
        .where(mine.c.state == "queued", mine.c.engine_version == engine_version, ~waits_for_another)
        .order_by(mine.c.number)
        .limit(1)
        .with_for_update(skip_locked=True, of=mine)
    )
    found = conn.execute(query).one_or_none()
    if found is None:
        return None
    token, until = secrets.token_hex(32), now + lease
    conn.execute(
        update(submissions)
        .where(submissions.c.number == found.number)
        .values(state="running", attempts=found.attempts + 1, lease_token=token, lease_until=until, scorer=scorer)
    )
    row = conn.execute(select(submissions).where(submissions.c.number == found.number)).one()
    return Claim(
        row.id,
        row.team,
        found.benchmark,
        row.track,
        row.body,
        row.window,
        row.engine_version,
        token,
        until,
        row.attempts,
    )


def renew(conn: Connection, held: Claim, now: datetime, lease: timedelta) -> bool:
    """Hold a claim for longer; False if it is lost."""
    return conn.execute(update(submissions).where(*_held(held)).values(lease_until=now + lease)).rowcount == 1


def finish(conn: Connection, held: Claim, scored: Scored, change: BoardChange | None, now: datetime) -> Finished:
    """Store a score, the state and the board together.

    Parameters
    ----------
    conn
        A transaction that writes.
    held
        The claim.
    scored
        The result.
    change
        For a validation score: whether it beats the team's best, and the ranks; None for a final score, for an entry
        that fails a gate, and for one that is not compared.
    now
        The server's time.

    Returns
    -------
    str
        "done"; "lost" if the lease was lost: nothing is stored, another scorer has it; "stale" if the board changed
        since it was read: nothing is stored, compare again.
    """
    if conn.execute(select(submissions.c.id).where(*_held(held)).with_for_update()).one_or_none() is None:
        return "lost"
    improved = change is not None and change.improved
    if change is not None and improved and not is_current(conn, held.track, held.team, change):
        return "stale"
    conn.execute(
        update(submissions)
        .where(submissions.c.id == held.submission)
        .values(state="scored", lease_token=None, lease_until=None, finished_at=now, reason=None, team_fault=None)
    )
    conn.execute(
        insert(scores).values(
            submission=held.submission,
            engine_version=held.engine_version,
            window=held.window,
            value=scored.value,
            standard_error=scored.standard_error,
            details=dict(scored.details),
            failed_gates=list(scored.failed_gates),
            reasons=list(scored.reasons),
            series_hash=scored.series_hash,
            improved=improved,
            scored_at=now,
        )
    )
    if change is not None and improved:
        apply_change(conn, held, scored.value, change, now)
    audit.append(
        conn,
        now,
        f"scorer {held.engine_version}",
        "score",
        {"submission": held.submission, "window": held.window, "series_hash": scored.series_hash,
         "value": json_text(scored.value), "improved": improved},
    )  # fmt: skip
    show_complete_board(conn, now)
    return "done"


def fail(conn: Connection, held: Claim, reason: str, now: datetime, *, team_fault: bool) -> bool:
    """End a submission with a reason; it costs nothing unless it is the team's fault. False if the claim is lost."""
    values: dict[str, Any] = {"state": "failed", "reason": reason, "team_fault": team_fault, "finished_at": now}
    if not team_fault:
        values["counts_quota"] = False
    done = conn.execute(
        update(submissions).where(*_held(held)).values(**values, lease_token=None, lease_until=None)
    ).rowcount
    if done:
        audit.append(conn, now, "scorer", "fail", {"submission": held.submission, "team_fault": team_fault})
        show_complete_board(conn, now)
    return done == 1


def give_back(conn: Connection, held: Claim) -> bool:
    """Put a submission back unscored, without counting the attempt: the scorer stops."""
    back = {"state": "queued", "attempts": held.attempt - 1, "lease_token": None, "lease_until": None}
    return conn.execute(update(submissions).where(*_held(held)).values(**back)).rowcount == 1


def _held(held: Claim) -> tuple[Any, ...]:
    return (
        submissions.c.id == held.submission,
        submissions.c.state == "running",
        submissions.c.lease_token == held.lease_token,
    )


def _expire(conn: Connection, now: datetime) -> None:
    """Put submissions whose lease ended back, or end them after the last attempt."""
    query = (
        select(submissions.c.number, submissions.c.id, submissions.c.attempts)
        .where(submissions.c.state == "running", submissions.c.lease_until < now)
        .with_for_update(skip_locked=True)
    )
    expired = conn.execute(query).all()
    if not expired:
        return
    most = round_of(conn).attempts
    for row in expired:
        values: dict[str, Any] = {"state": "queued", "lease_token": None, "lease_until": None}
        if row.attempts >= most:
            reason = GAVE_UP.format(attempts=row.attempts)
            values |= {
                "state": "failed",
                "reason": reason,
                "team_fault": False,
                "counts_quota": False,
                "finished_at": now,
            }
        conn.execute(update(submissions).where(submissions.c.number == row.number).values(**values))
        if row.attempts >= most:
            audit.append(conn, now, "scorer", "fail", {"submission": row.id, "team_fault": False})
            show_complete_board(conn, now)
