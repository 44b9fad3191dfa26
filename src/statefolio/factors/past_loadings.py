"""Loadings of one refit: estimated on a window of the past, turned to those before, used on the dates after."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio.factors.orientation import first_signs, turn_to
from statefolio.factors.principal_components import Components, principal_components, usable_part

_FORGOTTEN = 1e-12


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
    anchor : (N, K)
        Mean of the loadings of all refits so far, by column of the panel; NaN without. What the next refit is
        turned to: turned to the last one alone, a year in which components trade places could leave
        them with each other's names, or the other sign, for good.
    times : (N,)
        Refits in that mean.
    report : dict
        The row of `StatisticalFactors.refits_`.
    """

    places: Any
    loadings: Array
    scale: Array
    unit: Array
    anchor: Array
    times: Array
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

    def wide(self, width: int) -> tuple[Array, Array, Array]:
        """Loadings, anchor and times of a panel so wide; new columns without."""
        loadings = np.full((width, self.loadings.shape[1]), np.nan)
        loadings[self.places] = self.loadings
        further = width - len(self.times)
        return (
            loadings,
            np.pad(self.anchor, ((0, further), (0, 0)), constant_values=np.nan),
            np.pad(self.times, (0, further)),
        )


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
        weights = self._weights(len(window))
        window, weights = window[weights > _FORGOTTEN], weights[weights > _FORGOTTEN]
        rows, columns = usable_part(window, self.min_history, self.count + 1)
        if np.count_nonzero(columns) <= self.count or np.count_nonzero(rows) < self.min_history:
            return None
        places = np.flatnonzero(columns)
        x, weights = window[np.ix_(rows, columns)], weights[rows]
        scale = _deviations(x, weights) if self.standardise else np.ones(len(places))
        start, anchor, times = self._before(before, window.shape[1])
        found = principal_components(x / scale, self.count, weights, start[places], self.tolerance, self.max_iterations)
        both = times[places] > 0
        new = found.loadings
        turn = turn_to(new[both], anchor[places][both], self.alignment) if both.any() else first_signs(new)
        loadings = new @ turn
        anchor[places] = np.where(both[:, None], anchor[places], 0.0)
        times[places] += 1.0
        anchor[places] += (loadings - anchor[places]) / times[places, None]
        unit = np.sqrt(np.mean((scale[:, None] * loadings) ** 2, axis=0))
        report = _report(x / scale, weights, found) | {"overlap": _overlap(found.loadings, start[places])}
        return PastLoadings(places, loadings, scale, unit, anchor, times, report)

    def _before(self, before: PastLoadings | None, width: int) -> tuple[Array, Array, Array]:
        if before is not None:
            return before.wide(width)
        nothing = np.full((width, self.count), np.nan)
        return nothing, nothing.copy(), np.zeros(width)

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


def _report(x: Array, weights: Array, found: Components) -> dict[str, Any]:
    squares = np.nansum((x - found.mean) ** 2, axis=1)
    total = float(weights @ squares / (weights @ np.count_nonzero(~np.isnan(x), axis=1)))
    return {
        "assets": x.shape[1],
        "dates": len(x),
        "explained": 1.0 - found.residual / total,
        "iterations": found.iterations,
        "converged": found.converged,
    }


def _overlap(new: Array, old: Array) -> float:
    """Mean cosine of the principal angles between two spaces of loadings, over the assets with both."""
    both = ~np.isnan(old).any(axis=1)
    if np.count_nonzero(both) <= new.shape[1]:
        return float("nan")
    cosines = np.linalg.svd(np.linalg.qr(new[both])[0].T @ np.linalg.qr(old[both])[0], compute_uv=False)
    return float(np.mean(cosines))
