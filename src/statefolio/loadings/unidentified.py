"""Loadings that collinear factors do not identify: which ones, on what data, and what is said about them.

Where factors are collinear on an asset's dates, there are directions n with x'n = 0: any multiple of n added to the
loadings explains the returns as well. Loadings with a part in n are not identified and are NaN in labelled results.
The other loadings, fitted values, residual variances and predictions for x with x'n = 0 are.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.conditioning import COLLINEAR, condition_number, shown_condition
from statefolio._arrays.panel import Panel
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._plausible.warn import warn_caller
from statefolio.kalman.separation import unidentified
from statefolio.kalman.start import with_rows
from statefolio.loadings.array_layout import Form


class Directions(NamedTuple):
    """Directions along which the loadings of the last date are unknown."""

    vectors: Array  # (N, K, M) one per column, zero where there are fewer
    size: Array  # (N, K) of each regressor

    @classmethod
    def none(cls, assets: int, states: int) -> Self:
        """Return those of assets whose loadings are all known."""
        return cls(np.zeros((assets, states, states)), np.zeros((assets, states)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the assets that have directions, (N,), and a row for each of them; `from_arrays` reads them back."""
        assets = np.logical_or.reduce(self.vectors != 0.0, axis=(1, 2))
        return {"assets": assets, "vectors": self.vectors[assets], "size": self.size[assets]}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what `arrays` returned; without "assets" there is a row for every asset."""
        vectors, size = arrays["vectors"], arrays["size"]
        if "assets" not in arrays:
            return cls(vectors, size)
        rows = np.flatnonzero(arrays["assets"])
        return cls(*(with_rows(part, rows, len(arrays["assets"])) for part in (vectors, size)))

    def with_new_assets(self, count: int) -> "Directions":
        """Append `count` assets whose loadings are all known."""
        return Directions(*(np.pad(part, ((0, count), *((0, 0),) * (part.ndim - 1))) for part in self))

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Pickle the assets that have directions alone."""
        return type(self).from_arrays, (self.arrays(),)

    def loadings(self) -> NDArray[np.bool_]:
        """Return the loadings (N, K) that are not identified."""
        return unidentified(self.vectors, self.size)

    def off(self, x: Array) -> NDArray[np.bool_]:
        """Return for which rows of x (S, K) and assets the fitted part is not identified, (S, N)."""
        effect = np.abs(np.einsum("sk,nkm->snm", x, self.vectors, optimize=True))
        terms = np.einsum("sk,nkm->snm", np.abs(x), np.abs(self.vectors), optimize=True)
        found: NDArray[np.bool_] = (effect > 1e-5 * terms).any(axis=2)
        return found


def direction_forms(assets: int, states: int) -> dict[str, Form]:
    """Return the types and shapes of `Directions.arrays`."""
    return {
        "assets": Form("b", (assets,), 0),
        "vectors": Form("f", (None, states, states), 0),
        "size": Form("f", (None, states), 0),
    }


def find_conditions(panel: Panel, hidden: NDArray[np.bool_], tuned_until: pd.Timestamp) -> Array:
    """Return the condition number (N,) of the regressors on the dates of each asset with hidden loadings, else NaN.

    Where later dates tell the factors apart it is that of the dates until `tuned_until`.
    """
    found = np.full(len(hidden), np.nan)
    known: dict[bytes, float] = {}
    for i in np.flatnonzero(hidden.any(axis=1)):
        seen = ~np.isnan(panel.returns[:, i])
        key = np.packbits(seen).tobytes()
        if key not in known:
            known[key] = condition_number(panel.regressors[seen])
            if known[key] < COLLINEAR:
                known[key] = condition_number(panel.regressors[seen & (panel.dates <= tuned_until)])
        found[i] = known[key]
    return found


def unidentified_reasons(factors: pd.Index, hidden: NDArray[np.bool_], condition: Array) -> list[str]:
    """Return for each asset why loadings are NaN, or an empty text."""
    reasons = [""] * len(hidden)
    for i in np.flatnonzero(hidden.any(axis=1)):
        names = listed([str(name) for name in factors[hidden[i]]])
        reasons[i] = f"loadings on {names} not identified: collinear on its dates ({shown_condition(condition[i])})"
    return reasons


def start_reasons(factors: pd.Index, unknown: NDArray[np.bool_]) -> list[str]:
    """Return for each asset which loadings only the given start tells apart, or an empty text."""
    reasons = [""] * len(unknown)
    for i in np.flatnonzero(unknown.any(axis=1)):
        names = listed([str(name) for name in factors[unknown[i]]])
        reasons[i] = f"loadings on {names} told apart by the given start alone: collinear while tuning"
    return reasons


def warn_of_unidentified(
    panel: Panel, partly: NDArray[np.bool_] | None, hidden: NDArray[np.bool_], condition: Array
) -> None:
    """Warn by name of assets with loadings that are not identified, unless the factors are collinear on all dates.

    Parameters
    ----------
    panel : Panel
    partly : (N,) array, optional
        Assets with such loadings on some date.
    hidden : (N, K) array
        Loadings of the last date that are not identified.
    condition : (N,) array
        Condition number of the factors on the dates of assets with hidden loadings.
    """
    if partly is None or condition_number(panel.regressors) > COLLINEAR:
        return
    assets = np.flatnonzero(hidden.any(axis=1))
    before = np.flatnonzero(partly & ~hidden.any(axis=1))
    if len(before):
        warn_caller(
            f"factors are collinear on some dates of {listed(panel.assets[before].tolist())}. Loadings that those "
            "dates do not identify are missing there. Check for factors that start late or stand still."
        )
    if len(assets):
        names = listed([str(name) for name in panel.factors[np.flatnonzero(hidden.any(axis=0))]])
        warn_caller(
            f"factors {names} should not be collinear on the dates of an asset, got "
            f"{shown_condition(condition[assets].max())} for {listed(panel.assets[assets].tolist())}. Those loadings "
            "are missing; what the dates identify is kept. Drop one of these factors, or wait for more dates."
        )


def warn_of_later_separation(panel: Panel, tuned: Directions, until: pd.Timestamp) -> None:
    """Warn that mean-reverting loadings tuned on collinear factors do not follow once these separate."""
    names = listed([str(name) for name in panel.factors[np.flatnonzero(tuned.loadings().any(axis=0))]], most=8)
    warn_caller(
        f"factors {names} should be told apart by the dates until tune_until={show(until)}, got collinear ones that "
        "separate later. Their loadings stay NaN, and innovations of later dates are off. Use a later tune_until, or "
        "drop one of them."
    )
