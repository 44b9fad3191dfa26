"""Loadings that collinear factors do not identify: which ones, on what data, and what is said about them.

Where factors are collinear on an asset's dates, there are directions n with x'n = 0: any multiple of n added to the
loadings explains the returns as well. Loadings with a part in n are not identified and are NaN in labelled results.
The other loadings, fitted values, residual variances and predictions for x with x'n = 0 are.
"""

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.conditioning import COLLINEAR, condition_number, shown_condition
from statefolio._arrays.panel import Panel
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.separation import unidentified


class Directions(NamedTuple):
    """Directions along which the loadings of the last date are unknown."""

    vectors: Array  # (N, K, M) one per column, zero where there are fewer
    size: Array  # (N, K) of each regressor

    def loadings(self) -> NDArray[np.bool_]:
        """Return the loadings (N, K) that are not identified."""
        return unidentified(self.vectors, self.size)

    def off(self, x: Array) -> NDArray[np.bool_]:
        """Return for which rows of x (S, K) and assets the fitted part is not identified, (S, N)."""
        effect = np.abs(np.einsum("sk,nkm->snm", x, self.vectors, optimize=True))
        terms = np.einsum("sk,nkm->snm", np.abs(x), np.abs(self.vectors), optimize=True)
        found: NDArray[np.bool_] = (effect > 1e-5 * terms).any(axis=2)
        return found


def without_unidentified(mean: Array, variance: Array) -> tuple[Array, Array]:
    """Return loadings and variances with NaN where the variance is infinite."""
    hidden = np.isinf(variance)
    return np.where(hidden, np.nan, mean), np.where(hidden, np.nan, variance)


def find_conditions(panel: Panel, hidden: NDArray[np.bool_]) -> Array:
    """Return the condition number (N,) of the regressors on the dates of each asset with hidden loadings, else NaN."""
    found = np.full(len(hidden), np.nan)
    known: dict[bytes, float] = {}
    for i in np.flatnonzero(hidden.any(axis=1)):
        seen = ~np.isnan(panel.returns[:, i])
        key = np.packbits(seen).tobytes()
        if key not in known:
            known[key] = condition_number(panel.regressors[seen])
        found[i] = known[key]
    return found


def unidentified_reasons(factors: pd.Index, hidden: NDArray[np.bool_], condition: Array) -> list[str]:
    """Return for each asset why loadings are NaN, or an empty text."""
    reasons = []
    for own, number in zip(hidden, condition, strict=True):
        names = [str(name) for name in factors[own]]
        said = f"loadings on {listed(names)} not identified: collinear on its dates ({shown_condition(number)})"
        reasons.append(said if names else "")
    return reasons


def warn_of_unidentified(panel: Panel, hidden: NDArray[np.bool_], condition: Array) -> None:
    """Warn by name of assets with loadings that are not identified, unless the factors are collinear on all dates."""
    if not hidden.any() or condition_number(panel.regressors) > COLLINEAR:
        return
    assets = np.flatnonzero(hidden.any(axis=1))
    names = listed([str(name) for name in panel.factors[hidden.any(axis=0)]])
    warnings.warn(
        f"factors {names} should not be collinear on the dates of an asset, got {shown_condition(condition[assets].max())} "
        f"for {listed(panel.assets[assets].tolist())}. Those loadings are NaN; what the dates identify is kept. Drop one "
        "of these factors, or wait for more dates.",
        StatefolioWarning,
        stacklevel=3,
    )
