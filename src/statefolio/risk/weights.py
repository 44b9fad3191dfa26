"""Reads labelled weights and aligns them with the assets of a covariance or a panel."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.numbers import to_floats
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._plausible.weights import are_percent
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

SUM_TOLERANCE = 1e-6


def match_weights(weights: Any, assets: pd.Index, excluded: pd.DataFrame, expected_sum: float | None = None) -> Array:
    """Return weights in the order of `assets`, 0 if not named; excluded assets may be named with a weight of 0.

    Raises
    ------
    DataTypeError
        If the weights are not labelled numbers, or `expected_sum` is not a number.
    UnknownNameError
        If they name unknown assets.
    InputError
        If they contain NaN, name an asset twice, are percent, or do not sum to `expected_sum` to 1e-6.
    """
    named = read_numbers(weights, "weights")
    values = named.to_numpy()
    found = assets.get_indexer(named.index)
    absent = (found < 0) & ((values != 0.0) | ~named.index.isin(excluded.index))
    if absent.any():
        raise _unknown(named.index[absent], excluded)
    total = float(values.sum())
    _check_shares(values[None], [""])
    given: Any = expected_sum
    if isinstance(given, bool) or not isinstance(given, int | float | np.number | None):
        raise DataTypeError(
            f"expected_sum must be a number or None, got {shown(expected_sum)}. Pass e.g. expected_sum=1."
        )
    if expected_sum is not None and not abs(total - expected_sum) <= SUM_TOLERANCE:
        raise InputError(
            f"weights must sum to {expected_sum:g}, got a sum of {total:.8g}. Divide them by their sum, or pass "
            "another expected_sum."
        )
    aligned = np.zeros(len(assets))
    aligned[found[found >= 0]] = values[found >= 0]
    return aligned


def dated_weights(weights: Any, dates: pd.DatetimeIndex, assets: pd.Index, observed: Array) -> Array:
    """Return weights (T, N) held into each date, from a Series for all dates or a DataFrame (date x asset).

    Raises
    ------
    DataTypeError
        If the weights are not labelled numbers.
    UnknownNameError
        If they name unknown assets.
    InputError
        If they lack a date, contain NaN, are percent, or hold an asset into a date on which `observed` (T, N) has no
        return.
    """
    if isinstance(weights, Mapping | pd.Series):
        named = read_numbers(weights, "weights")
        names, rows = named.index, np.tile(named.to_numpy(), (len(dates), 1))
        _check_shares(rows[:1], [""])
    else:
        names, rows = _rows_of(weights, dates)
        _check_shares(rows, [f" on {show(date)}" for date in dates])
    found = assets.get_indexer(names)
    if (found < 0).any():
        raise UnknownNameError(
            f"weights must name assets of returns, got {listed(list(names[found < 0]))}. Leave them out, or add their "
            "returns."
        )
    aligned = np.zeros((len(dates), len(assets)))
    aligned[:, found] = rows
    unpriced = (aligned != 0.0) & np.isnan(observed)
    if unpriced.any():
        row, column = np.argwhere(unpriced)[0]
        raise InputError(
            "returns must be known where an asset is held, got weights on "
            f"{np.count_nonzero(unpriced.any(axis=1))} dates without their return (first: {assets[column]!r} on "
            f"{show(dates[row])}). Set the weight to 0 there, or fill the return."
        )
    return aligned


def _check_shares(rows: Any, where: list[str]) -> None:
    """Refuse weights (dates, assets) that are percent; `where` has the date of each row, for messages."""
    percent = are_percent(rows)
    if percent.any():
        row = int(np.argmax(percent))
        raise InputError(
            f"weights must be shares of the portfolio's value, got the sum {rows[row].sum():g}{where[row]}: percent, "
            "it seems. Divide them by 100."
        )


def _rows_of(weights: Any, dates: pd.DatetimeIndex) -> tuple[pd.Index, Array]:
    values, known, names = read_values(weights, "weights")
    places = known.get_indexer(dates)
    absent = dates[places < 0]
    if len(absent):
        raise InputError(
            f"weights must have every date of returns, got {len(absent)} missing (first: {show(absent[0])}). Use "
            "weights.reindex(returns.index, method='ffill') if they are kept."
        )
    rows = values[places]
    unknown = np.flatnonzero(np.isnan(rows).any(axis=0))
    if len(unknown):
        raise InputError(
            f"weights must be numbers on all dates, got NaN for {listed(list(names[unknown]))}. Use weights.fillna(0)."
        )
    return names, rows


def read_numbers(given: Any, name: str) -> "pd.Series[float]":
    """Read finite numbers by label, each label once.

    Raises
    ------
    DataTypeError
        If they are not labelled, or not numbers.
    InputError
        If one is NaN or infinite, or a label occurs twice.
    """
    if isinstance(given, Mapping):
        given = pd.Series(dict(given), dtype=object)
    if not isinstance(given, pd.Series):
        raise DataTypeError(
            f"{name} must be a Series or a mapping from name to number, got {shown(given)}. Label its numbers."
        )
    if any(isinstance(value, bool | np.bool_) for value in given):
        raise DataTypeError(f"{name} must hold numbers, got True or False. Convert them with .astype(float).")
    try:
        numbers = pd.Series(to_floats(given), index=given.index, name=given.name)
    except TypeError as error:
        raise DataTypeError(f"{name} must hold numbers, got other values. Convert them with pd.to_numeric.") from error
    odd = ~np.isfinite(numbers.to_numpy())
    if odd.any():
        raise InputError(
            f"{name} must be finite, got NaN or infinite values for {listed(list(numbers.index[odd]))}. Fill them."
        )
    if not numbers.index.is_unique:
        again = list(numbers.index[numbers.index.duplicated()].unique())
        raise InputError(f"{name} must have each name once, got {listed(again)} twice. Drop one.")
    return numbers


def _unknown(names: pd.Index, excluded: pd.DataFrame) -> UnknownNameError:
    out = [name for name in names if name in excluded.index]
    if out:
        return UnknownNameError(
            f"weights must name assets of the covariance, got {listed(out)}, which it excludes "
            f"({excluded.loc[out[0], 'reason']}). Give them no weight; excluded_ lists them."
        )
    return UnknownNameError(
        f"weights must name assets of the covariance, got {listed(list(names))}. Leave them out; assets_ lists its "
        "assets."
    )
