"""Computes basket weights from the first cointegrating vector of Johansen's test."""

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError

_TINY = 1e-6


def johansen_weights(x: Array, assets: pd.Index) -> Array:
    """Return the weights (k,) of the basket that reverts fastest.

    The model has a constant and one lagged difference (Johansen 1991).

    Parameters
    ----------
    x : (T, k) array
        Prices without gaps.
    assets : Index
        Their names, for messages.

    Raises
    ------
    InputError
        If the weight of the first asset is negligible, so that the others do not hedge it.
    """
    from statsmodels.tsa.vector_ar.vecm import coint_johansen  # takes a moment to load

    weights: Array = np.asarray(coint_johansen(x, 0, 1).evec[:, 0], dtype=float)
    parts = np.abs(weights) * x.std(axis=0)
    if not parts[0] > _TINY * parts.max():
        other = assets[int(np.argmax(parts))]
        raise InputError(
            f"{assets[0]!r} must have a weight in the basket that reverts fastest to be hedged, got "
            f"{parts[0] / parts.max():.1g} of the largest. Put another asset first, e.g. {other!r}."
        )
    return weights
