"""Reads the fees of borrowed assets, as known at a date."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError


def check_borrow(given: Any) -> None:
    """Raise an error for fees of another type."""
    if not (is_number(given) or isinstance(given, pd.Series | pd.DataFrame | Mapping)):
        raise DataTypeError(
            f"borrow must be a number, a Series by asset or a DataFrame (date x asset), got {shown(given)}. Pass e.g. "
            "borrow=0.005."
        )


def borrow_rates(given: Any, assets: pd.Index, date: pd.Timestamp) -> Array:
    """Annual fees by asset (N,), as known at a date."""
    if is_number(given):
        rates = np.full(len(assets), float(given))
    else:
        if isinstance(given, pd.DataFrame):
            known = given.loc[given.index <= date]
            if not len(known):
                raise InputError(
                    f"borrow must have a row at or before {show(date)}, got none. Add earlier fees, or start later."
                )
            given = known.ffill().iloc[-1]
        by_asset = pd.Series(given)
        absent = assets[~assets.isin(by_asset.index)]
        if len(absent):
            raise UnknownNameError(f"borrow must have every asset, got none for {listed(absent)}. Add their fees.")
        rates = by_asset.reindex(assets).to_numpy(dtype=np.float64)
    odd = ~(np.isfinite(rates) & (rates >= 0.0))
    if odd.any():
        raise InputError(
            f"borrow must hold finite numbers of at least 0, got {rates[odd][0]:g} for {listed(assets[odd])}. Correct "
            "them."
        )
    return rates
