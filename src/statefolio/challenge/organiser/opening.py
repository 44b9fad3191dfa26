"""Opens a round: hides the data, publishes the public part and the commitment, and enters the benchmarks.

The database's transaction comes last: an `open` that is interrupted is done again.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from statefolio._writing import write_whole
from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.preparing import check_challenge, make_hidden
from statefolio.challenge.rules.commitment import commit, new_salt
from statefolio.challenge.rules.settings import Rules, published, rules_text
from statefolio.challenge.scoring.benchmarks import BENCHMARK, benchmarks
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.scoring.public_files import write_public
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.starter.archive import write_starter
from statefolio.challenge.store import clock
from statefolio.challenge.store.errors import RoundStateError
from statefolio.challenge.store.rounds import Round, create_round, open_round, round_of
from statefolio.challenge.store.schema import migrate
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.submissions import insert_submission
from statefolio.challenge.store.teams import add_team
from statefolio.exceptions import OutputError

COMMITMENT_FILE = "commitment.json"


@dataclass(frozen=True)
class Opened:
    """An opened round.

    Attributes
    ----------
    facts : dict
        Facts for the organiser.
    commitment : str
        What was published.
    """

    facts: dict[str, str]
    commitment: str


def open_challenge(folder: ChallengeFolder) -> Opened:
    """Open the round.

    Raises
    ------
    RoundStateError
        If it was opened before.
    StatefolioError
        If the rules or the data cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from statefolio.challenge.organiser.preparing import init_folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = ChallengeFolder(Path(place) / "round")
    ...     file, found = init_folder(folder.path, tutorial=True), open_challenge(folder)
    ...     (folder.public / "starter.zip").exists(), oct(folder.hidden.stat().st_mode & 0o777)
    (True, '0o700')
    >>> len(found.commitment)
    64
    """
    with Store.open(folder.database) as store:
        if store.file is not None and folder.path.is_dir():
            store.file.touch(mode=0o600)
        migrate(store)
        require_unopened(store)
        checked = check_challenge(folder)
        rules, now = folder.rules, clock.now()
        commitment = _write_files(folder, checked.data)
        with store.transaction() as conn:
            create_round(conn, _draft(rules, now), now)
            open_round(conn, data_hash=checked.data.hash, commitment=commitment, now=now)
            team = add_team(conn, BENCHMARK, now, benchmark=True)
            round_ = round_of(conn)
            for track, entry in benchmarks(checked.data.universe).items():
                if track in rules.tracks:
                    insert_submission(conn, team, entry, round_, now, counts_quota=False)
    return Opened(checked.facts, commitment)


def require_unopened(store: Store) -> None:
    """Raise RoundStateError if the database has a round."""
    try:
        with store.reading() as conn:
            state = round_of(conn).state
    except RoundStateError:
        return
    raise RoundStateError(
        f"the challenge must not be opened twice, and is {state}. Make a new folder for another round."
    )


def _write_files(folder: ChallengeFolder, data: RoundData) -> str:
    """Write the hidden and the public files; return the commitment."""
    make_hidden(folder)
    data.save(folder.data_file)
    text, salt = rules_text(folder.rules), new_salt()
    commitment = commit(salt, data.hash, ENGINE_VERSION, text)
    parts = {"salt": salt, "data_hash": data.hash, "engine_version": ENGINE_VERSION, "rules": text}
    write_whole(folder.salt_file, json.dumps(parts | {"commitment": commitment}), private=True)
    try:
        folder.public.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder.public} must be a folder that can be made ({error.strerror}).") from error
    write_public(data, folder.rules, folder.public)
    public = {
        "commitment": commitment,
        "engine_version": ENGINE_VERSION,
        "formula": "SHA-256 of salt, data hash, engine version and rules, each after its length in 8 bytes",
    }
    write_whole(folder.public / COMMITMENT_FILE, json.dumps(public, indent=1))
    write_starter(folder.public, folder.rules)
    return commitment


def _draft(rules: Rules, now: datetime) -> Round:
    return Round(
        state="draft",
        name=rules.challenge.name,
        tutorial=rules.challenge.tutorial,
        opens_at=rules.schedule.opens or now,
        closes_at=rules.schedule.closes,
        per_day=rules.limits.per_day,
        per_round=rules.limits.per_round,
        finalists=rules.limits.finalists,
        attempts=rules.scoring.attempts,
        rules=published(rules),
        engine_version=ENGINE_VERSION,
    )
