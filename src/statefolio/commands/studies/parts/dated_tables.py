"""Reads dated tables of a study: views, covariances, given weights, and tables for the caller's own policies."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio.commands.file_forms import form_of_table, read_file
from statefolio.commands.studies.schema.data_tables import DataTable, FormTable
from statefolio.exceptions import FileFormatError, InputError, StatefolioError, StatefolioWarning
from statefolio.risk.given_covariance import covariance_table

_TIME = re.compile(rb"\d[T ](\d\d:\d\d)")
_LOOKED_AT = 1_000_000
"""Bytes of a file that are searched for times of day."""


def read_others(table: DataTable, folder: Path) -> dict[str, pd.DataFrame]:
    """Read the further tables for the caller's own policies and models."""
    return {
        name: read_table(folder / path, FormTable(), f"data.others.{name}")
        for name, path in (table.others or {}).items()
    }


def read_table(path: Path, form: FormTable, field: str) -> pd.DataFrame:
    """Read a dated table of numbers, wide or long; errors name the field."""
    try:
        found = read_file(
            path, prices=True, form=form_of_table(form.model_dump(exclude_none=True)), name=_form_of(field)
        )
    except StatefolioError as error:
        raise type(error)(f"{field}: {error}") from error
    _warn_of_times(path, field)
    return found


def _warn_of_times(path: Path, field: str) -> None:
    """Warn where a text file has times of day: a row counts from the close of its day on, whatever the time."""
    found = _TIME.findall(path.read_bytes()[:_LOOKED_AT])
    times = [time.decode() for time in found if time != b"00:00"]
    if times:
        warnings.warn(
            f"{field} must have days, got times of day (first: {times[0]}). A row is used from the close of its "
            "day on: date what is known after the close on the next day.",
            StatefolioWarning,
            stacklevel=3,
        )


def _form_of(field: str) -> Callable[[str], str]:
    return lambda word: f"{field}.form.{word} ="


def read_covariances(path: Path, field: str) -> pd.DataFrame:
    """Read dated covariances from CSV or Parquet.

    One row per date and pair (date, asset, other asset, covariance), or one row per date and asset with one column per
    asset.
    """
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{field}: {path} cannot be read ({shown(str(error))}). Write it as CSV.") from error
    if table.shape[1] < 3 or not len(table):
        raise FileFormatError(
            f"{field}: {path} must have the columns date, asset, other asset and covariance, or date, asset and one "
            f"column per asset, got {listed(list(table.columns))}."
        )
    date = table.columns[0]
    dates = pd.to_datetime(table[date], errors="coerce")
    if dates.isna().any():
        raise FileFormatError(
            f"{field}: {path} must have dates in its first column, got {table[date][dates.isna()].iloc[0]!r}."
        )
    long = table.shape[1] == 4 and not pd.api.types.is_numeric_dtype(table.iloc[:, 2])
    read = _from_pairs if long else _from_rows
    try:
        return covariance_table({day: read(rows.drop(columns=date)) for day, rows in table.groupby(dates)})
    except (TypeError, ValueError) as error:
        raise InputError(f"{field}: {shown(str(error))}") from error


def _from_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """The matrix of rows with asset, other asset and covariance; a pair may be given once, in either order."""
    values = {(str(a), str(b)): float(value) for a, b, value in rows.itertuples(index=False)}
    names = pd.Index(dict.fromkeys(name for pair in values for name in pair))
    matrix = pd.DataFrame(float("nan"), index=names, columns=names)
    for (a, b), value in values.items():
        matrix.loc[a, b] = value
        if (b, a) not in values:
            matrix.loc[b, a] = value
    return matrix


def _from_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The matrix of rows with an asset and one column per asset."""
    matrix = rows.set_axis([str(name) for name in rows.columns], axis=1).set_index(str(rows.columns[0]))
    matrix.index = pd.Index([str(name) for name in matrix.index])
    absent = matrix.index.difference(matrix.columns, sort=False)
    if len(absent):
        raise ValueError(f"the covariance must have a column for each asset of its rows, got none for {absent[0]!r}")
    return matrix.reindex(columns=matrix.index)
