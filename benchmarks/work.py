"""Defines the work of all libraries in this folder: one panel, simulated with a fixed seed.

Each asset's return is a regression on a constant and five factors whose loadings are random walks:

    y[t, i] = x[t]' b[t, i] + e[t, i]      e ~ N(0, R[i])
    b[t, i] = b[t-1, i] + w[t, i]          w ~ N(0, diag Q[:, i])

The start is known, so that libraries without an exact diffuse start compute the same likelihood: before the update of
the first date, b ~ N(0, 10 I). Returns and factors are in decimals. The log-likelihood includes the 2-pi constant of
each observed return.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

ASSETS, DATES, STATES = 3_072, 2_520, 6
MISSING = 0.02
START_VARIANCE = 10.0


@dataclass(frozen=True, eq=False)
class Work:
    """A panel and the hyper-parameters of its filter."""

    Y: np.ndarray  # (T, N) returns; NaN where missing
    X: np.ndarray  # (T, K) regressors of the date, the constant first
    Q: np.ndarray  # (K, N) state variances
    R: np.ndarray  # (N,) observation variances
    start_variance: np.ndarray  # (K,) diagonal of the covariance at the first date; the mean is zero

    @property
    def dates(self) -> int:
        return self.Y.shape[0]

    @property
    def assets(self) -> int:
        return self.Y.shape[1]

    @property
    def states(self) -> int:
        return self.X.shape[1]

    def head(self, assets: int) -> Work:
        """Return the same work on the first `assets` assets."""
        return replace(self, Y=self.Y[:, :assets].copy(), Q=self.Q[:, :assets].copy(), R=self.R[:assets].copy())

    def complete(self) -> Work:
        """Return the same work with zeros for missing returns, for libraries that do not support missing values."""
        return replace(self, Y=np.nan_to_num(self.Y, nan=0.0))

    def in_percent(self) -> Work:
        """Return the same work in percent; factor loadings keep their scale, the constant's is multiplied by 100.

        Optimisers with absolute tolerances need data near unit scale. `observed * log(100)` turns a
        log-likelihood in percent with this known start into one in decimals.
        """
        unit = np.ones(self.states)
        unit[0] = 100.0
        X = 100.0 * self.X
        X[:, 0] = self.X[:, 0]
        return Work(
            Y=100.0 * self.Y,
            X=X,
            Q=self.Q * unit[:, None] ** 2,
            R=1e4 * self.R,
            start_variance=self.start_variance * unit**2,
        )

    @property
    def observed(self) -> np.ndarray:
        """Number of observed returns (N,)."""
        return (~np.isnan(self.Y)).sum(axis=0)


def make_work(assets: int = ASSETS, dates: int = DATES, seed: int = 20_240_613) -> Work:
    """Simulate the panel. The first assets of a large panel differ from those of a small one."""
    rng = np.random.default_rng(seed)
    factor_volatility = np.array([0.011, 0.006, 0.006, 0.004, 0.008])
    X = np.empty((dates, STATES))
    X[:, 0] = 1.0
    X[:, 1:] = factor_volatility * rng.standard_normal((dates, STATES - 1))

    R = np.exp(rng.normal(2.0 * np.log(0.016), 0.6, assets))
    # Signal-to-noise ratios of loadings over two orders of magnitude; the constant's is in squared daily returns.
    # A third of all loadings is constant, as maximum likelihood finds for real stocks.
    scale = np.array([1e-6, 0.30, 0.15, 0.15, 0.15, 0.15])
    Q = scale[:, None] * R * np.exp(rng.normal(0.0, 1.0, (STATES, assets)))
    Q *= rng.random((STATES, assets)) > 1 / 3

    loadings = rng.normal(0.0, 0.5, (STATES, assets))
    loadings[0] *= 2e-4
    loadings[1] += 1.0
    step, noise = np.sqrt(Q), np.sqrt(R)
    Y = np.empty((dates, assets))
    for t in range(dates):
        if t:
            loadings += step * rng.standard_normal((STATES, assets))
        Y[t] = X[t] @ loadings + noise * rng.standard_normal(assets)
        Y[t, rng.random(assets) < MISSING] = np.nan
    return Work(Y, X, Q, R, np.full(STATES, START_VARIANCE))


def diffuse_percent_to_decimals(work: Work) -> np.ndarray:
    """Return the difference between the exact-diffuse log-likelihoods of `work` and `work.in_percent()`, by asset.

    One observed return does not count: the diffuse prior's unit covariance is that of the constant in percent, and
    the limit of the likelihood scales with it.
    """
    return (work.observed - 1) * np.log(100.0)


def plain_log_likelihood(work: Work) -> np.ndarray:
    """Compute reference log-likelihoods with the textbook filter in NumPy, one asset after another."""
    total = np.zeros(work.assets)
    for i in range(work.assets):
        mean, covariance = np.zeros(work.states), np.diag(work.start_variance)
        for t, x in enumerate(work.X):
            if t:
                covariance = covariance + np.diag(work.Q[:, i])
            if np.isnan(work.Y[t, i]):
                continue
            v = work.Y[t, i] - x @ mean
            Px = covariance @ x
            S = x @ Px + work.R[i]
            mean = mean + Px * (v / S)
            covariance = covariance - np.outer(Px, Px) / S
            total[i] -= 0.5 * (np.log(2.0 * np.pi * S) + v * v / S)
    return total
