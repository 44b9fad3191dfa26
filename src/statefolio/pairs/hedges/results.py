"""Labels the estimates of a hedge with dates and assets, and computes its spread and held value."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.types import Array
from statefolio.pairs.prices import Basket

LEVEL = "level"
STATE_VARIABLES = (
    "predicted",
    "predicted_variance",
    "filtered",
    "filtered_variance",
    "smoothed",
    "smoothed_variance",
)


@dataclass(frozen=True, eq=False)
class HedgeEstimates:
    """Estimates on T dates. States are the level b_1, then the hedge ratios b_2 ... b_k; missing values are NaN."""

    predicted: Array  # (T, k), as the next five
    predicted_variance: Array
    filtered: Array
    filtered_variance: Array
    smoothed: Array
    smoothed_variance: Array
    innovation: Array  # (T,) of x_1; NaN if a price is missing
    innovation_variance: Array  # (T,)
    mean: Array  # (k,) predicted state of the next date
    covariance: Array  # (k, k)
    observation_variance: float


class HeldState(NamedTuple):
    """State of the held value after a date."""

    prices: Array  # (k,) prices of the last complete date; NaN before the first
    value: float


_SPREADS = pd.Index(["predicted", "filtered"])  # made once: hundreds of hedges are labelled with it
NO_HELD_VALUE = HeldState(np.full(1, np.nan), 0.0)


@dataclass(frozen=True, eq=False)
class LabelledEstimates:
    """Estimates with dates and assets, labelled when first read: hundreds of draws never are."""

    estimates: HedgeEstimates
    basket: Basket
    attrs: dict[str, str]

    @cached_property
    def hedge_ratios(self) -> xr.Dataset:
        """Hedge ratios by date and asset."""
        variables = {name: (("date", "asset"), getattr(self.estimates, name)[:, 1:]) for name in STATE_VARIABLES}
        return xr.Dataset(variables, {"date": self.basket.dates, "asset": self.basket.assets[1:]}, self.attrs)

    @cached_property
    def level(self) -> xr.Dataset:
        """The level by date."""
        variables = {name: ("date", getattr(self.estimates, name)[:, 0]) for name in STATE_VARIABLES}
        return xr.Dataset(variables, {"date": self.basket.dates}, self.attrs)

    @cached_property
    def innovations(self) -> xr.Dataset:
        """Innovations of the hedged asset by date."""
        variables = {
            "innovation": ("date", self.estimates.innovation),
            "innovation_variance": ("date", self.estimates.innovation_variance),
        }
        return xr.Dataset(variables, {"date": self.basket.dates}, self.attrs)

    @cached_property
    def next_state(self) -> xr.Dataset:
        """The predicted mean and covariance of the state on the next date."""
        names = pd.Index([LEVEL, *self.basket.assets[1:]])
        variables = {
            "mean": ("state", self.estimates.mean),
            "covariance": (("state", "state_other"), self.estimates.covariance),
            "observation_variance": ((), self.estimates.observation_variance),
        }
        return xr.Dataset(variables, {"state": names, "state_other": names}, self.attrs)


def spreads(estimates: HedgeEstimates, basket: Basket) -> pd.DataFrame:
    """Return x_1 minus its hedge, without subtracting the level, under predicted and filtered ratios."""
    both = [spread(states, basket.values) for states in (estimates.predicted, estimates.filtered)]
    return pd.DataFrame(np.column_stack(both), index=basket.dates, columns=_SPREADS)


def spread(states: Array, x: Array) -> Array:
    """Return x_1 minus its hedge (T,) for states (T, k) and prices (T, k)."""
    found: Array = x[:, 0] - (states[:, 1:] * x[:, 1:]).sum(axis=1)
    return found


def held_value(estimates: HedgeEstimates, basket: Basket, before: HeldState) -> "tuple[pd.Series[float], HeldState]":
    """Return the profit of holding x_1 against its hedge under predicted ratios, and the state after the last date."""
    value, after = held_values(estimates.predicted, basket.values, before)
    return pd.Series(value, index=basket.dates, name="held_value"), after


def held_values(predicted: Array, x: Array, before: HeldState) -> tuple[Array, HeldState]:
    """Return the held value (T,) for predicted states (T, k) and prices (T, k), and the state after the last date.

    It is the running sum of dx_1 - sum of b_j,t|t-1 dx_j, from one date with all prices to the next. It is NaN before
    the first prediction and on dates without all prices.
    """
    seen = np.flatnonzero(~np.isnan(x[:, 0]))
    value = np.full(len(x), np.nan)
    if len(seen) == 0:
        return value, before
    earlier = np.vstack([np.broadcast_to(before.prices, x.shape[1]), x[seen[:-1]]])
    change = x[seen] - earlier
    earned = change[:, 0] - (predicted[seen, 1:] * change[:, 1:]).sum(axis=1)
    known = ~np.isnan(earned)
    sums = np.cumsum(np.concatenate([[before.value], np.where(known, earned, 0.0)]))[1:]
    value[seen] = np.where(known, sums, np.nan)
    return value, HeldState(x[seen[-1]].copy(), float(sums[-1]))
