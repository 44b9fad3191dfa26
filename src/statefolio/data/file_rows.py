"""Drops what is no data from a raw table (row counters, empty and repeated rows) and puts its newest row last.

Whatever is dropped or moved is reported by a `StatefolioWarning` that names the file.
"""

import re
import warnings

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.data.missing import is_missing
from statefolio.exceptions import InputError, StatefolioWarning

_UNNAMED = re.compile(r"\s*|Unnamed: \d+")
_COUNTERS = re.compile(r"\s*|Unnamed: \d+|index|level_0", re.IGNORECASE)


def drop_counters(raw: pd.DataFrame, date: str | None, source: str) -> pd.DataFrame:
    """Drop columns that only count rows, and empty columns without a name.

    Parameters
    ----------
    raw : DataFrame
    date : str or None
        The column of dates, unless the index has them; it too may turn out to count rows.
    source : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        If another column has no name.
    """
    names = [str(name) for name in raw.columns]
    unnamed = [k for k, name in enumerate(names) if _UNNAMED.fullmatch(name)]
    maybe = [k for k, name in enumerate(names) if _COUNTERS.fullmatch(name)]
    counters = [k for k in maybe if len(names) > 2 and _counts(raw.iloc[:, k], from_start=names[k] == date)]
    empty = [k for k in unnamed if raw.iloc[:, k].isna().all()]
    dated = next((k for k, name in enumerate(names) if name == date and k not in counters), None)
    strange = [k for k in unnamed if k not in (*counters, *empty, dated)]
    if strange:
        raise InputError(
            f"{source} must have a name for each column, got none for column {strange[0] + 1} of {len(names)}, which "
            f"begins with {str(raw.iloc[0, strange[0]])!r}. Name it, or drop it."
        )
    dropped = list(dict.fromkeys(counters + empty))
    if not dropped:
        return raw
    kind = "only counts rows" if dropped[0] in counters else "is empty and has no name"
    _warn(f"{source} has a column, {names[dropped[0]]!r}, that {kind}; it is no asset and was left out.")
    return raw.iloc[:, [k for k in range(len(names)) if k not in dropped]]


def drop_empty_rows(raw: pd.DataFrame, date: str, source: str) -> pd.DataFrame:
    """Drop rows without any entry, as spreadsheets leave them; rows with values but no date stay."""
    undated = np.flatnonzero(is_missing(raw[date]))
    if not len(undated):
        return raw
    rows = raw.iloc[undated]
    empty = np.logical_and.reduce([is_missing(rows[name]) for name in rows.columns])
    if not empty.any():
        return raw
    _warn(f"{source} has {int(empty.sum())} empty rows; they were left out.")
    keep = np.ones(len(raw), dtype=bool)
    keep[undated[empty]] = False
    return raw[keep]


def drop_repeated_rows(
    table: pd.DataFrame, keys: pd.Index, source: str
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Mark the rows to keep: all but those that repeat an earlier row of the same key word for word."""
    keep = np.ones(len(table), dtype=bool)
    if keys.is_unique:
        return keep
    again = np.flatnonzero(keys.duplicated(keep=False))
    rows = table.iloc[again]
    same = pd.concat([pd.Series(pd.factorize(keys[again])[0], rows.index), rows], axis=1).duplicated().to_numpy()
    keep[again[same]] = False
    if same.any():
        first = keys[again[same]][0]
        place = f"{first[1]} on {show(first[0])}" if isinstance(first, tuple) else show(first)
        _warn(f"{source} repeats {int(same.sum())} rows word for word (first: {place}); they were left out.")
    return keep


def oldest_first(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Reverse a table whose dates strictly decrease."""
    dates = table.index
    if len(dates) < 2 or dates.hasnans or not (dates.is_monotonic_decreasing and dates.is_unique):
        return table
    warn_of_newest_first(source)
    return table.iloc[::-1]


def warn_of_newest_first(source: str) -> None:
    """Warn that the rows of a file were put in the order of their dates."""
    _warn(f"{source} has its newest row first; the rows were sorted by date.")


def _counts(column: "pd.Series[float]", *, from_start: bool) -> bool:
    """Return whether a column counts up or down in steps of one; `from_start`: from 0 or 1, as years do not.

    Empty rows have no number, and a repeated row repeats its own.
    """
    text = column.astype("string").str.strip().str.removesuffix(".0")
    text = text.loc[~is_missing(text)]
    if not bool(text.str.fullmatch(r"\d{1,9}").fillna(False).all()):
        return False
    numbers = text.astype("int64").to_numpy(dtype=np.int64)
    steps = np.diff(numbers)
    up, down = np.isin(steps, (0, 1)), np.isin(steps, (0, -1))
    counts = len(numbers) > 0 and bool(up.all() or down.all())
    counts = counts and int(np.count_nonzero(steps)) >= 0.5 * len(steps)
    return counts and (not from_start or int(numbers.min()) in (0, 1))


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
