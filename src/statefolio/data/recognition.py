"""Recognises the tables that vendors write: fields of one asset or of many, long tables, dates in several columns."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.data.cells import could_be_numbers
from statefolio.data.missing import MISSING
from statefolio.data.reading import ASSET_WORDS, DATE_WORDS, Reading
from statefolio.data.sources import PathName
from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError

What = Literal["prices", "returns"]

_PRICES = (
    "adj close", "adj_close", "adjclose", "adj. close", "adjusted close", "adjusted_close", "adjusted closing price",
    "adj_price", "total return index", "tot_return_index_gross_dvds",
    "close", "close/last", "closing price", "close "
    "price",
    "price", "px_last", "last price", "last", "prc", "settle", "value",
)  # fmt: skip
_RETURNS = ("ret", "return", "returns", "total_return", "total return", "ret_exc", "change %", "value")
_OPEN_HIGH_LOW = ({"open", "1. open", "px_open"}, {"high", "2. high", "px_high"}, {"low", "3. low", "px_low"})
_PARTS = ("year", "month", "day")
_CELLS = 300
_CRSP_CODES = ("A", "B", "C", "D", "E", "P", "S", "T")


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
    text = _are_names(pd.Series([row[position] for row in head], dtype=str), label)
    days = [tuple(row[k] for k in sorted(dates)) for row in head]
    by_word = plain(label) in ASSET_WORDS and (len(set(days)) < len(days) or _is_triple(names, label))
    chosen = reading.must_be_long or text or by_word
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
    if raw.columns.nlevels > 1:
        raw = _one_field(raw, what, reading, source)
        reading = replace(reading, value=None)
    raw = _join_date_parts(raw, reading)
    names = [str(name) for name in raw.columns]
    if _has_open_high_low(names) and reading.layout != "long" and _long_label(raw, names, reading) is None:
        return _one_asset(raw, names, what, reading, path)
    if reading.layout != "wide":
        reading = _as_long(raw, names, what, reading, source)
    return _crsp_prices(raw, reading, source), reading


def date_parts(names: list[str], reading: Reading) -> tuple[str, ...] | None:
    """Return the columns of year, month and (if there is one) day, where the dates are in these."""
    if reading.date is not None:
        return None
    lower = {plain(name): name for name in names}
    if "date" in lower or "year" not in lower or "month" not in lower:
        return None
    return tuple(lower[part] for part in _PARTS if part in lower)


def plain(name: str) -> str:
    """Return a name in lower case, without brackets and spaces around it."""
    return name.strip().strip("<>").strip().lower()


def missing_words(names: list[str]) -> dict[int, tuple[str, ...]]:
    """Return CRSP's letters for missing returns, by the position of the columns that have them."""
    lower = [plain(name) for name in names]
    if "permno" not in lower:
        return {}
    return {k: _CRSP_CODES for k, name in enumerate(lower) if name in ("ret", "retx", "dlret", "dlretx")}


def _label(names: list[str], date: str, reading: Reading) -> str | None:
    """Return the column that may have the names of assets."""
    if reading.asset is not None:
        return reading.asset if reading.asset in names else None
    if reading.layout == "wide":
        return None
    by_word = next((name for word in ASSET_WORDS for name in names if plain(name) == word and name != date), None)
    if by_word is not None and len(names) > 2:
        return by_word
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
                named = _are_names(column.astype("string"), name) or _is_triple(names, name)
                if named or dates.duplicated().any():
                    return name
    return None


def _is_triple(names: list[str], label: str) -> bool:
    """Return whether three columns say that they are a date, an asset and a value."""
    lower = {plain(name) for name in names if name not in (label, "")}
    return (
        len([name for name in names if name]) == 3
        and bool(lower & set(DATE_WORDS))
        and bool(lower & {*_PRICES, *_RETURNS})
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
    value = _by_word(free, what)
    if value is None:
        if reading.layout == "long" or reading.asset is not None:
            return replace(reading, asset=label)
        raise InputError(
            f"{source} must have one column of {what} next to the assets, {label!r}, got {listed(free, 8)}. Set value "
            "to one of them, or layout='wide' if each is an asset."
        )
    _warn(f"{source} is a long table: the assets were taken from {label!r}, the {what} from {value!r}.")
    return replace(reading, asset=label, value=value, layout="long")


def _one_field(raw: pd.DataFrame, what: What, reading: Reading, source: str) -> pd.DataFrame:
    """Keep one field of a table that has one column per field and asset."""
    columns = [tuple(str(part).strip() for part in key) for key in raw.columns]
    dated = [k for k, key in enumerate(columns) if any(plain(part) in ("date", "dates", "datetime") for part in key)]
    rest = [k for k in range(len(columns)) if k not in dated]
    levels = range(raw.columns.nlevels)
    named = {level: list(dict.fromkeys(columns[k][level] for k in rest)) for level in levels}
    if reading.value is not None:
        level = next((level for level in levels if reading.value in named[level]), None)
        if level is None:
            fields = listed(sorted({part for key in columns for part in key if part}), 8)
            raise UnknownNameError(
                f"{source} has no field {reading.value!r}. It has: {fields}. Set value to one of them."
            )
        field = reading.value
    else:
        level = max(levels, key=lambda level: sum(_is_field(name) for name in named[level]))
        fields_of = [name for name in named[level] if name]
        found = fields_of[0] if len(fields_of) == 1 else _by_word(fields_of, what)
        if found is None or not any(map(_is_field, fields_of)):
            raise InputError(
                f"{source} must have one value per asset and date, got the names {listed(fields_of, 6)} in several "
                "lines. Set value to the field to read."
            )
        field = found
        others = [name for name in fields_of if name != field]
        if others:
            _warn(f"{source} has the fields {listed(fields_of, 8)}; {field!r} was taken. Set value for another.")
    asset_level = next((each for each in reversed(levels) if each != level and len(named[each]) > 1), None)
    asset_level = next(each for each in levels if each != level) if asset_level is None else asset_level
    kept = [k for k in rest if columns[k][level] == field]
    names = ["Date" for _ in dated[:1]] + [columns[k][asset_level] for k in kept]
    table = raw.iloc[:, [*dated[:1], *kept]]
    return table.set_axis(pd.Index(names), axis=1)


def _one_asset(
    raw: pd.DataFrame, names: list[str], what: What, reading: Reading, path: PathName
) -> tuple[pd.DataFrame, Reading]:
    """Keep the price of a table of opens, highs, lows and closes of one asset, and name it after the file."""
    date = reading.date_column(names)
    free = [name for name in names if name != date]
    value = reading.value or _by_word(free, what)
    source = f"{path} ({what})"
    if value is None and what == "returns":
        raise InputError(
            f"{source} must have a column of returns, got the prices {listed(free, 6)}. Read it with read_prices, or "
            "pass --prices, or set value to the column of returns."
        )
    if value is None or value not in names:
        raise UnknownNameError(
            f"{source} has no column {value!r}. It has: {listed(free, 8)}. Set value to one of them."
        )
    asset = _stem(path)
    _warn(f"{source} has the fields {listed(free, 8)} of one asset; {value!r} was taken as {asset!r}.")
    kept = [name for name in names if name in (date, value)]
    return raw[kept].rename(columns={value: asset}), replace(reading, value=None, layout="wide")


def _join_date_parts(raw: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Join columns of year, month and day into one of dates."""
    names = [str(name) for name in raw.columns]
    parts = date_parts(names, reading) if not isinstance(raw.index, pd.DatetimeIndex) else None
    if parts is None:
        return raw
    pieces = [raw[part].astype("string").str.strip().str.replace(r"\.0+$", "", regex=True) for part in parts]
    written = pieces[0]
    for piece in pieces[1:]:
        written = written + "-" + piece.str.zfill(2)
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


def _by_word(names: list[str], what: What) -> str | None:
    lower = {plain(name): name for name in reversed(names)}
    numbered = {name.split(". ", 1)[-1]: full for name, full in lower.items() if name[:1].isdigit()}
    for word in _PRICES if what == "prices" else _RETURNS:
        if word in lower or word in numbered:
            return lower.get(word) or numbered[word]
    return None


def _is_field(name: str) -> bool:
    low = plain(name)
    low = low.split(". ", 1)[-1] if low[:1].isdigit() else low
    return low in _PRICES or low in ("open", "high", "low", "volume", "px_open", "px_volume", *_RETURNS)


def _has_open_high_low(names: list[str]) -> bool:
    lower = {plain(name) for name in names}
    return all(lower & words for words in _OPEN_HIGH_LOW) and _by_word(names, "prices") is not None


def _stem(path: PathName) -> str:
    name = Path(path).name
    for ending in (".gz", ".zip", ".csv", ".txt", ".parquet", ".xlsx", ".xls", ".tsv"):
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    return name or "asset"


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
