"""Converts values to floats where they are real numbers, and nothing else."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array

_NO_NUMBERS: Any = (bool, np.bool_, np.timedelta64)


def to_floats(values: Any) -> Array:
    """Return real numbers as floats; None and NA become NaN.

    NumPy and pandas take dates for nanoseconds, True for 1, text for the number that it spells and complex numbers for
    their real parts. These are refused here.

    Raises
    ------
    TypeError
        If a value is not a real number, or too large for one; the message has its type.
    """
    array = values.to_numpy() if isinstance(values, pd.Series | pd.DataFrame | pd.Index) else np.asarray(values)
    if array.dtype.kind in "fiu":
        return np.asarray(array, dtype=np.float64)
    if array.dtype.kind != "O":
        raise TypeError(f"got values of type {array.dtype}")
    found = np.empty(array.shape)
    value: Any
    for place, value in np.ndenumerate(array):
        if value is None or value is pd.NA:
            found[place] = np.nan
        elif not isinstance(value, Real) or isinstance(value, _NO_NUMBERS):
            raise TypeError(f"got a {type(value).__name__}")
        else:
            found[place] = _float(value)
    return found


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise TypeError("got a number that is too large") from error
