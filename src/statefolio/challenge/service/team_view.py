"""A team's submissions as the API and the page of the team show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from statefolio.challenge.store.board import is_shown as on_shown_board
from statefolio.challenge.store.finalists import finalists_of
from statefolio.challenge.store.listing import Listed, submissions_of
from statefolio.challenge.store.tables import board
from statefolio.challenge.store.teams import Team

PAGE = 25


@dataclass(frozen=True)
class Page:
    """Submissions, the newest first, and the cursor of the next page."""

    items: list[Listed]
    following: str | None
    selected: frozenset[str]


def submissions_page(connection: Connection, team: Team, before: int | None, limit: int) -> Page:
    """Return a page of a team's submissions."""
    items = submissions_of(connection, team, before, limit + 1)
    more = len(items) > limit
    selected = frozenset(each.id for each in finalists_of(connection, team))
    return Page(items[:limit], str(items[limit - 1].number) if more else None, selected)


@dataclass(frozen=True)
class Standing:
    """A team's place on the board of a track."""

    track: str
    rank: int
    value: float | None


def standing(connection: Connection, team: Team, tracks: Sequence[str]) -> list[Standing]:
    """Return a team's places on the boards it is on."""
    columns = (board.c.track, board.c.rank, board.c.value)
    mine = (board.c.team == team.id, board.c.track.in_(tracks), on_shown_board())
    rows = connection.execute(select(*columns).where(*mine))
    return sorted((Standing(*row) for row in rows), key=lambda each: tracks.index(each.track))


def is_shown(submission: Listed) -> bool:
    """Return whether the team sees the score, be it defined or not."""
    return submission.value is not None or submission.standard_error is not None or bool(submission.details)
