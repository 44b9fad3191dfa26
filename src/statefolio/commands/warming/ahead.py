"""Compiles ahead on the first run: a second process compiles the functions that the job needs later.

Numba compiles one function at a time in a process and stores what it compiled on disk, where the job then finds it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from statefolio._threads import get_num_threads
from statefolio.commands.warming.parts import made_up_panel
from statefolio.kalman import compiled_code
from statefolio.kalman.quasi_newton import above_zero, advance, new_quasi_newton
from statefolio.kalman.sweep import sweep
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings

_COMMAND = "from statefolio.commands.warming.ahead import compile_all; compile_all()"


@contextmanager
def compiling_ahead() -> Iterator[None]:
    """Compile the filter and the regressions in a second process meanwhile, if nothing is compiled yet."""
    if is_compiled() or get_num_threads() < 2:
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
    """Return whether the compiled filter is on disk."""
    return compiled_code.is_compiled(sweep)


def compile_all() -> None:
    """Compile what the job runs after its first score: one step of the optimiser, the filter, and the regressions."""
    advance(above_zero(np.zeros(2, dtype=bool)), 1e-6, new_quasi_newton(np.ones(2)), -1.0, np.ones(2))
    returns, factors = made_up_panel()
    KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(returns, factors)
    RollingLoadings(window=20).fit(returns, factors)
