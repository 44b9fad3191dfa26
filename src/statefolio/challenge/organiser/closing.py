"""Closes a round: the scorers finish, then score the finalists on the final window, then come the tables; and reveals.

`close` can be interrupted and run again: it continues where it stopped. Once the tables are stored it is refused.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from statefolio._writing import write_whole
from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.results import stored_scores
from statefolio.challenge.rules.settings import published
from statefolio.challenge.scoring.closing import FinalEntry, final_results
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.scoring.scored_window import ScoredWindow
from statefolio.challenge.store import clock
from statefolio.challenge.store.errors import RoundStateError
from statefolio.challenge.store.figures import figures
from statefolio.challenge.store.finalists import all_finalists
from statefolio.challenge.store.requeue import queue_final
from statefolio.challenge.store.rounds import begin_closing, finish_closing, require_rules
from statefolio.challenge.store.store import Store
from statefolio.commands.progress import Progress

RESULTS_FILE = "results.json"
PATIENCE = 60.0
"""Seconds that `close` waits for a scorer to be alive."""


def close_challenge(
    folder: ChallengeFolder,
    progress: Progress,
    *,
    early: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Close the round and return the results.

    Parameters
    ----------
    folder
        The challenge.
    progress
        Takes how many submissions are scored.
    early
        Close before the closing time.
    pause
        Waits; tests replace it.

    Raises
    ------
    RoundStateError
        If it is closed already, not open, or no scorer is alive.
    InputError
        If the hidden data are not those of the round.
    """
    with opened(folder) as store:
        with store.transaction() as conn:
            round_ = begin_closing(conn, clock.now(), early=early)
        require_rules(round_, published(folder.rules))
        data = RoundData.load(folder.data_file, round_.data_hash)
        _wait(store, progress, "validation", pause)
        with store.transaction() as conn:
            finalists = all_finalists(conn)
            queue_final(conn, [each for ids in finalists.values() for each in ids])
        _wait(store, progress, "final", pause)
        with store.reading() as conn:
            tracks = {track: _table(conn, folder, data, track, ids) for track, ids in sorted(finalists.items())}
        results = {"tracks": tracks, "closed_at": clock.shown(clock.now())}
        write_whole(folder.public / RESULTS_FILE, json.dumps(results, indent=1, allow_nan=False))
        with store.transaction() as conn:
            finish_closing(conn, results, clock.now())
    return results


def _wait(store: Store, progress: Progress, stage: str, pause: Callable[[float], None]) -> None:
    """Wait until nothing is queued or running."""
    total, lonely = 0, 0.0
    while True:
        with store.reading() as conn:
            now = figures(conn)
        left = now.queued + now.running
        total = max(total, left)
        progress(stage, total - left, total)
        if not left:
            return
        lonely = 0.0 if now.alive(clock.now()) else lonely + 1.0
        if lonely > PATIENCE:
            raise RoundStateError(
                f"close must have a scorer, and none was alive for {PATIENCE:g} s; {left} submissions wait. Start "
                "`statefolio challenge score` in another terminal and run `close` again."
            )
        pause(1.0)


def _table(conn: Connection, folder: ChallengeFolder, data: RoundData, track: str, ids: list[str]) -> dict[str, Any]:
    """The final table of a track; a finalist that could not be scored has an undefined score."""
    final = {each.row.id: each.window(folder, data) for each in stored_scores(conn, "final", ids)}
    scored = [each.row for each in stored_scores(conn, "validation") if each.row.track == track]
    entries = {
        row.id: FinalEntry(row.id, row.team, row.name, row.value, final.get(row.id, ScoredWindow(track, "final", None)))
        for row in scored
        if row.id in ids
    }
    benchmark = next(entries[row.id] for row in scored if row.benchmark)
    teams = [entries[row.id] for row in scored if row.id in entries and not row.benchmark]
    return final_results(track, teams, benchmark, [row.value for row in scored if not row.benchmark])
