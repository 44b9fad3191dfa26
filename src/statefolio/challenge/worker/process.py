"""The process of one scorer: `python -m statefolio.challenge.worker.process FOLDER NUMBER`."""

import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.rules.settings import published
from statefolio.challenge.store.errors import DatabaseUnavailable, RoundStateError
from statefolio.challenge.store.rounds import Round, require_rules, round_of
from statefolio.challenge.store.schema import check_schema
from statefolio.challenge.store.store import Store
from statefolio.challenge.worker.child import has_no_network
from statefolio.challenge.worker.confinement import Limits, end_with_parent
from statefolio.challenge.worker.scorer import Scorer
from statefolio.challenge.worker.supervisor import REFUSED
from statefolio.exceptions import StatefolioError

_LOG_BYTES = 5 * 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    """Score until SIGTERM; return the exit code."""
    folder, number = list(sys.argv[1:] if arguments is None else arguments)
    end_with_parent(os.getppid(), signal.SIGTERM)
    os.umask(0o077)
    try:
        scorer = make_scorer(ChallengeFolder(Path(folder)), number)
    except StatefolioError as error:
        sys.stderr.write(f"scorer {number}: {error}\n")
        return REFUSED
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: scorer.stop())
    scorer.run()
    return 0


def make_scorer(folder: ChallengeFolder, number: str) -> Scorer:
    """Read the rules and the data, and make the scorer.

    Raises
    ------
    StatefolioError
        If the rules, the database or the data are not those of the round.
    """
    from statefolio.challenge.scoring.round_data import RoundData
    from statefolio.challenge.worker.engine import RoundEngine

    _write_log(folder, number)
    rules = folder.rules
    store = Store.open(folder.database, pooled=False)
    round_ = _round(store)
    require_rules(round_, published(rules))
    if round_.engine_version != RoundEngine.version:
        raise RoundStateError(
            f"engine must be {round_.engine_version}, which the round is scored with, got {RoundEngine.version}. "
            "Install that version, or score everything again with `statefolio challenge rescore`."
        )
    data = RoundData.load(folder.data_file, round_.data_hash)
    if not has_no_network():
        sys.stderr.write(
            f"scorer {number}: children keep the network, because this system allows no network namespace. Run it as "
            "root, allow user namespaces, or cut off the whole process.\n"
        )
    limits = Limits(
        cpu_seconds=rules.scoring.cpu_seconds,
        memory=int(rules.scoring.memory_gb * 1e9),
        wall_seconds=4 * rules.scoring.cpu_seconds,
    )
    return Scorer(
        store=store,
        engine=RoundEngine(data, rules),
        name=f"{socket.gethostname()[:30]} {number}",
        folder=folder.series,
        limits=limits,
        lease=timedelta(seconds=rules.scoring.lease_seconds),
    )


def _round(store: Store) -> Round:
    """Return the round; waits while the database is away."""
    while True:
        try:
            check_schema(store)
            with store.reading() as conn:
                return round_of(conn)
        except DatabaseUnavailable as error:
            logging.getLogger("statefolio.challenge.scorer").warning("%s", error)
            time.sleep(1.0)


def _write_log(folder: ChallengeFolder, number: str) -> None:
    """Log into the hidden folder: a traceback may name hidden dates."""
    log = logging.getLogger("statefolio.challenge.scorer")
    log.setLevel(logging.INFO)
    handler = RotatingFileHandler(folder.hidden / f"scorer-{number}.log", maxBytes=_LOG_BYTES, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.propagate = False


if __name__ == "__main__":
    sys.exit(main())
