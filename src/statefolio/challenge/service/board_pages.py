"""Keeps pages of the boards in memory, because many look at the same page at the same time."""

import time

from sqlalchemy import Connection, select

from statefolio.challenge.store.board import BoardRow, board
from statefolio.challenge.store.tables import board_versions

SECONDS = 2.0
"""How long the number of tries may be old. A changed score or rank is seen at once, by the board's version."""
MOST_PAGES = 200


class BoardPages:
    """Pages of the boards by track, cursor and length, each with the version of the board that it shows."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, int], tuple[int | None, float, list[BoardRow]]] = {}

    def rows(self, connection: Connection, track: str, after: int, limit: int) -> list[BoardRow]:
        """Return a page of a track's board, best first."""
        version = connection.execute(select(board_versions.c.version).where(board_versions.c.track == track)).scalar()
        page, now = (track, after, limit), time.monotonic()
        known = self._kept.get(page)
        if known is not None and known[0] == version and now - known[1] < SECONDS:
            return known[2]
        rows = board(connection, track, after, limit)
        if len(self._kept) >= MOST_PAGES:
            self._kept.clear()
        self._kept[page] = (version, now, rows)
        return rows
