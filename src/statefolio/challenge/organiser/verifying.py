"""Verifies a round: the commitment, the audit log, and that submissions score the same again, to the last bit.

The organiser verifies the folder of the challenge; everyone else a folder with the files that `reveal` published.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.results import stored_scores
from statefolio.challenge.organiser.revealing import DATA, ENTRIES, PARTS, read_parts
from statefolio.challenge.rules.commitment import keeps
from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.store import audit
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.worker.series import hash_series
from statefolio.commands.progress import Progress
from statefolio.exceptions import FileFormatError, InputError


@dataclass(frozen=True)
class Verified:
    """What was verified.

    Attributes
    ----------
    commitment : str
        The published one, which the parts keep to.
    audit_entries : int or None
        Entries of the audit log whose chain holds; None where only the public files were verified.
    same, different : tuple of str
        Submissions that score the same again, and those that do not.
    """

    commitment: str
    audit_entries: int | None
    same: tuple[str, ...]
    different: tuple[str, ...]


@dataclass(frozen=True)
class _Evidence:
    commitment: str
    parts: dict[str, Any]
    data: RoundData
    entries: list[dict[str, Any]]
    audit_entries: int | None


def verify_challenge(path: Path, progress: Progress, submissions: Sequence[str] = ()) -> Verified:
    """Verify a challenge's folder, or a folder of revealed files.

    Parameters
    ----------
    path
        The folder.
    progress
        Takes how many submissions were scored again.
    submissions
        Ids to score again; all finalists where none is given.

    Raises
    ------
    InputError
        If the commitment does not hold, the engine is another one, or a submission is not among the published.
    """
    evidence = _of_folder(ChallengeFolder(path), submissions) if _is_challenge(path) else _of_public(path, submissions)
    parts = evidence.parts
    if not keeps(evidence.commitment, parts["salt"], evidence.data.hash, parts["engine_version"], parts["rules"]):
        raise InputError(
            f"commitment must be that of salt, data, engine and rules, got {evidence.commitment[:12]}, which is not. "
            "The organiser changed one of them after opening, or a file is damaged."
        )
    rules = Rules.model_validate(_with_source(json.loads(parts["rules"])), strict=False)
    same: list[str] = []
    different: list[str] = []
    for number, entry in enumerate(evidence.entries):
        progress("scoring", number, len(evidence.entries))
        if entry["engine_version"] != ENGINE_VERSION:
            raise InputError(
                f"engine must be {entry['engine_version']}, which scored {entry['id']}, got {ENGINE_VERSION}. Install "
                "that version of statefolio to verify it."
            )
        submission = read_submission(entry["body"].encode(), evidence.data.universe)
        found = score(submission, evidence.data, rules, entry["window"])
        equal = found.value == entry["value"] and hash_series(found.to_arrays()) == entry["series_hash"]
        (same if equal else different).append(f"{entry['id']} ({entry['window']})")
    progress("scoring", len(evidence.entries), len(evidence.entries))
    return Verified(evidence.commitment, evidence.audit_entries, tuple(same), tuple(different))


def _is_challenge(path: Path) -> bool:
    return ChallengeFolder(path).salt_file.exists()


def _of_folder(folder: ChallengeFolder, submissions: Sequence[str]) -> _Evidence:
    with opened(folder) as store, store.reading() as conn:
        round_ = round_of(conn)
        count = audit.verify(conn)
        wanted = list(submissions) or [each.row.id for each in stored_scores(conn, "final")]
        found = [each.row for window in ("validation", "final") for each in stored_scores(conn, window, wanted)]
    data = RoundData.load(folder.data_file, round_.data_hash)
    entries = [{name: getattr(row, name) for name in _ENTRY} for row in found]
    return _Evidence(str(round_.commitment), read_parts(folder), data, _chosen(entries, submissions), count)


def _of_public(path: Path, submissions: Sequence[str]) -> _Evidence:
    content = {}
    for name in (PARTS, ENTRIES):
        try:
            content[name] = json.loads((path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FileFormatError(
                f"{path} must be a challenge's folder, or have {PARTS}, {ENTRIES} and {DATA} of a revealed round, got "
                f"no {name} that can be read. Download them."
            ) from error
    parts = content[PARTS]
    data = RoundData.load(path / DATA, parts["data_hash"])
    return _Evidence(parts["commitment"], parts, data, _chosen(content[ENTRIES], submissions), None)


def _chosen(entries: list[dict[str, Any]], submissions: Sequence[str]) -> list[dict[str, Any]]:
    known = {entry["id"] for entry in entries}
    for wanted in submissions:
        if wanted not in known:
            raise InputError(f"submission must be one that was scored, got {wanted!a}. Check its id.")
    return [entry for entry in entries if not submissions or entry["id"] in submissions]


def _with_source(rules: dict[str, Any]) -> dict[str, Any]:
    """Published rules have no source of data; any is valid here, because the data are given."""
    return {**rules, "synthetic": {}}


_ENTRY = ("id", "team", "track", "name", "body", "window", "engine_version", "value", "standard_error", "series_hash")
