"""Loadings of one refit: estimated on a window of the past, turned to those before, used on the dates after."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio._arrays import Array
from statefolio.factors.construction.orientation import turn_to
from statefolio.factors.construction.principal_components import principal_components


@dataclass(frozen=True, eq=False)
class PastLoadings:
    """Loadings of the assets that had enough history at one refit.

    Attributes
    ----------
    places : (M,) int array
        Which columns of the panel they are.
    loadings : (M, K)
        Of returns divided by `scale`; loadings' loadings = M I.
    scale : (M,)
    unit : (K,)
        What turns scores into factor returns: the mean squared exposure becomes 1.
    report : dict
        The row of `StatisticalFactors.refits_`.
    """

    places: Any
    loadings: Array
    scale: Array
    unit: Array
    report: dict[str, Any]

    @property
    def exposures(self) -> Array:
        """Exposures of returns to factor returns, (M, K)."""
        exposures: Array = self.scale[:, None] * self.loadings / self.unit
        return exposures

    def realise(self, row: Array) -> Array | None:
        """Regress the returns of one date on the loadings; None where too few assets were observed."""
        here = row[self.places]
        known = ~np.isnan(here)
        L = self.loadings[known]
        if len(L) <= L.shape[1]:
            return None
        scores: Array = np.linalg.lstsq(L, here[known] / self.scale[known], rcond=None)[0]
        return scores * self.unit

    def of(self, places: Any, width: int) -> Array:
        """Loadings of other places of a panel so wide, NaN for those without."""
        made = np.full((width, self.loadings.shape[1]), np.nan)
        made[self.places] = self.loadings
        selected: Array = made[places]
        return selected


@dataclass(frozen=True)
class Recipe:
    """What a refit needs to know; see `StatisticalFactors`."""

    count: int
    half_life: float | None
    min_history: int
    standardise: bool
    alignment: str
    tolerance: float
    max_iterations: int

    def estimate(self, window: Array, before: PastLoadings | None) -> PastLoadings | None:
        """Estimate loadings on a window of dates (T, N); None where too few assets or dates can be used."""
        places = np.flatnonzero(np.count_nonzero(~np.isnan(window), axis=0) >= self.min_history)
        if len(places):
            places = places[np.nanmax(window[:, places], axis=0) > np.nanmin(window[:, places], axis=0)]
        x = window[:, places]
        rows = np.count_nonzero(~np.isnan(x), axis=1) > self.count
        if len(places) <= self.count or np.count_nonzero(rows) < self.min_history:
            return None
        x, weights = x[rows], self._weights(len(window))[rows]
        scale = _deviations(x, weights) if self.standardise else np.ones(len(places))
        old = None if before is None else before.of(places, window.shape[1])
        return self._aligned(x / scale, weights, old, places, scale)

    def _aligned(self, x: Array, weights: Array, old: Array | None, places: Any, scale: Array) -> PastLoadings:
        found = principal_components(x, self.count, weights, old, self.tolerance, self.max_iterations)
        new, shared = found.loadings, None
        if old is not None:
            both = ~np.isnan(old).any(axis=1)
            new, shared = new[both], old[both]
        loadings = found.loadings @ turn_to(new, shared, self.alignment)
        unit = np.sqrt(np.mean((scale[:, None] * loadings) ** 2, axis=0))
        squares = np.nansum((x - found.mean) ** 2, axis=1)
        total = float(weights @ squares / (weights @ np.count_nonzero(~np.isnan(x), axis=1)))
        report = {
            "assets": len(places),
            "dates": len(x),
            "explained": 1.0 - found.residual / total,
            "overlap": _overlap(new, shared),
            "iterations": found.iterations,
            "converged": found.converged,
        }
        return PastLoadings(places, loadings, scale, unit, report)

    def _weights(self, dates: int) -> Array:
        if self.half_life is None:
            return np.ones(dates)
        weights: Array = 0.5 ** (np.arange(dates)[::-1] / self.half_life)
        return weights


def _deviations(x: Array, weights: Array) -> Array:
    known = ~np.isnan(x)
    total = weights @ known
    mean = weights @ np.where(known, x, 0.0) / total
    deviations: Array = np.sqrt(weights @ np.where(known, x - mean, 0.0) ** 2 / total)
    return deviations


def _overlap(new: Array, old: Array | None) -> float:
    """Mean cosine of the principal angles between two spaces of loadings."""
    if old is None or len(old) <= new.shape[1]:
        return float("nan")
    cosines = np.linalg.svd(np.linalg.qr(new)[0].T @ np.linalg.qr(old)[0], compute_uv=False)
    return float(np.mean(cosines))
