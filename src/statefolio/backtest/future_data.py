"""Searches a policy for data that are dated later than it may know.

The history that a policy sees ends at the decision date, but a policy can bring data of its own. The search follows
attributes, containers, tables of pandas, polars, pyarrow and xarray, text, partials, closures, defaults, and the
constants and globals that the policy's own code names. It does not search libraries.
"""

import datetime as dt
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.searched_code import DATE, function_parts, is_from_library

_SIMPLE = (int, float, complex, bool, type(None), dt.date, np.number, np.bool_, np.datetime64, ModuleType)
_TEXT = (str, bytes, bytearray)
_SEQUENCES = (list, tuple, set, frozenset, deque, array)
_FEW_DATES = 2  # in a text or a sequence that is no table: a period, an example


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
        is_table = hasattr(type(thing), "to_pandas") and not _is_labelled(thing)  # of polars or pyarrow
        reason = _reaches_beyond(thing.to_pandas() if is_table else thing, date, length)
        if reason:
            found.append((f"{where} {reason}", thing if copied and _can_be_redrawn(thing, length) else None))
        if not is_table and not _is_labelled(thing) and not (isinstance(thing, np.ndarray) and thing.dtype != object):
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
            later = np.flatnonzero(data.index.tz_localize(None) > date)
            data.iloc[later] = draw.standard_normal(data.iloc[later].shape) * np.nanstd(data.to_numpy())


def _reaches_beyond(thing: Any, date: pd.Timestamp, length: int) -> str:
    """Say how an object reaches beyond the date, by its dates or by its size; empty if it does not."""
    if _is_labelled(thing):
        last = _last_date(thing)
        if last is None:
            return _as_many(thing.sizes.values() if hasattr(thing, "sizes") else thing.shape, length)
        return f"reaches to {last:%Y-%m-%d}" if last > date else ""
    if isinstance(thing, _TEXT):
        return _text_reaches_beyond(thing if isinstance(thing, str) else thing.decode("latin-1"), date, length)
    if isinstance(thing, np.ndarray) and thing.dtype.kind == "M":
        last = _latest(pd.DatetimeIndex(thing.ravel()))
        return "has later dates" if last is not None and last > date else ""
    if isinstance(thing, np.ndarray) and thing.dtype.kind not in "OU":
        return _as_many(thing.shape, length)
    if isinstance(thing, Mapping):
        return "has keys dated later" if _count_later(thing, date) else _as_many((len(thing),), length)
    if isinstance(thing, (*_SEQUENCES, np.ndarray)):
        first = (part[0] if isinstance(part, list | tuple) and part else part for part in _items(thing))
        shape = thing.shape if isinstance(thing, np.ndarray) else (len(thing),)
        return "has later dates" if _count_later(first, date) > _FEW_DATES else _as_many(shape, length)
    return ""


def _as_many(sizes: Iterable[int], length: int) -> str:
    return "has as many entries as the market has dates" if length in sizes else ""


def _text_reaches_beyond(text: str, date: pd.Timestamp, length: int) -> str:
    """Say how text reaches beyond the date: as a table of dates, or with one word or character per date."""
    if _count_later(set(DATE.findall(text)), date) > _FEW_DATES:
        return "has later dates"
    counts = [len(text.split(mark)) for mark in (None, ",", ";", "\n")]
    if len(text.split()) == 1:
        counts.append(len(text))
    return "has as many words or characters as the market has dates" if length in counts else ""


def _count_later(keys: Iterable[Any], date: pd.Timestamp) -> int:
    return sum(moment > date for moment in map(_moment, keys) if moment is not None)


def _moment(key: Any) -> pd.Timestamp | None:
    """Return the date that a key is, that its text begins with or on which its period ends, or None."""
    if isinstance(key, pd.Period):
        is_of_days = key.end_time - key.start_time >= pd.Timedelta(hours=23)
        key = key.end_time.normalize() if is_of_days else key.end_time
    text = DATE.match(key) if isinstance(key, str) else None
    if text is None and not isinstance(key, dt.date | np.datetime64):
        return None
    try:
        found: Any = pd.Timestamp(text.group() if text is not None else key)
    except ValueError:  # no date of the calendar, or beyond what pandas knows
        return None
    return None if pd.isna(found) else found.tz_localize(None)


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
    names = ("indexes", "sizes")  # xarray's; instances may answer any name
    return all(isinstance(getattr(type(thing), name, None), property) for name in names)


def _last_date(data: Any) -> pd.Timestamp | None:
    """Return the latest date in the labels, or in a table's columns that are not numbers."""
    if isinstance(data, Market | pd.Index):
        indexes = [data.dates if isinstance(data, Market) else data]
    elif isinstance(data, pd.DataFrame | pd.Series):
        frame = data.to_frame() if isinstance(data, pd.Series) else data
        others = frame.select_dtypes(exclude=["number", "bool"])
        indexes = [*data.axes, *(pd.Index(others.iloc[:, place]) for place in range(others.shape[1]))]
    else:
        indexes = list(dict(data.indexes).values())
    levels: list[pd.Index] = []
    for index in indexes:
        levels.extend(index.remove_unused_levels().levels if isinstance(index, pd.MultiIndex) else [index])
    return max((date for level in levels if (date := _latest(level)) is not None), default=None)


def _latest(labels: pd.Index) -> pd.Timestamp | None:
    """Return the latest date among labels: dates, periods, or texts that begin with a date."""
    if isinstance(labels, pd.DatetimeIndex | pd.PeriodIndex):
        return _moment(labels.max())
    if pd.api.types.is_numeric_dtype(labels.dtype):
        return None
    return max((moment for moment in map(_moment, labels) if moment is not None), default=None)


def _items(thing: Any) -> Any:
    return thing.ravel() if isinstance(thing, np.ndarray) else thing


def _parts(thing: Any, where: str, copied: bool) -> Iterator[tuple[Any, str, bool]]:
    """Yield what an object refers to, where that is, and whether a copy of the policy has its own."""
    if isinstance(thing, Mapping):
        yield from ((part, f"{where}[{key!r}]", copied) for key, part in thing.items())
    elif isinstance(thing, (*_SEQUENCES, np.ndarray)):
        yield from ((part, f"{where}[{place}]", copied) for place, part in enumerate(_items(thing)))
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
        own = {} if is_from_library(thing) else vars(thing)
        yield from ((part, f"{where}.{name}", False) for name, part in own.items() if name != "__doc__")
    else:
        state = object.__getstate__(thing)  # attributes by name, then slots by name
        if isinstance(state, dict) and isinstance(state.get("py_func"), FunctionType):  # compiled by Numba
            state = {"py_func": state["py_func"]}
        for attributes in state if isinstance(state, tuple) else (state,):
            yield from ((part, f"{where}.{name}", copied) for name, part in (attributes or {}).items())
        yield from ((kind, where, False) for kind in type(thing).__mro__ if not is_from_library(kind))
