"""Policies to measure others by: equal weight, inverse volatility, given weights, and none at all."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed, show
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.portfolio.policies.options import check_dates
from statefolio.portfolio.policy import Decision, History, Holdings


class EqualWeight(BaseEstimator):
    """The same weight in every active asset."""

    def decide(self, history: History, holdings: Holdings) -> "Decision | pd.Series[float]":  # noqa: ARG002
        """Return 1/n of each of n active assets; nothing where there are none."""
        return _equal(history.active)


class InverseVolatility(BaseEstimator):
    """Weights in proportion to 1/volatility over the latest dates.

    Parameters
    ----------
    window
        Dates. An active asset with fewer than half as many returns among them, or whose returns are all the same,
        gets no weight.
    """

    def __init__(self, window: int = 63) -> None:
        self.window = window

    def decide(self, history: History, holdings: Holdings) -> "Decision | pd.Series[float]":  # noqa: ARG002
        """Return weights that sum to one; equal ones where no asset has a volatility yet, and the reason."""
        check_dates("window", self.window, 2)
        recent = history.returns[history.active].iloc[-self.window :]
        known = (recent.count() >= max(2, self.window / 2)) & (recent.max() > recent.min())
        inverse = 1.0 / recent.std()[known]
        if inverse.empty:
            reason = f"no active asset has a volatility over {self.window} dates yet"
            return Decision(_equal(history.active), converged=False, reason=reason, fallback="equal weight")
        return inverse / inverse.sum()


class BuyAndHold(BaseEstimator):
    """What another policy, or a Series of weights, wants at the first decision; never traded again.

    Parameters
    ----------
    first
        A policy, or weights by asset. Default: `EqualWeight()`.
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

    Nothing shows whether they were made with data of later dates; `check_causal` on what builds them does.

    Parameters
    ----------
    weights : DataFrame (date x asset)
        A row is what is wanted from its date on. NaN: none.
    """

    def __init__(self, weights: pd.DataFrame) -> None:
        self.weights = weights

    def decide(self, history: History, holdings: Holdings) -> "pd.Series[float] | None":  # noqa: ARG002
        """Return the latest row whose date has come, of active assets; None before the first."""
        frame: Any = self.weights
        if not isinstance(frame, pd.DataFrame) or not isinstance(frame.index, pd.DatetimeIndex):
            raise DataTypeError(
                f"weights is a {type(frame).__name__}; a DataFrame with dates as its index was expected. Pass one."
            )
        if not frame.index.is_monotonic_increasing or not frame.index.is_unique:
            raise InputError("weights has dates out of order or twice; increasing dates were expected. Sort them.")
        unknown = frame.columns.difference(history.returns.columns)
        if len(unknown):
            raise UnknownNameError(
                f"weights names {listed(list(unknown))}; assets of the market were expected. Drop them."
            )
        row = int(frame.index.searchsorted(history.date, side="right")) - 1
        if row < 0:
            return None
        found = frame.iloc[row].fillna(0.0)
        if not np.isfinite(found).all():
            raise InputError(f"weights of {show(frame.index[row])} are infinite; finite ones were expected.")
        return found[found.index.isin(history.active)]


def _equal(active: pd.Index) -> "pd.Series[float]":
    return pd.Series(1.0 / max(len(active), 1), index=active)
