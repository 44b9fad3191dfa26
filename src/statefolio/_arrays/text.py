"""Dates, names and values as messages show them. Imports neither NumPy nor pandas before it needs them."""

import datetime as dt
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_VALUE = 60


def show(date: Any) -> str:
    """Format a date, with its time only where it has one."""
    import pandas as pd

    if pd.isna(date):
        return "no date"
    moment = pd.Timestamp(date)
    day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"  # strftime knows the years 1 to 9999 alone
    return day if moment == moment.normalize() else moment.isoformat()


def span(dates: "pd.DatetimeIndex") -> str:
    """Format the first and last date."""
    return f"{show(dates[0])} to {show(dates[-1])}"


def listed(names: Iterable[Any], most: int = 3) -> str:
    """List the first few names, and how many more there are."""
    shown = list(names)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(repr(name) for name in shown[:most]) + more


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the plural unless it is one.

    >>> counted(1, "loading"), counted(1200, "loading"), counted(0, "basis", "bases")
    ('1 loading', '1,200 loadings', '0 bases')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def shown(value: Any) -> str:
    """Format a received value for a message: short values as they are, long ones cut, containers by their type."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str | dt.datetime | tuple | list):
        text = repr(value)
        return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
