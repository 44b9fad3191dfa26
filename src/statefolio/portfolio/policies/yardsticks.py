"""Simple benchmark policies: equal weight, inverse volatility, buy and hold, given weights."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed, show
from statefolio._options import Whole, check_options
from statefolio.exceptions import UnknownNameError
from statefolio.portfolio.policies.given_weights import check_dated_weights, check_named_weights
from statefolio.portfolio.policies.notes import marked_sales, notes, sold_positions
from statefolio.portfolio.policy import Decision, History, Holdings

RULES = {"window": Whole(at_least=2, example=63)}


class EqualWeight(BaseEstimator):
    """The same weight in every active asset.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns[["JNJ", "AMD"]].iloc[-250:])
    >>> result = sf.run_backtest(sf.EqualWeight(), market, rebalance="daily")
    >>> result.weights.iloc[-1].round(2).to_dict()
    {'JNJ': 0.5, 'AMD': 0.5}
    """

    def decide(self, history: History, holdings: Holdings) -> "Decision | pd.Series[float]":  # noqa: ARG002
        """Return 1/n for each of n active assets; nothing if there are none."""
        return _equal(history.active)


class InverseVolatility(BaseEstimator):
    """Weights in proportion to 1/volatility over the latest dates.

    Parameters
    ----------
    window
        Dates. An active asset gets no weight if it has returns on fewer than half of them, or constant returns.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns[["JNJ", "AMD"]].iloc[-250:])
    >>> policy = sf.portfolio.InverseVolatility(window=63)
    >>> result = sf.run_backtest(policy, market, start="2022-10-03", rebalance="daily")
    >>> result.weights.iloc[-1].round(2).to_dict()
    {'JNJ': 0.8, 'AMD': 0.2}
    """

    def __init__(self, window: int = 63) -> None:
        self.window = window

    def decide(self, history: History, holdings: Holdings) -> "Decision | pd.Series[float]":
        """Return weights that sum to one.

        A fallback with the reason while fewer dates than the window are known: weights over these dates, or equal ones
        if no asset has returns on half of the window.
        """
        check_options(self, RULES)
        recent = history.returns[history.active].iloc[-self.window :]
        known = (recent.count() >= max(2, self.window / 2)) & (recent.max() > recent.min())
        inverse = 1.0 / recent.std()[known]
        short = f"window of {self.window} dates, {len(recent)} known" if len(recent) < self.window else ""
        if inverse.empty:
            reason = short or f"no active asset has a volatility over {self.window} dates"
            return Decision(_equal(history.active), converged=False, reason=reason, fallback="equal weight")
        weights = inverse / inverse.sum()
        measured = {"a volatility": weights.index}
        sold = sold_positions(holdings, history.active, measured)
        details = marked_sales(holdings, history.active, measured)
        if short:
            return Decision(weights, False, notes(short, sold), "shorter window", details)
        return Decision(weights, reason=sold, details=details) if sold else weights


class BuyAndHold(BaseEstimator):
    """The weights of another policy, or given ones, at the first decision; no trades after that.

    Parameters
    ----------
    first
        A policy, or weights by asset. Default: `EqualWeight()`.

    Examples
    --------
    Weights drift with prices:

    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns[["JNJ", "AMD"]].iloc[-250:])
    >>> result = sf.run_backtest(sf.portfolio.BuyAndHold(), market)
    >>> result.weights.iloc[-1].round(2).to_dict()
    {'JNJ': 0.71, 'AMD': 0.29}
    """

    def __init__(self, first: Any = None) -> None:
        self.first = first

    def decide(self, history: History, holdings: Holdings) -> Any:
        """Return the first weights while nothing is held, then None.

        Raises
        ------
        InputError, DataTypeError
            If given weights are no shares of the value by asset: they sum to 100.
        """
        if holdings.weights.any():
            return None
        first = EqualWeight() if self.first is None else self.first
        if hasattr(first, "decide"):
            return first.decide(history, holdings)
        check_named_weights(first, "first")
        return first


class GivenWeights(BaseEstimator):
    """Weights given in advance, by date.

    A back-test cannot detect whether they use data of later dates; `check_causal` on the function that builds them can.

    Parameters
    ----------
    weights : DataFrame (date x asset)
        Shares of the portfolio's value. Each row applies from its date on. NaN: no weight.

    Warns
    -----
    StatefolioWarning
        If the positions of a date are more than 10 times the value, a row after the first weights has only NaN
        (everything is sold then), or all weights are 0.

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns[["JNJ", "AMD"]].iloc[-250:])
    >>> dates = pd.to_datetime(["2022-10-03", "2022-12-01"])
    >>> weights = pd.DataFrame({"JNJ": [0.2, 0.8], "AMD": [0.8, 0.2]}, index=dates)
    >>> result = sf.run_backtest(sf.portfolio.GivenWeights(weights), market, start="2022-10-03")
    >>> result.weights.iloc[-1].round(2).to_dict()
    {'JNJ': 0.83, 'AMD': 0.17}
    """

    def __init__(self, weights: pd.DataFrame) -> None:
        self.weights = weights

    def decide(self, history: History, holdings: Holdings) -> "Decision | pd.Series[float]":  # noqa: ARG002
        """Return the latest row on or before the date, for active assets.

        A fallback with the reason before the first row (no trade), and where the row has weights in assets that are not
        active (they stay in cash).

        Raises
        ------
        InputError, DataTypeError, UnknownNameError
            If weights are no shares of the value by date (they sum to 100, dates do not increase, an asset is named
            twice, a weight is infinite), or name assets that the market lacks.
        """
        dates = self._check()
        unknown = self.weights.columns[~self.weights.columns.isin(history.returns.columns)]
        if len(unknown):
            raise UnknownNameError(
                f"weights must name assets of the market ({listed(history.returns.columns)}), got {listed(unknown)}. "
                "Drop these columns."
            )
        row = int(dates.searchsorted(history.date, side="right")) - 1
        if row < 0:
            first = f"the first weights given are of {show(dates[0])}" if len(self.weights) else ""
            reason = first or "no weights are given"
            return Decision(None, converged=False, reason=reason, fallback="keep")
        found = self.weights.iloc[row].fillna(0.0).astype(np.float64)
        active = found.index.isin(history.active)
        lost = found[~active & (found != 0.0)]
        if len(lost):
            reason = f"given weights of assets that cannot be bought: {_with_values(lost)}"
            return Decision(found[active], converged=False, reason=reason, fallback="cash for them")
        return found[active]

    def _check(self) -> pd.DatetimeIndex:
        """Return the dates of the weights; check these unless this is the same object as at the last check."""
        if getattr(self, "_checked", None) is not self.weights:
            self._dates = check_dated_weights(self.weights)
            self._checked = self.weights
        return self._dates


def _with_values(weights: "pd.Series[float]") -> str:
    return ", ".join(f"{name!r} ({weight:g})" for name, weight in weights.items())


def _equal(active: pd.Index) -> "pd.Series[float]":
    return pd.Series(1.0 / max(len(active), 1), index=active)
