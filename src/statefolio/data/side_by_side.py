"""Joins tables that stand side by side in one file, each with its own column of dates, as Bloomberg exports them."""

import re
import warnings
from dataclasses import replace

import pandas as pd

from statefolio._arrays.text import show
from statefolio.data.fields import plain, several_dates
from statefolio.data.file_dates import parse_dates
from statefolio.data.missing import is_missing
from statefolio.data.reading import DATE_WORDS, Reading
from statefolio.exceptions import InputError, StatefolioWarning

_COUNTED = re.compile(r"[ ._]\d+$")


def date_positions(keys: list[tuple[str, ...]]) -> list[int]:
    """Return the positions of the columns that are called date, where the same word stands over several of them."""
    words = [next((word for part in key if (word := _COUNTED.sub("", plain(part))) in DATE_WORDS), "") for key in keys]
    usual = next((word for word in words if word), "")
    found = [k for k, word in enumerate(words) if word == usual and usual]
    return found if len(found) > 1 else []


def join_blocks(raw: pd.DataFrame, reading: Reading, source: str) -> tuple[pd.DataFrame, Reading]:
    """Return one table with the dates of all blocks as its index; other tables are returned as they are.

    Parameters
    ----------
    raw : DataFrame
        A block is a column of dates and the columns of values up to the next column of dates.
    reading : Reading
    source : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        If a block has no values or no name, or its dates are missing or repeated.
    """
    keys = [tuple(str(part).strip() for part in (key if raw.columns.nlevels > 1 else (key,))) for key in raw.columns]
    starts = date_positions(keys)
    if not starts or reading.layout == "long":
        return raw, reading
    used = [k for k in range(len(keys)) if k in starts or not _is_empty(raw.iloc[:, k])]
    blocks = [(a, [k for k in used if a < k < b]) for a, b in zip(starts, [*starts[1:], len(keys)], strict=True)]
    if used[:1] != starts[:1] or not all(values for _, values in blocks):
        raise several_dates([" ".join(filter(None, keys[k])) for k in starts], source)
    written = pd.concat([raw.iloc[:, start].rename("Date") for start in starts])
    days = parse_dates(written, reading.date_format, source)
    columns: dict[tuple[str, ...], pd.Series] = {}
    for number, (start, values) in enumerate(blocks):
        rows = days[number * len(raw) : (number + 1) * len(raw)]
        for k in values:
            name = _name(keys, start, k)
            if name in columns or not all(name):
                raise InputError(
                    f"{source} must have a name over each of its tables, got {' '.join(name).strip()!r} over column "
                    f"{k + 1}. Name each, in the line above the dates."
                )
            columns[name] = _dated(raw.iloc[:, k], rows, " ".join(name), source)
    _warn(f"{source} has {len(starts)} tables side by side, each with its own dates; they were joined by date.")
    table = pd.concat(columns, axis=1, sort=True)
    table.columns = (
        pd.MultiIndex.from_tuples(columns) if len(next(iter(columns))) > 1 else pd.Index([name[0] for name in columns])
    )
    table.attrs |= raw.attrs
    return table.rename_axis("date"), replace(reading, date=None, layout="wide")


def _name(keys: list[tuple[str, ...]], start: int, k: int) -> tuple[str, ...]:
    """Return the names over a column; a name that is merged over its block stands over the dates alone."""
    last = len(keys[k]) - 1
    return tuple(own or ("" if level == last else keys[start][level]) for level, own in enumerate(keys[k]))


def _dated(column: pd.Series, days: pd.DatetimeIndex, name: str, source: str) -> pd.Series:
    """Return the values of a block under its dates."""
    known = ~is_missing(column)
    undated = days.isna() & known
    if undated.any():
        raise InputError(
            f"{source} must have a date beside each value, got {str(column[undated].iloc[0])!r} of {name} without one. "
            "Correct the file."
        )
    dated = days.notna()
    values = pd.Series(column.to_numpy()[dated], days[dated])
    if not values.index.is_unique:
        values = values[~(values.index.duplicated() & values.groupby(level=0).transform("nunique").le(1))]
    if not values.index.is_unique:
        raise InputError(
            f"{source} must have each date of {name} once, got {show(values.index[values.index.duplicated()][0])} "
            "twice. Keep one of each."
        )
    return values


def _is_empty(column: pd.Series) -> bool:
    return bool(is_missing(column).all())


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
