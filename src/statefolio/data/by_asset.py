"""Files with one row an asset: weights of a portfolio, or the group each asset belongs to."""

import numpy as np
import pandas as pd

from statefolio.data.formats import is_parquet, parquet_table, written_table
from statefolio.data.sources import PathName, read_bytes
from statefolio.exceptions import InputError, UnknownNameError


def read_weights(path: PathName, *, asset: str | None = None, value: str | None = None) -> "pd.Series[float]":
    """Read the weights of a portfolio from a CSV or Parquet file with a row an asset.

    Parameters
    ----------
    path : path-like
        The file, plain or packed with gzip or zip.
    asset, value : str, optional
        The columns of names and weights; by default the first and the second.

    Returns
    -------
    Series
        Weights in decimals (0.05 = 5 % of capital), by asset, as they are written: nothing is scaled.

    Raises
    ------
    FileFormatError
        If the file is missing, empty, truncated, wrongly encoded or no table.
    InputError
        If an asset comes twice or has no name, or a weight is no finite number.
    """
    rows = _rows(path, asset, value, "weight")
    numbers = pd.to_numeric(rows, errors="coerce").astype(float)
    bad = rows[~np.isfinite(numbers.to_numpy())]
    if len(bad):
        raise InputError(
            f"{path} has the weight {bad.iloc[0]!r} for {bad.index[0]!r}; a finite number was expected for every "
            "asset. Mend the row, or drop it."
        )
    return numbers.rename("weight")


def read_groups(path: PathName, *, asset: str | None = None, value: str | None = None) -> "pd.Series[str]":
    """Read the group (sector, country) of each asset from a CSV or Parquet file with a row an asset.

    Parameters
    ----------
    path : path-like
        The file, as in `read_weights`.
    asset, value : str, optional
        The columns of assets and groups; by default the first and the second.

    Returns
    -------
    Series
        Names of groups, by asset.

    Raises
    ------
    FileFormatError, InputError
        As in `read_weights`; also if a group is empty.
    """
    rows = _rows(path, asset, value, "group").astype(str).str.strip()
    if (rows == "").any():
        raise InputError(
            f"{path} has no group for {rows.index[rows == ''][0]!r}; a group for every asset was expected. "
            "Fill it, or drop the row."
        )
    return rows.rename("group")


def _rows(path: PathName, asset: str | None, value: str | None, what: str) -> "pd.Series[str]":
    content = read_bytes(path)
    table = parquet_table(content, path).reset_index() if is_parquet(content) else written_table(content, path)
    table.columns = pd.Index([str(name).strip() for name in table.columns])
    table = table.drop(columns="index", errors="ignore")
    for name in (asset, value):
        if name is not None and name not in table.columns:
            raise UnknownNameError(
                f"{path} has no column {name!r}. It has: {', '.join(table.columns[:10])}. Use one of them."
            )
    if asset is None and value is None and len(table.columns) > 2:
        raise InputError(
            f"{path} has {len(table.columns)} columns ({', '.join(table.columns[:4])}, ...); two were expected, "
            f"the asset and its {what}. Check that it is the right file."
        )
    free = [name for name in table.columns if name not in (asset, value)]
    asset = asset or (free.pop(0) if free else None)
    value = value or (free.pop(0) if free else None)
    if asset is None or value is None or table.empty:
        raise InputError(
            f"{path} has {len(table)} rows and the columns {list(table.columns)}; a row an asset, with its name and "
            f"its {what}, was expected. Check the file."
        )
    names = pd.Index(table[asset].astype(str).str.strip(), name="asset")
    if (names == "").any():
        raise InputError(f"{path} has a row without an asset's name; a name on every row was expected. Fill it.")
    if not names.is_unique:
        raise InputError(
            f"{path} has {names[names.duplicated()][0]!r} twice; each asset was expected once. Keep one row of each."
        )
    return pd.Series(table[value].to_numpy(), index=names)
