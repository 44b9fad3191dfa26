"""Estimates GARCH(1,1) variances by quasi-maximum likelihood with variance targeting, pooled or series by series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array

_MOST_PERSISTENT = 0.9995
_LARGEST_NEWS = 0.5
_LEAST_VARIANCE = 1e-4
_STARTS = ((0.05, 0.9), (0.1, 0.8), (0.03, 0.96))


@dataclass(frozen=True, eq=False)
class Garch:
    """Variances s of N series of returns r: s_t+1 = v (1 - a - b) + a r_t^2 + b s_t.

    Attributes
    ----------
    news, memory : (N,) array
        a and b.
    level : (N,) array
        v, the mean squares of the returns.
    """

    news: Array
    memory: Array
    level: Array

    def filter(self, returns: Array) -> tuple[Array, Array]:
        """Variances of the returns (T, N) and of the next ones (N,), each from the returns before it.

        A missing return is left out as if its date were not there; its variance is NaN.
        """
        from scipy.signal import lfilter

        variances, ahead = np.full(returns.shape, np.nan), np.empty(returns.shape[1])
        for column, values in enumerate(returns.T):
            seen = ~np.isnan(values)
            surprises = np.concatenate([[0.0], values[seen] ** 2 - self.level[column]])
            path = self.news[column] * lfilter([1.0], [1.0, -self.memory[column]], surprises)
            path = np.maximum(self.level[column] + path, _LEAST_VARIANCE * self.level[column])
            variances[seen, column], ahead[column] = path[:-1], path[-1]
        return variances, ahead

    def averaged(self, ahead: Array, horizon: int) -> Array:
        """Mean variances (N,) of the next `horizon` returns, given those of the next one."""
        found: Array = self.level + mean_decay(self.news + self.memory, horizon) * (ahead - self.level)
        return found


def mean_decay(rate: float | Array, horizon: int) -> Array:
    """(1 + rate + ... + rate^(h - 1)) / h."""
    powers = np.asarray(rate)[..., None] ** np.arange(horizon, dtype=np.float64)
    decay: Array = powers.mean(axis=-1)
    return decay


def fit_garch(returns: Array, pooling: float = 1.0) -> Garch:
    """Estimate GARCH(1,1) models by Gaussian quasi-maximum likelihood; the levels are the mean squares.

    Parameters
    ----------
    returns : (T, N) array
        With mean zero, NaN where missing; no column is all zero or missing.
    pooling : float
        1: one a and b for all series, by the sum of their likelihoods after division by their levels. 0: one pair for
        each series. Between: the mean of both with this weight.

    References
    ----------
    Francq, Horvath and Zakoian (2011), Merits and drawbacks of variance targeting in GARCH models, Journal of
    Financial Econometrics 9, 619-656.
    """
    level = np.nanmean(returns**2, axis=0)
    squares, seen = _without_gaps(returns**2 / level)
    found = np.zeros((returns.shape[1], 2))
    if pooling > 0.0:
        found += pooling * np.array(_maximise(squares, seen))
    if pooling < 1.0:
        columns = np.arange(len(found))[:, None]
        found += (1.0 - pooling) * np.array([_maximise(squares[:, column], seen[:, column]) for column in columns])
    return Garch(found[:, 0], found[:, 1], level)


def _without_gaps(values: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Known values of each column first, zeros after them, and where they are."""
    seen = ~np.isnan(values)
    order = np.argsort(~seen, axis=0, kind="stable")
    seen = np.take_along_axis(seen, order, axis=0)
    return np.where(seen, np.take_along_axis(values, order, axis=0), 0.0), seen


def _maximise(squares: Array, seen: NDArray[np.bool_]) -> tuple[float, float]:
    from scipy.optimize import minimize

    surprises = np.concatenate([np.zeros((1, squares.shape[1])), squares[:-1] - 1.0])
    arguments = (squares, np.where(seen, surprises, 0.0), seen)
    start = min(_STARTS, key=lambda tried: _loss(np.array(tried), *arguments)[0])
    found = minimize(
        _loss,
        np.array(start),
        args=arguments,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, _LARGEST_NEWS), (0.0, _MOST_PERSISTENT)],
        constraints={
            "type": "ineq",
            "fun": lambda x: _MOST_PERSISTENT - x[0] - x[1],
            "jac": lambda _: np.array([-1.0, -1.0]),
        },
    )
    news, memory = found.x if np.isfinite(found.fun) else start
    news = float(np.clip(news, 0.0, _LARGEST_NEWS))
    return news, float(np.clip(memory, 0.0, _MOST_PERSISTENT - news))


def _loss(parameters: Array, squares: Array, surprises: Array, seen: NDArray[np.bool_]) -> tuple[float, Array]:
    """Mean of log s + r^2 / s and its gradient, for returns of mean square 1."""
    from scipy.signal import lfilter

    news, memory = parameters
    recursion = [1.0, -memory]
    by_news = lfilter([1.0], recursion, surprises, axis=0)
    delayed = np.concatenate([np.zeros((1, squares.shape[1])), by_news[:-1]])
    by_memory = news * lfilter([1.0], recursion, delayed, axis=0)
    variance = np.maximum(1.0 + news * by_news, _LEAST_VARIANCE)
    ratio = squares / variance
    slope = np.where(seen, (1.0 - ratio) / variance, 0.0)
    total = np.count_nonzero(seen)
    value = float(np.sum((np.log(variance) + ratio)[seen])) / total
    return value, np.array([np.sum(slope * by_news), np.sum(slope * by_memory)]) / total
