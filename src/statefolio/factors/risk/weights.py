"""Weights by asset, matched with the assets of a covariance."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays import Array, listed
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

_SUM_TOLERANCE = 1e-6


def weights_of(weights: Any, assets: pd.Index, excluded: pd.DataFrame, expected_sum: float | None = None) -> Array:
    """Weights in the order of `assets`, 0 for those not named; excluded assets may be named with a weight of 0.

    Raises
    ------
    DataTypeError
        If the weights are not labelled.
    UnknownNameError
        If they name assets that are not there.
    InputError
        If they hold NaN, name an asset twice, or do not sum to `expected_sum` to 1e-6.
    """
    named = _labelled(weights)
    values = named.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        bad = list(named.index[~np.isfinite(values)])
        raise InputError(f"weights of {listed(bad)} are NaN or infinite; numbers were expected. Use fillna(0).")
    if not named.index.is_unique:
        again = list(named.index[named.index.duplicated()].unique())
        raise InputError(f"weights name {listed(again)} twice; each asset was expected once. Add them up.")
    found = assets.get_indexer(named.index)
    absent = (found < 0) & ((values != 0.0) | ~named.index.isin(excluded.index))
    if absent.any():
        raise _unknown(named.index[absent], excluded)
    total = float(values.sum())
    if expected_sum is not None and abs(total - expected_sum) > _SUM_TOLERANCE:
        raise InputError(
            f"weights sum to {total:.8g}; {expected_sum:g} was expected. Divide them by their sum, or say what they "
            "sum to."
        )
    aligned = np.zeros(len(assets))
    aligned[found[found >= 0]] = values[found >= 0]
    return aligned


def _labelled(weights: Any) -> pd.Series:
    if isinstance(weights, Mapping):
        weights = pd.Series(dict(weights), dtype=object)
    if not isinstance(weights, pd.Series):
        raise DataTypeError(
            f"weights is a {type(weights).__name__}; a Series or mapping by asset was expected. "
            "Pass e.g. pd.Series(weights, index=assets)."
        )
    try:
        return weights.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError("weights hold something that is no number; numbers were expected. Convert them.") from error


def _unknown(names: pd.Index, excluded: pd.DataFrame) -> UnknownNameError:
    out = [name for name in names if name in excluded.index]
    if out:
        reason = excluded.loc[out[0], "reason"]
        return UnknownNameError(
            f"weights name {listed(out)}, which the covariance excludes ({out[0]!r}: {reason}); assets with a "
            "covariance were expected. Give them no weight; excluded_ lists them."
        )
    return UnknownNameError(
        f"weights name {listed(list(names))}, which the covariance does not know; its assets were expected. "
        "See assets_."
    )
