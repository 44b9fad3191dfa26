"""Reads files with one row per asset: the weights of a portfolio, or the group of each asset."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio.data.cells import could_be_numbers, find_decimal, numbers_of
from statefolio.data.formats import untyped
from statefolio.data.header import first_line_error
from statefolio.data.missing import MISSING
from statefolio.data.reading import Reading, no_column
from statefolio.data.sources import PathName, read_bytes
from statefolio.exceptions import InputError


def read_weights(path: PathName, *, asset: str | None = None, value: str | None = None) -> "pd.Series[float]":
    r"""Read the weights of a portfolio from a CSV or Parquet file with one row per asset.

    Parameters
    ----------
    path : path-like
        The file, plain or packed with gzip or zip.
    asset, value : str, optional
        The columns of names and weights. Default: the first and the second.

    Returns
    -------
    Series
        Weights in decimals (0.05 = 5 % of capital), by asset, as in the file: nothing is scaled.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or no table.
    InputError
        If an asset appears twice or has no name, or a weight is not a finite number.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import statefolio as sf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "weights.csv")
    ...     _ = path.write_text("asset,weight\nAAPL,0.6\nKO,0.4\n")
    ...     weights = sf.read_weights(path)
    >>> weights.to_dict()
    {'AAPL': 0.6, 'KO': 0.4}
    """
    rows = _rows(path, asset, value, "weight")
    numbers = _numbers(rows, str(path))
    bad = rows[~np.isfinite(numbers.to_numpy())]
    if len(bad):
        raise InputError(
            f"{path} must have a finite weight for every asset, got {bad.iloc[0]!r} for {bad.index[0]!r}. "
            "Correct the row, or drop it."
        )
    return numbers.rename("weight")


def read_groups(path: PathName, *, asset: str | None = None, value: str | None = None) -> "pd.Series[str]":
    r"""Read the group (sector, country) of each asset from a CSV or Parquet file with one row per asset.

    Parameters
    ----------
    path : path-like
        The file, as in `read_weights`.
    asset, value : str, optional
        The columns of assets and groups. Default: the first and the second.

    Returns
    -------
    Series
        Names of the groups, by asset.

    Raises
    ------
    FileFormatError, InputError
        As in `read_weights`; also if a group is empty.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import statefolio as sf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "sectors.csv")
    ...     _ = path.write_text("asset,country,sector\nAAPL,US,Technology\nKO,US,Staples\n")
    ...     sectors = sf.read_groups(path, asset="asset", value="sector")
    >>> sectors.to_dict()
    {'AAPL': 'Technology', 'KO': 'Staples'}
    """
    rows = _rows(path, asset, value, "group").astype(str).str.strip()
    if (rows == "").any():
        raise InputError(
            f"{path} must have a group for every asset, got no group for {rows.index[rows == ''][0]!r}. "
            "Fill it, or drop the row."
        )
    return rows.rename("group")


def read_columns(path: PathName) -> pd.DataFrame:
    """Read a CSV, Excel or Parquet file without converting anything: texts, "" where a cell is empty.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or no table.
    """
    table = untyped(read_bytes(path), Reading(), path)
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    return table.drop(columns="index", errors="ignore").fillna("")


def _numbers(rows: "pd.Series[Any]", source: str) -> "pd.Series[float]":
    """Read weights however they are written; NaN for what is no number."""
    numbers = pd.to_numeric(rows, errors="coerce").astype(float)
    if numbers.notna().all() or not rows.map(lambda cell: isinstance(cell, str)).all():
        return numbers
    if not could_be_numbers(rows) or rows.astype(str).str.strip().isin(MISSING).any():
        return numbers
    return numbers_of(rows.rename("weight"), find_decimal(rows, None, source), source)


def _rows(path: PathName, asset: str | None, value: str | None, kind: str) -> "pd.Series[str]":
    content = read_bytes(path)
    table = untyped(content, Reading(), path)
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    table = table.drop(columns="index", errors="ignore")
    for word, name in (("asset", asset), ("value", value)):
        if name is not None and name not in table.columns:
            raise no_column(word, name, list(table.columns), path)
    if asset is None and value is None and len(table.columns) > 2:
        raise InputError(
            f"{path} must have two columns, the asset and its {kind}, got {len(table.columns)} "
            f"({', '.join(table.columns[:4])}, ...). Check that it is the right file, or name the two columns."
        )
    if asset is None and value is None and len(table.columns) == 2:
        _check_first_line(table, kind, path)
    free = [name for name in table.columns if name not in (asset, value)]
    asset = asset or (free.pop(0) if free else None)
    value = value or (free.pop(0) if free else None)
    if asset is None or value is None or table.empty:
        raise InputError(
            f"{path} must have one row per asset, with its name and its {kind}, got {len(table)} rows and the columns "
            f"{list(table.columns)}. Check the file."
        )
    names = pd.Index(table[asset].astype(str).str.strip(), name="asset")
    if (names == "").any():
        raise InputError(f"{path} must have an asset name in every row, got a row without one. Fill it.")
    if not names.is_unique:
        raise InputError(
            f"{path} must have each asset once, got {names[names.duplicated()][0]!r} twice. Keep one row of each."
        )
    return pd.Series(table[value].to_numpy(), index=names)


def _check_first_line(table: pd.DataFrame, kind: str, path: PathName) -> None:
    """Raise InputError if the names of two columns look like an asset and its weight or group."""
    first = str(table.columns[1])
    if pd.notna(pd.to_numeric(first, errors="coerce")) or first in set(table.iloc[:, 1].astype(str).str.strip()):
        raise first_line_error(",".join(table.columns), f"asset,{kind}", path)
