"""Finds the columns of dates, assets and values in a raw table, and turns long tables into wide ones."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import listed, show
from statefolio.data.cells import could_be_numbers
from statefolio.data.file_dates import days_alone, local_days, parse_dates
from statefolio.data.file_rows import drop_empty_rows, drop_repeated_rows, warn_of_newest_first
from statefolio.data.missing import is_missing
from statefolio.data.reading import ASSET_WORDS, Reading, no_column
from statefolio.exceptions import InputError

_MOST_MARKS = 500_000_000
_FREE_CELLS, _MOST_CELLS_PER_ROW = 20_000_000, 200


def index_by_date(raw: pd.DataFrame, reading: Reading, source: str) -> pd.DataFrame:
    """Return the table with its dates as index; they come from a column unless the index has them already."""
    if reading.date is None and isinstance(raw.index, pd.DatetimeIndex):
        return raw.set_axis(local_days(raw.index))
    if reading.date is None and isinstance(raw.index, pd.PeriodIndex):
        return raw.set_axis(raw.index.to_timestamp(how="end").normalize())
    if not isinstance(raw.index, pd.RangeIndex):
        raw = raw.reset_index()
    raw.columns = pd.Index([str(name) for name in raw.columns])
    if raw.shape[1] == 0:
        raise InputError(f"{source} must have a column of dates and one of values, got no columns. Check the file.")
    name = reading.date_column(list(raw.columns))
    if name not in raw.columns:
        raise no_column("date", name, list(raw.columns), source)
    raw = drop_empty_rows(raw, name, source)
    return raw.drop(columns=name).set_index(parse_dates(raw[name], reading.date_format, source))


def is_long(table: pd.DataFrame, reading: Reading, source: str) -> bool:
    """Return whether a table indexed by date is long: one row per date and asset.

    Raises
    ------
    InputError
        If this is to be guessed, and the column that could hold the names holds prices too.
    """
    if reading.layout == "wide" or reading.must_be_long:
        return reading.must_be_long
    if table.shape[1] != 2 or could_be_numbers(table.iloc[:, 0].astype("string")):
        return False
    if _are_truths(table.iloc[:, 0]):
        return False
    _check_names_are_text(table.iloc[:, 0], source)
    if table.index.is_unique:
        _check_names_are_no_values(table.iloc[:, 0], source)
    return True


def to_wide(table: pd.DataFrame, reading: Reading, source: str) -> pd.DataFrame:
    """Turn a long table indexed by date into one column per asset, in the order of their first rows."""
    asset, value = _asset_and_value(table, reading, source)
    codes, names = pd.factorize(table[asset])
    labels = pd.Index(pd.Series(names).astype(str).str.strip())
    if (codes < 0).any() or (labels == "").any():
        raise InputError(
            f"{source} must have an asset name in every row, got rows without a name in {asset!r}. Fill or remove them."
        )
    places, labels = pd.factorize(labels)
    codes, dates, values = places[codes], pd.DatetimeIndex(table.index), table[value]
    _check_density(dates, len(labels), source)
    if not _is_once(dates, codes, len(labels)):
        keep = drop_repeated_rows(table[[value]], pd.MultiIndex.from_arrays([dates, labels.take(codes)]), source)
        codes, dates, values = codes[keep], dates[keep], values[keep]
    dates = days_alone(dates, pd.Index(codes))
    if not _is_once(dates, codes, len(labels)):
        again = int(np.argmax(pd.MultiIndex.from_arrays([dates, codes]).duplicated()))
        raise InputError(
            f"{source} must have one row per date and asset, got duplicate rows (first: {labels[codes[again]]} on "
            f"{show(dates[again])}). Keep one of each."
        )
    _check_sorted(dates, codes, labels, source)
    if not dates.hasnans and pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _placed(values, dates, codes, labels)
    keys = pd.MultiIndex.from_arrays([dates, labels.take(codes)])
    return pd.Series(values.to_numpy(), index=keys).unstack(sort=False).reindex(columns=labels).sort_index()


def _check_density(dates: pd.DatetimeIndex, assets: int, source: str) -> None:
    """Raise InputError for a table that would be almost empty and far larger than its file."""
    days = dates.nunique(dropna=False)
    if days * assets > max(_FREE_CELLS, _MOST_CELLS_PER_ROW * len(dates)):
        raise InputError(
            f"{source} must have values for more than 1 in {_MOST_CELLS_PER_ROW} of its dates and assets, got "
            f"{len(dates):,} rows for {days:,} dates and {assets:,} assets. Check the columns, and set date, asset and "
            "value."
        )


def _is_once(dates: pd.DatetimeIndex, codes: NDArray[np.intp], assets: int) -> bool:
    """Return whether each asset has each date once."""
    days, known = pd.factorize(dates, use_na_sentinel=False)
    if len(known) * assets > _MOST_MARKS:
        return bool(pd.MultiIndex.from_arrays([days, codes]).is_unique)
    seen = np.zeros(len(known) * assets, dtype=bool)
    seen[days * assets + codes] = True
    return int(np.count_nonzero(seen)) == len(codes)


def _placed(
    values: "pd.Series[float]", dates: pd.DatetimeIndex, codes: NDArray[np.intp], labels: pd.Index
) -> pd.DataFrame:
    """Put each number in the row of its date and the column of its asset."""
    days, known = pd.factorize(dates, sort=True)
    wide = np.full((len(known), len(labels)), np.nan)
    wide[days, codes] = values.to_numpy(dtype=float, na_value=np.nan)
    return pd.DataFrame(wide, index=pd.DatetimeIndex(known, name=dates.name), columns=labels)


def _asset_and_value(table: pd.DataFrame, reading: Reading, source: str) -> tuple[str, str]:
    names = [str(name) for name in table.columns]
    for word, name in (("asset", reading.asset), ("value", reading.value)):
        if name is not None and name not in names:
            raise no_column(word, name, names, source)
    free = [name for name in names if name not in (reading.asset, reading.value)]
    if reading.asset is None and reading.value is not None and len(free) > 1:
        texts = [name for name in free if not could_be_numbers(table[name].iloc[:100].astype("string"))]
        free = texts if len(texts) == 1 else free
    if len(free) > (reading.asset is None) + (reading.value is None) > 0:
        unnamed = " and ".join(name for name in ("asset", "value") if getattr(reading, name) is None)
        raise InputError(
            f"{source} must show which columns have the assets and their values, got {listed(free, 8)}. Set {unnamed} "
            "to one of them each."
        )
    asset = reading.asset or (free.pop(0) if free else "")
    value = reading.value or (free.pop(0) if free else "")
    if not (asset and value):
        raise InputError(
            f"{source} must have a column of asset names and one of values to be read as a long table, got the columns "
            f"{names} next to the dates. Name them with asset and value, or set layout='wide'."
        )
    return asset, value


def _are_truths(column: "pd.Series[Any]") -> bool:
    """Return whether a column has true and false alone, under a name that is none of the usual ones of assets."""
    if str(column.name).strip().lower() in ASSET_WORDS:
        return False
    words = {str(cell).strip().lower() for cell in column[~is_missing(column)].unique()[:5]}
    return words <= {"true", "false", "yes", "no", "y", "n"} and len(words) > 0


def _check_names_are_text(names: "pd.Series[str]", source: str) -> None:
    """Raise InputError if some names are numbers with decimals, as prices are."""
    decimal = names[names.astype("string").str.fullmatch(r"\s*[-+]?\d*\.\d+\s*").fillna(False).to_numpy(dtype=bool)]
    if len(decimal):
        known = names[~is_missing(names)].astype(str)
        raise InputError(
            f"{source} must have either numbers or names in the column {names.name!r}, got {_a_text(known)!r} and "
            f"{decimal.iloc[0]!r}. Set layout='long' if it names assets. If it is an asset, set layout='wide' and "
            "correct its cells that are no numbers, or name them with missing."
        )


def _check_names_are_no_values(names: "pd.Series[str]", source: str) -> None:
    """Raise InputError for several texts, or one with decimals (1.5D-03), under a name that is none of the usual."""
    if str(names.name).strip().lower() in ASSET_WORDS:
        return
    known = names[~is_missing(names)].astype("string")
    digits = known[known.str.contains(r"\d[.,]\d").fillna(False).to_numpy(dtype=bool)]
    if known.nunique() > 1 or len(digits):
        shown = str(digits.iloc[0]) if len(digits) else _a_text(known)
        raise InputError(
            f"{source} must show whether the column {names.name!r} has names of assets or values, got "
            f"{shown!r} and each date once. Set layout='long' if it names assets. If it is an asset, set layout='wide' "
            "and correct its cells that are no numbers, or name them with missing."
        )


def _a_text(known: "pd.Series[str]") -> str:
    """Return the first cell that is no number."""
    return str(next((cell for cell in known if not could_be_numbers(pd.Series([cell], dtype=str))), known.iloc[0]))


def _check_sorted(dates: pd.DatetimeIndex, codes: NDArray[np.intp], labels: pd.Index, source: str) -> None:
    """Raise InputError unless dates increase (or all decrease) within each asset; rows may be grouped by either."""
    if dates.is_monotonic_increasing:
        return
    order = np.argsort(codes, kind="stable")
    same = np.diff(codes[order]) == 0
    steps = np.diff(dates.to_numpy()[order])[same]
    down = steps < np.timedelta64(0)
    if not down.any():
        return
    if down.all():
        warn_of_newest_first(source)
        return
    row = int(order[1:][same][down].min())
    raise InputError(
        f"{source} must have increasing dates within each asset, got dates out of order (first: {labels[codes[row]]} "
        f"on {show(dates[row])}). Sort the rows by date."
    )
