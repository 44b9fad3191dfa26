"""Recognises long tables, with one row per date and asset, and their columns."""

import warnings
from dataclasses import replace

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.data.cells import could_be_numbers
from statefolio.data.fields import PRICES, RETURNS, What, by_word, plain
from statefolio.data.missing import MISSING, is_missing
from statefolio.data.reading import ASSET_WORDS, DATE_WORDS, Reading
from statefolio.exceptions import InputError, StatefolioWarning

_NUMBERS = ("permno", "gvkey", "cusip", "stock_id", "secid", "security_id", "asset_id", "instrument_id", "stkcd", "id")
"""Names of columns of assets that are often numbers."""
_KINDS = (
    "location", "country", "freq", "frequency", "weighting", "currency", "field", "item", "variable", "measure",
    "metric", "statistic", "attribute", "datatype", "interval", "per",
)  # fmt: skip
"""Names of columns that say which of several series of an asset a row belongs to."""
CELLS = 300
MANY = 100_000


def label_of(names: list[str], date: str, reading: Reading) -> str | None:
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


def long_label(raw: pd.DataFrame, names: list[str], reading: Reading) -> str | None:
    """Return the column of assets of a table that has one, and whose dates repeat or whose names are text."""
    if reading.asset is not None:
        return reading.asset if reading.asset in names else None
    date = reading.date_column(names)
    for word in ASSET_WORDS:
        for k, name in enumerate(names):
            if plain(name) == word and name != date and len(names) > 2:
                column = raw.iloc[:, k]
                dates = raw[date] if date in names else pd.Series(raw.index)
                cells = column.iloc[:MANY].astype("string")
                named = are_names(cells, name) or is_triple(names, name) or are_identifiers(cells, name)
                if named or (dates.duplicated().any() and not are_decimals(cells)):
                    return name
    return None


def are_identifiers(cells: "pd.Series[str]", label: str) -> bool:
    """Return whether a column says that it has numbers of assets, and has whole numbers, some of them again."""
    if plain(label) not in _NUMBERS or not len(cells):
        return False
    head = cells.iloc[:CELLS].str.strip()
    whole = bool(head.str.fullmatch(r"\d+(\.0)?").fillna(False).all())
    return whole and (plain(label) != "id" or len(head) == 1 or bool(head.duplicated().any()))


def are_decimals(cells: "pd.Series[str]") -> bool:
    """Return whether cells are numbers with decimals or percent signs, which no asset is called."""
    known = cells.iloc[:CELLS][~is_missing(cells.iloc[:CELLS])].str.strip()
    decimal = known.str.contains(r"[.,]\d*[1-9]|%").fillna(False)
    return len(known) > 0 and could_be_numbers(known) and bool(decimal.mean() > 0.5)


def is_triple(names: list[str], label: str) -> bool:
    """Return whether three columns say that they are a date, an asset and a value."""
    lower = {plain(name) for name in names if name not in (label, "")}
    return (
        len([name for name in names if name]) == 3
        and bool(lower & set(DATE_WORDS))
        and bool(lower & {*PRICES, *RETURNS})
    )


def are_names(cells: "pd.Series[str]", label: str) -> bool:
    """Return whether cells are names rather than numbers; an asset may be called NA in a column called ticker."""
    cells = cells.iloc[:MANY]
    known = cells[~cells.fillna("").str.strip().isin(MISSING)]
    if len(known):
        return not could_be_numbers(known)
    return plain(label) in ASSET_WORDS and bool((cells.fillna("").str.strip() != "").any())


def as_long(raw: pd.DataFrame, names: list[str], what: What, reading: Reading, source: str) -> Reading:
    """Name the columns of a long table: the caller's, or those that bear the usual names."""
    label = long_label(raw, names, reading)
    if label is None or (reading.value is not None and reading.asset is not None):
        return reading
    _check_one_series(raw, label, source)
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


def _check_one_series(raw: pd.DataFrame, label: str, source: str) -> None:
    """Raise InputError where the rows of an asset differ in what says which series they belong to, as a country."""
    for name in raw.columns:
        if plain(str(name)) not in _KINDS or name == label:
            continue
        kinds = raw.groupby(label, sort=False)[name].agg(["nunique", "first", "last"])
        several = kinds[kinds["nunique"] > 1]
        if len(several):
            asset, first = several.index[0], several["first"].iloc[0]
            other = next(kind for kind in raw.loc[raw[label] == asset, name].dropna() if kind != first)
            raise InputError(
                f"{source} must have one series per asset, got {first!r} and {other!r} in {str(name)!r} for {asset!r}. "
                "Keep the rows of one of them."
            )


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=2)
