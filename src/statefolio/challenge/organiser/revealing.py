"""Reveals a closed round: the salt, the finalists with their per-date results, and the data."""

import json
from typing import Any

from statefolio._writing import write_whole
from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.preparing import secret_seed
from statefolio.challenge.organiser.results import StoredScore, stored_scores
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.scoring.tutorial import true_loadings
from statefolio.challenge.store import clock
from statefolio.challenge.store.errors import RoundStateError
from statefolio.challenge.store.rounds import reveal, round_of
from statefolio.exceptions import FileFormatError

DATA, PARTS, ENTRIES = "revealed_data.npz", "revealed.json", "revealed_submissions.json"
TRUTH = "true_loadings.json"


def reveal_challenge(folder: ChallengeFolder, *, with_data: bool = True) -> str:
    """Publish the salt and what is needed to verify the scores; return the salt.

    Parameters
    ----------
    folder
        The challenge.
    with_data
        Publish the data with their hidden dates. Without them, the organiser alone can score again.

    Raises
    ------
    RoundStateError
        If the round is not closed, or revealed already.
    """
    with opened(folder) as store:
        with store.reading() as conn:
            round_ = round_of(conn)
            if round_.state != "closed":
                before = "run `statefolio challenge close` first" if round_.state != "revealed" else "nothing to do"
                raise RoundStateError(f"the round must be closed to be revealed, got {round_.state}: {before}.")
            final = stored_scores(conn, "final")
            first = stored_scores(conn, "validation", [each.row.id for each in final])
            entries = [_entry(each.row) for each in (*first, *final)]
        parts = read_parts(folder)
        data = RoundData.load(folder.data_file, round_.data_hash)
        public = folder.public
        write_whole(public / PARTS, json.dumps(parts, indent=1))
        write_whole(public / ENTRIES, json.dumps(entries, indent=1, allow_nan=False))
        if with_data:
            data.save(public / DATA, private=False)
        if folder.rules.synthetic is not None:
            write_whole(public / TRUTH, json.dumps(_truth(folder, data, final), allow_nan=False))
        with store.transaction() as conn:
            reveal(conn, parts["salt"], clock.now())
    return str(parts["salt"])


def read_parts(folder: ChallengeFolder) -> dict[str, Any]:
    """Return the parts of the commitment from the hidden folder.

    Raises
    ------
    FileFormatError
        If the file cannot be read.
    """
    try:
        return dict(json.loads(folder.salt_file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"{folder.salt_file} must hold the commitment's salt, got a file that cannot be read. Restore a backup."
        ) from error


def _truth(folder: ChallengeFolder, data: RoundData, final: list[StoredScore]) -> dict[str, Any]:
    """The true loadings beside the estimates of each finalist of the forecast track, by submission."""
    table = folder.rules.synthetic
    if table is None:
        return {}
    seed, rows = secret_seed(folder), [each.row for each in final if each.row.track == "forecast"]
    return {
        row.id: true_loadings(read_submission(row.body.encode(), data.universe), data, table, seed)
        | {"team": row.team, "name": row.name}
        for row in rows
    }


def _entry(row: Any) -> dict[str, Any]:
    names = (
        "id",
        "team",
        "track",
        "name",
        "body",
        "window",
        "engine_version",
        "value",
        "standard_error",
        "series_hash",
    )
    return {name: getattr(row, name) for name in names}
