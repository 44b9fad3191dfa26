"""Per-date results for the organiser: read from the scorers' files, or scored again where they are missing."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.scoring.scored_window import ScoredWindow, series_of
from statefolio.challenge.store.tables import scores, submissions, teams
from statefolio.challenge.worker.series import load_series, series_file


@dataclass(frozen=True)
class StoredScore:
    """A row of the scores with its submission.

    Attributes
    ----------
    row : mapping
        The columns of the scores, and id, body, name, track, team (its name), benchmark of the submission.
    """

    row: Any

    def window(self, folder: ChallengeFolder, data: RoundData) -> ScoredWindow:
        """Return the scored window with its series."""
        row = self.row
        file = series_file(folder.series, row.id, row.engine_version, row.window)
        arrays = load_series(file, row.series_hash)
        if arrays is None:
            return score_again(row.body, data, folder, row.window)
        return ScoredWindow(
            row.track, row.window, row.value, row.standard_error, row.details, tuple(row.failed_gates),
            tuple(row.reasons), series_of(arrays),
        )  # fmt: skip


def score_again(body: str, data: RoundData, folder: ChallengeFolder, window: str) -> ScoredWindow:
    """Score a stored submission with this engine."""
    return score(read_submission(body.encode(), data.universe), data, folder.rules, window)  # type: ignore[arg-type]


def stored_scores(conn: Connection, window: str, ids: list[str] | None = None) -> list[StoredScore]:
    """Return the scores of a window by the engine that each submission was last scored with."""
    query = (
        select(
            scores, submissions.c.id, submissions.c.body, submissions.c.name, submissions.c.track,
            teams.c.name.label("team"), teams.c.benchmark,
        )
        .join(submissions, submissions.c.id == scores.c.submission)
        .join(teams, teams.c.id == submissions.c.team)
        .where(scores.c.window == window, scores.c.engine_version == submissions.c.engine_version)
        .order_by(submissions.c.number)
    )  # fmt: skip
    if ids is not None:
        query = query.where(submissions.c.id.in_(ids))
    return [StoredScore(row) for row in conn.execute(query)]
