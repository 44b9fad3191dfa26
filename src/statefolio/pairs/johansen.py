"""Runs Johansen's test, and computes basket weights from its first cointegrating vector."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.pairs.prices import MOST_ALIKE, condition_number

_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Johansen:
    """Result of Johansen's test, named as in statsmodels.

    Eigenvalues (k,), trace and maximum-eigenvalue statistics (k,) with critical values (k, 3), eigenvectors (k, k).
    """

    eig: Array
    lr1: Array
    lr2: Array
    cvt: Array
    cvm: Array
    evec: Array


def johansen(x: Array, lags: int) -> tuple[Johansen | None, float]:
    """Run Johansen's test of statsmodels with a constant on prices (n, k).

    Returns
    -------
    Johansen or None, float
        None if prices or their changes are so much alike that the result is rounding error; and their condition number.
    """
    from statsmodels.tsa.vector_ar.vecm import coint_johansen  # takes a moment to load

    condition = max(condition_number(x), condition_number(np.diff(x, axis=0)))
    if condition > MOST_ALIKE:
        return None, condition
    units = usual_units(x)
    found = coint_johansen(x / units, 0, lags)
    if not ((found.eig > 0.0) & (found.eig < 1.0)).all():
        return None, condition
    evec = found.evec / units[:, None]
    return Johansen(found.eig, found.lr1, found.lr2, found.cvt, found.cvm, evec), condition


def usual_units(x: Array) -> Array:
    """Return units (k,) for the columns of x (n, k): 1, or a power of two near the deviation of tiny or huge prices.

    Functions of statsmodels and arch call regressors of very unlike size singular.
    """
    size = x.std(axis=0)
    usual = ((size > 1e-5) & (size < 1e5)) | (size == 0.0)
    units: Array = np.where(usual, 1.0, 2.0 ** np.round(np.log2(np.where(usual, 1.0, size))))
    return units


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
        If the prices cannot be told apart, or the weight of the first asset is negligible, so that the others do not
        hedge it.
    """
    found, condition = johansen(x, 1)
    if found is None:
        raise InputError(
            f"prices must differ for Johansen's test, got {listed(list(assets), 9)}, which cannot be told apart "
            f"(condition number {condition:.1g}). Use least squares or maximum likelihood, or drop one of them."
        )
    weights: Array = np.asarray(found.evec[:, 0], dtype=float)
    parts = np.abs(weights) * x.std(axis=0)
    if not parts[0] > _TINY * parts.max():
        other = assets[int(np.argmax(parts))]
        raise InputError(
            f"{assets[0]!r} must have a weight in the basket that reverts fastest to be hedged, got "
            f"{parts[0] / parts.max():.1g} of the largest. Put another asset first, e.g. {other!r}."
        )
    return weights
