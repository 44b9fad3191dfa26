"""What a hedge found, with names on it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.types import Array
from statefolio.pairs.prices import Basket

LEVEL = "level"
SIX = (
    "predicted",
    "predicted_variance",
    "filtered",
    "filtered_variance",
    "smoothed",
    "smoothed_variance",
)


@dataclass(frozen=True, eq=False)
class HedgePaths:
    """States of T dates: the level b_1, then the hedge ratios b_2 ... b_k. NaN where there is none."""

    predicted: Array  # (T, k), and so the next five
    predicted_variance: Array
    filtered: Array
    filtered_variance: Array
    smoothed: Array
    smoothed_variance: Array
    innovation: Array  # (T,) of x_1, NaN where a price is missing
    innovation_variance: Array  # (T,)
    mean: Array  # (k,) of the date not yet seen
    covariance: Array  # (k, k)
    observation_variance: float


class Held(NamedTuple):
    """What a later date needs to know of the value held: the last prices, all of them, and the sum so far."""

    prices: Array  # (k,) NaN before the first
    value: float


NOTHING_HELD = Held(np.full(1, np.nan), 0.0)


def hedge_ratios(paths: HedgePaths, basket: Basket, attrs: dict[str, str]) -> xr.Dataset:
    """Hedge ratios by date and asset."""
    variables = {name: (("date", "asset"), getattr(paths, name)[:, 1:]) for name in SIX}
    return xr.Dataset(variables, {"date": basket.dates, "asset": basket.assets[1:]}, attrs)


def level(paths: HedgePaths, basket: Basket, attrs: dict[str, str]) -> xr.Dataset:
    """The level by date."""
    variables = {name: ("date", getattr(paths, name)[:, 0]) for name in SIX}
    return xr.Dataset(variables, {"date": basket.dates}, attrs)


def innovations(paths: HedgePaths, basket: Basket, attrs: dict[str, str]) -> xr.Dataset:
    """Innovations of the hedged asset by date."""
    variables = {"innovation": ("date", paths.innovation), "innovation_variance": ("date", paths.innovation_variance)}
    return xr.Dataset(variables, {"date": basket.dates}, attrs)


def ahead(paths: HedgePaths, basket: Basket, attrs: dict[str, str]) -> xr.Dataset:
    """Law of the state on the first date not yet seen."""
    names = pd.Index([LEVEL, *basket.assets[1:]])
    variables = {
        "mean": ("state", paths.mean),
        "covariance": (("state", "state_other"), paths.covariance),
        "observation_variance": ((), paths.observation_variance),
    }
    return xr.Dataset(variables, {"state": names, "state_other": names}, attrs)


def spreads(paths: HedgePaths, basket: Basket) -> pd.DataFrame:
    """What x_1 is worth less its hedge, the level left in, under predicted and under filtered ratios."""
    x = basket.values
    columns = {
        name: x[:, 0] - (getattr(paths, name)[:, 1:] * x[:, 1:]).sum(axis=1) for name in ("predicted", "filtered")
    }
    return pd.DataFrame(columns, index=basket.dates)


def held_value(paths: HedgePaths, basket: Basket, before: Held) -> "tuple[pd.Series[float], Held]":
    """What somebody earned who held x_1 against its hedge, each change under the ratios predicted for its date.

    The running sum of dx_1 - sum of b_j,t|t-1 dx_j, from one date with all prices to the next; NaN before the first
    prediction and on dates that lack a price.
    """
    x = basket.values
    seen = np.flatnonzero(~np.isnan(x[:, 0]))
    value = np.full(len(x), np.nan)
    if len(seen) == 0:
        return pd.Series(value, index=basket.dates, name="held_value"), before
    earlier = np.vstack([np.broadcast_to(before.prices, x.shape[1]), x[seen[:-1]]])
    change = x[seen] - earlier
    earned = change[:, 0] - (paths.predicted[seen, 1:] * change[:, 1:]).sum(axis=1)
    known = ~np.isnan(earned)
    sums = np.cumsum(np.concatenate([[before.value], np.where(known, earned, 0.0)]))[1:]
    value[seen] = np.where(known, sums, np.nan)
    return pd.Series(value, index=basket.dates, name="held_value"), Held(x[seen[-1]].copy(), float(sums[-1]))
