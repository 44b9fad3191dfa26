"""Records of a start that its adjoint needs (start_adjoint.py)."""

from typing import NamedTuple

import numpy as np

from statefolio.kalman.lanes import compiled, inner
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


class StartTape(NamedTuple):
    """Values of a start, one row per date from the first observed one on."""

    F: Floats  # (n,) zero where nothing is observed
    M: Floats  # (n, K)
    row: Floats  # (n, K + 1) w and v
    a: Floats  # (n, K) before the date's prediction; no rows where nothing reverts
    P: Floats  # (n, K, K)
    A: Floats  # (n, K, K)


@compiled
def new_start_tape(spec, dates, states):
    """Allocate a tape for a number of dates, all starts together."""
    kept = dates if spec.reverts else 0
    M, row, a = np.empty((dates, states)), np.empty((dates, states + 1)), np.empty((kept, states))
    return StartTape(np.empty(dates), M, row, a, np.empty((kept, states, states)), np.empty((kept, states, states)))


@inner
def note_state(tape, n, a, P, A):
    """Record the state before a date, as far as the tape reaches."""
    if n < tape.F.shape[0]:
        tape.F[n] = 0.0
    if n < tape.a.shape[0]:
        for j in range(a.shape[0]):
            tape.a[n, j] = a[j]
            for k in range(a.shape[0]):
                tape.P[n, j, k], tape.A[n, j, k] = P[j, k], A[j, k]


@inner
def note_row(tape, n, F, M, row):
    """Record the observation of a date, as far as the tape reaches."""
    if n < tape.F.shape[0]:
        tape.F[n], tape.row[n, M.shape[0]] = F, row[M.shape[0]]
        for j in range(M.shape[0]):
            tape.M[n, j], tape.row[n, j] = M[j], row[j]
