"""Turns the cells of a table with dates into numbers, and checks that they are prices or returns."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.data.cells import (
    check_no_money,
    check_points,
    find_decimal,
    numbers_of,
    warn_of_comma,
    warn_of_percent_name,
)
from statefolio.data.reading import Reading
from statefolio.exceptions import InputError


def check_are_returns(table: pd.DataFrame, source: str) -> None:
    """Refuse amounts of money, and warn of columns that say percent without percent signs."""
    warned = False
    for k, name in enumerate(map(str, table.columns)):
        column = table.iloc[:, k]
        warned = warned or warn_of_percent_name(name, column, source)
        if not pd.api.types.is_numeric_dtype(column):
            check_no_money(column, source)


def to_numbers(table: pd.DataFrame, reading: Reading, source: str) -> pd.DataFrame:
    """Return the table as floats; raise InputError for text and infinite values."""
    if table.shape[1] == 0 or table.shape[0] == 0:
        raise InputError(
            f"{source} must have at least one date and one asset, got {table.shape[0]} dates and {table.shape[1]} "
            "assets. Check that columns are separated by commas and that there are rows."
        )
    table.columns = pd.Index([str(name).strip() for name in table.columns], name="asset")
    if not table.columns.is_unique:
        repeated = table.columns[table.columns.duplicated()][0]
        raise InputError(f"{source} must have each name once, got the name {repeated!r} twice. Rename or drop one.")
    categories = [name for name, kind in table.dtypes.items() if isinstance(kind, pd.CategoricalDtype)]
    table = table.astype(dict.fromkeys(categories, object)) if categories else table
    table = _numbers_however_written(table, reading, source).astype(float)
    infinite = np.isinf(table.to_numpy())
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise InputError(
            f"{source} must have finite values or empty cells, got {int(infinite.sum())} infinite values (first: "
            f"{table.columns[column]} on {show(table.index[row])}). Correct the file, or leave the cells empty."
        )
    return table


def _numbers_however_written(table: pd.DataFrame, reading: Reading, source: str) -> pd.DataFrame:
    """Read the columns that are still text as numbers, with one decimal mark for all."""
    texts = [name for name, kind in table.dtypes.items() if not _is_number(kind)]
    if not texts:
        return table
    for name in texts:
        if not pd.api.types.is_string_dtype(table[name]) and not table[name].map(_is_text_or_missing).all():
            raise _not_numbers(table[name], str(name), source)
    decimal = find_decimal((cell for name in texts for cell in table[name].dropna()), reading.decimal, source)
    if reading.decimal is None and decimal == ".":
        cells = (cell for name in texts for cell in table[name].dropna())
        check_points(cells, source, commas_part_values=table.attrs.get("separator") == ",")
    if decimal == "," and reading.decimal is None:
        warn_of_comma((cell for name in texts for cell in table[name].dropna()), source)
    columns = {
        name: numbers_of(table[name], decimal, source) if name in texts else table[name] for name in table.columns
    }
    return pd.DataFrame(columns, index=table.index).set_axis(table.columns, axis=1)


def _is_number(kind: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind))


def _is_text_or_missing(cell: object) -> bool:
    return isinstance(cell, str) or cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell))


def _not_numbers(column: "pd.Series[Any]", name: str, source: str) -> InputError:
    bad = column[~column.map(_is_text_or_missing)]
    return InputError(
        f"{source} must have numbers in the column {name!r}, got {bad.iloc[0]!r} on {show(bad.index[0])}. Correct or "
        "drop the column; for a file with one row per asset and date, set layout='long' and name the columns with "
        "date, asset and value."
    )
