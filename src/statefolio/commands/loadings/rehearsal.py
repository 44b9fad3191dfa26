"""The first run of a machine compiles; a second process takes the half that is needed later.

Numba compiles one function at a time in a process, and keeps what it compiled on disk, where the job finds it when
it gets there.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from statefolio.kalman.climb import advance, new_climb
from statefolio.kalman.sweep import sweep
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings

_COMMAND = "from statefolio.commands.loadings.rehearsal import rehearse; rehearse()"


@contextmanager
def compiling_beside() -> Iterator[None]:
    """Let another process compile the filter and the regressions meanwhile, if nothing is compiled yet."""
    if is_compiled() or (os.cpu_count() or 1) < 2:
        yield
        return
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-P", "-c", _COMMAND]
    try:
        process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        process.kill()
        process.wait()


def is_compiled() -> bool:
    """Whether the filter's compiled code is on disk."""
    return any(Path(sweep.stats.cache_path).glob("sweep.sweep-*.nbi"))


def rehearse() -> None:
    """Climb, filter and regress with a few numbers: what the main job does after its first score."""
    advance(np.zeros(2, dtype=bool), 1e-6, new_climb(np.ones(2)), -1.0, np.ones(2))
    dates = pd.bdate_range("2000-01-03", periods=40)
    numbers = 0.01 * np.random.default_rng(0).standard_normal((len(dates), 3))
    returns, factors = pd.DataFrame(numbers[:, :2], dates, ["a", "b"]), pd.DataFrame(numbers[:, 2:], dates, ["f"])
    KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(returns, factors)
    RollingLoadings(window=20).fit(returns, factors)
