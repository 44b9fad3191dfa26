"""Which column is the date, which the asset, which the value; long tables made wide."""

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from statefolio._arrays.text import show
from statefolio.exceptions import InputError, UnknownNameError

Layout = Literal["auto", "wide", "long"]


@dataclass(frozen=True, slots=True)
class Columns:
    """What the caller said of a table's columns."""

    layout: Layout = "auto"
    date: str | None = None
    asset: str | None = None
    value: str | None = None

    def __post_init__(self) -> None:
        if self.layout not in get_args(Layout):
            valid = ", ".join(repr(layout) for layout in get_args(Layout))
            raise InputError(f"layout={self.layout!r} came. One of {valid} was expected: choose one.")

    @property
    def said_long(self) -> bool:
        """Whether the caller's words leave no choice but a long table."""
        named = self.asset is not None or self.value is not None
        return self.layout == "long" or (self.layout == "auto" and named)

    def date_column(self, names: list[str]) -> str:
        """Return the column of dates: the one named, else "date", else the first."""
        if self.date is not None:
            return self.date
        return next((name for name in names if name.strip().lower() == "date"), names[0])

    def asset_column(self, names: list[str]) -> str | None:
        """Return the column of assets' names that a long table with these columns would have."""
        if self.asset is not None:
            return self.asset if self.asset in names else None
        if self.layout == "wide" or not (self.said_long or len(names) == 3):
            return None
        taken = (self.date_column(names), self.value)
        return next((name for name in names if name not in taken), None)


def mostly_text(column: "pd.Series[str]") -> bool:
    """Say whether most of a column's first hundred cells are no numbers."""
    if pd.api.types.is_numeric_dtype(column):
        return False
    head = column.iloc[:100]
    return bool(pd.to_numeric(head, errors="coerce").isna().mean() > 0.5)


def dated(raw: pd.DataFrame, columns: Columns, date_format: str | None, what: str) -> pd.DataFrame:
    """Return the table with its dates as index, taken from a column unless they are there already."""
    if columns.date is None and isinstance(raw.index, pd.DatetimeIndex):
        return raw
    if not isinstance(raw.index, pd.RangeIndex):
        raw = raw.reset_index()
    raw.columns = pd.Index([str(name) for name in raw.columns])
    if raw.shape[1] == 0:
        raise InputError(f"{what} has no columns. A column of dates and one of values were expected.")
    name = columns.date_column(list(raw.columns))
    if name not in raw.columns:
        raise _no_column(name, raw, what)
    return raw.drop(columns=name).set_index(_parsed(raw[name], date_format, what))


def is_long(table: pd.DataFrame, columns: Columns) -> bool:
    """Say whether a dated table has a row for each date and asset."""
    if columns.layout == "wide" or columns.said_long:
        return columns.said_long
    return table.shape[1] == 2 and mostly_text(table.iloc[:, 0])


def widened(table: pd.DataFrame, columns: Columns, what: str) -> pd.DataFrame:
    """Return a dated long table with a column for each asset, in the order of their first rows."""
    asset, value = _asset_and_value(table, columns, what)
    dates, assets = table.index, pd.Index(table[asset].astype(str).str.strip())
    if table[asset].isna().any() or (assets == "").any():
        raise InputError(f"{what} has rows without a name in {asset!r}. A name on every row was expected.")
    keys = pd.MultiIndex.from_arrays([dates, assets])
    if not keys.is_unique:
        when, who = keys[keys.duplicated()][0]
        raise InputError(
            f"{what} has duplicate rows (first: {who} on {show(when)}). One row for a date and an asset was "
            "expected: keep one of each."
        )
    _refuse_unsorted(dates, assets, what)
    wide = pd.Series(table[value].to_numpy(), index=keys).unstack(sort=False)
    return wide.reindex(columns=assets.unique()).sort_index()


def _asset_and_value(table: pd.DataFrame, columns: Columns, what: str) -> tuple[str, str]:
    names = [str(name) for name in table.columns]
    for name in (columns.asset, columns.value):
        if name is not None and name not in names:
            raise _no_column(name, table, what)
    free = [name for name in names if name not in (columns.asset, columns.value)]
    asset = columns.asset or (free.pop(0) if free else "")
    value = columns.value or (free.pop(0) if free else "")
    if not (asset and value):
        raise InputError(
            f"{what} is read as long but has only the columns {names} beside the dates. A column of assets' "
            "names and one of values were expected: say asset= and value=, or layout='wide'."
        )
    return asset, value


def _refuse_unsorted(dates: pd.Index, assets: pd.Index, what: str) -> None:
    """Dates must increase within each asset (rows may be grouped by date or by asset)."""
    previous = pd.Series(dates).groupby(assets.to_numpy(), sort=False).shift()
    unsorted = (pd.Series(dates) < previous).to_numpy()
    if unsorted.any():
        row = int(unsorted.argmax())
        raise InputError(
            f"{what} has dates out of order (first: {assets[row]} on {show(dates[row])}); dates increasing "
            "within each asset were expected. Sort the rows by date."
        )


def _parsed(written: "pd.Series[str]", date_format: str | None, what: str) -> pd.DatetimeIndex:
    if pd.api.types.is_datetime64_any_dtype(written):
        return pd.DatetimeIndex(written, name="date")
    text = written.astype("string").str.strip()
    compact = bool(text.dropna().str.fullmatch(r"\d{8}").all())
    try:
        dates = pd.to_datetime(text, format=date_format or ("%Y%m%d" if compact else "ISO8601"))
        return pd.DatetimeIndex(dates, name="date")
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{what}: the column {written.name!r} does not hold dates ({str(error).splitlines()[0]}). ISO "
            "dates (2015-12-31) or YYYYMMDD without a time zone were expected: say date= for the column, "
            "or date_format= for how they are written."
        ) from error


def _no_column(name: str, table: pd.DataFrame, what: str) -> UnknownNameError:
    columns = ", ".join(str(column) for column in table.columns[:10])
    return UnknownNameError(f"{what} has no column {name!r}. It has: {columns}. Use one of them.")
