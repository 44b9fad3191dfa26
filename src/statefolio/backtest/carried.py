"""What a policy carries with it that is dated later than it may know.

A gate keeps the future out of a history; it cannot take it out of a policy that was built with it. Here a policy is
searched: attributes, containers, closures, defaults, and the globals that its own functions name.
"""

import datetime as dt
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market

_LIBRARIES = tuple({sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), sys.prefix + "/lib"})
_OWN = str(Path(__file__).parents[1])
_PLAIN = (str, bytes, int, float, complex, bool, type(None), dt.date, np.generic, ModuleType)
_CONTAINERS = (list, tuple, set, frozenset, deque)


@dataclass(frozen=True, eq=False)
class Carried:
    """Data that reach beyond a date, where they were found, and a way to draw their future anew.

    `perturb` is None where the data are not the policy's own (a global, say) or have no numbers.
    """

    where: str
    perturb: Callable[[np.random.Generator], None] | None


def carried_beyond(policy: Any, date: pd.Timestamp, rows: int, known: int) -> list[Carried]:
    """Data in a policy that are dated after `date`, or have as many rows as the market though only some are known.

    Parameters
    ----------
    policy
        What to search; what `perturb` changes is changed in it.
    date
        Nothing later is known.
    rows, known
        Dates of the market, and those of them until `date`.
    """
    return list(_Search(date, rows, known).walk(policy))


class _Search:
    def __init__(self, date: pd.Timestamp, rows: int, known: int) -> None:
        self._date, self._rows, self._known = date, rows, known
        self._seen: dict[int, Any] = {}

    def walk(self, policy: Any) -> Iterator[Carried]:
        """Find what is carried, breadth apart from depth: each object once."""
        waiting: list[tuple[Any, str, bool]] = [(policy, "the policy", True)]
        while waiting:
            thing, where, own = waiting.pop()
            if id(thing) in self._seen or isinstance(thing, _PLAIN):
                continue
            self._seen[id(thing)] = thing
            if isinstance(thing, pd.DataFrame | pd.Series | pd.Index | Market) or hasattr(thing, "indexes"):
                yield from self._labelled(thing, where, own)
            elif isinstance(thing, np.ndarray) and thing.dtype != object:
                yield from self._array(thing, where, own)
            elif isinstance(thing, _CONTAINERS) and self._is_long(thing):
                yield Carried(f"{where} has as many numbers as the market has dates", None)
            else:
                if isinstance(thing, Mapping) and any(self._is_later(key) for key in thing):
                    yield Carried(f"{where} has keys dated later", None)
                waiting.extend(_parts(thing, where, own))

    def _is_long(self, things: Any) -> bool:
        long = self._rows > self._known and len(things) == self._rows
        return long and all(isinstance(one, float | np.floating) for one in things)

    def _is_later(self, key: Any) -> bool:
        return isinstance(key, dt.date) and pd.Timestamp(key).tz_localize(None) > self._date

    def _labelled(self, thing: Any, where: str, own: bool) -> Iterator[Carried]:
        last = _last_date(thing)
        if last is None or last <= self._date:
            return
        change = None
        if own and isinstance(thing, Market):
            change = self._another_market(thing)
        elif own and isinstance(thing, pd.DataFrame | pd.Series) and isinstance(thing.index, pd.DatetimeIndex):
            change = self._other_rows(thing)
        yield Carried(f"{where} reaches to {last:%Y-%m-%d}", change)

    def _array(self, thing: "np.typing.NDArray[Any]", where: str, own: bool) -> Iterator[Carried]:
        if thing.dtype.kind == "M":
            if thing.size and pd.Timestamp(np.nanmax(thing)) > self._date:
                yield Carried(f"{where} has later dates", None)
        elif self._rows > self._known and self._rows in thing.shape:
            ours = own and thing.shape[0] == self._rows and thing.dtype.kind == "f" and thing.flags.writeable
            change = self._other_values(thing) if ours else None
            yield Carried(f"{where} has as many rows as the market has dates", change)

    def _another_market(self, market: Market) -> Callable[[np.random.Generator], None]:
        def change(draw: np.random.Generator) -> None:
            tables = market.perturbed_after(self._date, int(draw.integers(2**31))).tables
            object.__setattr__(market, "_tables", tables)

        return change

    def _other_rows(self, frame: Any) -> Callable[[np.random.Generator], None] | None:
        later = np.flatnonzero(frame.index > self._date)
        kinds = [frame.dtype] if isinstance(frame, pd.Series) else list(frame.dtypes)
        if not all(isinstance(kind, np.dtype) and kind.kind == "f" for kind in kinds):
            return None

        def change(draw: np.random.Generator) -> None:
            new = draw.standard_normal(frame.iloc[later].shape)
            frame.iloc[later] = new * np.nanstd(frame.to_numpy())

        return change

    def _other_values(self, array: "np.typing.NDArray[Any]") -> Callable[[np.random.Generator], None]:
        def change(draw: np.random.Generator) -> None:
            array[self._known :] = draw.standard_normal(array[self._known :].shape) * np.nanstd(array)

        return change


def _parts(thing: Any, where: str, own: bool) -> Iterator[tuple[Any, str, bool]]:
    """What an object refers to."""
    if isinstance(thing, Mapping):
        yield from ((part, f"{where}[{key!r}]", own) for key, part in thing.items())
    elif isinstance(thing, np.ndarray):
        yield from ((part, f"{where}[{place}]", own) for place, part in enumerate(thing.ravel()))
    elif isinstance(thing, _CONTAINERS):
        yield from ((part, f"{where}[{place}]", own) for place, part in enumerate(thing))
    elif isinstance(thing, MethodType):
        yield thing.__self__, where, own
        yield thing.__func__, where, False
    elif isinstance(thing, partial):
        held = {"func": thing.func, "args": thing.args, "keywords": thing.keywords}
        yield from ((part, f"{where}.{name}", own) for name, part in held.items())
    elif isinstance(thing, property):
        yield thing.fget, where, False
    elif isinstance(thing, FunctionType):
        yield from _parts_of_function(thing, where)
    elif isinstance(thing, type):
        if thing.__module__ not in sys.builtin_module_names:
            yield from ((part, f"{where}.{name}", False) for name, part in vars(thing).items())
    else:
        yield from ((part, f"{where}.{name}", own) for name, part in _attributes(thing))
        yield from ((kind, where, False) for kind in type(thing).__mro__ if _is_users(kind))


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(thing, "__dict__", {}).items()
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(thing, name):
                yield name, getattr(thing, name)


def _parts_of_function(function: FunctionType, where: str) -> Iterator[tuple[Any, str, bool]]:
    """Closure, defaults, and the globals it names, its inner functions included; a library's are not searched."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if cell != type(cell)():
            yield cell.cell_contents, f"{where}, in {name!r} of {function.__qualname__}", False
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    yield from ((part, f"{where}, a default of {function.__qualname__}", False) for part in defaults)
    if code.co_filename.startswith((*_LIBRARIES, _OWN)):
        return
    names = _names_in(code)
    for name in names:
        found = function.__globals__.get(name)
        if isinstance(found, ModuleType) and _is_users_file(getattr(found, "__file__", None)):
            parts = [(f"{name}.{part}", getattr(found, part)) for part in names if hasattr(found, part)]
        else:
            parts = [(name, found)]
        yield from ((part, f"{where}, in the global {called!r}", False) for called, part in parts)


def _names_in(code: CodeType) -> list[str]:
    """Names that code and the functions and comprehensions in it look up, each once, in order."""
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names_in(part)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def _is_users(kind: type) -> bool:
    """Whether a class comes from neither a library nor statefolio."""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    return kind.__module__ == "__main__" if file is None else _is_users_file(file)


def _is_users_file(file: str | None) -> bool:
    return file is not None and not file.startswith((*_LIBRARIES, _OWN))


def _last_date(thing: Any) -> pd.Timestamp | None:
    """The latest date among labels, or in columns of dates."""
    if isinstance(thing, Market):
        return pd.Timestamp(thing.dates[-1])
    if isinstance(thing, pd.Index):
        labels = [thing]
    elif isinstance(thing, pd.Series):
        labels = [thing.index]
    elif isinstance(thing, pd.DataFrame):
        columns = thing.select_dtypes("datetime")
        labels = [thing.index, thing.columns, *(pd.Index(columns[name]) for name in columns)]
    else:
        labels = list(dict(thing.indexes).values())
    levels = [level for label in labels for level in (getattr(label, "levels", None) or [label])]
    return max((last for level in levels if (last := _last_of(level)) is not None), default=None)


def _last_of(labels: Any) -> pd.Timestamp | None:
    if isinstance(labels, pd.PeriodIndex):
        labels = labels.to_timestamp(how="end")
    if not isinstance(labels, pd.DatetimeIndex) or len(labels) == 0 or pd.isna(labels.max()):
        return None
    return pd.Timestamp(labels.max()).tz_localize(None)
