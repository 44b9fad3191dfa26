"""Estimates the two parameters of dynamic conditional correlations by composite likelihood."""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.types import Array

_MOST_PERSISTENT = 0.9995
_LARGEST_NEWS = 0.3
_STARTS = ((0.01, 0.97), (0.03, 0.93), (0.01, 0.9))
_LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class CorrelationDynamics:
    """Parameters of Q_t+1 = (1 - a - b) C + a z_t z_t' + b Q_t.

    Attributes
    ----------
    news, memory : float
        a and b.
    """

    news: float
    memory: float


def fit_dynamics(standardised: Array, target: Array) -> CorrelationDynamics:
    """Estimate a and b by the likelihood of pairs of neighbouring columns.

    The sum of the N - 1 bivariate Gaussian log-likelihoods of columns i and i + 1 needs no N x N matrix per date, and
    does not suffer from the error in the N (N - 1) / 2 correlations of C as the full likelihood does, which drives a
    to zero as N grows.

    Parameters
    ----------
    standardised : (T, N) array
        z: returns over their standard deviations; NaN where missing.
    target : (N, N) array
        C, correlations.

    References
    ----------
    Pakel, Shephard, Sheppard and Engle (2021), Fitting vast dimensional time-varying covariance models, Journal of
    Business and Economic Statistics 39, 652-668; Engle (2002) on DCC, the same journal, 20, 339-350.
    """
    from scipy.optimize import minimize

    if standardised.shape[1] < 2:
        return CorrelationDynamics(0.0, 0.0)
    pairs = _Pairs(standardised, np.diagonal(target, 1))
    start = min(_STARTS, key=lambda tried: pairs.loss(np.array(tried)))
    found = minimize(
        pairs.loss,
        np.array(start),
        method="SLSQP",
        bounds=[(0.0, _LARGEST_NEWS), (0.0, _MOST_PERSISTENT)],
        constraints={"type": "ineq", "fun": lambda x: _MOST_PERSISTENT - x[0] - x[1]},
        options={"ftol": 1e-8},
    )
    news, memory = found.x if np.isfinite(found.fun) else start
    news = float(np.clip(news, 0.0, _LARGEST_NEWS))
    return CorrelationDynamics(news, float(np.clip(memory, 0.0, _MOST_PERSISTENT - news)))


class _Pairs:
    """Composite log-likelihood of neighbouring columns."""

    def __init__(self, standardised: Array, correlations: Array) -> None:
        seen = ~np.isnan(standardised)
        z = np.where(seen, standardised, 0.0)
        self.both = seen[:, 1:] & seen[:, :-1]
        self.squares, self.products = z**2, z[:, 1:] * z[:, :-1]
        self.correlations = correlations
        self.own_news = _delayed(np.where(seen, self.squares - 1.0, 0.0))
        self.pair_news = _delayed(np.where(self.both, self.products - correlations, 0.0))

    def loss(self, parameters: Array) -> float:
        """Mean negative log-likelihood per pair and date, times two."""
        from scipy.signal import lfilter

        news, memory = parameters
        own = np.maximum(1.0 + news * lfilter([1.0], [1.0, -memory], self.own_news, axis=0), _LEAST)
        pair = self.correlations + news * lfilter([1.0], [1.0, -memory], self.pair_news, axis=0)
        correlation = pair / np.sqrt(own[:, 1:] * own[:, :-1])
        rest = np.maximum(1.0 - correlation**2, _LEAST)
        distance = self.squares[:, 1:] + self.squares[:, :-1] - 2.0 * correlation * self.products
        return float(np.mean((np.log(rest) + distance / rest)[self.both]))


def _delayed(values: Array) -> Array:
    """Rows moved one date later, zeros first."""
    delayed: Array = np.concatenate([np.zeros((1, values.shape[1])), values[:-1]])
    return delayed
