"""Searches a policy for data that are dated later than it may know.

The history that a policy sees ends at the decision date, but a policy can bring data of its own. The search follows
attributes, containers, text, partials, closures, defaults, and the constants and globals that the policy's own code
names. It does not search libraries.
"""

import datetime as dt
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.searched_code import DATE, function_parts, is_from_library

_SIMPLE = (int, float, complex, bool, type(None), dt.date, np.generic, ModuleType)
_SEQUENCES = (list, tuple, set, frozenset, deque)
_FEW_DATES = 2  # in text that is no table: a period, an example


def find_future_data(policy: Any, market: Market, date: pd.Timestamp) -> list[tuple[str, Any]]:
    """Find data in a policy that are dated after `date`, or that have one value for each date of the market.

    Returns
    -------
    list of (str, data)
        Where each was found, and the data if their later part can be redrawn, else None.
    """
    length = len(market.dates) if date < market.dates[-1] else -1
    found, seen = [], {}
    waiting: list[tuple[Any, str, bool]] = [(policy, "policy", True)]
    while waiting:
        thing, where, copied = waiting.pop()
        if id(thing) in seen or isinstance(thing, _SIMPLE):
            continue
        seen[id(thing)] = thing
        reason = _reaches_beyond(thing, date, length)
        if reason:
            found.append((f"{where} {reason}", thing if copied and _can_be_redrawn(thing, length) else None))
        if not _is_labelled(thing) and (not isinstance(thing, np.ndarray) or thing.dtype == object):
            waiting.extend(_parts(thing, where, copied))
    return found


def redraw_future_data(policy: Any, market: Market, date: pd.Timestamp, draw: np.random.Generator) -> None:
    """Replace what a policy's data say of the time after `date` by random numbers of the same scale, in place."""
    known = int(market.dates.searchsorted(date, side="right"))
    for _, data in find_future_data(policy, market, date):
        if isinstance(data, Market):
            object.__setattr__(data, "_tables", data.perturbed_after(date, int(draw.integers(2**31))).tables)
        elif isinstance(data, np.ndarray):
            data[known:] = draw.standard_normal(data[known:].shape) * np.nanstd(data)
        elif data is not None:
            later = np.flatnonzero(data.index > date)
            data.iloc[later] = draw.standard_normal(data.iloc[later].shape) * np.nanstd(data.to_numpy())


def _reaches_beyond(thing: Any, date: pd.Timestamp, length: int) -> str:
    """Say how an object reaches beyond the date; empty if it does not."""
    if _is_labelled(thing):
        last = _last_date(thing)
        return f"reaches to {last:%Y-%m-%d}" if last is not None and last > date else ""
    if isinstance(thing, np.ndarray) and thing.dtype.kind == "M":
        return "has later dates" if thing.size and pd.Timestamp(np.nanmax(thing)) > date else ""
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        return "has as many rows as the market has dates" if length in thing.shape else ""
    if isinstance(thing, str | bytes):
        return _text_reaches_beyond(thing if isinstance(thing, str) else thing.decode("latin-1"), date, length)
    if isinstance(thing, Mapping):
        if any(moment > date for moment in map(_moment, thing) if moment is not None):
            return "has keys dated later"
        numbered = len(thing) == length and all(isinstance(key, int | np.integer) for key in thing)
        return "has as many numbered keys as the market has dates" if numbered else ""
    if not isinstance(thing, _SEQUENCES) or len(thing) != length:
        return ""
    if all(isinstance(value, float | np.floating) for value in thing):
        return "has as many numbers as the market has dates"
    if all(isinstance(value, (*_SEQUENCES, np.ndarray)) for value in thing):
        return "has as many rows as the market has dates"
    repeated = all(isinstance(value, str | int | np.integer) for value in thing) and len(set(thing)) < length
    return "has as many values as the market has dates" if repeated else ""


def _text_reaches_beyond(text: str, date: pd.Timestamp, length: int) -> str:
    """Say how text reaches beyond the date: as a table of dates, or with one word or character per date."""
    later = 0
    for found in set(DATE.findall(text)):
        moment = _moment(found)
        later += moment is not None and moment > date
        if later > _FEW_DATES:
            return "has later dates"
    counts = [len(text.split(mark)) for mark in (None, ",", ";", "\n")]
    if len(text.split()) == 1:
        counts.append(len(text))
    return "has as many words or characters as the market has dates" if length in counts else ""


def _moment(key: Any) -> pd.Timestamp | None:
    """Return the date that a key is or that its text begins with, or None."""
    text = DATE.match(key) if isinstance(key, str) else None
    if not isinstance(key, dt.date) and text is None:
        return None
    found: Any = pd.to_datetime(text.group() if text is not None else key, errors="coerce")
    return None if pd.isna(found) else pd.Timestamp(found).tz_localize(None)


def _can_be_redrawn(data: Any, length: int) -> bool:
    if isinstance(data, np.ndarray):
        return bool(data.dtype.kind == "f" and data.flags.writeable and data.shape[0] == length)
    if not isinstance(data, pd.DataFrame | pd.Series):
        return isinstance(data, Market)
    kinds = [data.dtype] if isinstance(data, pd.Series) else list(data.dtypes)
    floats = all(isinstance(kind, np.dtype) and kind.kind == "f" for kind in kinds)
    return floats and isinstance(data.index, pd.DatetimeIndex)


def _is_labelled(thing: Any) -> bool:
    if isinstance(thing, pd.DataFrame | pd.Series | pd.Index | Market):
        return True
    return isinstance(getattr(type(thing), "indexes", None), property)  # xarray's; instances may answer any name


def _last_date(data: Any) -> pd.Timestamp | None:
    """Return the latest date in the labels, or in a frame's columns of dates."""
    if isinstance(data, Market | pd.Index):
        indexes = [data.dates if isinstance(data, Market) else data]
    elif isinstance(data, pd.DataFrame | pd.Series):
        indexes = list(data.axes)
        if isinstance(data, pd.DataFrame):
            indexes += [pd.Index(column) for _, column in data.select_dtypes("datetime").items()]
    else:
        indexes = list(dict(data.indexes).values())
    levels = [level for index in indexes for level in (getattr(index, "levels", None) or [index])]
    times = [level.to_timestamp(how="end") if isinstance(level, pd.PeriodIndex) else level for level in levels]
    last = [pd.Timestamp(time.max()).tz_localize(None) for time in times if isinstance(time, pd.DatetimeIndex)]
    return max((date for date in last if date == date), default=None)  # NaT differs from itself


def _parts(thing: Any, where: str, copied: bool) -> Iterator[tuple[Any, str, bool]]:
    """Yield what an object refers to, where that is, and whether a copy of the policy has its own."""
    if isinstance(thing, Mapping):
        yield from ((part, f"{where}[{key!r}]", copied) for key, part in thing.items())
    elif isinstance(thing, (*_SEQUENCES, np.ndarray)):
        parts = thing.ravel() if isinstance(thing, np.ndarray) else thing
        yield from ((part, f"{where}[{place}]", copied) for place, part in enumerate(parts))
    elif isinstance(thing, MethodType):
        yield from ((thing.__self__, where, copied), (thing.__func__, where, False))
    elif isinstance(thing, BuiltinMethodType):
        yield thing.__self__, where, copied
    elif isinstance(thing, partial):
        yield from ((part, f"{where}.partial", copied) for part in (thing.func, thing.args, thing.keywords))
    elif isinstance(thing, property):
        yield thing.fget, where, False
    elif isinstance(thing, FunctionType):
        yield from ((part, f"{where}, in {name}", False) for name, part in function_parts(thing))
    elif isinstance(thing, type):
        yield from ((part, f"{where}.{name}", False) for name, part in vars(thing).items() if name != "__doc__")
    else:
        state = object.__getstate__(thing)  # attributes by name, then slots by name
        if isinstance(state, dict) and isinstance(state.get("py_func"), FunctionType):  # compiled by Numba
            state = {"py_func": state["py_func"]}
        for attributes in state if isinstance(state, tuple) else (state,):
            yield from ((part, f"{where}.{name}", copied) for name, part in (attributes or {}).items())
        yield from ((kind, where, False) for kind in type(thing).__mro__ if not is_from_library(kind))
