"""The first dates of an asset, while part of its state is unknown: exact diffuse initialisation after de Jong.

Write the state as a + A d, where d is the unknown part of the state on the asset's first date and has no prior. The
filter runs with d = 0 and carries A along with a. Each observation is then a row of a regression on d,

    v = w d + noise of variance F,      w = x'A,   F = x'P x + R,

collected as a triangular system U d = u by Givens rotations. When U has full rank, d is estimated and the
state collapses to an ordinary one: a + A d, P + A (U'U)^-1 A'. The log-likelihood is the diffuse one of
Durbin and Koopman (2012, section 7.2.2; de Jong 1991, Annals of Statistics 19), with 2-pi counted for every row.

Rank is judged row by row. A row identifies an unknown if the rows before it leave more of its regressor than rounding
error, relative to its size. The test depends neither on units nor on variances, which matters because a row without
noise weighs far more than the next one. Collinear rows are kept and wait for one that is not. U is not used below its
diagonal, so U[j, 0] = 1 marks that d_j is identified.

Some rows are collinear for ever, as with two equal factors. After `patience` rows the state therefore collapses in the
directions that are identified, and an ordinary filter goes on: partial_start.py.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.density import LOG_2PI
from statefolio.kalman.lanes import compiled, inner
from statefolio.kalman.partial_start import collapse_partly
from statefolio.kalman.specification import DISCOUNT, Floats
from statefolio.kalman.start_tape import new_start_tape, note_row, note_state
from statefolio.kalman.triangles import packed

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

RANK_TOLERANCE = 1e-7
WAITING, UNDERWAY, BEGUN = 0, 1, 2
DIFFUSE, GIVEN, STATIONARY = 0, 1, 2
ENDLESS = 2**60
"""A patience without end: the start waits until everything is identified."""


class Start(NamedTuple):
    """Distribution of the first state, and how far the start of each asset is; one row per asset."""

    kind: NDArray[np.int64]  # (K,) DIFFUSE, GIVEN, or STATIONARY (that of the state's own dynamics)
    before_prediction: bool  # the given distribution is that of the date before the first
    mean: Floats  # (N, K) given means
    covariance: Floats  # (N, K, K) given covariance, zero outside the given states; an asset may have all given
    stage: NDArray[np.int64]  # (N,) WAITING, UNDERWAY or BEGUN
    a: Floats  # (N, K)
    P: Floats  # (N, K, K)
    A: Floats  # (N, K, K) columns of the diffuse states, zero elsewhere
    U: Floats  # (N, K, K + 1) triangular system, right side last; marks below the diagonal
    patience: int  # rows after which the state collapses in the directions that are identified
    rows: NDArray[np.int64]  # (N,) rows of a start, and while a part is unknown; else zero, -1 if one was
    size: Floats  # (N, K) largest regressors of those rows

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Pickle and copy what is read: `a`, `P`, `A` and `U` of the assets whose start goes on, and a given start."""
        going_on, parts = goes_on(self.stage, self.rows), self._asdict()
        parts |= {name: parts[name][going_on] for name in OF_A_START if parts[name].ndim > 1}
        if not ((self.kind == GIVEN).any() or self.covariance.any()):
            parts |= {name: parts[name][:0] for name in ("mean", "covariance")}
        return _unpickle, (parts,)


OF_A_START = ("a", "P", "A", "U")
"""Arrays of `Start` that are read only while an asset's start goes on."""


def goes_on(stage: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the assets whose start is under way, or over with a part of the state unknown."""
    return np.flatnonzero((stage == UNDERWAY) | ((stage == BEGUN) & (rows > 0)))


def with_rows(values: Floats, rows: NDArray[np.intp], count: int) -> Floats:
    """Return an array of `count` rows with these values in some rows, and zero in the others."""
    whole = np.zeros((count, *values.shape[1:]))
    whole[rows] = values
    return whole


def _unpickle(parts: dict[str, Any]) -> Start:
    going_on, count = goes_on(parts["stage"], parts["rows"]), len(parts["stage"])
    whole = {name: with_rows(parts[name], going_on, count) for name in OF_A_START if parts[name].ndim > 1}
    if not len(parts["mean"]):
        whole |= {name: np.zeros((count, *parts[name].shape[1:])) for name in ("mean", "covariance")}
    return Start(**{**parts, **whole})


@inner
def regressors_of_series(X, t, column, x):
    """Fill x with the regressors of one series on one date; X is (T, K), shared, or (T, K, N)."""
    for j in range(x.shape[0]):
        x[j] = X[t, j, column] if X.ndim == 3 else X[t, j]


@inner
def set_start(spec, kind, given, own, level, i, a, P, A, U):
    """Set the state of asset i on its first date, and an empty system; returns whether any of it is unknown."""
    given_mean, given_covariance = given
    phi, mean, state_variance = own
    unit, unknown = level if spec.scales and spec.noise != DISCOUNT else 1.0, False
    for j in range(a.shape[0]):
        a[j], U[j, a.shape[0]] = given_mean[i, j], 0.0
        for k in range(a.shape[0]):
            P[j, k], A[j, k], U[j, k] = given_covariance[i, j, k], 0.0, 0.0
        if kind[j] == DIFFUSE and P[j, j] == 0.0:  # else given, for this asset
            A[j, j], unknown = 1.0, True
        if kind[j] == STATIONARY:
            a[j] = mean[j, i]
            P[j, j] = state_variance[j, i] * unit / (1.0 - phi[j, i] * phi[j, i])
    return unknown


@inner
def predict_start(spec, own, level, i, a, P, A):
    """Predict the state of asset i, and A."""
    phi, mean, state_variance = own
    unit = level if spec.scales and spec.noise != DISCOUNT else 1.0
    for j in range(a.shape[0]):
        if spec.reverts:
            a[j] = mean[j, i] + phi[j, i] * (a[j] - mean[j, i])
        for k in range(a.shape[0]):
            if spec.reverts:
                A[j, k] *= phi[j, i]
                P[j, k] *= phi[j, i] * phi[k, i]
            if spec.discount < 1.0:
                P[j, k] /= spec.discount
        P[j, j] += state_variance[j, i] * unit


@inner
def observe_start(x, y, R, a, P, A, M, row, largest, size):
    """Update a, P and A by one observation; returns its variance F and sets M = P x and its row (w, v).

    `largest` (K,) are the largest regressors so far; `size` is set to the terms of w if x were as large, against which
    w is a rounding error.
    """
    states = a.shape[0]
    F, v = R, y
    for j in range(states):
        M[j], row[j], size[j] = 0.0, 0.0, 0.0
        largest[j] = max(largest[j], abs(x[j]))
    for j in range(states):
        for k in range(states):
            M[j] += P[j, k] * x[k]
            row[j] += x[k] * A[k, j]
            size[j] += largest[k] * abs(A[k, j])
        F += x[j] * M[j]
        v -= x[j] * a[j]
    row[states] = v
    inverse = 1.0 / F
    for j in range(states):
        a[j] += M[j] * v * inverse
        for k in range(states):
            P[j, k] -= M[j] * M[k] * inverse
            A[j, k] -= M[j] * row[k] * inverse
    return F


@inner
def rotate_in(row, F, U, size):
    """Add a regression row to U by Givens rotations; returns the residual of its right side.

    `size` (K,) are the largest terms of w, and becomes those of the differences, against which a rest counts as
    rounding error.
    """
    states = U.shape[0]
    weight = 1.0 / np.sqrt(F)
    for j in range(states + 1):
        row[j] *= weight
    for j in range(states):
        size[j] *= weight
    for j in range(states):
        if row[j] == 0.0:
            continue
        if j > 0 and abs(row[j]) > RANK_TOLERANCE * size[j]:
            U[j, 0] = 1.0
        radius = np.sqrt(U[j, j] * U[j, j] + row[j] * row[j])
        cosine, sine = U[j, j] / radius, row[j] / radius
        for k in range(j, states + 1):
            above, below = U[j, k], row[k]
            U[j, k] = cosine * above + sine * below
            row[k] = cosine * below - sine * above
            if k < states:
                size[k] = max(size[k], abs(sine * above))
    return row[states]


@inner
def is_identified(kind, U):
    """Return whether the rows so far identify every unknown state."""
    identified = True
    for j in range(U.shape[0]):
        identified = identified and (kind[j] != DIFFUSE or U[j, 0] > 0.0)
    return identified


@inner
def in_units(kind, U, row):
    """Convert a row w, of A or of the regression, to units of the uncertainty of d: w <- w U^-1."""
    for j in range(U.shape[0]):
        if kind[j] == DIFFUSE:
            for k in range(j):
                row[j] -= row[k] * U[k, j]
            row[j] /= U[j, j]


@inner
def collapse(kind, unit, a, P, A, U):
    """Add the estimate of the unknown part to a and P, A <- A U^-1; returns its part of the log-likelihood."""
    states = a.shape[0]
    log_likelihood = 0.0
    for j in range(states):
        in_units(kind, U, A[j])
        if kind[j] == DIFFUSE:
            log_likelihood += 0.5 * np.log(unit) - np.log(U[j, j])
        for i in range(states):
            a[j] += A[j, i] * U[i, states]
    for j in range(states):
        for k in range(states):
            for i in range(states):
                P[j, k] += A[j, i] * A[k, i]
    return log_likelihood


@inner
def run_start(
    spec, X, common, Y, column, kind, early, stage, given, own, level, i, a, P, A, U, wait, largest, tape, at
):
    """Run one series, a column of Y, until its state has a finite covariance or the dates end.

    `given` is (mean, covariance) of the start, a prediction `early` or not; `own` is (phi, mean, state_variance), and
    the asset is their i-th. `wait` is (patience, rows so far), and `largest` (K,) the largest regressors of those rows.
    The tape is written from row `at` to its end.

    Returns the stage reached, the row of Y that the ordinary filter updates first, whether that row needs no
    prediction, the log-likelihood of the rows used, the next row of the tape, and the rows so far: zero once everything
    is identified, or -1 after a collapse of a part.
    """
    states = a.shape[0]
    x, M, row, size = np.empty(states), np.empty(states), np.empty(states + 1), np.empty(states)
    unknown, unit = True, level if spec.noise == DISCOUNT else 1.0
    log_likelihood, (patience, used) = 0.0, wait
    for t in range(X.shape[0]):
        seen = not np.isnan(Y[t, column])
        if stage == WAITING and not seen:
            continue
        if stage == WAITING:
            unknown = set_start(spec, kind, given, own, level, i, a, P, A, U)
        note_state(tape, at, a, P, A)
        at += 1
        if stage == UNDERWAY or early:
            predict_start(spec, own, level, i, a, P, A)
        stage = UNDERWAY
        if not unknown:
            return BEGUN, t, True, log_likelihood, at, 0
        if not seen:
            continue
        regressors_of_series(X, t, column, x)
        R = common[t] if spec.noise == DISCOUNT else level * common[t]
        F = observe_start(x, Y[t, column], R, a, P, A, M, row, largest, size)
        note_row(tape, at - 1, F, M, row)
        residual = rotate_in(row, F, U, size)
        log_likelihood -= 0.5 * (LOG_2PI + np.log(F * unit) + residual * residual / unit)
        used += 1
        identified = is_identified(kind, U)
        if used >= patience:
            gained = collapse_partly(kind == DIFFUSE, unit, a, P, A, U)
            return BEGUN, t + 1, False, log_likelihood + gained, at, -1 if identified else used
        if identified:
            return BEGUN, t + 1, False, log_likelihood + collapse(kind, unit, a, P, A, U), at, 0
    return stage, X.shape[0], False, log_likelihood, at, used


@inner
def hand_over(a, P, mean, covariance, i):
    """Write the state of one series to column i of the panel's means and packed covariances."""
    for j in range(a.shape[0]):
        mean[j, i] = a[j]
        for k in range(j + 1):
            covariance[packed(j, k), i] = P[j, k]


@compiled
def begin_block(spec, X, common, Y, assets, start, state, log_likelihood, first, last):
    """Run the start of the assets [first, last) that have not begun, and write their state to `state`."""
    given, own = (start.mean, start.covariance), (assets.phi, assets.mean, assets.state_variance)
    nothing = np.int64(0)  # a literal 0 would be compiled once more, as a type
    kind, early, tape = start.kind, start.before_prediction, new_start_tape(spec, nothing, X.shape[1])
    stages, began, skipped = start.stage, state.began, state.predicted
    for i in range(first, last):
        if stages[i] == BEGUN:
            began[i], skipped[i] = 0.0, False
            continue
        a, P, stage, level = start.a[i], start.P[i], stages[i], state.level[i]
        system, wait = (a, P, start.A[i], start.U[i]), (start.patience, start.rows[i])
        stage, row, predicted, gained, _, used = run_start(
            spec, X, common, Y, i, kind, early, stage, given, own, level, i, *system, wait, start.size[i], tape, nothing
        )
        stages[i], skipped[i], start.rows[i] = stage, predicted, used
        began[i] = row if stage == BEGUN else np.inf
        log_likelihood[i] += gained
        if stage == BEGUN:
            hand_over(a, P, state.mean, state.covariance, i)
