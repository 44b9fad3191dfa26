"""Computes log-likelihoods of baskets and their gradients at up to sixty-four parameter points in one sweep."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.ordinary_least_squares import moderate_ratio, ordinary_least_squares
from statefolio.kalman.records import Dates, Prior, new_workspace
from statefolio.kalman.score import score_block
from statefolio.pairs.hedges.engine import motion, start_kinds

LITTLE_NOISE = 0.01  # as a share of the residual variance of least squares
LEAST_NOISE = 1e-12
MOST_PERSISTENCE = 1.0 - 1e-6

Columns = NDArray[np.intp]


class _Scales(NamedTuple):
    """Units of the coordinates of one basket, and the correlation of neighbouring residuals."""

    moderate: Array  # (k,) c
    ordinary: Array  # (k,) loadings of least squares, m_0 first
    deviation: float  # d
    correlation: float


def _scales(X: Array, y: Array) -> _Scales:
    """Compute the scales of one basket from its observed dates only, so that later dates change no bit."""
    seen = ~np.isnan(y)
    X, y = X[seen], y[seen]
    ordinary = ordinary_least_squares(X, y[:, None])
    residual = y - X @ ordinary.mean[:, 0]
    correlation = float(residual[1:] @ residual[:-1]) / float(residual @ residual)
    deviation = float(np.sqrt(ordinary.residual_variance[0]))
    return _Scales(moderate_ratio(ordinary)[:, 0], ordinary.mean[:, 0], deviation, correlation)


class Baskets:
    """N baskets whose likelihood is maximised, one column each, and coordinates in comparable units.

    Parameters
    ----------
    X : (T, k) or (T, k, N) array
        Regressors; used only where Y is observed.
    Y : (T, N) array
        Prices of the hedged assets.
    reverts : bool
        The level reverts to a mean.
    """

    def __init__(self, X: Array, Y: Array, reverts: bool) -> None:
        self.Y, self.reverts, self.states = Y, reverts, X.shape[1]
        self.X = np.nan_to_num(X)
        made = [_scales(self.X if X.ndim == 2 else self.X[:, :, i], Y[:, i]) for i in range(Y.shape[1])]
        self.moderate = np.stack([each.moderate for each in made], axis=1)  # (k, N) c
        self.ordinary = np.stack([each.ordinary for each in made], axis=1)  # (k, N) of least squares
        self.mean = self.ordinary[0]  # (N,) m_0
        self.deviation = np.array([each.deviation for each in made])  # (N,) d
        self.correlation = np.array([each.correlation for each in made])  # (N,) of residuals, a date apart
        self.floor = np.arange(1 + self.states + 2 * reverts) < 1 + self.states

    def scaled(self) -> tuple[Array, Array, Array]:
        """Return regressors (T, k, N) and residuals of least squares (T, N), both of size one, and units (1 + k, N).

        The dates are those from the first observed one to the last. The units are those of the coordinates of R and of
        the state variances.
        """
        seen = np.flatnonzero(~np.isnan(self.Y).all(axis=1))
        dates = slice(seen[0], seen[-1] + 1)
        X, Y = (self.X if self.X.ndim == 3 else self.X[:, :, None])[dates], self.Y[dates]
        size = np.sqrt(np.mean(X * X, axis=0))
        units = np.vstack([np.full(Y.shape[1], LITTLE_NOISE), self.moderate * size * size])
        return X / size, (Y - (X * self.ordinary).sum(axis=1)) / self.deviation, units

    def parameters(self, columns: Columns, theta: Array) -> Array:
        """Return a, m, R and the state variances (n, k + 3) of some baskets at points (n, D)."""
        unit = self.deviation[columns] ** 2
        level = unit * (LITTLE_NOISE * np.expm1(theta[:, 0]) + LEAST_NOISE)
        variance = self.moderate[:, columns].T * np.expm1(theta[:, 1 : 1 + self.states]) * unit[:, None]
        if not self.reverts:
            return np.column_stack([np.ones(len(theta)), np.zeros(len(theta)), level, variance])
        a = np.clip(np.tanh(theta[:, -2]), -MOST_PERSISTENCE, MOST_PERSISTENCE)
        return np.column_stack([a, self.mean[columns] + self.deviation[columns] * theta[:, -1], level, variance])


class Likelihood:
    """Evaluates points in the lanes of a block; the start is exact diffuse, or stationary for a level that reverts."""

    def __init__(self, baskets: Baskets) -> None:
        self.baskets = baskets
        length, states = len(baskets.Y), baskets.states
        X = baskets.X if baskets.X.ndim == 2 else np.zeros((length, states, WIDTH))
        self._law = motion(baskets.reverts)
        self._dates = Dates(X, np.ones(length), np.zeros((length, 0)))
        self._Y = np.full((length, WIDTH), np.nan)
        prior = Prior(
            start_kinds(states, baskets.reverts), False, np.zeros((WIDTH, states)), np.zeros((WIDTH, states, states))
        )
        self._room = new_workspace(self._law, prior, length, states, 0)
        self._columns = np.full(WIDTH, -1)

    def __call__(self, columns: Columns, theta: Array) -> tuple[Array, Array]:
        """Return log-likelihoods (n,) and gradients (n, D) of at most 64 baskets at points (n, D)."""
        baskets, states, count = self.baskets, self.baskets.states, len(theta)
        self._load(columns)
        a, m, level, variance = np.split(baskets.parameters(columns, theta).T, [1, 2, 3])
        own, by = self._room.own, self._room.by
        own.level[:count], own.state_variance[:, :count] = level[0], variance
        own.phi[0, :count], own.mean[0, :count] = a[0], m[0]
        score_block(self._law, self._dates, self._Y, 0, self._room)
        slope = np.empty(theta.shape)
        unit = baskets.deviation[columns] ** 2
        slope[:, 0] = by.level[:count] * unit * LITTLE_NOISE * np.exp(theta[:, 0])
        of_ratios = (baskets.moderate[:, columns] * unit).T * np.exp(theta[:, 1 : 1 + states])
        slope[:, 1 : 1 + states] = by.state_variance[:, :count].T * of_ratios
        if baskets.reverts:
            within = np.abs(np.tanh(theta[:, -2])) < MOST_PERSISTENCE
            slope[:, -2] = within * by.phi[0, :count] * (1.0 - a[0] ** 2)
            slope[:, -1] = by.mean[0, :count] * baskets.deviation[columns]
        return self._room.log_likelihood[:count].copy(), slope

    def _load(self, columns: Columns) -> None:
        """Copy the prices of these baskets to the lanes."""
        changed = np.flatnonzero(self._columns[: len(columns)] != columns)
        self._columns[changed] = columns[changed]
        self._Y[:, changed] = self.baskets.Y[:, columns[changed]]
        self._Y[:, len(columns) :], self._columns[len(columns) :] = np.nan, -1
        if self.baskets.X.ndim == 3:
            self._dates.X[:, :, changed] = self.baskets.X[:, :, columns[changed]]
