"""Simple benchmark policies: equal weight, inverse volatility, buy and hold, given weights."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed, show, shown
from statefolio._options import Whole, check_options
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
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

    def decide(self, history: History, holdings: Holdings) -> "Decision | pd.Series[float]":  # noqa: ARG002
        """Return weights that sum to one; equal ones, with a reason, if no asset has a volatility yet."""
        check_options(self, RULES)
        recent = history.returns[history.active].iloc[-self.window :]
        known = (recent.count() >= max(2, self.window / 2)) & (recent.max() > recent.min())
        inverse = 1.0 / recent.std()[known]
        if inverse.empty:
            reason = f"no active asset has a volatility over {self.window} dates yet"
            return Decision(_equal(history.active), converged=False, reason=reason, fallback="equal weight")
        return inverse / inverse.sum()


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
        """Return the first weights while nothing is held, then None."""
        if holdings.weights.any():
            return None
        first = EqualWeight() if self.first is None else self.first
        return first.decide(history, holdings) if hasattr(first, "decide") else first


class GivenWeights(BaseEstimator):
    """Weights given in advance, by date.

    A back-test cannot detect whether they use data of later dates; `check_causal` on the function that builds them can.

    Parameters
    ----------
    weights : DataFrame (date x asset)
        Each row applies from its date on. NaN: no weight.

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

    def decide(self, history: History, holdings: Holdings) -> "pd.Series[float] | None":  # noqa: ARG002
        """Return the latest row on or before the date, for active assets; None before the first."""
        frame: Any = self.weights
        if not isinstance(frame, pd.DataFrame) or not isinstance(frame.index, pd.DatetimeIndex):
            raise DataTypeError(
                f"weights must be a DataFrame with a DatetimeIndex, got {shown(frame)}. Pass one row per date and one "
                "column per asset."
            )
        if not frame.index.is_monotonic_increasing or not frame.index.is_unique:
            kind = "dates twice" if frame.index.is_monotonic_increasing else "dates out of order"
            raise InputError(
                f"weights must have increasing dates, got {kind}. Use weights.sort_index(), and keep one row per date."
            )
        unknown = frame.columns.difference(history.returns.columns)
        if len(unknown):
            raise UnknownNameError(
                f"weights must name assets of the market ({listed(history.returns.columns)}), got {listed(unknown)}. "
                "Drop these columns."
            )
        row = int(frame.index.searchsorted(history.date, side="right")) - 1
        if row < 0:
            return None
        found = frame.iloc[row].fillna(0.0)
        if not np.isfinite(found).all():
            odd = found.index[~np.isfinite(found)]
            raise InputError(
                f"weights must be finite, got infinite ones for {listed(odd)} on {show(frame.index[row])}. Correct "
                "them."
            )
        return found[found.index.isin(history.active)]


def _equal(active: pd.Index) -> "pd.Series[float]":
    return pd.Series(1.0 / max(len(active), 1), index=active)
