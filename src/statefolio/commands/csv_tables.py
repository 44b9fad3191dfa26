"""Writes tables as CSV in which a spreadsheet executes nothing.

A spreadsheet takes text that begins with =, +, -, @, a tab or a carriage return for a formula. Such names and texts get
an apostrophe before them. Numbers, and texts that are numbers, are written unchanged.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._writing import write_whole

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: "pd.DataFrame | pd.Series[Any]", path: Path, **options: Any) -> None:
    """Write a table with `DataFrame.to_csv`, whole or not at all; formulas in names and texts are escaped."""
    write_whole(path, without_formulas(table.to_frame() if isinstance(table, pd.Series) else table).to_csv(**options))


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe before each name or text that a spreadsheet would execute."""
    made = table.copy(deep=False)
    for place, kind in enumerate(table.dtypes):
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            column = table.iloc[:, place]
            escaped = [escape(value) for value in column.astype(object)]
            if any(new is not old for new, old in zip(escaped, column.astype(object), strict=True)):
                made.isetitem(place, np.array([*escaped, None], dtype=object)[:-1])
    made.index, made.columns = _labels(table.index), _labels(table.columns)
    return made


def escape(value: Any) -> Any:
    """Return a text with an apostrophe before it where a spreadsheet would execute it; other values unchanged."""
    if not isinstance(value, str) or not value.startswith(_FORMULA) or len(value) == 1 or _is_number(value):
        return value
    return f"'{value}"


def _labels(labels: pd.Index) -> pd.Index:
    if isinstance(labels, pd.MultiIndex):
        levels: Any = [_labels(level) for level in labels.levels]
        codes: Any = labels.codes
        return pd.MultiIndex(levels, codes, names=[escape(name) for name in labels.names])
    renamed: pd.Index = labels.rename(escape(labels.name))
    if pd.api.types.is_numeric_dtype(labels) or isinstance(labels, pd.DatetimeIndex):
        return renamed
    escaped: pd.Index = pd.Index([escape(label) for label in labels], dtype=object, name=renamed.name)
    return escaped


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
