"""Hedges without hidden states: constant ratios, and least squares over a rolling window."""

from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio._options import OneOf, Whole, check_options
from statefolio.exceptions import InputError
from statefolio.kalman.ordinary_least_squares import ordinary_least_squares
from statefolio.kalman.weighted_least_squares import (
    RegressionMemory,
    Scheme,
    empty_memory,
    least_squares,
    without_unidentified,
)
from statefolio.pairs.design import design
from statefolio.pairs.hedges import base
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.results import HedgeEstimates
from statefolio.pairs.johansen import johansen_weights
from statefolio.pairs.prices import Basket

STATIC_RULES = base.RULES | {"method": OneOf("ols", "johansen")}
ROLLING_RULES = base.RULES | {"window": Whole(at_least=3, example=60)}


class StaticHedge(Hedge):
    """A hedge with constant ratios.

    Parameters
    ----------
    method : {"ols", "johansen"}
        Regress x_1 on the others and a constant (Engle and Granger 1987); or use the first cointegrating vector of
        Johansen (1991) with one lagged difference and a constant, and the mean of its spread as level.
    logs : bool
        Hedge log prices.

    Notes
    -----
    Variances of the coefficients are those of least squares, and NaN for Johansen's method. The variance of innovations
    is the in-sample residual variance.

    Examples
    --------
    Estimate a constant hedge ratio on 2018 and 2019, and hold the hedge through the years after:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> hedge = sf.pairs.StaticHedge().fit(prices, tune_until="2019")
    >>> round(float(hedge.next_["mean"].sel(state="XOM")), 2)
    0.56
    >>> round(float(hedge.held_value_.iloc[-1]), 1)  # profit in dollars per share of CVX
    49.5
    """

    def __init__(self, method: str = "ols", *, logs: bool = False) -> None:
        self.method = method
        self.logs = logs

    def _check_options(self) -> None:
        check_options(self, STATIC_RULES)

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
        residual = y - X @ self._coefficients
        self._residual_variance = float(residual @ residual) / (count - states)

    def _run(self, basket: Basket) -> HedgeEstimates:
        X, y = design(basket.values)
        shape = X.shape
        mean = np.broadcast_to(self._coefficients, shape).copy()
        variance = np.broadcast_to(np.diag(self._covariance), shape).copy()
        return HedgeEstimates(
            *(mean, variance) * 3,
            y - (X * self._coefficients).sum(axis=1),
            np.full(len(y), self._residual_variance),
            self._coefficients,
            self._covariance,
            self._residual_variance,
        )


class RollingHedge(Hedge):
    """A hedge with ratios from least squares over a rolling window.

    Parameters
    ----------
    window : int, default 60
        Length of the window in dates; dates without prices count.
    logs : bool
        Hedge log prices.

    Notes
    -----
    `predicted` coefficients belong to the window that ends on the date before, `filtered` ones to the window that ends
    on the date. Smoothed coefficients are NaN.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> hedge = sf.pairs.RollingHedge(window=60).fit(prices)
    >>> ratio = hedge.hedge_ratios_["predicted"].sel(asset="XOM")
    >>> [round(float(ratio.sel(date=day)), 2) for day in ("2018-12-31", "2020-12-31")]
    [1.03, 1.99]
    """

    def __init__(self, window: int = 60, *, logs: bool = False) -> None:
        self.window = window
        self.logs = logs

    def _check_options(self) -> None:
        check_options(self, ROLLING_RULES)

    @property
    def learns(self) -> bool:
        """No price decides a parameter."""
        return False

    def _learn(self, basket: Basket) -> None:
        states = len(basket.assets)
        if not states < self.window <= len(basket.dates):
            raise InputError(
                f"window must be from {states + 1} (more than the {states} coefficients) to {len(basket.dates)} (the "
                f"dates to tune on), got {self.window}. Pass another window, or more prices."
            )

    def _start(self) -> None:
        self._memory: RegressionMemory = empty_memory(len(self.assets_), 1)

    def _run(self, basket: Basket) -> HedgeEstimates:
        X, y = design(basket.values)
        states = X.shape[1]
        scheme = Scheme(self.window, 1.0, states + 1)
        found, self._memory = least_squares(scheme, np.nan_to_num(X), y[:, None], self._memory)
        mean, variance = without_unidentified(found.mean[:, :, 0], found.variance[:, :, 0])
        first = without_unidentified(found.first_mean[:, :, 0], found.first_variance[:, :, 0])
        none = np.full(mean.shape, np.nan)
        covariance = found.last_covariance[:, :, 0]
        covariance[np.isnan(mean[-1])] = np.nan
        covariance[:, np.isnan(mean[-1])] = np.nan
        return HedgeEstimates(
            np.concatenate([first[0], mean[:-1]]),
            np.concatenate([first[1], variance[:-1]]),
            mean,
            variance,
            none,
            none,
            found.innovation[:, 0],
            found.innovation_variance[:, 0],
            mean[-1],
            covariance,
            float(found.last_observation_variance[0]),
        )


def _covariance(X: Array, residual_variance: float) -> Any:
    """Return the covariance of the coefficients of least squares."""
    scale = np.sqrt(np.mean(X * X, axis=0))
    inverse = np.linalg.inv((X / scale).T @ (X / scale))
    return residual_variance * inverse / np.outer(scale, scale)
