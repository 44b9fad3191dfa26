"""The board: each team's displayed best per track, its rank, and the finalists that teams select.

Each engine has its board, and one of them is shown. After `rescore` the old one stands until the new engine has scored
all that the old one did. Ranks come from the scorers, which hold the per-date results. Each change raises the track's
version; ranks that were computed against an older version are refused, and the scorer computes them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from statefolio.challenge.store import audit
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.tables import board as entries
from statefolio.challenge.store.tables import board_versions, rounds, scores, submissions, teams


@dataclass(frozen=True)
class BoardChange:
    """The comparison of a new validation score with the board.

    Attributes
    ----------
    improved : bool
        Whether it beats its team's displayed best, or is the first.
    version : int
        The version of the board that it was compared with.
    ranks : mapping of str to int
        The rank of every team of the track after the change, the own one included. Ties share a rank.
    """

    improved: bool
    version: int
    ranks: Mapping[str, int] = field(default_factory=dict)


class Entered(Protocol):
    """The part of a claim that the board is about."""

    @property
    def submission(self) -> str:
        """Its id."""

    @property
    def team(self) -> str:
        """Whose it is."""

    @property
    def track(self) -> str:
        """The track it enters."""

    @property
    def engine_version(self) -> str:
        """What scored it."""


@dataclass(frozen=True)
class Displayed:
    """A team's place on a track's board, for the scorers.

    Attributes
    ----------
    team, submission : str
        The ids of the team and of its displayed submission.
    value : float or None
        Its validation score.
    benchmark : bool
        Whether the team is the benchmark's.
    """

    team: str
    submission: str
    value: float | None
    benchmark: bool = False


@dataclass(frozen=True)
class BoardRow:
    """A line of the board as everyone sees it.

    Attributes
    ----------
    place : int
        The line's place; the cursor of the next page.
    rank : int
        Ties share it.
    details : dict
        Further measures.
    tries : int
        The team's scored submissions of the track.
    """

    place: int
    rank: int
    team: str
    benchmark: bool
    submission: str
    name: str
    value: float | None
    standard_error: float | None
    details: dict[str, float | None]
    updated_at: datetime
    tries: int


def board(conn: Connection, track: str, after: int = 0, limit: int = 100) -> list[BoardRow]:
    """Return a page of a track's board, best first.

    Parameters
    ----------
    conn
        A transaction.
    track
        "forecast" or "portfolio".
    after
        The cursor: the `place` of the last line of the page before.
    limit
        Most lines of a page.
    """
    counted = submissions.alias("counted")
    tries = (
        select(func.count())
        .where(counted.c.team == entries.c.team, counted.c.track == track, counted.c.state == "scored")
        .scalar_subquery()
    )
    score = and_(
        scores.c.submission == submissions.c.id,
        scores.c.engine_version == entries.c.engine_version,
        scores.c.window == "validation",
    )
    query = (
        select(
            entries.c.rank, teams.c.name, teams.c.benchmark, submissions.c.id, submissions.c.name.label("entry"),
            entries.c.value, scores.c.standard_error, scores.c.details, entries.c.updated_at, tries.label("tries"),
        )
        .join(teams, teams.c.id == entries.c.team)
        .join(submissions, submissions.c.id == entries.c.submission)
        .outerjoin(scores, score)
        .where(entries.c.track == track, is_shown())
        .order_by(entries.c.rank, entries.c.value.desc(), entries.c.updated_at, entries.c.team)
        .limit(limit)
        .offset(after)
    )  # fmt: skip
    return [
        BoardRow(
            after + place, row.rank, row.name, row.benchmark, row.id, row.entry, row.value, row.standard_error,
            row.details or {}, row.updated_at, row.tries,
        )
        for place, row in enumerate(conn.execute(query), start=1)
    ]  # fmt: skip


def is_shown() -> ColumnElement[bool]:
    """Return the condition for entries of the board that is shown."""
    return entries.c.engine_version == select(rounds.c.shown_engine).scalar_subquery()


def displayed(conn: Connection, track: str, engine_version: str) -> tuple[int, list[Displayed]]:
    """Return the version of a track's board and the displayed best of every team, by an engine's scores."""
    version = conn.execute(select(board_versions.c.version).where(board_versions.c.track == track)).scalar() or 0
    shown = (entries.c.team, entries.c.submission, entries.c.value, teams.c.benchmark)
    query = select(*shown).join(teams, teams.c.id == entries.c.team)
    query = query.where(entries.c.track == track, entries.c.engine_version == engine_version)
    return version, [Displayed(*row) for row in conn.execute(query.order_by(entries.c.team))]


def is_current(conn: Connection, track: str, team: str, change: BoardChange) -> bool:
    """Lock a track's board and return whether it is still the one that a change was computed against."""
    query = select(board_versions.c.version).where(board_versions.c.track == track).with_for_update()
    if team not in change.ranks:
        raise ValueError(f"ranks must have the team that improved, {team}.")
    return (conn.execute(query).scalar() or 0) == change.version


def apply_change(conn: Connection, entry: Entered, value: float | None, change: BoardChange, now: datetime) -> None:
    """Put a submission on its engine's board and renew all ranks; `queue.finish` calls it after `is_current`."""
    track, team, engine = entry.track, entry.team, entry.engine_version
    raised = update(board_versions).where(board_versions.c.track == track).values(version=change.version + 1)
    conn.execute(raised)
    for other, rank in change.ranks.items():
        conn.execute(update(entries).where(*_place(other, track, engine)).values(rank=rank))
    own = {"submission": entry.submission, "value": value, "rank": change.ranks[team], "updated_at": now}
    if conn.execute(update(entries).where(*_place(team, track, engine)).values(**own)).rowcount == 0:
        conn.execute(insert(entries).values(team=team, track=track, engine_version=engine, **own))


def _place(team: str, track: str, engine_version: str) -> tuple[ColumnElement[bool], ...]:
    return entries.c.team == team, entries.c.track == track, entries.c.engine_version == engine_version


def show_complete_board(conn: Connection, now: datetime) -> bool:
    """Show the board of the round's engine once nothing waits that the shown engine has scored; return whether it did.

    Until then the old board stands, with the old scores.
    """
    round_ = round_of(conn)
    if round_.shown_engine == round_.engine_version:
        return False
    waits = (
        select(submissions.c.id)
        .join(scores, scores.c.submission == submissions.c.id)
        .where(
            submissions.c.state.in_(("queued", "running")),
            scores.c.engine_version == round_.shown_engine,
            scores.c.window == "validation",
        )
        .limit(1)
    )
    if conn.execute(waits).first() is not None:
        return False
    conn.execute(update(rounds).values(shown_engine=round_.engine_version))
    conn.execute(update(board_versions).values(version=board_versions.c.version + 1))
    audit.append(conn, now, "scorer", "show", {"before": round_.shown_engine, "after": round_.engine_version})
    return True
