"""The common volatility of a panel: a factor on every observation variance, one number per date.

A pilot filter (Gaussian, constant variances) standardises every return. With z_t the mean over assets of its squared
standardised innovations, each capped at 9, the panel has one level per speed,

    g_1 = 1        g_t+1 = m g_t + (1 - m) z_t        m one of MEMORIES

and g is unchanged on dates without an innovation. A level is known before its date. The size of a date's regressors
over their usual size is known when its returns are compared with their prediction:

    d_t = x_t' C_t^-1 x_t / K        C_t the exponentially weighted second moments of the regressors up to t-1

and averages 1. The observation variance of an asset is its own level times

    prod_j g_j,t^e_j  (1 + c d_t)/(1 + c)

with tuned exponents e and rise c. On a date whose regressors are not known yet, d is taken as 1.
"""

from typing import NamedTuple

import numpy as np

from statefolio.kalman.lanes import compiled
from statefolio.kalman.panel import Filter
from statefolio.kalman.specification import Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

MEMORIES = (0.9, 0.5, 0.98)
"""Speeds of the common level; a model with one speed has the first."""

_HALF_LIFE, _BY_REGRESSOR = 60, 4
"""Half-life of the moments in dates: at least this one, and as many per regressor."""

_FIRST, _MOST = 60, 25.0
"""Dates before the first size of a move, and the greatest size."""

_RIDGE = 1e-6
_PIECE = 1024


class Moments(NamedTuple):
    """Exponentially weighted second moments of the regressors up to a date."""

    total: Floats  # (K, K)
    weight: float
    dates: int


class Common(NamedTuple):
    """What the factor of each date is made of."""

    log_levels: Floats  # (T, J) logarithms of the levels, one column per speed
    moves: Floats  # (T,) sizes of the moves d; no rows where they have no part

    @classmethod
    def none(cls, dates: int) -> "Common":
        """Return that of a panel without a common volatility."""
        return cls(np.zeros((dates, 0)), np.zeros(0))

    def until(self, row: int) -> "Common":
        """Return that of the dates before a row."""
        return Common(self.log_levels[:row], self.moves[:row])

    def factor(self, exponents: Floats, rise: float) -> Floats:
        """Return the factor of each date (T,)."""
        logarithm = np.zeros(len(self.log_levels))
        for j, exponent in enumerate(exponents):  # in one order, whatever the number of dates
            logarithm += exponent * self.log_levels[:, j]
        factor: Floats = np.exp(logarithm)
        return factor * ((1.0 + rise * self.moves) / (1.0 + rise)) if len(self.moves) else factor

    def slopes(self, rise: float) -> Floats:
        """Return the derivatives of the factor's logarithm by the exponents and, last, the rise; (T, J + 1)."""
        by_rise = np.zeros(len(self.log_levels))
        if len(self.moves):
            by_rise = self.moves / (1.0 + rise * self.moves) - 1.0 / (1.0 + rise)
        return np.column_stack([self.log_levels, by_rise])


def common_levels(pilot: Filter, X: Floats, Y: Floats, first: Floats) -> Floats:
    """Return the levels on every date of Y, and on the date after (T + 1, J); the pilot filter is moved past them."""
    paths = pilot.run(X, Y, store="state", note_surprise=True)
    return level_paths(paths.surprise, paths.surprised, first)


def level_paths(surprise: Floats, surprised: Floats, first: Floats) -> Floats:
    """Return the levels on every date, and on the date after, from the surprises of each block (blocks, T).

    `first` (J,) are those of the first date; their number is the number of speeds.
    """
    sums = np.add.reduce(surprise, axis=0), np.add.reduce(surprised, axis=0)
    levels: Floats = _smooth(*sums, first, np.array(MEMORIES[: len(first)]))
    return levels


@compiled
def _smooth(surprise, seen, first, memories):
    levels = np.empty((surprise.shape[0] + 1, first.shape[0]))
    levels[0] = first
    for t in range(surprise.shape[0]):
        for j in range(first.shape[0]):
            levels[t + 1, j] = levels[t, j]
            if seen[t] > 0:
                levels[t + 1, j] = memories[j] * levels[t, j] + (1.0 - memories[j]) * surprise[t] / seen[t]
    return levels


def expected_levels(levels: Floats, horizon: int) -> Floats:
    """Return the expected levels of the next dates (h, J) from those of the first: the slowest stays as it is."""
    if not levels.size:
        return np.ones((horizon, 0))
    slowest = int(np.argmax(MEMORIES[: levels.size]))
    share = np.array(MEMORIES[: levels.size]) ** np.arange(horizon)[:, None]
    expected: Floats = levels[slowest] + share * (levels - levels[slowest])
    return expected


def no_moments(states: int) -> Moments:
    """Return the moments before the first date."""
    return Moments(np.zeros((states, states)), 0.0, 0)


def move_sizes(X: Floats, before: Moments) -> tuple[Floats, Moments]:
    """Return the size of each date's regressors (T, K) over their usual size, and the moments after the last date.

    It is 1 on the first dates, and where each asset has its own regressors (T, K, N).
    """
    sizes = np.ones(len(X))
    if X.ndim == 3:
        return sizes, before
    states = X.shape[1]
    memory = 0.5 ** (1.0 / max(_HALF_LIFE, _BY_REGRESSOR * states))
    total, weight, dates = before
    for begin in range(0, len(X), _PIECE):
        x = X[begin : begin + _PIECE]
        moments, weights, total, weight = _moments(x, memory, total, weight)
        known = dates + np.arange(len(x)) >= _FIRST
        sizes[begin : begin + len(x)] = np.where(known, _distances(x, moments, weights), 1.0)
        dates += len(x)
    return sizes, Moments(total, weight, dates)


def scenario_sizes(X: Floats, moments: Moments) -> Floats:
    """Return the sizes of scenarios of the next date's regressors (S, K) over their usual size, given those so far."""
    if moments.dates < _FIRST:
        return np.ones(len(X))
    return _distances(X, np.repeat(moments.total[None], len(X), axis=0), np.full(len(X), moments.weight))


def _distances(X: Floats, moments: Floats, weights: Floats) -> Floats:
    """Return x'C^-1 x / K with a ridge on the correlations, at most the greatest size, for each row x of X."""
    j = np.arange(X.shape[1])
    C = moments / np.maximum(weights, 1e-300)[:, None, None]
    scale = np.sqrt(np.where(C[:, j, j] > 0.0, C[:, j, j], 1.0))
    C /= scale[:, :, None] * scale[:, None, :]
    C[:, j, j] += _RIDGE
    unit = X / scale
    found = np.einsum("tj,tj->t", unit, np.linalg.solve(C, unit[:, :, None])[:, :, 0]) / len(j)
    sizes: Floats = np.minimum(found, _MOST)
    return sizes


@compiled
def _moments(X, memory, total, weight):
    """Return the moments and their weights before each date, and after the last one."""
    states = X.shape[1]
    moments, weights = np.empty((X.shape[0], states, states)), np.empty(X.shape[0])
    total = total.copy()
    for t in range(X.shape[0]):
        moments[t], weights[t] = total, weight
        for j in range(states):
            for k in range(states):
                total[j, k] = memory * total[j, k] + (1.0 - memory) * X[t, j] * X[t, k]
        weight = memory * weight + (1.0 - memory)
    return moments, weights, total, weight
