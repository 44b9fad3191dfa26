"""Adds dates that have come to a forward round, and scores its files on them.

The data of the commitment are kept as they are; the later ones lie beside them, and their hash goes to the audit log.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.rules import forward_files
from statefolio.challenge.rules.settings import published
from statefolio.challenge.scoring.forward import score_forward
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.store import audit, clock
from statefolio.challenge.store.errors import RoundStateError
from statefolio.challenge.store.forward import ForwardFile, forward_files_of, set_forward_score
from statefolio.challenge.store.rounds import require_rules, round_of
from statefolio.commands.studies.parts.market import read_data
from statefolio.exceptions import InputError

EXTENDED_FILE = "extended.npz"


@dataclass(frozen=True)
class Extended:
    """What was added: new dates, the last of them, and how many files were scored."""

    dates: int
    through: dt.date
    scored: int


def extend_challenge(folder: ChallengeFolder, source: Path) -> Extended:
    """Read the data again from a folder with later dates, and score every forward file on the dates that have come.

    Parameters
    ----------
    folder
        The challenge.
    source
        A folder with files of the names in [data]: all former dates, unchanged, and later ones.

    Raises
    ------
    RoundStateError
        If the round is not open.
    InputError
        If the data are no files, differ on a former date, or have no later one.
    """
    rules = folder.rules
    if rules.data is None or rules.data.source != "files":
        raise InputError('challenge.toml must have [data] source = "files" to be extended, got other data.')
    with opened(folder) as store:
        with store.reading() as conn:
            round_ = round_of(conn)
        if round_.state != "open":
            raise RoundStateError(f"the round must be open to be extended, got {round_.state}.")
        require_rules(round_, published(rules))
        committed = RoundData.load(folder.data_file, round_.data_hash)
        file = folder.hidden / EXTENDED_FILE
        known = RoundData.load(file, round_.data_hash) if file.exists() else committed
        market = read_data(rules.data.model_copy(update={"last": None}), source).market
        later = known.extended(market)
        later.save(file)
        with store.transaction() as conn:
            through, scored = later.market.dates[-1].date(), 0
            for each in forward_files_of(conn):
                found = score_forward(_checked(each, committed, folder), later.market, rules)
                details = {**found.details, "standard_error": found.standard_error}
                set_forward_score(conn, each.id, through, found.value, details)
                scored += 1
            added = len(later.market.dates) - len(known.market.dates)
            audit.append(conn, clock.now(), "organiser", "extend", {"dates": added, "through": through.isoformat()})
    return Extended(added, through, scored)


def _checked(each: ForwardFile, data: RoundData, folder: ChallengeFolder) -> forward_files.ForwardFile:
    """Read stored bytes again; they were checked when they came."""
    before = pd.Timestamp(each.first_date) - pd.Timedelta(days=1)
    return forward_files.read_forward(each.body, data.universe, folder.rules.gates, before, each.received_at)
