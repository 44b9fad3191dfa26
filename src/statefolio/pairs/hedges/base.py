"""Defines `Hedge`, the base class of all hedges: `fit`, `partial_fit` and the labelled results."""

from typing import Any, Self

import pandas as pd
import xarray as xr

from statefolio._arrays.text import show
from statefolio._estimator import Estimator
from statefolio._options import Flag, check_options
from statefolio.exceptions import InputError, NotFittedError
from statefolio.pairs.hedges import results
from statefolio.pairs.hedges.results import NO_HELD_VALUE, HedgeEstimates, LabelledEstimates
from statefolio.pairs.hedges.showing import ShownHedge
from statefolio.pairs.prices import Basket, check_tunable, read_basket, warn_of_alike

RULES = {"logs": Flag()}


class Hedge(ShownHedge, Estimator):
    """Base class of hedges of x_1 by b_2 x_2 + ... + b_k x_k, with the level b_1 as intercept.

    Attributes
    ----------
    assets_ : Index
        The hedged asset, then the assets that hedge it.
    hedge_ratios_ : Dataset (date, asset)
        `predicted` (given data until the date before, the only ratios a trade may use), `filtered` and `smoothed`, each
        with its `_variance`.
    level_ : Dataset (date)
        The same variables for b_1.
    innovations_ : Dataset (date)
        `innovation`, x_1 minus its prediction, and `innovation_variance`.
    spread_ : DataFrame (date x "predicted", "filtered")
        x_1 - sum of b_j x_j over j >= 2, without subtracting b_1. Its weights change over time, so that it is not a
        profit.
    held_value_ : Series by date
        Running sum of dx_1 - sum of b_j,t|t-1 dx_j: the profit of an investor who holds the hedge.
    next_ : Dataset
        `mean` (state) and `covariance` (state, state_other) for the first date after the last one, and
        `observation_variance`.
    tuned_until_ : Timestamp
        Last date used to estimate parameters; results up to it are in sample.
    """

    logs: bool

    def fit(self, prices: Any, *, tune_until: Any = None) -> Self:
        """Estimate the parameters from prices up to a date, then compute the hedge on all dates.

        Parameters
        ----------
        prices : DataFrame (date x asset)
            The others hedge the first asset. Dates without all prices are skipped. Values that cannot be prices (at
            or below zero, or above 10,000 times the asset's median) are treated as missing, with a warning.
        tune_until : date, optional
            Last date used to estimate parameters; by default the last date of `prices`.

        Raises
        ------
        InputError, DataTypeError
            If prices or options are not valid.
        """
        self.fit_basket(prices, tune_until)
        return self

    def partial_fit(self, prices: Any) -> Self:
        """Continue over later dates with the same parameters; the results then contain these dates alone.

        The results equal those of one fit to all dates with the same `tune_until`, to the last bit.
        """
        if not hasattr(self, "assets_"):
            return self.fit(prices)
        basket = read_basket(prices, logs=self.logs, known=self.assets_)
        if basket.dates[0] <= self._last_date:
            raise InputError(
                f"prices must start after {show(self._last_date)}, the last date of the fit, got "
                f"{show(basket.dates[0])}. Use prices.loc[prices.index > '{show(self._last_date)}']."
            )
        self._write(basket, self._run(basket))
        return self

    def fit_basket(self, prices: Any, tune_until: Any = None) -> Basket:
        """Fit as `fit` does, and return the validated prices."""
        self._check_options()
        basket = read_basket(prices, logs=self.logs)
        known = basket.until(tune_until)
        self.learn(known)
        warn_of_alike(known)
        self.run_over(basket)
        return basket

    def learn(self, basket: Basket) -> Self:
        """Estimate the parameters from validated prices."""
        check_tunable(basket)
        self.assets_ = basket.assets
        self.tuned_until_ = basket.dates[-1]
        self._learn(basket)
        return self

    def run_over(self, basket: Basket, *, smooth: bool = True) -> Self:
        """Compute the hedge on all dates of validated prices with the estimated parameters.

        `smooth=False` is faster; the smoothed states of a Kalman hedge are then NaN.
        """
        self._start()
        self.set_results(basket, self._run(basket) if smooth else self._run_forwards(basket))
        return self

    def set_results(self, basket: Basket, estimates: HedgeEstimates) -> None:
        """Set the result attributes to those of a run from the first date on."""
        self._held = NO_HELD_VALUE
        self._write(basket, estimates)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the hedge is fitted."""
        return hasattr(self, "assets_")

    def __getattr__(self, name: str) -> Any:
        """Raise NotFittedError for results of a hedge that is not fitted."""
        if name.endswith("_") and not name.startswith("_") and "assets_" not in self.__dict__:
            kind = type(self).__name__
            raise NotFittedError(f"{kind} must be fitted before {name} is read. Call fit(prices) first.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def estimates_(self) -> HedgeEstimates:
        """The estimates in plain arrays."""
        return self._labelled.estimates

    @property
    def hedge_ratios_(self) -> xr.Dataset:
        """Hedge ratios by date and asset."""
        return self._labelled.hedge_ratios

    @property
    def level_(self) -> xr.Dataset:
        """The level by date."""
        return self._labelled.level

    @property
    def innovations_(self) -> xr.Dataset:
        """Innovations of the hedged asset by date."""
        return self._labelled.innovations

    @property
    def next_(self) -> xr.Dataset:
        """The predicted state of the next date."""
        return self._labelled.next_state

    def _write(self, basket: Basket, estimates: HedgeEstimates) -> None:
        attrs = {"tuned_until": show(self.tuned_until_), "hedged": str(self.assets_[0])}
        self._labelled = LabelledEstimates(estimates, basket, attrs)
        self.spread_ = results.spreads(estimates, basket)
        self.held_value_, self._held = results.held_value(estimates, basket, self._held)
        self._last_date: pd.Timestamp = basket.dates[-1]

    @property
    def learns(self) -> bool:
        """Whether prices decide a parameter: otherwise all copies that were tuned on other dates are the same."""
        return True

    def _check_options(self) -> None:
        """Raise InputError for an invalid option."""
        check_options(self, RULES)

    def _learn(self, basket: Basket) -> None:
        """Estimate the parameters from prices."""
        raise NotImplementedError

    def _start(self) -> None:
        """Reset the state to before the first date."""

    def _run(self, basket: Basket) -> HedgeEstimates:
        """Compute the hedge on later dates, and keep the state after the last one."""
        raise NotImplementedError

    def _run_forwards(self, basket: Basket) -> HedgeEstimates:
        """Run as `_run` does, without computing smoothed states (NaN)."""
        return self._run(basket)
