"""Reads yearly rates that may differ by asset and date."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio.backtest.by_asset import by_asset
from statefolio.exceptions import InputError, UnknownNameError


def rates_by_date(given: Any, dates: pd.DatetimeIndex, assets: pd.Index, name: str, least: float) -> Array:
    """Return a rate by date and asset: (1, N) from a number or a Series by asset, (T, N) from a DataFrame.

    Parameters
    ----------
    given
        A number, a Series or mapping by asset, or a DataFrame (date x asset).
    dates
        Dates that a DataFrame must have.
    assets
        Assets that it must have.
    name
        Name of the option, for messages.
    least
        Smallest valid rate.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If a rate is not a finite number of at least `least`, or an asset or a date has none.
    """
    if not (hasattr(given, "columns") and hasattr(given, "shape")):
        return by_asset(given, assets, name, least)[None, :]
    values, known, names = read_values(given, name)
    absent = assets[~assets.isin(names)]
    if len(absent):
        raise UnknownNameError(
            f"{name} must have a column for every asset of the market, got none for {listed(list(absent))}. Add them."
        )
    rows = known.get_indexer(dates)
    if (rows < 0).any():
        raise InputError(
            f"{name} must have every date of the run, got {int((rows < 0).sum())} missing (first: "
            f"{show(dates[rows < 0][0])}). Add these dates, e.g. with {name}.reindex(returns.index, method='ffill')."
        )
    rates = values[np.ix_(rows, names.get_indexer(assets))]
    valid = np.isfinite(rates) & (rates >= least)
    if not valid.all():
        row, place = np.argwhere(~valid)[0]
        raise InputError(
            f"{name} must hold finite numbers{'' if np.isinf(least) else f' of at least {least:g}'}, got "
            f"{rates[row, place]:g} for {assets[place]!r} on {show(dates[row])}. Correct that value."
        )
    return np.ascontiguousarray(rates)
