"""Checks that weights which users pass can be meant as shares of the portfolio's value."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._plausible.weights import are_percent
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning
from statefolio.risk.weights import read_numbers

_MOST_LEVERAGE = 10.0


def check_dated_weights(frame: Any) -> pd.DatetimeIndex:
    """Return the dates of a DataFrame of weights by date, or raise an error; warn if they are implausible.

    Raises
    ------
    DataTypeError
        If it is not a DataFrame of numbers with a DatetimeIndex.
    InputError
        If dates do not increase, an asset is named twice, a weight is infinite, or the weights of
        a date sum to 100.
    """
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
    if frame.empty:
        return frame.index.tz_localize(None)
    values, dates, _ = read_values(frame, "weights")
    _check_sizes(values, [f" on {show(date)}" for date in dates], "weights")
    none = np.isnan(values).all(axis=1)
    empty = dates[np.flatnonzero(none & ~np.logical_and.accumulate(none))]
    if len(empty):
        _warn(
            f"weights must have a number on every date, got only NaN on {listed(map(show, empty))}: everything is "
            "sold then. Drop these rows to keep the former weights, or pass 0."
        )
    return dates


def check_named_weights(given: Any, name: str) -> None:
    """Raise an error unless these are plausible weights by asset, without dates."""
    _check_sizes(np.array(read_numbers(given, name), dtype=np.float64)[None], [""], name)


def _check_sizes(values: Array, where: list[str], name: str) -> None:
    """Weights (dates, assets), NaN for none; `where` has the date of each row, for messages."""
    if not np.nansum(np.abs(values)) > 0.0:
        _warn(f"{name} must be other than 0 for some asset, got 0 or NaN for all: nothing is held. Pass a weight.")
    sums, gross = np.nansum(values, axis=1), np.nansum(np.abs(values), axis=1)
    percent = are_percent(values)
    if percent.any():
        row = int(np.argmax(percent))
        raise InputError(
            f"{name} must be shares of the portfolio's value, got weights that sum to {sums[row]:g}{where[row]}: "
            "percent, it seems. Divide them by 100."
        )
    large = gross > _MOST_LEVERAGE
    if large.any():
        row = int(np.argmax(large))
        _warn(
            f"{name} must be shares of the portfolio's value, got positions of {gross[row]:g} times the value"
            f"{where[row]}. Divide them by 100 if they are percent."
        )


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
