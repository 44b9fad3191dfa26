"""Recognises the tables that vendors write: fields of one asset or of many, long tables, dates in several columns."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.data.cells import could_be_numbers
from statefolio.data.fields import (
    PRICES,
    RETURNS,
    What,
    are_of_one_asset,
    by_word,
    one_asset,
    one_field,
    plain,
    with_two_lines_of_names,
)
from statefolio.data.missing import MISSING
from statefolio.data.reading import ASSET_WORDS, DATE_WORDS, Reading
from statefolio.data.sources import PathName
from statefolio.exceptions import InputError, StatefolioWarning

_PARTS = ("year", "quarter", "month", "day")
_NUMBERS = ("permno", "gvkey", "cusip", "stock_id", "secid", "security_id", "asset_id", "instrument_id", "stkcd", "id")
"""Names of columns of assets that are often numbers."""
_CELLS = 300
_CRSP_CODES = (
    *(form for letter in "ABCDEPST" for form in (letter, f".{letter}")),
    *(f"-{code}{zero}" for code in (55, 66, 77, 88, 99) for zero in ("", ".", ".0")),
)
"""CRSP's marks for missing returns: letters, and numbers that no return can be."""


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
    label = _label(names, date, reading)
    if label is None:
        return TextColumns(dates, frozenset())
    position = names.index(label)
    head = list(itertools.islice((row for row in rows() if len(row) == len(names)), _CELLS))
    cells = pd.Series([row[position] for row in head], dtype=str)
    text = _are_names(cells, label) or _are_identifiers(cells, label)
    days = [tuple(row[k] for k in sorted(dates)) for row in head]
    named = plain(label) in ASSET_WORDS and (len(set(days)) < len(days) or _is_triple(names, label))
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
    if raw.columns.nlevels == 1 and reading.layout == "auto":
        raw = with_two_lines_of_names(raw, reading.dated(raw))
    if raw.columns.nlevels > 1:
        raw = one_field(raw, what, reading, source)
        reading = replace(reading, value=None)
    raw = _join_date_parts(raw, reading)
    names = [str(name) for name in raw.columns]
    of_one = reading.layout != "long" and are_of_one_asset(names, reading.layout)
    if of_one and _long_label(raw, names, reading) is None:
        return one_asset(raw, names, what, reading, path)
    if _is_value_of_one_asset(raw, names, reading):
        return one_asset(raw, names, what, reading, path)
    if reading.layout != "wide":
        reading = _as_long(raw, names, what, reading, source)
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
    if not free or not dates.is_unique or _long_label(raw, names, reading) is not None:
        return False
    return not any(_are_names(raw[name].astype("string"), name) for name in free)


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


def _label(names: list[str], date: str, reading: Reading) -> str | None:
    """Return the column that may have the names of assets."""
    if reading.asset is not None:
        return reading.asset if reading.asset in names else None
    if reading.layout == "wide":
        return None
    named = next((name for word in ASSET_WORDS for name in names if plain(name) == word and name != date), None)
    if named is not None and len(names) > 2:
        return named
    if reading.must_be_long or reading.value is not None or len(names) == 3:
        return next((name for name in names if name not in (date, reading.value)), None)
    return None


def _long_label(raw: pd.DataFrame, names: list[str], reading: Reading) -> str | None:
    """Return the column of assets of a table that has one, and whose dates repeat or whose names are text."""
    if reading.asset is not None:
        return reading.asset if reading.asset in names else None
    date = reading.date_column(names)
    for word in ASSET_WORDS:
        for k, name in enumerate(names):
            if plain(name) == word and name != date and len(names) > 2:
                column = raw.iloc[:, k]
                dates = raw[date] if date in names else pd.Series(raw.index)
                cells = column.astype("string")
                named = _are_names(cells, name) or _is_triple(names, name) or _are_identifiers(cells, name)
                if named or dates.duplicated().any():
                    return name
    return None


def _are_identifiers(cells: "pd.Series[str]", label: str) -> bool:
    """Return whether a column says that it has numbers of assets, and has whole numbers, some of them again."""
    if plain(label) not in _NUMBERS or not len(cells):
        return False
    head = cells.iloc[:_CELLS].str.strip()
    whole = bool(head.str.fullmatch(r"\d+(\.0)?").fillna(False).all())
    return whole and (plain(label) != "id" or len(head) == 1 or bool(head.duplicated().any()))


def _is_triple(names: list[str], label: str) -> bool:
    """Return whether three columns say that they are a date, an asset and a value."""
    lower = {plain(name) for name in names if name not in (label, "")}
    return (
        len([name for name in names if name]) == 3
        and bool(lower & set(DATE_WORDS))
        and bool(lower & {*PRICES, *RETURNS})
    )


def _are_names(cells: "pd.Series[str]", label: str) -> bool:
    """Return whether cells are names rather than numbers; an asset may be called NA in a column called ticker."""
    known = cells[~cells.fillna("").str.strip().isin(MISSING)]
    if len(known):
        return not could_be_numbers(known)
    return plain(label) in ASSET_WORDS and bool((cells.fillna("").str.strip() != "").any())


def _as_long(raw: pd.DataFrame, names: list[str], what: What, reading: Reading, source: str) -> Reading:
    """Name the columns of a long table: the caller's, or those that bear the usual names."""
    label = _long_label(raw, names, reading)
    if label is None or (reading.value is not None and reading.asset is not None):
        return reading
    indexed = isinstance(raw.index, pd.DatetimeIndex | pd.PeriodIndex | pd.MultiIndex)
    date = None if indexed and reading.date is None else reading.date_column(names)
    free = [name for name in names if name not in (label, date)]
    if reading.value is not None:
        return replace(reading, asset=label, layout="long")
    if len(free) == 1:
        return replace(reading, asset=label, value=free[0], layout="long")
    value = by_word(free, what)
    if value is None:
        if reading.layout == "long" or reading.asset is not None:
            return replace(reading, asset=label)
        raise InputError(
            f"{source} must have one column of {what} next to the assets, {label!r}, got {listed(free, 8)}. Set value "
            "to one of them, or layout='wide' if each is an asset."
        )
    _warn(f"{source} is a long table: the assets were taken from {label!r}, the {what} from {value!r}.")
    return replace(reading, asset=label, value=value, layout="long")


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
    prices = pd.to_numeric(raw[reading.value], errors="coerce")
    negative = int((prices < 0).sum())
    if negative:
        _warn(
            f"{source} has {negative:,} negative prices, which CRSP writes for the midpoint of bid and ask; they were "
            "taken."
        )
    if "cfacpr" in lower:
        factor = pd.to_numeric(raw[lower["cfacpr"]], errors="coerce")
        prices = prices.where(prices != 0.0) / factor.where(factor > 0.0)
        _warn(f"{source} has factors of splits ({lower['cfacpr']}); the prices were divided by them.")
    return raw.assign(**{reading.value: prices.abs()})


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
