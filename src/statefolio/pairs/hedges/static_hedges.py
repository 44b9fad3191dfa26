"""Hedges without a hidden state: constant, and least squares over a rolling window."""

from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.exceptions import InputError
from statefolio.kalman.least_squares import Memory, Scheme, empty_memory, least_squares
from statefolio.kalman.ordinary import ordinary_least_squares
from statefolio.pairs.design import design
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.results import HedgePaths
from statefolio.pairs.johansen import johansen_weights
from statefolio.pairs.prices import Basket

_METHODS = ("ols", "johansen")


class StaticHedge(Hedge):
    """A hedge that never moves, learned once.

    Parameters
    ----------
    method : {"ols", "johansen"}
        Regress x_1 on the others and a constant (Engle and Granger 1987), or take the first cointegrating vector of
        Johansen (1991), one lagged difference and a constant, and the mean of its spread as level.
    logs : bool
        Hedge log prices.

    Notes
    -----
    Variances of the coefficients are those of least squares, NaN under Johansen; that of the innovation is the
    residual's in sample.
    """

    def __init__(self, method: str = "ols", *, logs: bool = False) -> None:
        self.method = method
        self.logs = logs

    def _check_options(self) -> None:
        super()._check_options()
        if self.method not in _METHODS:
            raise InputError(f"method={self.method!r} came. One of 'ols', 'johansen' was expected: choose one.")

    def _learn(self, basket: Basket) -> None:
        x = basket.complete
        count, states = x.shape
        X, y = design(x)
        if self.method == "ols":
            found = ordinary_least_squares(X, y[:, None])
            self._coefficients, self._covariance = found.mean[:, 0], _covariance(X, float(found.residual_variance[0]))
        else:
            weights = johansen_weights(x, basket.assets)
            ratios = -weights[1:] / weights[0]
            self._coefficients = np.concatenate([[np.mean(y - x[:, 1:] @ ratios)], ratios])
            self._covariance = np.full((states, states), np.nan)
        left = y - X @ self._coefficients
        self._residual_variance = float(left @ left) / (count - states)

    def _run(self, basket: Basket) -> HedgePaths:
        X, y = design(basket.values)
        shape = X.shape
        mean = np.broadcast_to(self._coefficients, shape).copy()
        variance = np.broadcast_to(np.diag(self._covariance), shape).copy()
        return HedgePaths(
            *(mean, variance) * 3,
            y - (X * self._coefficients).sum(axis=1),
            np.full(len(y), self._residual_variance),
            self._coefficients,
            self._covariance,
            self._residual_variance,
        )


class RollingHedge(Hedge):
    """Least squares over the last dates, anew on each.

    Parameters
    ----------
    window : int, default 60
        Dates, those without prices included.
    logs : bool
        Hedge log prices.

    Notes
    -----
    `predicted` are the coefficients of the window that ends the date before, `filtered` of the one that ends with the
    date; there are no smoothed ones (NaN).
    """

    def __init__(self, window: int = 60, *, logs: bool = False) -> None:
        self.window = window
        self.logs = logs

    def _check_options(self) -> None:
        super()._check_options()
        if not is_whole(self.window) or self.window < 3:
            raise InputError(f"window={self.window!r} came; a whole number of dates, 3 at least, was expected.")

    def _learn(self, basket: Basket) -> None:
        states = len(basket.assets)
        if not states < self.window <= len(basket.dates):
            raise InputError(
                f"window={self.window} came for {states} coefficients and {len(basket.dates)} dates to learn from; "
                "more than the former and at most the latter was expected."
            )

    def _start(self) -> None:
        self._memory: Memory = empty_memory(len(self.assets_), 1)

    def _run(self, basket: Basket) -> HedgePaths:
        X, y = design(basket.values)
        states = X.shape[1]
        scheme = Scheme(self.window, 1.0, states + 1)
        found, self._memory = least_squares(scheme, np.nan_to_num(X), y[:, None], self._memory)
        mean, variance = found.mean[:, :, 0], found.variance[:, :, 0]
        none = np.full(mean.shape, np.nan)
        return HedgePaths(
            np.concatenate([found.first_mean[:, :, 0], mean[:-1]]),
            np.concatenate([found.first_variance[:, :, 0], variance[:-1]]),
            mean,
            variance,
            none,
            none,
            found.innovation[:, 0],
            found.innovation_variance[:, 0],
            mean[-1],
            found.last_covariance[:, :, 0],
            float(found.last_observation_variance[0]),
        )


def _covariance(X: Array, residual_variance: float) -> Any:
    """Of the coefficients of least squares."""
    scale = np.sqrt(np.mean(X * X, axis=0))
    inverse = np.linalg.inv((X / scale).T @ (X / scale))
    return residual_variance * inverse / np.outer(scale, scale)
