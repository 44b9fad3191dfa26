"""The round: one row with its state, times, limits, rules and commitment.

draft -> open -> closing -> closed -> revealed. `closing` is open for nobody: scorers finish, then score the finalists.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from statefolio.challenge.store import audit
from statefolio.challenge.store.clock import shown
from statefolio.challenge.store.columns import json_text
from statefolio.challenge.store.errors import RoundNotOpen, RoundStateError
from statefolio.challenge.store.tables import board_versions, rounds

TRACKS = ("forecast", "portfolio")
"""The tracks that have a board."""
State = Literal["draft", "open", "closing", "closed", "revealed"]


@dataclass(frozen=True, kw_only=True)
class Round:
    """The round as it stands.

    Attributes
    ----------
    state : str
        "draft", "open", "closing", "closed" or "revealed".
    per_day, per_round, finalists, attempts : int
        Limits of a team; attempts of the scorers at one submission.
    rules : dict
        The published rules, as JSON.
    engine_version : str
        The engine that submissions are scored with.
    shown_engine : str
        The engine whose board is shown: another one while everything is scored again.
    data_hash, commitment, salt : str or None
        Of the data; published at opening; published by `reveal`.
    results : dict or None
        The closing tables, once closed.
    """

    state: State
    name: str
    tutorial: bool
    opens_at: datetime
    closes_at: datetime | None
    per_day: int
    per_round: int
    finalists: int
    attempts: int
    rules: dict[str, Any]
    engine_version: str
    shown_engine: str = ""
    data_hash: str | None = None
    commitment: str | None = None
    salt: str | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    revealed_at: datetime | None = None
    results: dict[str, Any] | None = None

    def takes_submissions(self, now: datetime) -> bool:
        """Return whether a submission at this moment counts: from opening, and before closing."""
        before_end = self.closes_at is None or now < self.closes_at
        return self.state == "open" and self.opens_at <= now and before_end


_PLAIN = select(*(rounds.c[each.name] for each in fields(Round)))
_ROUND = {"": _PLAIN, "share": _PLAIN.with_for_update(read=True), "update": _PLAIN.with_for_update()}
"""Statements are built once: every request asks for the round."""


def create_round(conn: Connection, round_: Round, now: datetime) -> None:
    """Insert the round, as a draft."""
    if conn.execute(select(rounds.c.id)).first() is not None:
        raise RoundStateError("a challenge must have one round, and has it already. Make a new folder for another.")
    values = {each.name: getattr(round_, each.name) for each in fields(round_)}
    conn.execute(insert(rounds).values(**values | {"id": 1, "shown_engine": round_.engine_version}))
    conn.execute(insert(board_versions), [{"track": track, "version": 0} for track in TRACKS])
    audit.append(conn, now, "organiser", "create", {"name": round_.name, "rules": round_.rules})


def round_of(conn: Connection, *, lock: Literal["", "share", "update"] = "") -> Round:
    """Return the round.

    Parameters
    ----------
    conn
        A transaction.
    lock
        "share" holds its state until the end of the transaction, "update" also keeps others from sharing it.

    Raises
    ------
    RoundStateError
        If there is none yet.
    """
    row = conn.execute(_ROUND[lock]).one_or_none()
    if row is None:
        raise RoundStateError("the challenge must be open, and is not made yet. Run `statefolio challenge open`.")
    return Round(**row._mapping)


def require_rules(round_: Round, rules: dict[str, Any]) -> None:
    """Check that rules read from the organiser's file are those that the round was opened with.

    Raises
    ------
    RoundStateError
        If they differ; the message has the first table that does.
    """
    if json_text(rules) == json_text(round_.rules):
        return
    names = sorted({*rules, *round_.rules})
    table = next((name for name in names if rules.get(name) != round_.rules.get(name)), "rules")
    raise RoundStateError(
        f"[{table}] of challenge.toml must be as it was when the round was opened, got other values. Undo the change; "
        "[server] alone may change."
    )


def require_open(conn: Connection, now: datetime) -> Round:
    """Return the round, kept open until the end of the transaction.

    Raises
    ------
    RoundNotOpen
        Before its opening and from its closing time on, by the server's clock.
    """
    round_ = round_of(conn, lock="share")
    if round_.takes_submissions(now):
        return round_
    clock = f"The server's time is {shown(now)}."
    if round_.state in ("draft", "open") and now < round_.opens_at:
        raise RoundNotOpen(f"the round opens at {shown(round_.opens_at)}. {clock} Wait until then.")
    if round_.state == "draft":
        raise RoundNotOpen(f"the round is not open yet. {clock} Ask the organiser.")
    ended = "" if round_.closes_at is None else f" at {shown(round_.closes_at)}"
    raise RoundNotOpen(f"the round closed{ended}. {clock} See the results page.")


def open_round(conn: Connection, *, data_hash: str, commitment: str, now: datetime) -> None:
    """Open the round: publish the commitment and take submissions from `opens_at` on."""
    _require(round_of(conn, lock="update"), "draft", "opened")
    conn.execute(update(rounds).values(state="open", data_hash=data_hash, commitment=commitment, opened_at=now))
    audit.append(conn, now, "organiser", "open", {"data_hash": data_hash, "commitment": commitment})


def begin_closing(conn: Connection, now: datetime, *, early: bool = False) -> Round:
    """Take no more submissions; an earlier `close` that was interrupted is continued.

    Raises
    ------
    RoundStateError
        If the round is closed already, was never opened, or its closing time has not come (unless `early`).
    """
    round_ = round_of(conn, lock="update")
    if round_.state == "closing":
        return round_
    _require(round_, "open", "closed")
    soon = round_.closes_at is not None and now < round_.closes_at
    if round_.closes_at is not None and soon and not early:
        raise RoundStateError(
            f"the round must not be closed before {shown(round_.closes_at)}, got {shown(now)}. Wait, or pass --early."
        )
    closes_at = now if soon or round_.closes_at is None else round_.closes_at
    conn.execute(update(rounds).values(state="closing", closes_at=closes_at))
    audit.append(conn, now, "organiser", "closing", {"early": soon})
    return round_of(conn)


def finish_closing(conn: Connection, results: dict[str, Any], now: datetime) -> None:
    """Store the closing tables and close the round."""
    _require(round_of(conn, lock="update"), "closing", "finished")
    conn.execute(update(rounds).values(state="closed", results=results, closed_at=now))
    audit.append(conn, now, "organiser", "close", {"results": results})


def reveal(conn: Connection, salt: str, now: datetime) -> None:
    """Publish the salt of the commitment."""
    _require(round_of(conn, lock="update"), "closed", "revealed")
    conn.execute(update(rounds).values(state="revealed", salt=salt, revealed_at=now))
    audit.append(conn, now, "organiser", "reveal", {"salt": salt})


def set_engine(conn: Connection, engine_version: str) -> None:
    """Score new submissions with another engine."""
    conn.execute(update(rounds).values(engine_version=engine_version))


def set_data(conn: Connection, data_hash: str) -> None:
    """Note the hash of the data after a forward round was extended."""
    conn.execute(update(rounds).values(data_hash=data_hash))


_BEFORE = {
    "draft": "is not open yet: run `statefolio challenge open` first",
    "open": "is still open: run `statefolio challenge close` first",
    "closing": "is being closed: run `statefolio challenge close` to its end first",
    "closed": "is closed already",
    "revealed": "is revealed already",
}


def _require(round_: Round, state: State, step: str) -> None:
    if round_.state != state:
        raise RoundStateError(
            f"the round must be {state} to be {step}, got {round_.state}: it {_BEFORE[round_.state]}."
        )
