"""Weights by asset, matched with the assets they are for."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

_SUM_TOLERANCE = 1e-6


def weights_of(weights: Any, assets: pd.Index, excluded: pd.DataFrame, expected_sum: float | None = None) -> Array:
    """Weights in the order of `assets`, 0 for those not named; excluded assets may be named with a weight of 0.

    Raises
    ------
    DataTypeError
        If the weights are not labelled numbers, or what they must sum to is none.
    UnknownNameError
        If they name assets that are not there.
    InputError
        If they hold NaN, name an asset twice, or do not sum to `expected_sum` to 1e-6.
    """
    named = read_numbers(weights, "weights")
    values = named.to_numpy()
    found = assets.get_indexer(named.index)
    absent = (found < 0) & ((values != 0.0) | ~named.index.isin(excluded.index))
    if absent.any():
        raise _unknown(named.index[absent], excluded)
    total = float(values.sum())
    asked: Any = expected_sum
    if isinstance(asked, bool) or not isinstance(asked, int | float | np.number | None):
        raise DataTypeError(f"expected_sum={expected_sum!r}; a number or None was expected. Pass e.g. 1.")
    if expected_sum is not None and not abs(total - expected_sum) <= _SUM_TOLERANCE:
        raise InputError(
            f"weights sum to {total:.8g}; {expected_sum:g} was expected. Divide them by their sum, or say what they "
            "sum to."
        )
    aligned = np.zeros(len(assets))
    aligned[found[found >= 0]] = values[found >= 0]
    return aligned


def dated_weights(weights: Any, dates: pd.DatetimeIndex, assets: pd.Index, observed: Array) -> Array:
    """Weights (T, N) held into each date, from one Series for all dates or from a frame (date x asset).

    Raises
    ------
    DataTypeError
        If the weights are not labelled numbers.
    UnknownNameError
        If they name assets that are not there.
    InputError
        If they lack a date, hold NaN, or hold an asset into a date on which `observed` (T, N) has no return.
    """
    if isinstance(weights, Mapping | pd.Series):
        named = read_numbers(weights, "weights")
        names, rows = named.index, np.tile(named.to_numpy(), (len(dates), 1))
    else:
        names, rows = _rows_of(weights, dates)
    found = assets.get_indexer(names)
    if (found < 0).any():
        raise UnknownNameError(
            f"weights name {listed(list(names[found < 0]))}, which returns lacks; its assets were expected."
        )
    aligned = np.zeros((len(dates), len(assets)))
    aligned[:, found] = rows
    blind = (aligned != 0.0) & np.isnan(observed)
    if blind.any():
        row, column = np.argwhere(blind)[0]
        raise InputError(
            f"weights hold assets on {np.count_nonzero(blind.any(axis=1))} dates without their return (first: "
            f"{assets[column]!r} on {show(dates[row])}); a return was expected where something is held. Put the "
            "weight to 0 there, or fill the return."
        )
    return aligned


def _rows_of(weights: Any, dates: pd.DatetimeIndex) -> tuple[pd.Index, Array]:
    values, known, names = read_values(weights, "weights")
    places = known.get_indexer(dates)
    absent = dates[places < 0]
    if len(absent):
        raise InputError(
            f"weights lack {len(absent)} dates of returns (first: {show(absent[0])}); those held into each date were "
            "expected. Use weights.reindex(returns.index, method='ffill') where they are kept."
        )
    rows = values[places]
    unknown = np.flatnonzero(np.isnan(rows).any(axis=0))
    if len(unknown):
        raise InputError(
            f"weights of {listed(list(names[unknown]))} are NaN on some dates; numbers were "
            "expected. Use weights.fillna(0)."
        )
    return names, rows


def read_numbers(given: Any, name: str) -> "pd.Series[float]":
    """Finite numbers by label, each label once."""
    if isinstance(given, Mapping):
        given = pd.Series(dict(given), dtype=object)
    if not isinstance(given, pd.Series):
        raise DataTypeError(
            f"{name} is a {type(given).__name__}; a Series or mapping by name was expected. Label its numbers."
        )
    if any(isinstance(value, bool | np.bool_) for value in given):
        raise DataTypeError(f"{name} holds True or False; numbers were expected. Convert it.")
    try:
        numbers = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} holds something that is no number; numbers were expected. Convert it.") from error
    odd = ~np.isfinite(numbers.to_numpy())
    if odd.any():
        raise InputError(
            f"{name} of {listed(list(numbers.index[odd]))} is NaN or infinite; numbers were expected. Fill them."
        )
    if not numbers.index.is_unique:
        again = list(numbers.index[numbers.index.duplicated()].unique())
        raise InputError(f"{name} names {listed(again)} twice; each was expected once. Drop one.")
    return numbers


def _unknown(names: pd.Index, excluded: pd.DataFrame) -> UnknownNameError:
    out = [name for name in names if name in excluded.index]
    if out:
        return UnknownNameError(
            f"weights name {listed(out)}, which the covariance excludes ({excluded.loc[out[0], 'reason']}); "
            "others were expected. Give them no weight; excluded_ lists them."
        )
    return UnknownNameError(
        f"weights name {listed(list(names))}, which the covariance lacks; its assets were expected. See assets_."
    )
