"""The scorer: claims a submission, scores it in a child, compares it with the board, and finishes it.

It survives a database that is away: it waits, and stores its result when the database is back, unless another scorer
took the submission over meanwhile. Between transactions it holds no connection, so that children inherit none.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from numpy.typing import NDArray

from statefolio.challenge.store import clock, queue
from statefolio.challenge.store.board import BoardChange
from statefolio.challenge.store.claims import Claim, Scored
from statefolio.challenge.store.errors import DatabaseUnavailable
from statefolio.challenge.store.heartbeats import ALIVE, beat
from statefolio.challenge.store.store import Store
from statefolio.challenge.worker.child import Outcome, run_limited
from statefolio.challenge.worker.comparison import Comparison, read_comparison
from statefolio.challenge.worker.confinement import Limits
from statefolio.challenge.worker.engine import Engine
from statefolio.challenge.worker.messages import pack, unpack
from statefolio.challenge.worker.series import save_series, series_file

TIME = "It used more than {seconds:g} s of CPU time. Use fewer assets, dates or solves, and test it first."
MEMORY = "It used more than {memory:.1f} GB of memory. Use a smaller model, and test it first."
BROKEN = "The scorer failed on it. The organiser can see why; it cost nothing."
COMPARING = Limits(cpu_seconds=600.0, memory=4 * 2**30, wall_seconds=1200.0)
"""Limits of the comparison with the board, which is no work of the team."""
_AWAY, _FULL = 1.0, 5.0
"""Seconds between two tries while the database is away, or the disk full."""
_log = logging.getLogger("statefolio.challenge.scorer")

Result = TypeVar("Result")


class Stopped(Exception):
    """The scorer was asked to stop while it waited for the database."""


@dataclass
class Scorer:
    """A scorer.

    Parameters
    ----------
    store
        The database, opened with `pooled=False`.
    engine
        What scores.
    name
        Its name, for the status.
    folder
        The folder of per-date results.
    limits
        Of a scoring.
    lease
        How long a claim is held without a renewal; renewed every quarter of it.
    idle_seconds
        Pause where nothing is queued.
    now
        The clock.
    """

    store: Store
    engine: Engine
    name: str
    folder: Path
    limits: Limits = field(default_factory=Limits)
    lease: timedelta = timedelta(seconds=10)
    idle_seconds: float = 0.5
    now: Callable[[], datetime] = clock.now
    stopping: bool = False
    _heard: float = 0.0

    def stop(self) -> None:
        """Stop soon: a submission that is being scored is given back."""
        self.stopping = True

    def run(self) -> None:
        """Warm up, then score until `stop`."""
        try:
            self._warm()
            while not self.stopping:
                if not self.step():
                    self._idle()
        except Stopped:
            return
        finally:
            self._say("stopped", patient=False)

    def step(self) -> bool:
        """Score one submission; return whether there was one.

        Raises
        ------
        Stopped
            If it is asked to stop while the database is away.
        """
        held = self._patiently(self._claim)
        if held is None:
            return False
        self._say("scoring", held.submission)
        started = time.monotonic()
        outcome = run_limited(lambda: self._score(held), self.limits, lambda: self._keep(held))
        if outcome.kind == "done":
            self._finish(held, *unpack(outcome.content))
        else:
            self._end(held, outcome)
        _log.info("%s %s: %s, %.1f s", held.submission, held.window, outcome.kind, time.monotonic() - started)
        self._say("waiting")
        return True

    def _warm(self) -> None:
        """Compile everything; a thread says meanwhile that the scorer is alive. It ends before the first fork."""
        done = threading.Event()

        def say() -> None:
            self._say("warming", started=True)
            while not done.wait(ALIVE.total_seconds() / 3):
                self._say("warming")

        speaker = threading.Thread(target=say, daemon=True)
        speaker.start()
        try:
            self.engine.warm()
        finally:
            done.set()
            speaker.join()

    def _claim(self) -> Claim | None:
        now = self.now()
        with self.store.reading() as conn:
            if not queue.is_work(conn, self.engine.version, now):
                return None
        with self.store.transaction() as conn:
            return queue.claim(conn, self.name, self.engine.version, now, self.lease)

    def _score(self, held: Claim) -> bytes:
        return pack(*self.engine.score(held.body, held.window))

    def _keep(self, held: Claim) -> bool:
        """Renew the lease when a quarter of it is over; False to stop the child."""
        if self.stopping:
            return False
        if time.monotonic() - self._heard < self.lease.total_seconds() / 4:
            return True
        self._heard = time.monotonic()
        try:
            with self.store.transaction() as conn:
                beat(conn, self.name, self.now(), "scoring", held.submission)
                return queue.renew(conn, held, self.now(), self.lease)
        except DatabaseUnavailable as error:
            _log.warning("%s", error)  # nobody else can claim it either
            return True

    def _finish(self, held: Claim, content: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Keep the per-date results, compare with the board and store all of it; again where the board moved."""
        file = series_file(self.folder, held.submission, held.engine_version, held.window)
        try:
            digest = save_series(file, arrays)
        except OSError as error:
            self._wait_for_space(held, error)
            return
        scored = Scored(**content, series_hash=digest)
        while True:
            change: BoardChange | None = None
            if held.window == "validation":
                comparison = self._patiently(lambda: self._comparison(held, scored, arrays))
                outcome = run_limited(comparison.task, COMPARING, lambda: self._keep(held))
                if outcome.kind != "done":
                    self._end(held, Outcome("stopped" if outcome.kind == "stopped" else "error", error=outcome.error))
                    return
                change = comparison.change(outcome.content)
            found = self._patiently(partial(self._store, held, scored, change))
            if found != "stale":
                _log.info("%s %s: %s", held.submission, held.window, found)
                return

    def _store(self, held: Claim, scored: Scored, change: BoardChange | None) -> Literal["done", "lost", "stale"]:
        with self.store.transaction() as conn:
            return queue.finish(conn, held, scored, change, self.now())

    def _comparison(self, held: Claim, scored: Scored, arrays: dict[str, NDArray[Any]]) -> Comparison:
        with self.store.reading() as conn:
            return read_comparison(conn, self.engine, self.folder, held, scored, arrays)

    def _end(self, held: Claim, outcome: Outcome) -> None:
        """Give it back, or fail it with a reason that says nothing of hidden dates."""
        if outcome.kind == "stopped":
            self._patiently(lambda: self._give_back(held), last=self.stopping)
        elif outcome.kind in ("time", "memory"):
            reason = TIME if outcome.kind == "time" else MEMORY
            words = reason.format(seconds=self.limits.cpu_seconds, memory=self.limits.memory / 1e9)
            self._patiently(lambda: self._fail(held, words, team_fault=True))
        else:
            self._broken(
                held, outcome.error.strip().splitlines()[-1].split(":")[0] if outcome.error else "", outcome.error
            )

    def _broken(self, held: Claim, kind: str, trace: str) -> None:
        _log.error("%s %s failed: %s", held.submission, held.window, trace)
        self._patiently(lambda: self._fail(held, BROKEN, team_fault=False))
        self._say("waiting", error=f"{held.submission}: {kind}; see the scorer's log")

    def _wait_for_space(self, held: Claim, error: OSError) -> None:
        """Give it back and pause: a full disk is no reason to fail a submission."""
        _log.error("%s %s: its per-date results cannot be kept: %s", held.submission, held.window, error)
        self._patiently(lambda: self._give_back(held))
        self._say("waiting", error=f"per-date results cannot be written: {error}")
        self._pause(_FULL)

    def _give_back(self, held: Claim) -> None:
        with self.store.transaction() as conn:
            queue.give_back(conn, held)

    def _fail(self, held: Claim, reason: str, *, team_fault: bool) -> None:
        with self.store.transaction() as conn:
            queue.fail(conn, held, reason, self.now(), team_fault=team_fault)

    def _idle(self) -> None:
        if time.monotonic() - self._heard > self.lease.total_seconds() / 4:
            self._say("waiting")
        self._pause(self.idle_seconds)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(min(0.1, seconds))

    def _say(
        self,
        state: Literal["warming", "waiting", "scoring", "stopped"],
        submission: str | None = None,
        error: str | None = None,
        *,
        patient: bool = True,
        started: bool = False,
    ) -> None:
        self._heard = time.monotonic()
        try:
            with self.store.transaction() as conn:
                beat(conn, self.name, self.now(), state, submission, error, started=started)
        except DatabaseUnavailable as gone:
            if patient:
                _log.warning("%s", gone)

    def _patiently(self, call: Callable[[], Result], *, last: bool = False) -> Result:
        """Call until the database answers; once more if the scorer stops."""
        while True:
            try:
                return call()
            except DatabaseUnavailable as error:
                _log.warning("%s", error)
                if self.stopping or last:
                    raise Stopped from error
                time.sleep(_AWAY)
