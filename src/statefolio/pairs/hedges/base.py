"""What all hedges have in common: one door in, one set of labelled results out."""

from typing import Any, Self

import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import show
from statefolio.exceptions import InputError, NotFittedError
from statefolio.pairs.hedges import results
from statefolio.pairs.hedges.results import NOTHING_HELD, HedgePaths
from statefolio.pairs.prices import Basket, check_tunable, read_basket


class Hedge(BaseEstimator):
    """Base of the hedges of a basket: x_1 against b_2 x_2 + ... + b_k x_k, with the level b_1 beside them.

    Attributes
    ----------
    assets_ : Index
        The hedged asset, then those that hedge it.
    hedge_ratios_ : Dataset (date, asset)
        `predicted` (given the date before: the only ones to trade on), `filtered`, `smoothed`, each with its
        `_variance`.
    level_ : Dataset (date)
        The same of b_1.
    innovations_ : Dataset (date)
        `innovation` of x_1 from its prediction, and `innovation_variance`.
    spread_ : DataFrame (date x "predicted", "filtered")
        x_1 - sum of b_j x_j, b_1 left in. Its weights move: it is not what anybody earns.
    held_value_ : Series by date
        Running sum of dx_1 - sum of b_j,t|t-1 dx_j: what somebody earns who holds the hedge.
    next_ : Dataset
        `mean` (state) and `covariance` (state, state_other) of the first date not yet seen, `observation_variance`.
    tuned_until_ : Timestamp
        Last date that parameters were learned from; what comes before is in sample.
    """

    logs: bool

    def fit(self, prices: Any, *, tune_until: Any = None) -> Self:
        """Learn the parameters from the prices until a date, and run over all of them.

        Parameters
        ----------
        prices : DataFrame (date x asset)
            The first asset is the one that the others hedge. A date that lacks a price is passed over.
        tune_until : date, optional
            Last date to learn from; all by default.

        Raises
        ------
        InputError, DataTypeError
            If prices or options cannot be used as they came.
        """
        self._check_options()
        basket = read_basket(prices, logs=self.logs)
        return self.learn(basket.until(tune_until)).run_over(basket)

    def partial_fit(self, prices: Any) -> Self:
        """Go on over later dates with the parameters that were learned; results then hold these dates.

        Equal to the last bit to having fitted all dates at once with the same `tune_until`.
        """
        if not hasattr(self, "assets_"):
            return self.fit(prices)
        basket = read_basket(prices, logs=self.logs, known=self.assets_)
        if basket.dates[0] <= self._last_date:
            raise InputError(
                f"prices begin on {show(basket.dates[0])}, the last date seen is {show(self._last_date)}; later dates "
                f"were expected. Use prices.loc[prices.index > '{show(self._last_date)}']."
            )
        self._write(basket, self._run(basket))
        return self

    def learn(self, basket: Basket) -> Self:
        """Learn the parameters from prices that were checked before."""
        check_tunable(basket)
        self.assets_ = basket.assets
        self.tuned_until_ = basket.dates[-1]
        self._learn(basket)
        return self

    def run_over(self, basket: Basket, *, smooth: bool = True) -> Self:
        """Run over prices from before their first date, with the parameters that were learned.

        Without `smooth` a Kalman hedge has no smoothed states (NaN), and is there sooner.
        """
        self._start()
        self.hold(basket, self._run(basket) if smooth else self._run_forwards(basket))
        return self

    def hold(self, basket: Basket, paths: HedgePaths) -> None:
        """Hold the results of a run from the first date on."""
        self._held = NOTHING_HELD
        self._write(basket, paths)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is anything to read."""
        return hasattr(self, "assets_")

    def __getattr__(self, name: str) -> Any:
        """Say what to do where a result is asked for too early."""
        if name.endswith("_") and not name.startswith("_") and "assets_" not in self.__dict__:
            kind = type(self).__name__
            raise NotFittedError(f"{name} was asked of a {kind} that has not been fitted. Call fit(prices) first.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _write(self, basket: Basket, paths: HedgePaths) -> None:
        attrs = {"tuned_until": show(self.tuned_until_), "hedged": str(self.assets_[0])}
        self.hedge_ratios_ = results.hedge_ratios(paths, basket, attrs)
        self.level_ = results.level(paths, basket, attrs)
        self.innovations_ = results.innovations(paths, basket, attrs)
        self.spread_ = results.spreads(paths, basket)
        self.held_value_, self._held = results.held_value(paths, basket, self._held)
        self.next_ = results.ahead(paths, basket, attrs)
        self._last_date: pd.Timestamp = basket.dates[-1]

    def _check_options(self) -> None:
        """Raise InputError for an option that cannot be used."""
        if not isinstance(self.logs, bool):
            raise InputError(f"logs={self.logs!r} came; True or False was expected.")

    def _learn(self, basket: Basket) -> None:
        """Learn parameters from prices until the last date that may be learned from."""
        raise NotImplementedError

    def _start(self) -> None:
        """Go back to before the first date."""

    def _run(self, basket: Basket) -> HedgePaths:
        """Run on over dates, and stay after the last one."""
        raise NotImplementedError

    def _run_forwards(self, basket: Basket) -> HedgePaths:
        """Run as `_run` does; smoothed states that would have to be computed are NaN."""
        return self._run(basket)
