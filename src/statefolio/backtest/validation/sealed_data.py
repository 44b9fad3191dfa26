"""Data of any shape, up to a date and by content: a market, a frame, or a mapping of frames."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from statefolio.backtest.validation.content import hash_frame, hash_parameters
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
    """Dates of a market; of frames, all dates that any has."""
    if _is_market(data):
        return pd.DatetimeIndex(data.dates)
    frames = [_dated(frame, name) for name, frame in _frames(data).items()]
    found = frames[0].index
    for frame in frames[1:]:
        found = found.union(frame.index)
    return pd.DatetimeIndex(found)


def until(data: Any, date: pd.Timestamp) -> Any:
    """The same kind of data, without anything after a date."""
    if _is_market(data):
        return data.until(date)
    if isinstance(data, Mapping):
        return {name: frame.loc[:date].copy() for name, frame in data.items()}
    return data.loc[:date].copy()


def hash_between(data: Any, start: pd.Timestamp, end: pd.Timestamp) -> str:
    """SHA-256 of everything from a date to another, both included.

    What has no dates (delistings by asset) counts as it stands for someone who knows the data to `end`.
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
            raise InputError("data is an empty mapping; frames by name were expected. Pass e.g. {'returns': returns}.")
        return {str(name): _dated(frame, str(name)) for name, frame in data.items()}
    if not _is_market(data):
        raise DataTypeError(
            f"data is a {type(data).__name__}; a Market, a DataFrame by date, or a mapping of such frames was expected."
        )
    found = {name: getattr(data, name, None) for name in _MARKET_FRAMES}
    found |= {f"others/{name}": frame for name, frame in (getattr(data, "others", None) or {}).items()}
    return {name: frame for name, frame in found.items() if isinstance(frame, pd.DataFrame | pd.Series)}


def _dated(frame: Any, name: str) -> Any:
    index = getattr(frame, "index", None)
    if not isinstance(index, pd.DatetimeIndex) or not index.is_monotonic_increasing or not index.is_unique:
        raise InputError(
            f"{name} has no increasing dates without duplicates as its index; such were expected. "
            f"Use {name}.sort_index(), or set the column of dates as index."
        )
    return frame
