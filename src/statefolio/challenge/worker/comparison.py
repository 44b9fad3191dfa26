"""Compares a new validation result with its team's displayed best, and ranks the board if it is better."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import Connection, select

from statefolio.challenge.store.board import BoardChange, Displayed, displayed
from statefolio.challenge.store.claims import Claim, Scored
from statefolio.challenge.store.tables import scores, submissions
from statefolio.challenge.worker.engine import Engine
from statefolio.challenge.worker.messages import pack, unpack
from statefolio.challenge.worker.series import load_series, series_file

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Shown:
    """A displayed best with what is needed to compare it.

    Attributes
    ----------
    body : str
        The submission, to score it again where its per-date results are missing.
    series_hash : str
        The hash of its per-date results.
    """

    entry: Displayed
    body: str
    series_hash: str


@dataclass(frozen=True)
class Comparison:
    """A new result of a team, and a board to compare it with.

    Attributes
    ----------
    explained : bool
        Whether a result without a value has a public reason. One that hidden dates alone undid is never displayed: its
        place on the board would tell of them.
    """

    engine: Engine
    folder: Path
    track: str
    team: str
    value: float | None
    explained: bool
    arrays: Arrays
    version: int
    board: tuple[Shown, ...]

    def task(self) -> bytes:
        """Compare; runs in a child."""
        own = next((each for each in self.board if each.entry.team == self.team), None)
        if not self._improves(own):
            return pack({"improved": False, "ranks": {}})
        others = {each.entry.team: each for each in self.board if each.entry.team != self.team}
        results = {team: self.results_of(each) for team, each in others.items() if each.entry.value is not None}
        if self.value is not None:
            results[self.team] = self.arrays
        ranks = self.engine.ranks(self.track, results)
        last = len(ranks) + 1
        undefined = [team for team in (*others, self.team) if team not in ranks]
        return pack({"improved": True, "ranks": {**ranks, **dict.fromkeys(undefined, last)}})

    def change(self, message: bytes) -> BoardChange:
        """Return the change that a child found."""
        content, _ = unpack(message)
        return BoardChange(content["improved"], self.version, content["ranks"])

    def results_of(self, shown: Shown) -> Arrays:
        """Return the per-date results of a displayed best, scored again where they are missing."""
        file = series_file(self.folder, shown.entry.submission, self.engine.version, "validation")
        found = load_series(file, shown.series_hash)
        return self.engine.score(shown.body, "validation")[1] if found is None else found

    def _improves(self, own: Shown | None) -> bool:
        """The first result is displayed, also undefined if it has a reason; a defined one beats an undefined one."""
        if own is None:
            return self.value is not None or self.explained
        if self.value is None:
            return False
        if own.entry.value is None:
            return True
        reference = next((each for each in self.board if each.entry.benchmark and each.entry.value is not None), None)
        benchmark = None if reference is None else self.results_of(reference)
        return self.engine.improves(self.track, self.arrays, self.results_of(own), benchmark)


def read_comparison(
    conn: Connection, engine: Engine, folder: Path, held: Claim, scored: Scored, arrays: Arrays
) -> Comparison:
    """Return a new result with the board that it is compared with, as it stands in a transaction."""
    version, board = displayed(conn, held.track, held.engine_version)
    shown = tuple(Shown(each, *_scored_body(conn, each.submission, engine.version)) for each in board)
    value, explained = scored.value, bool(scored.reasons)
    return Comparison(engine, folder, held.track, held.team, value, explained, arrays, version, shown)


def _scored_body(conn: Connection, submission: str, engine_version: str) -> tuple[str, str]:
    query = (
        select(submissions.c.body, scores.c.series_hash)
        .join(scores, scores.c.submission == submissions.c.id)
        .where(
            submissions.c.id == submission,
            scores.c.engine_version == engine_version,
            scores.c.window == "validation",
        )
    )
    row = conn.execute(query).one()
    return row.body, row.series_hash
