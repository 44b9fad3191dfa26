"""Estimates loadings on a window of the past and aligns them with earlier refits, for use on later dates."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio.factors.orientation import align_to, positive_signs
from statefolio.factors.principal_components import Components, principal_components, usable_cells

_NEGLIGIBLE_WEIGHT = 1e-12


@dataclass(frozen=True, eq=False)
class RefitLoadings:
    """Loadings of the assets with enough history at one refit.

    Attributes
    ----------
    columns : (M,) int array
        Their columns in the panel.
    loadings : (M, K)
        Loadings of returns divided by `scale`; loadings' loadings = M I.
    scale : (M,)
    unit : (K,)
        Factors from scores to factor returns: they make the mean squared exposure 1.
    reference : (N, K)
        Mean of the loadings of all refits so far, by column of the panel; NaN without any. The next refit is
        aligned with it. Aligned with the last refit alone, components that change order in one year could keep
        each other's names, or the opposite sign, for good.
    counts : (N,)
        Number of refits in that mean.
    report : dict
        The row of `StatisticalFactors.refits_`.
    """

    columns: Any
    loadings: Array
    scale: Array
    unit: Array
    reference: Array
    counts: Array
    report: dict[str, Any]

    @property
    def exposures(self) -> Array:
        """Exposures of the returns to the factor returns, (M, K)."""
        exposures: Array = self.scale[:, None] * self.loadings / self.unit
        return exposures

    def factor_returns(self, row: Array) -> Array | None:
        """Regress the returns of one date on the loadings; None where too few assets are observed."""
        returns = row[self.columns]
        known = ~np.isnan(returns)
        L = self.loadings[known]
        if len(L) <= L.shape[1]:
            return None
        scores: Array = np.linalg.lstsq(L, returns[known] / self.scale[known], rcond=None)[0]
        return scores * self.unit

    def expand(self, width: int) -> tuple[Array, Array, Array]:
        """Return loadings, reference and counts for a panel of `width` columns; new columns have none."""
        loadings = np.full((width, self.loadings.shape[1]), np.nan)
        loadings[self.columns] = self.loadings
        added = width - len(self.counts)
        return (
            loadings,
            np.pad(self.reference, ((0, added), (0, 0)), constant_values=np.nan),
            np.pad(self.counts, (0, added)),
        )


@dataclass(frozen=True)
class RefitOptions:
    """Options of a refit; see `StatisticalFactors`."""

    count: int
    half_life: float | None
    min_history: int
    standardise: bool
    alignment: str
    tolerance: float
    max_iterations: int

    def estimate(self, window: Array, before: RefitLoadings | None) -> RefitLoadings | None:
        """Estimate loadings on a window of dates (T, N); None where too few assets or dates are usable."""
        weights = self._weights(len(window))
        window, weights = window[weights > _NEGLIGIBLE_WEIGHT], weights[weights > _NEGLIGIBLE_WEIGHT]
        rows, usable = usable_cells(window, self.min_history, self.count + 1)
        if np.count_nonzero(usable) <= self.count or np.count_nonzero(rows) < self.min_history:
            return None
        columns = np.flatnonzero(usable)
        x, weights = window[np.ix_(rows, usable)], weights[rows]
        scale = _deviations(x, weights) if self.standardise else np.ones(len(columns))
        start, reference, counts = self._before(before, window.shape[1])
        found = principal_components(
            x / scale, self.count, weights, start[columns], self.tolerance, self.max_iterations
        )
        both = counts[columns] > 0
        new = found.loadings
        rotation = align_to(new[both], reference[columns][both], self.alignment) if both.any() else positive_signs(new)
        loadings = new @ rotation
        reference[columns] = np.where(both[:, None], reference[columns], 0.0)
        counts[columns] += 1.0
        reference[columns] += (loadings - reference[columns]) / counts[columns, None]
        unit = np.sqrt(np.mean((scale[:, None] * loadings) ** 2, axis=0))
        report = _report(x / scale, weights, found) | {"overlap": _overlap(found.loadings, start[columns])}
        return RefitLoadings(columns, loadings, scale, unit, reference, counts, report)

    def _before(self, before: RefitLoadings | None, width: int) -> tuple[Array, Array, Array]:
        if before is not None:
            return before.expand(width)
        missing = np.full((width, self.count), np.nan)
        return missing, missing.copy(), np.zeros(width)

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
    """Return the mean cosine of the principal angles between two spaces of loadings, over the assets with both."""
    both = ~np.isnan(old).any(axis=1)
    if np.count_nonzero(both) <= new.shape[1]:
        return float("nan")
    cosines = np.linalg.svd(np.linalg.qr(new[both])[0].T @ np.linalg.qr(old[both])[0], compute_uv=False)
    return float(np.mean(cosines))
