"""Checks the values of single limits on weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._options import is_number
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.contradictions import numbers_by_asset


def check_bounds(lower: object, upper: object) -> None:
    """Raise an error unless both are numbers or numbers by asset, and lower is nowhere above upper."""
    for name, bound in (("lower", lower), ("upper", upper)):
        wrong = np.inf if name == "lower" else -np.inf
        for asset, value in _numbers(name, bound):
            if not is_number(value) or np.isnan(value) or value == wrong:
                where = "" if asset is None else f" for {asset!r}"
                raise InputError(
                    f"{name} must be a number, or {-wrong} for no bound, got {shown(value)}{where}. Pass e.g. "
                    f"{name}={0 if name == 'lower' else 0.1}, or leave out assets without their own bound."
                )
    if is_number(lower) and is_number(upper) and lower > upper:
        raise InputError(f"lower must be at most upper, {upper!r}, got {lower!r}. Exchange them.")
    crossed = {name: ends for name, ends in named_bounds(lower, upper).items() if ends[0] > ends[1]}
    if crossed:
        low, high = next(iter(crossed.values()))
        raise InputError(
            f"lower must be at most upper for every asset, got {low:g} above {high:g} for {listed(crossed)}. An asset "
            "that is not named gets 0 and 1: name it in both."
        )


def named_bounds(lower: Any, upper: Any) -> dict[Any, tuple[float, float]]:
    """Return the lower and upper bound of each named asset."""
    (low, low_else), (high, high_else) = numbers_by_asset(lower, 0.0), numbers_by_asset(upper, 1.0)
    return {name: (low.get(name, low_else), high.get(name, high_else)) for name in dict.fromkeys([*low, *high])}


def _numbers(name: str, bound: object) -> list[tuple[object, object]]:
    """Return the bounds with the asset of each; None where one bound is for all assets."""
    if isinstance(bound, pd.Series):
        check_unique(name, bound)
    if isinstance(bound, Mapping | pd.Series):
        return list(
            zip(bound.keys(), bound.to_numpy() if isinstance(bound, pd.Series) else bound.values(), strict=True)
        )
    if np.ndim(bound) or bound is None:  # type: ignore[arg-type]
        raise DataTypeError(
            f"{name} must be a number, or a Series or mapping by asset, got {shown(bound)}. "
            f"Pass e.g. {name}={{'AAPL': 0.1}}."
        )
    return [(None, bound)]


def check_unique(name: str, given: "pd.Series[Any]") -> None:
    """Raise an error if a Series names an asset twice."""
    again = given.index[given.index.duplicated()].unique()
    if len(again):
        raise InputError(f"{name} must name each asset once, got {listed(again)} twice. Drop one entry.")


def check_range(name: str, given: object, between: object) -> None:
    """Raise an error unless `between` is (least, most); `given` is the value that the user passed."""
    kind = "a number or (least, most)" if name == "net" else "(least, most)"
    valid = isinstance(between, tuple | list) and len(between) == 2
    if not valid or not all(end is None or (is_number(end) and not np.isnan(end)) for end in between):  # type: ignore[attr-defined]
        raise InputError(
            f"{name} must be {kind}, each a number or None, got {shown(given)}. Pass e.g. (0.0, 1.0), with None for no "
            "limit."
        )
    least, most = (free if end is None else end for end, free in zip(between, (-np.inf, np.inf), strict=True))  # type: ignore[call-overload]
    if not least <= most:
        raise InputError(
            f"{name} must have its first number at most its second, got {shown(given)}. Exchange the two numbers."
        )
