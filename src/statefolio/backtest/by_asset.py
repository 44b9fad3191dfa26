"""Reads one number per asset."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError


def by_asset(given: Any, assets: pd.Index, name: str, least: float = 0.0) -> Array:
    """Return one number per asset, from a number or from a Series (or mapping) by asset.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If a value is not a finite number of at least `least`, or an asset has none.
    """
    if is_number(given):
        values = np.full(len(assets), float(given))
    elif isinstance(given, pd.Series | Mapping):
        values = _in_order(pd.Series(given), assets, name)
    else:
        raise DataTypeError(f"{name} must be a number or a Series by asset, got {shown(given)}. Pass a number.")
    valid = np.isfinite(values) & (values >= least)
    if not valid.all():
        raise InputError(
            f"{name} must hold finite numbers of at least {least:g}, got {values[~valid][0]:g}. Correct that value."
        )
    return values


def _in_order(given: "pd.Series[float]", assets: pd.Index, name: str) -> Array:
    if not given.index.is_unique:
        repeated = list(given.index[given.index.duplicated()])
        raise InputError(f"{name} must name each asset once, got {listed(repeated)} twice. Drop one of them.")
    absent = assets[~assets.isin(given.index)]
    if len(absent):
        raise UnknownNameError(
            f"{name} must name every asset of the market, got none for {listed(list(absent))}. "
            f"Use {name}.reindex(returns.columns, fill_value=...)."
        )
    try:
        return np.array(given.reindex(assets).to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"{name} must hold numbers, got dtype {given.dtype}. Convert it to float.") from error
