"""Starts scorers, each in a process of its own with one thread, and starts those again that end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

REFUSED = 2
"""Exit code of a scorer that cannot work: its message says why, and starting it again would not help."""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "NUMBA_THREADING_LAYER": "workqueue",
    "STATEFOLIO_NUM_THREADS": "1",
}
"""Environment of a scorer: a scoring has one CPU, and its numbers do not depend on the machine's."""
_PAUSE = 1.0


@dataclass
class Scorers:
    """Processes of scorers.

    Parameters
    ----------
    folder
        The challenge's folder.
    workers
        How many scorers.
    say
        Takes a sentence about a scorer that ended.
    """

    folder: Path
    workers: int
    say: Callable[[str], None] = lambda _: None
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    _started: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        """Start all."""
        for number in range(1, self.workers + 1):
            self._start(number)

    def watch(self) -> bool:
        """Start scorers again that ended; False once all refused to work."""
        for number, process in list(self.processes.items()):
            code = process.poll()
            if code is None:
                continue
            if code == REFUSED:
                del self.processes[number]
            elif time.monotonic() - self._started[number] > _PAUSE:
                self.say(f"Scorer {number} ended with code {code} and is started again.")
                self._start(number)
        return bool(self.processes)

    def run(self, stopping: Callable[[], bool]) -> None:
        """Start all, watch them until `stopping`, then stop them."""
        self.start()
        try:
            while not stopping() and self.watch():
                time.sleep(0.2)
        finally:
            self.stop()

    def stop(self, seconds: float = 10.0) -> None:
        """Ask all to stop, and kill those that do not."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for process in self.processes.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def _start(self, number: int) -> None:
        command = [sys.executable, "-m", "statefolio.challenge.worker.process", str(self.folder), str(number)]
        self._started[number] = time.monotonic()
        self.processes[number] = subprocess.Popen(command, env={**os.environ, **ONE_THREAD}, stdin=subprocess.DEVNULL)
