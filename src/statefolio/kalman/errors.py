"""The errors of a filter, under other state variances than those that its gains are made of.

A filter's covariance is that of its errors if its model is true. Where one signal-to-noise ratio, or one discount
factor, serves a whole panel, an asset's loadings move more or less than that. With the gains g of the filter held, the
covariance E of its errors moves with the state variances Q* of the asset,

    E <- phi E phi + Q*        E <- (I - b g x') E (I - b g x')' + c R g g'

and loadings, innovations and log-likelihoods stay what they are. For Gaussian noise b = c = 1. A robust gain is a
weight w of the noise times that of the Gaussian filter, and the errors move with its averages under the Student-t,

    b = B/E[w]    c = A/E[w^2]        w = (nu + 1)/(nu + u),  A = E[w^2 u],  B = E[(nu + 1)(nu - u)/(nu + u)^2]

where u is a squared standardised innovation: A R / B^2 is the variance of an M-estimator (Huber 1981, Robust
Statistics, section 3.2). Tuning finds the gain that forecasts best, whose square is Q/(A R) in the steady state, where
the filter takes E[w]/R for the information of a date: a tuned Q is that of the loadings times E[w]/A.

A loading that has lately jumped, or moves faster than it used to, leaves its trace in the innovations. Their regression
on one regressor over the last `1/(1 - MEMORY)` dates,

    d = sum m^k x v/G / sum m^k x^2/S        of variance 1/sum m^k x^2/S if the loading is right,

estimates its error on these dates. With e the loading's variance in E and s that of d, 2 e/(e + s) max(d^2 - s, 0) is
added to e: hardly anything where the loading is known much better than the regression tells it, such as alpha. All of
it depends on the past alone. The rows of `FilterState.error` are the lower triangle of E, the two sums of each loading,
and its drift.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.allocation import zeros
from statefolio.kalman.lanes import inner, select, spread
from statefolio.kalman.records import Entering
from statefolio.kalman.rows import columns, copy, fill
from statefolio.kalman.specification import DISCOUNT, AssetParameters, FilterState, Floats, Specification
from statefolio.kalman.step import enter, innovate
from statefolio.kalman.triangles import diagonal, triangle

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

MEMORY = 0.985
"""Decay of the regressions of innovations: about 67 dates."""

_ANGLES = 4096


class Robustness(NamedTuple):
    """Averages of the weights of a robust gain (see above): b and c; and A/E[w]."""

    pull: float
    noise: float
    steps: float


def robustness(tails: float) -> Robustness:
    """Return the averages for degrees of freedom; ones for a Gaussian."""
    if not np.isfinite(tails):
        return Robustness(1.0, 1.0, 1.0)
    angle = np.pi * ((np.arange(_ANGLES) + 0.5) / _ANGLES - 0.5)
    density = np.cos(angle) ** (tails - 1.0)  # of sqrt(tails) tan(angle), a Student-t
    density /= density.sum()
    u = (tails - 2.0) * np.tan(angle) ** 2
    w = (tails + 1.0) / (tails + u)
    A, B = density @ (w**2 * u), density @ (w * (tails - u) / (tails + u))
    return Robustness(float(B / (density @ w)), float(A / (density @ w**2)), float(A / (density @ w)))


def error_rows(states: int) -> int:
    """Return the number of rows of `FilterState.error`."""
    return triangle(states) + 3 * states


class Erring(NamedTuple):
    """The errors of the lanes of a block. All functions below take None in its place, and then do nothing."""

    E: Floats  # (K(K+1)/2, W)
    drift: Floats  # (3 K, W)
    steps: Floats  # (K, W) variances
    entering: Entering  # with those of the lanes that begin
    work: Floats  # (K, W)
    shown: Floats  # (K(K+1)/2, W) E and the drift


@inner
def new_errors(robust, states, entering):
    """Allocate the errors of a block, if `robust` is not None."""
    if robust is None:
        return None
    pairs = states * (states + 1) // 2
    theirs = Entering(entering.began, entering.predicted, zeros(3 * states), zeros(pairs))
    return Erring(zeros(pairs), zeros(3 * states), zeros(states), theirs, zeros(states), zeros(pairs))


@inner
def load_errors(errors, assets, state, first):
    """Copy the variances and the state of the assets from `first` on."""
    if errors is not None:
        pairs, now = len(errors.E), columns(state, first)
        copy(columns(assets, first).error_variance, errors.steps)
        for jk in range(pairs):
            errors.entering.P[jk] = now.error[jk]
        for j in range(len(errors.drift)):
            errors.entering.a[j] = now.error[pairs + j]
        fill(errors.E, 0.0)
        fill(errors.drift, 0.0)


@inner
def enter_errors(errors, t, skipped):
    """Set the errors of the lanes that begin at date t, as `enter` does."""
    if errors is not None:
        enter(errors.entering, t, skipped, errors.drift, errors.E)


@inner
def predict_errors(errors, spec, states, phi, level):
    """Predict the covariance of the errors of the next date."""
    if errors is not None:
        E, unit, row = errors.E, level[:] if spec.scales and spec.noise != DISCOUNT else spread(1.0), 0
        for j in range(states):
            if spec.reverts:
                for k in range(j + 1):
                    E[row + k] *= phi[j] * phi[k]
            E[row + j] += errors.steps[j] * unit
            row += j + 1


@inner
def update_errors(errors, robust, states, X, t, ok, v, R, inverse, precision, M):
    """Update the covariance of the errors, and their drift, with the innovations of date t.

    M is the filter's P x and `precision` its 1/G, zero where nothing was observed; `inverse` is 1/S.
    """
    if errors is not None:
        E, drift, work, row = errors.E, errors.drift, errors.work, 0
        _, size = innovate(states, X, t, v, drift, E, work, spread(0.0))  # work is E x, and size x'E x
        both = (robust.pull * robust.pull) * size + robust.noise * R
        for j in range(states):
            gain = M[j] * precision
            for k in range(j + 1):
                other = M[k] * precision
                E[row + k] += both * gain * other - robust.pull * (gain * work[k] + work[j] * other)
            row += j + 1
        for j in range(states):
            x_j = X[t, j]
            drift[j] = select(ok, MEMORY * drift[j] + x_j * v * precision, drift[j])
            drift[states + j] = select(ok, MEMORY * drift[states + j] + x_j * x_j * inverse, drift[states + j])


@inner
def shown_errors(errors, states, unit, P):
    """Return the covariance of the errors with what has drifted, in units of the state; P where there are none."""
    if errors is None:
        return P
    E, drift, shown, row = errors.E, errors.drift, errors.shown, 0
    for j in range(states):
        away, chance = drift[j] / drift[states + j], 1.0 / drift[states + j]
        beyond = (away * away) / unit - chance
        drift[2 * states + j] = select(beyond > 0.0, 2.0 * E[row + j] / (E[row + j] + chance) * beyond, 0.0)
        for k in range(j):
            shown[row + k] = E[row + k]
        shown[row + j] = E[row + j] + drift[2 * states + j]
        row += j + 1
    return shown


@inner
def leave_errors(errors, state, first, alive):
    """Write back the errors of the lanes that have begun."""
    if errors is not None:
        pairs, now = len(errors.E), columns(state, first)
        for jk in range(pairs):
            now.error[jk] = select(alive, errors.E[jk], now.error[jk])
        for j in range(len(errors.drift)):
            now.error[pairs + j] = select(alive, errors.drift[j], now.error[pairs + j])


def start_errors(state: FilterState, fresh: NDArray[np.intp], states: int) -> None:
    """Let the errors of assets whose start has just ended be those of the filter."""
    pairs = triangle(states)
    state.error[:pairs, fresh], state.error[pairs:, fresh] = state.covariance[:, fresh], 0.0


def of_errors(
    spec: Specification, assets: AssetParameters, state: FilterState
) -> tuple[Specification, AssetParameters, FilterState]:
    """Return the records under which the covariances of predictions are those of the errors."""
    if not len(state.error):
        return spec, assets, state
    states = len(assets.phi)
    covariance = state.error[: triangle(states)].copy()
    covariance[diagonal(states)] += state.error[-states:]
    own = assets._replace(state_variance=assets.error_variance)
    return spec._replace(discount=1.0), own, state._replace(covariance=covariance)
