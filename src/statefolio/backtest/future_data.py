"""Searches a policy for data that are dated later than it may know.

The history that a policy sees ends at the decision date, but a policy can bring data of its own. The search follows
attributes, containers, partials, closures, defaults, and the globals that the policy's own code names. It does not
search libraries.
"""

import datetime as dt
import dis
import re
import sys
import sysconfig
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market

_LIBRARIES = (*map(sysconfig.get_path, ("purelib", "stdlib")), f"{sys.prefix}/lib", str(Path(__file__).parents[1]))
_SIMPLE = (str, bytes, int, float, complex, bool, type(None), dt.date, np.generic, ModuleType)
_READS_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_CLASSDEREF")
_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}(?!\d)")
_SEQUENCES = (list, tuple, set, frozenset, deque)


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
    if isinstance(thing, Mapping):
        return (
            "has keys dated later" if any(moment > date for moment in map(_moment, thing) if moment is not None) else ""
        )
    numbers = isinstance(thing, _SEQUENCES) and len(thing) == length
    numbers = numbers and all(isinstance(value, float | np.floating) for value in thing)
    return "has as many numbers as the market has dates" if numbers else ""


def _moment(key: Any) -> pd.Timestamp | None:
    """Return the date that a key is or that its text begins with, or None."""
    text = _DATE.match(key) if isinstance(key, str) else None
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
    return isinstance(thing, pd.DataFrame | pd.Series | pd.Index | Market) or hasattr(thing, "indexes")


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
    elif isinstance(thing, partial):
        yield from ((part, f"{where}.partial", copied) for part in (thing.func, thing.args, thing.keywords))
    elif isinstance(thing, property):
        yield thing.fget, where, False
    elif isinstance(thing, FunctionType):
        yield from ((part, f"{where}, in {name}", False) for name, part in _function_parts(thing))
    elif isinstance(thing, type):
        yield from ((part, f"{where}.{name}", False) for name, part in vars(thing).items())
    else:
        state = object.__getstate__(thing)  # attributes by name, then slots by name
        for attributes in state if isinstance(state, tuple) else (state,):
            yield from ((part, f"{where}.{name}", copied) for name, part in (attributes or {}).items())
        yield from ((kind, where, False) for kind in type(thing).__mro__ if not _is_library(kind))


def _function_parts(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield a function's closure and defaults and, unless a library defines it, the globals that its code names."""
    code, called = function.__code__, function.__qualname__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if cell != type(cell)():
            yield f"{name!r} of {called}", cell.cell_contents
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield f"a default of {called}", default
    names, loaded = ([], []) if code.co_filename.startswith(_LIBRARIES) else (_names_in(code), _globals_in(code))
    for name in loaded:
        found = function.__globals__.get(name)
        yield f"the global {name!r}", found
        file = getattr(found, "__file__", None)
        if isinstance(found, ModuleType) and file is not None and not file.startswith(_LIBRARIES):
            yield from ((f"the global {name}.{part}", getattr(found, part, None)) for part in names)


def _globals_in(code: CodeType) -> list[str]:
    """List the globals that code, and the functions and comprehensions inside it, read; not attributes."""
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _globals_in(part)]
    read = [step.argval for step in dis.get_instructions(code) if step.opname in _READS_GLOBAL]
    return list(dict.fromkeys([*read, *inner]))


def _names_in(code: CodeType) -> list[str]:
    """List the names that code, and the functions and comprehensions inside it, look up."""
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names_in(part)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def _is_library(kind: type) -> bool:
    """Return whether a class comes from a library, or from statefolio itself."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return kind.__module__ != "__main__" if file is None else file.startswith(_LIBRARIES)
