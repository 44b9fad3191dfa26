"""Warns about values that are too large to be returns in decimals."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import StatefolioWarning

_TOO_LARGE_A_RETURN = 0.2
_TOO_LARGE_A_MOVE = 0.5
_CELLS_TO_JUDGE_UNITS = 10
_ROWS_TO_JUDGE_UNITS = 101


Columns = npt.NDArray[np.bool_]


def warn_of_units(name: str, values: Array, columns: pd.Index) -> None:
    """Warn about columns whose values are mostly prices or percent rather than returns in decimals."""
    priced, percent = wrong_units(values)
    if priced.any():
        found = listed(list(columns[priced]))
        _warn(
            f"{name} must be returns in decimals, got prices, it seems: {found} never negative and mostly above "
            f"{_TOO_LARGE_A_MOVE}. Use statefolio.to_returns, or .pct_change()."
        )
    if percent.any():
        found = listed(list(columns[percent]))
        _warn(
            f"{name} must be returns in decimals (0.01 = 1 %), got percent, it seems: {found} mostly beyond "
            f"{_TOO_LARGE_A_RETURN:.0%} per date. Use {name} / 100."
        )


def wrong_units(values: Array) -> tuple[Columns, Columns]:
    """Mark the columns of returns that look like prices, and those that look like percent."""
    step = -(-len(values) // _ROWS_TO_JUDGE_UNITS)
    sample = values[::step]
    none = np.zeros(values.shape[1], dtype=bool)
    above = np.abs(sample) > _TOO_LARGE_A_RETURN
    if not above.any():
        return none, none
    large = _columns_mostly(above, sample)
    if not large.any():
        return none, none
    negative = np.fmin.reduce(values, axis=0) < 0.0
    priced = large & _columns_mostly(sample > _TOO_LARGE_A_MOVE, sample) & ~negative
    return priced, large & ~priced


def _columns_mostly(true: npt.NDArray[np.bool_], sample: Array) -> npt.NDArray[np.bool_]:
    """Find the columns where more than half of the known values are true; judged together if there are few dates."""
    known = np.count_nonzero(~np.isnan(sample), axis=0)
    count = np.count_nonzero(true, axis=0)
    if len(sample) >= _CELLS_TO_JUDGE_UNITS:
        mostly: npt.NDArray[np.bool_] = (known >= _CELLS_TO_JUDGE_UNITS) & (2 * count > known)
        return mostly
    enough = known.sum() >= _CELLS_TO_JUDGE_UNITS and 2 * count.sum() > known.sum()
    return np.full(len(known), bool(enough))


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
