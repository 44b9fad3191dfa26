"""Scores everything again after the engine changed; old scores are kept beside the new ones."""

from dataclasses import dataclass

from sqlalchemy import update

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.store import audit, clock
from statefolio.challenge.store.board import show_complete_board
from statefolio.challenge.store.errors import RoundStateError
from statefolio.challenge.store.requeue import requeue, requeue_failed
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.tables import rounds


@dataclass(frozen=True)
class Requeued:
    """How many submissions are scored again, and by which engine."""

    count: int
    before: str
    after: str


def rescore(folder: ChallengeFolder) -> Requeued:
    """Queue every submission for this engine. The old board stands until this engine has scored all that is on it.

    With the engine that the round has already, only submissions that failed through no fault of their team are queued.

    Raises
    ------
    RoundStateError
        If the round is not open: final scores are not changed.
    """
    now = clock.now()
    with opened(folder) as store, store.transaction() as conn:
        round_ = round_of(conn, lock="update")
        if round_.state != "open":
            raise RoundStateError(f"the round must be open to be scored again, got {round_.state}. Its scores stand.")
        if round_.engine_version == ENGINE_VERSION:
            count = requeue_failed(conn)
        else:
            conn.execute(update(rounds).values(engine_version=ENGINE_VERSION))
            count = requeue(conn, ENGINE_VERSION)
        details = {"before": round_.engine_version, "after": ENGINE_VERSION, "count": count}
        audit.append(conn, now, "organiser", "rescore", details)
        show_complete_board(conn, now)
    return Requeued(count, round_.engine_version, ENGINE_VERSION)
