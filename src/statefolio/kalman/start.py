"""The first dates of an asset, while part of its state is still unknown: exact diffuse, by de Jong's device.

Write the state as a + A d, d the unknown part of the state on the asset's first date, with no prior. The
filter runs with d = 0 and carries A beside a; each observation is then a regression row for d,

    v = w d + noise of variance F,      w = x'A,   F = x'P x + R,

collected as a triangular system U d = u by Givens rotations. When U has full rank, d is estimated and the
state collapses to an ordinary one: a + A d, P + A (U'U)^-1 A'. The log-likelihood is the diffuse one of
Durbin and Koopman (2012, section 7.2.2; de Jong 1991, Annals of Statistics 19), 2-pi counted on every row.

Rank is judged column by column, as the share of a regressor that the ones before it leave unexplained, so
it does not depend on anybody's units. Rows that are collinear are kept and wait for one that is not.
Every operation is analytic, so a complex argument gives exact derivatives (see score.py).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.density import LOG_2PI
from statefolio.kalman.lanes import compiled
from statefolio.kalman.law import DISCOUNT, Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

RANK_TOLERANCE = 1e-7
WAITING, UNDERWAY, BEGUN = 0, 1, 2
DIFFUSE, GIVEN, STATIONARY = 0, 1, 2


class Start(NamedTuple):
    """The law of the first state, and how far each asset has come in learning it; a row an asset."""

    kind: NDArray[np.int64]  # (K,) DIFFUSE, GIVEN, or STATIONARY: the law the state's own motion settles to
    before_prediction: bool  # the given law is that of the date before the first
    mean: Floats  # (N, K) given means
    covariance: Floats  # (N, K, K) given covariance, zero outside the given states
    stage: NDArray[np.int64]  # (N,) WAITING, UNDERWAY or BEGUN
    a: Floats  # (N, K)
    P: Floats  # (N, K, K)
    A: Floats  # (N, K, K) columns of the diffuse states, zero elsewhere
    U: Floats  # (N, K, K + 1) triangular system with its right side last


@compiled
def predict_start(law, phi, mean, state_variance, level, a, P, A):
    """The prediction step, for one asset and for A too."""
    states = a.shape[0]
    for j in range(states):
        if law.reverts:
            a[j] = mean[j] + phi[j] * (a[j] - mean[j])
            for k in range(states):
                A[j, k] *= phi[j]
                P[j, k] *= phi[j] * phi[k]
    if law.discount < 1.0:
        for j in range(states):
            for k in range(states):
                P[j, k] /= law.discount
    unit = level if law.scales and law.noise != DISCOUNT else 1.0
    for j in range(states):
        P[j, j] += state_variance[j] * unit


@compiled
def observe_start(x, y, R, unit, a, P, A, U):
    """One observation while part of the state is unknown: updates a, P, A, U; returns the log-likelihood."""
    states = a.shape[0]
    M, row = a.copy(), U[0].copy()
    F, v = R, y + R * 0.0
    for j in range(states):
        M[j], row[j] = 0.0, 0.0
    for j in range(states):
        for k in range(states):
            M[j] += P[j, k] * x[k]
            row[j] += x[k] * A[k, j]
        F += x[j] * M[j]
        v -= x[j] * a[j]
    for j in range(states):
        a[j] += M[j] * v / F
        for k in range(states):
            P[j, k] -= M[j] * M[k] / F
            A[j, k] -= M[j] * row[k] / F
    row[states] = v
    for j in range(states + 1):
        row[j] /= np.sqrt(F)
    left_over = rotate_in(row, U)
    return -0.5 * (LOG_2PI + np.log(F * unit) + left_over * left_over / unit)


@compiled
def rotate_in(row, U):
    """Add a regression row to U by Givens rotations; returns what of its right side is left over."""
    states = U.shape[0]
    for j in range(states):
        if row[j].real == 0.0 and row[j].imag == 0.0:
            continue
        radius = np.sqrt(U[j, j] * U[j, j] + row[j] * row[j])
        cosine, sine = U[j, j] / radius, row[j] / radius
        for k in range(j, states + 1):
            above, below = U[j, k], row[k]
            U[j, k] = cosine * above + sine * below
            row[k] = cosine * below - sine * above
    return row[states]


@compiled
def is_identified(kind, U):
    """Whether every unknown state is told apart from the others by the rows so far."""
    for j in range(U.shape[0]):
        if kind[j] == DIFFUSE:
            length = 0.0
            for i in range(j + 1):
                length += U[i, j].real ** 2
            if not abs(U[j, j].real) > RANK_TOLERANCE * np.sqrt(length):
                return False
    return True


@compiled
def collapse(kind, unit, a, P, A, U):
    """Fold the estimate of the unknown part into a and P; returns its share of the log-likelihood."""
    states = a.shape[0]
    B = A.copy()  # A U^-1, column by column
    log_likelihood = U[0, 0] * 0.0
    for j in range(states):
        if kind[j] != DIFFUSE:
            continue
        for k in range(j):
            if kind[k] == DIFFUSE:
                for i in range(states):
                    B[i, j] -= B[i, k] * U[k, j]
        for i in range(states):
            B[i, j] /= U[j, j]
        log_likelihood += 0.5 * np.log(unit) - 0.5 * np.log(U[j, j] * U[j, j])
    for j in range(states):
        if kind[j] == DIFFUSE:
            for i in range(states):
                a[i] += B[i, j] * U[j, states]
                for k in range(states):
                    P[i, k] += B[i, j] * B[k, j]
    return log_likelihood


@compiled
def set_start(law, kind, given_mean, given_covariance, phi, mean, state_variance, level, a, P, A, U):
    """The law of the state on the asset's first date."""
    unit = level if law.scales and law.noise != DISCOUNT else level * 0.0 + 1.0
    for j in range(a.shape[0]):
        a[j] = given_mean[j]
        for k in range(a.shape[0]):
            P[j, k], A[j, k], U[j, k] = given_covariance[j, k], 0.0, 0.0
        U[j, a.shape[0]] = 0.0
        if kind[j] == DIFFUSE:
            A[j, j] = 1.0
        if kind[j] == STATIONARY:
            a[j] = mean[j]
            P[j, j] = state_variance[j] * unit / (1.0 - phi[j] * phi[j])


@compiled
def run_start(law, X, common, Y, column, kind, before_prediction, stage, given, own, level, a, P, A, U):
    """Run one asset, a column of Y, until its state is an ordinary one, or the dates end.

    `given` is (mean, covariance) of the start, `own` is (phi, mean, state_variance) of the asset. Returns the
    stage reached, the row whose update is the first of the ordinary filter, whether that row needs no
    prediction, and the log-likelihood of the rows used.
    """
    given_mean, given_covariance = given
    phi, mean, state_variance = own
    anything_unknown = False
    for j in range(kind.shape[0]):
        anything_unknown = anything_unknown or kind[j] == DIFFUSE
    unit = level if law.noise == DISCOUNT else level * 0.0 + 1.0
    log_likelihood = level * 0.0
    for t in range(X.shape[0]):
        if stage == WAITING:
            if np.isnan(Y[t, column]):
                continue
            stage = UNDERWAY
            set_start(law, kind, given_mean, given_covariance, phi, mean, state_variance, level, a, P, A, U)
            if before_prediction:
                predict_start(law, phi, mean, state_variance, level, a, P, A)
            if not anything_unknown:
                return BEGUN, t, True, log_likelihood
        else:
            predict_start(law, phi, mean, state_variance, level, a, P, A)
        if np.isnan(Y[t, column]):
            continue
        R = common[t] + level * 0.0 if law.noise == DISCOUNT else level * common[t]
        log_likelihood += observe_start(X[t], Y[t, column], R, unit, a, P, A, U)
        if is_identified(kind, U):
            log_likelihood += collapse(kind, unit, a, P, A, U)
            return BEGUN, t + 1, False, log_likelihood
    return stage, X.shape[0], False, log_likelihood


@compiled
def begin_block(law, X, common, Y, assets, start, state, log_likelihood, first, last):
    """Run the start of the assets [first, last) that have not begun, and hand them to `state`."""
    for i in range(first, last):
        if start.stage[i] == BEGUN:
            state.began[i], state.predicted[i] = 0.0, False
            continue
        a, P = start.a[i], start.P[i]
        given = (start.mean[i], start.covariance[i])
        own = (assets.phi[:, i].copy(), assets.mean[:, i].copy(), assets.state_variance[:, i].copy())
        system = (a, P, start.A[i], start.U[i])
        stage, row, predicted, gained = run_start(
            law, X, common, Y,
            i, start.kind, start.before_prediction, start.stage[i], given, own,
            state.level[i], *system,
        )  # fmt: skip
        start.stage[i], state.predicted[i] = stage, predicted
        state.began[i] = row if stage == BEGUN else np.inf
        log_likelihood[i] += gained
        if stage == BEGUN:
            for j in range(a.shape[0]):
                state.mean[j, i] = a[j]
                for k in range(j + 1):
                    state.covariance[j * (j + 1) // 2 + k, i] = P[j, k]
