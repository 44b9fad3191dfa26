"""Cuts and hashes dated data: a market, a DataFrame, or a mapping of DataFrames."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from statefolio._arrays.text import shown
from statefolio.backtest.validation.content_hash import hash_frame, hash_parameters
from statefolio.exceptions import DataTypeError, InputError

_MARKET_FRAMES = (
    "returns",
    "factors",
    "cash_rate",
    "dollar_volumes",
    "delistings",
    "delisting_return",
)


def dates_of(data: Any) -> pd.DatetimeIndex:
    """Return the dates of a market, or all dates that any of the frames has."""
    if _is_market(data):
        return pd.DatetimeIndex(data.dates)
    frames = [_dated(frame, name) for name, frame in _frames(data).items()]
    found = frames[0].index
    for frame in frames[1:]:
        found = found.union(frame.index)
    return pd.DatetimeIndex(found)


def until(data: Any, date: pd.Timestamp) -> Any:
    """Return the data up to a date, in the same form."""
    if _is_market(data):
        return data.until(date)
    if isinstance(data, Mapping):
        return {name: frame.loc[:date].copy() for name, frame in data.items()}
    return data.loc[:date].copy()


def hash_between(data: Any, start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Return the SHA-256 of the data from `start` to `end`, both included.

    Data without dates (delistings by asset) are hashed as they are known at `end`.
    """
    known = until(data, end)
    parts = {}
    for name, frame in _frames(known).items():
        dated = isinstance(frame.index, pd.DatetimeIndex)
        parts[name] = hash_frame(frame.loc[start:] if dated else frame)
    return hash_parameters(parts)


def _is_market(data: Any) -> bool:
    return callable(getattr(data, "until", None)) and hasattr(data, "dates")


def _frames(data: Any) -> dict[str, Any]:
    if isinstance(data, pd.DataFrame | pd.Series):
        return {"data": data}
    if isinstance(data, Mapping):
        if not data:
            raise InputError("data must hold at least one DataFrame, got none. Pass e.g. data={'returns': returns}.")
        return {str(name): _dated(frame, str(name)) for name, frame in data.items()}
    if not _is_market(data):
        raise DataTypeError(
            f"data must be a Market, a DataFrame by date, or a mapping of such frames, got {shown(data)}. Pass e.g. "
            "data=returns."
        )
    found = {name: getattr(data, name, None) for name in _MARKET_FRAMES}
    found |= {f"others/{name}": frame for name, frame in (getattr(data, "others", None) or {}).items()}
    return {name: frame for name, frame in found.items() if isinstance(frame, pd.DataFrame | pd.Series)}


def _dated(frame: Any, name: str) -> Any:
    index = getattr(frame, "index", None)
    if not isinstance(index, pd.DatetimeIndex) or not index.is_monotonic_increasing or not index.is_unique:
        raise InputError(
            f"{name} must be indexed by increasing dates without duplicates, got a {type(index).__name__} that is not. "
            f"Use {name}.sort_index(), or make the column of dates its index."
        )
    return frame
