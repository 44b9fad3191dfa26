"""Estimates Kalman hedges by exact maximum likelihood: quasi-Newton searches with the engine's score, one per lane.

The coordinates of a search are unbounded, except for zeros that can be reached:

    log(1 + 100 R / d^2) >= 0,  log(1 + V_jj / (c_j d^2))  >= 0,  and for a level that reverts  atanh a,  (m - m_0) / d

m_0 is the intercept of least squares, d the standard deviation of its residuals, c_j a moderate signal-to-noise ratio.
The likelihood may have several maxima, so that each basket is searched from several starts and the best end is kept.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._threads import get_num_threads
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.quasi_newton import (
    CONVERGED,
    REASONS,
    RUNNING,
    QuasiNewton,
    above_zero,
    advance,
    new_quasi_newton,
)
from statefolio.pairs.design import design
from statefolio.pairs.hedges.likelihood import LITTLE_NOISE, Baskets, Likelihood

_TOLERANCE = 1e-9
_STEP = 1e-4
_SLOW_RATIO, _FAST_RATIO = 0.1, 3.0  # start coordinates of hedge ratios that hardly move, and that move
_NOISE_SHARES = (0.05, 0.5)
_FAST_REVERSION = 0.6


@dataclass(frozen=True, eq=False)
class Maximum:
    """The maximum of the likelihood of one basket.

    Attributes
    ----------
    persistence, spread_mean, observation_variance : float
        a, m and R; a is 1 and m is 0 if the level does not revert.
    state_variance : (k,) array
    log_likelihood : float
        Exact diffuse.
    converged : bool
    reason : str
    standard_error : (k + 3,) array, optional
        Standard errors of a, m, R and the state variances, from the derivative of the score; NaN at a bound.
    """

    persistence: float
    spread_mean: float
    observation_variance: float
    state_variance: Array
    log_likelihood: float
    converged: bool
    reason: str
    standard_error: Array | None = None


def maximise(x: Array, reverts: bool) -> Maximum:
    """Maximise the likelihood of the prices (T, k) of one basket, with standard errors."""
    X, y = design(x)
    baskets = Baskets(X, y[:, None], reverts)
    return _maxima(baskets, np.zeros(1, dtype=np.intp), standard_errors=True)[0]


def maximise_all(X: Array, Y: Array, reverts: bool) -> list[Maximum]:
    """Maximise the likelihoods of many baskets, on every core.

    Parameters
    ----------
    X : (T, k) or (T, k, N) array
        Regressors, shared by all baskets or one set per basket.
    Y : (T, N) array
        Prices of the hedged assets; NaN on dates without all prices and on dates that must not be used.
    reverts : bool
        The level reverts to a mean; otherwise it is a random walk.
    """
    baskets = Baskets(X, Y, reverts)
    groups = np.array_split(np.arange(Y.shape[1]), min(get_num_threads(), Y.shape[1]))
    with ThreadPoolExecutor(len(groups)) as pool:
        maxima = pool.map(lambda columns: _maxima(baskets, columns), groups)
        return [found for group in maxima for found in group]


def starts_of(baskets: Baskets, column: int) -> list[Array]:
    """Return start points: much and little noise, ratios that move and hardly move, fast and slow reversion."""
    states = baskets.states
    if not baskets.reverts:
        return [
            np.array([3.0, level, *[other] * (states - 1)])
            for level in (1.0, 9.0)
            for other in (_SLOW_RATIO, _FAST_RATIO)
        ]
    slow = float(np.clip(baskets.correlation[column], 0.3, 0.98))
    points = []
    for a, share, other in zip(
        (slow, slow, _FAST_REVERSION, 0.99),
        _NOISE_SHARES * 2,
        (_FAST_RATIO, _SLOW_RATIO, _SLOW_RATIO, _FAST_RATIO),
        strict=True,
    ):
        own = np.log1p((1.0 - a * a) * (1.0 - share) / baskets.moderate[0, column])
        points.append(np.array([np.log1p(share / LITTLE_NOISE), own, *[other] * (states - 1), np.arctanh(a), 0.0]))
    return points


def _maxima(baskets: Baskets, columns: NDArray[np.intp], standard_errors: bool = False) -> list[Maximum]:
    """Search for the maxima of some baskets from all starts, in the lanes of one block."""
    starts = [starts_of(baskets, int(column)) for column in columns]
    searches = [new_quasi_newton(point) for points in starts for point in points]
    of = np.repeat(columns, len(starts[0]))
    likelihood = Likelihood(baskets)
    state = _search(likelihood, of, searches)
    found = []
    for column in columns:
        mine = np.flatnonzero(of == column)
        best = int(mine[np.argmax([searches[place].value[0] for place in mine])])
        theta = searches[best].theta
        errors = _standard_error(likelihood, int(column), theta) if standard_errors else None
        found.append(_maximum(baskets, int(column), theta, float(searches[best].value[0]), int(state[best]), errors))
    return found


def _search(likelihood: Likelihood, of: NDArray[np.intp], searches: list[QuasiNewton]) -> NDArray[np.intp]:
    """Run searches of the baskets `of` to their ends; return why each ended.

    A sweep costs the same for any number of lanes, so that the lane of a search that ends is given to one that waits,
    or else to the last one.
    """
    state, bounds = np.full(len(searches), RUNNING), above_zero(likelihood.baskets.floor)
    lanes, waiting = list(range(min(WIDTH, len(searches)))), iter(range(WIDTH, len(searches)))
    while lanes:
        values, slopes = likelihood(of[lanes], np.array([searches[place].trial for place in lanes]))
        for lane in range(len(lanes) - 1, -1, -1):
            place = lanes[lane]
            state[place] = advance(bounds, _TOLERANCE, searches[place], values[lane], slopes[lane])
            if state[place] != RUNNING:
                last = lanes[-1]
                lanes[lane] = next(waiting, last)
                if lanes[lane] == last:
                    lanes.pop()
    return state


def _maximum(baskets: Baskets, column: int, theta: Array, value: float, reason: int, errors: Array | None) -> Maximum:
    a, m, level, *variance = baskets.parameters(np.array([column]), theta[None])[0].tolist()
    return Maximum(a, m, level, np.array(variance), value, reason == CONVERGED, REASONS[reason], errors)


def _standard_error(likelihood: Likelihood, column: int, theta: Array) -> Array:
    """Return standard errors of a, m, R and the state variances from numerical derivatives at theta; NaN at a bound."""
    baskets, size = likelihood.baskets, len(theta)
    steps, here = _STEP * np.eye(size), np.full(size, column)
    _, slopes = likelihood(np.full(2 * size, column), np.concatenate([theta + steps, theta - steps]))
    curvature = -(slopes[:size] - slopes[size:]) / (2.0 * _STEP)
    jacobian = (baskets.parameters(here, theta + steps) - baskets.parameters(here, theta - steps)).T / (2.0 * _STEP)
    free = ~(baskets.floor & (theta <= 1e-6)) & (np.abs(np.diag(curvature)) > 0.0)
    error = np.full(len(jacobian), np.nan)
    inner = 0.5 * (curvature + curvature.T)[np.ix_(free, free)]
    if free.any() and np.linalg.eigvalsh(inner)[0] > 0.0:
        variance = np.einsum("pi,ij,pj->p", jacobian[:, free], np.linalg.inv(inner), jacobian[:, free])
        moves = np.concatenate([[baskets.reverts] * 2, [free[0]], free[1 : 1 + baskets.states]])
        error[moves] = np.sqrt(np.maximum(variance[moves], 0.0))
    return error
