"""The first cointegrating vector of Johansen's test, as the weights of a basket."""

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError

_TINY = 1e-6


def johansen_weights(x: Array, assets: pd.Index) -> Array:
    """Weights (k,) of the basket that reverts fastest: a constant and one lagged difference (Johansen 1991).

    Parameters
    ----------
    x : (T, k) array
        Prices without gaps.
    assets : Index
        Their names, for messages.

    Raises
    ------
    InputError
        If the first asset has no part in the basket: nothing hedges it.
    """
    from statsmodels.tsa.vector_ar.vecm import coint_johansen  # takes a moment to load

    weights: Array = np.asarray(coint_johansen(x, 0, 1).evec[:, 0], dtype=float)
    parts = np.abs(weights) * x.std(axis=0)
    if not parts[0] > _TINY * parts.max():
        other = assets[int(np.argmax(parts))]
        raise InputError(
            f"{assets[0]!r} has a share of {parts[0] / parts.max():.1g} in the basket that reverts fastest; it cannot "
            f"be what the others hedge. Put another asset first, e.g. {other!r}."
        )
    return weights
