"""Recognises the tables that vendors write: fields of one asset or of many, long tables, dates in several columns."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from statefolio.data.cells import check_points, find_decimal, numbers_of
from statefolio.data.fields import (
    What,
    are_of_one_asset,
    one_asset,
    one_field,
    plain,
    with_two_lines_of_names,
)
from statefolio.data.header import check_unique
from statefolio.data.long_tables import (
    CELLS,
    are_decimals,
    are_identifiers,
    are_names,
    as_long,
    is_triple,
    label_of,
    long_label,
)
from statefolio.data.missing import is_missing
from statefolio.data.reading import ASSET_WORDS, Reading
from statefolio.data.side_by_side import date_positions, join_blocks
from statefolio.data.sources import PathName
from statefolio.exceptions import StatefolioWarning

_PARTS = ("year", "quarter", "month", "day")
_CRSP_CODES = (
    *"ABCDEPST",
    *(f".{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
    *(f"-{code}{zero}" for code in (55, 66, 77, 88, 99) for zero in ("", ".", ".0")),
)
"""CRSP's marks for missing returns: letters, those of SAS, and numbers that no return can be."""


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Positions of the columns that stay text: those of dates, and those of names."""

    dates: frozenset[int]
    labels: frozenset[int]

    def __iter__(self) -> Iterator[int]:
        """Return the positions of both."""
        return iter(self.dates | self.labels)


def text_columns(names: list[str], rows: Callable[[], Iterator[list[str]]], reading: Reading) -> TextColumns:
    """Find the columns of a text table that stay text; `rows` reads its rows again."""
    date = reading.date_column(names)
    parts = date_parts(names, reading)
    dates = frozenset(k for k, name in enumerate(names) if name in (parts or (date,)))
    dates |= frozenset(date_positions([(name,) for name in names]))
    label = label_of(names, date, reading)
    if label is None:
        return TextColumns(dates, frozenset())
    position = names.index(label)
    head = list(itertools.islice((row for row in rows() if len(row) == len(names)), CELLS))
    cells = pd.Series([row[position] for row in head], dtype=str)
    text = are_names(cells, label) or are_identifiers(cells, label)
    days = [tuple(row[k] for k in sorted(dates)) for row in head]
    named = plain(label) in ASSET_WORDS and (len(set(days)) < len(days) or is_triple(names, label))
    named = named and not are_decimals(cells)
    chosen = reading.must_be_long or text or named
    return TextColumns(dates, frozenset({position}) if chosen else frozenset())


def recognise(raw: pd.DataFrame, what: What, reading: Reading, path: PathName) -> tuple[pd.DataFrame, Reading]:
    """Return a table with one line of names, and how to read it.

    Raises
    ------
    InputError
        If the table has several fields and none of them is clearly the one wanted.
    UnknownNameError
        If `value` is none of the fields.
    """
    source = f"{path} ({what})"
    raw, reading = join_blocks(raw, reading, source)
    if raw.columns.nlevels == 1:
        check_unique(tuple(map(str, raw.columns)), path)
    if raw.columns.nlevels == 1 and reading.layout == "auto":
        raw = with_two_lines_of_names(raw, reading.dated(raw))
    if raw.columns.nlevels > 1:
        raw = one_field(raw, what, reading, source)
        reading = replace(reading, value=None, layout="wide")  # an asset may be called Close
    raw = _join_date_parts(raw, reading)
    names = [str(name) for name in raw.columns]
    of_one = reading.layout != "long" and are_of_one_asset(names, reading.layout)
    if of_one and long_label(raw, names, reading) is None:
        return one_asset(raw, names, what, reading, path)
    if _is_value_of_one_asset(raw, names, reading):
        return one_asset(raw, names, what, reading, path)
    if reading.layout != "wide":
        reading = as_long(raw, names, what, reading, source)
    return _crsp_prices(raw, reading, source), reading


def _is_value_of_one_asset(raw: pd.DataFrame, names: list[str], reading: Reading) -> bool:
    """Return whether a value was named in a table that has each date once and numbers alone: no column has assets."""
    if reading.value not in names or reading.asset is not None or reading.layout != "auto":
        return False
    date = reading.dated(raw)
    if date is not None and date not in names:
        return False
    free = [name for name in names if name not in (date, reading.value)]
    dates = raw.index if date is None else pd.Index(raw[date])
    if not free or not dates.is_unique or long_label(raw, names, reading) is not None:
        return False
    return not any(are_names(raw[name].astype("string"), name) for name in free)


def date_parts(names: list[str], reading: Reading) -> tuple[str, ...] | None:
    """Return the columns of year, month and (if there is one) day, where the dates are in these."""
    if reading.date is not None:
        return None
    lower = {plain(name): name for name in names}
    if "date" in lower or "year" not in lower or not lower.keys() & {"month", "quarter"}:
        return None
    return tuple(lower[part] for part in _PARTS if part in lower)


def missing_words(names: list[str]) -> dict[int, tuple[str, ...]]:
    """Return CRSP's marks for missing returns, by the position of the columns that have them."""
    lower = [plain(name) for name in names]
    if "permno" not in lower:
        return {}
    return {
        k: _CRSP_CODES for k, name in enumerate(lower) if name in ("ret", "retx", "dlret", "dlretx", "dlyret", "mthret")
    }


def _join_date_parts(raw: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Join columns of year, month and day into one of dates."""
    names = [str(name) for name in raw.columns]
    parts = date_parts(names, reading) if not isinstance(raw.index, pd.DatetimeIndex) else None
    if parts is None:
        return raw
    pieces = [raw[part].astype("string").str.strip().str.replace(r"\.0+$", "", regex=True) for part in parts]
    written = pieces[0]
    for part, piece in zip(parts[1:], pieces[1:], strict=True):
        written = written + ("-Q" + piece if plain(part) == "quarter" else "-" + piece.str.zfill(2))
    rest = raw.drop(columns=list(parts))
    rest.insert(0, "date", written)
    return rest


def _crsp_prices(raw: pd.DataFrame, reading: Reading, source: str) -> pd.DataFrame:
    """Take off the minus sign with which CRSP marks the midpoint of bid and ask, and adjust prices for splits."""
    lower = {plain(str(name)): name for name in raw.columns}
    if reading.value is None or plain(reading.value) != "prc" or "permno" not in lower:
        return raw
    commas = raw.attrs.get("separator") == ","
    prices = _numbers(raw[reading.value], reading, source, commas=commas)
    negative = int((prices < 0).sum())
    if negative:
        _warn(
            f"{source} has {negative:,} negative prices, which CRSP writes for the midpoint of bid and ask; they were "
            "taken."
        )
    if "cfacpr" in lower:
        factor = _numbers(raw[lower["cfacpr"]], reading, source, commas=commas)
        prices = prices.where(prices != 0.0) / factor.where(factor > 0.0)
        _warn(f"{source} has factors of splits ({lower['cfacpr']}); the prices were divided by them.")
    return raw.assign(**{reading.value: prices.abs()})


def _numbers(column: "pd.Series[Any]", reading: Reading, source: str, *, commas: bool) -> "pd.Series[float]":
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    known = column[~is_missing(column)].astype(str)
    decimal = find_decimal(known, reading.decimal, source)
    if reading.decimal is None and decimal == ".":
        check_points(known, source, commas_part_values=commas)
    return numbers_of(column, decimal, source)


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
