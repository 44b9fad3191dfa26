"""Learns the weights of combined covariances, and the bias of portfolios, from past forecasts and returns."""

import zlib
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from math import factorial
from typing import Self

import numpy as np
import pandas as pd
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import nnls

from statefolio._arrays.types import Array
from statefolio.risk.log_mean import LogCovariances

PORTFOLIOS = ("minimum variance", "long-only minimum variance", "random long-only")
MOST_LEARNED = 150
"""Assets that weights are learned on; of more assets these many are chosen by a hash of their names."""
_PARTS = 4
_HALF_LIFE = 504.0
_RATE = 0.3 / 21.0
_PRIOR_DATES = 126.0
_CAP, _LARGEST_RATIO = 6.0, 6.0
_RANDOM = 100


@dataclass(frozen=True, eq=False)
class PastForecast:
    """Covariances that the members forecast for the same assets, in the order of the members."""

    assets: pd.Index
    matrices: LogCovariances


@dataclass(frozen=True, eq=False)
class LearnedWeights:
    """Weights of K members that forecast best so far; immutable, an update returns a new one.

    Candidates are all weights in quarters. Each scores its past forecasts: the log-likelihood of the assets' returns
    per asset (QLIKE), and the mean of that of 100 random long-only portfolios, which is their realised variance over
    the forecast and the logarithm of the latter. Scores of older dates count less, by half every 504 dates. The weights
    are the mean over candidates with weight P exp(-.3 loss / 21), where loss is summed over dates and P is the
    multinomial probability of the candidate under the prior weights: few dates leave the prior, and even many do not
    concentrate on one candidate, as combinations do better than the best member.

    Attributes
    ----------
    prior : (K,) array
    loss : (M,) array
        Of the M candidates.
    ratio, weight : (3,) array
        Weighted sums of realised over forecast variance of `PORTFOLIOS`, and of their weights.
    """

    prior: Array
    loss: Array
    ratio: Array
    weight: Array

    @classmethod
    def empty(cls, prior: Array) -> Self:
        """Return the state before the first forecast."""
        none = np.zeros(len(PORTFOLIOS))
        return cls(prior, np.zeros(len(_candidates(len(prior)))), none, none)

    @property
    def weights(self) -> Array:
        """Weights of the members (K,), which sum to 1."""
        candidates = _candidates(len(self.prior))
        counts = np.rint(_PARTS * candidates)
        chance = [factorial(_PARTS) / np.prod([factorial(int(n)) for n in row]) for row in counts]
        posterior = chance * (self.prior**counts).prod(axis=1) * np.exp(-_RATE * (self.loss - self.loss.min()))
        weights: Array = posterior @ candidates / posterior.sum()
        return weights

    @property
    def variance_ratio(self) -> Array:
        """Realised over forecast variance of `PORTFOLIOS` (3,), drawn towards 1 by half a year of dates."""
        ratio: Array = (self.ratio + _PRIOR_DATES) / (self.weight + _PRIOR_DATES)
        return ratio

    def updated(self, forecast: PastForecast, returns: pd.DataFrame) -> Self:
        """Return the weights after the returns on the dates that a forecast was for.

        Assets with a missing return are left out. Returns are capped at six forecast standard deviations.
        """
        values = returns.reindex(columns=forecast.assets).to_numpy()
        if not len(forecast.assets) or np.isnan(values).any(axis=0).any():
            forecast, values = _observed(forecast, values)
        if len(forecast.assets) < 2:
            return self
        deviation = np.exp(self.prior @ forecast.matrices.volatility)
        values = np.clip(values, -_CAP * deviation, _CAP * deviation)
        portfolios = _random_portfolios(forecast.assets)
        losses = [_loss(forecast.matrices.mean(row), values, portfolios) for row in _candidates(len(self.prior))]
        memory, dates = 0.5 ** (len(values) / _HALF_LIFE), len(values)
        ratio = _variance_ratios(forecast.matrices.mean(self.weights), values, portfolios)
        known = np.isfinite(ratio)
        return replace(
            self,
            loss=memory * self.loss + dates * np.array(losses),
            ratio=memory * self.ratio + dates * np.where(known, np.minimum(ratio, _LARGEST_RATIO), 0.0),
            weight=memory * self.weight + dates * known,
        )


def chosen_assets(assets: pd.Index) -> pd.Index:
    """Assets that weights are learned on: all, or those with the least hashes of their names."""
    if len(assets) <= MOST_LEARNED:
        return assets
    order = np.argsort([zlib.crc32(str(name).encode()) for name in assets], kind="stable")
    return assets[np.sort(order[:MOST_LEARNED])]


def _candidates(members: int) -> Array:
    """All weights of the members that are multiples of a quarter, (M, K)."""
    chosen = combinations_with_replacement(range(members), _PARTS)
    return np.array([np.bincount(row, minlength=members) for row in chosen], dtype=np.float64) / _PARTS


def _observed(forecast: PastForecast, values: Array) -> tuple[PastForecast, Array]:
    """The forecast of the assets without a missing return; its correlations' logarithms are those of the submatrix."""
    kept = ~np.isnan(values).any(axis=0)
    logs, members = forecast.matrices, np.eye(len(forecast.matrices.volatility))
    matrices = [logs.mean(one)[np.ix_(kept, kept)] for one in members]
    return PastForecast(forecast.assets[np.flatnonzero(kept)], LogCovariances.of(matrices)), values[:, kept]


def _random_portfolios(assets: pd.Index) -> Array:
    """Weights (100, N), uniform over long-only portfolios; an asset's draws depend on its name alone."""
    draws = [np.random.default_rng(zlib.crc32(str(name).encode())).exponential(size=_RANDOM) for name in assets]
    table = np.array(draws).T
    portfolios: Array = table / table.sum(axis=1, keepdims=True)
    return portfolios


def _loss(matrix: Array, values: Array, portfolios: Array) -> float:
    """Mean of log det + r' Sigma^-1 r per asset, plus the mean of log variance + realised over forecast variance."""
    root = np.linalg.cholesky(matrix)
    squares = (solve_triangular(root, values.T, lower=True) ** 2).sum() / values.size
    variance = ((portfolios @ root) ** 2).sum(axis=1)
    realised = ((values @ portfolios.T) ** 2).mean(axis=0)
    level = 2.0 * np.log(np.diag(root)).mean()
    return float(level + squares + np.mean(np.log(variance) + realised / variance))


def _variance_ratios(matrix: Array, values: Array, portfolios: Array) -> Array:
    """Realised over forecast variance of `PORTFOLIOS`, NaN if long-only weights are not found."""
    root = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    free = cho_solve((root, True), np.ones(len(root)))
    weights = [free / free.sum(), _least_variance(root)]
    ratios = [float(np.mean((values @ w) ** 2) / ((w @ root) ** 2).sum()) for w in weights]
    variance = ((portfolios @ root) ** 2).sum(axis=1)
    return np.array([*ratios, float(np.mean(((values @ portfolios.T) ** 2).mean(axis=0) / variance))])


def _least_variance(root: Array) -> Array:
    """Weights w >= 0 with sum 1 and the least |L'w|, by the scaled minimiser of |L'w|^2 - 2 * 1'w; NaN if not found."""
    scale = np.linalg.norm(root) / np.sqrt(len(root))
    right = solve_triangular(root / scale, np.ones(len(root)), lower=True)
    try:
        weights, _ = nnls(root.T / scale, right, maxiter=100 * len(root))
    except RuntimeError:
        return np.full(len(root), np.nan)
    least: Array = weights / weights.sum()
    return least
