"""Estimates by cross-validation how far loadings should be shrunk towards their mean across assets."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import block_lengths, block_starts
from statefolio.diagnostics.least_squares import inverses, second_moments

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Shrinkage:
    """Held-out log-likelihood per return, a quadratic in the shrinkage s of each of K loadings: s'g - s'H s / 2.

    Attributes
    ----------
    gradient : (K,) array
        g.
    curvature : (K, K) array
        H.
    """

    gradient: Array
    curvature: Array

    @property
    def common(self) -> float:
        """Best shrinkage in [0, 1] of all loadings but the first together; NaN where assets have the same loadings."""
        return _best(self.gradient[1:].sum(), self.curvature[1:, 1:].sum())

    @property
    def separate(self) -> Array:
        """Best shrinkage of each loading with the others unchanged."""
        return np.array([_best(g, h) for g, h in zip(self.gradient, np.diagonal(self.curvature), strict=True)])

    def curve(self, names: pd.Index, points: int = 21) -> pd.DataFrame:
        """Gain in log-likelihood per return, in 1e-4: one column for all but the first, and one for each alone."""
        grid = np.linspace(0.0, 1.0, points)
        common = (self.gradient[1:].sum(), self.curvature[1:, 1:].sum())
        single = zip(self.gradient, np.diagonal(self.curvature), strict=True)
        gained = [1e4 * (grid * g - 0.5 * grid**2 * h) for g, h in (common, *single)]
        return pd.DataFrame(np.column_stack(gained), index=pd.Index(grid, name="shrinkage"), columns=["all", *names])


def best_shrinkage(returns: Array, regressors: Array, block_length: int) -> Shrinkage:
    """Estimate loadings without every fifth block of dates, shrink them, and score the held-out blocks, five times.

    Let b be an asset's loadings, m their mean over assets, and v its residual variance, all estimated without the
    fold. The fold's Gaussian log-likelihood at b - s (b - m) is a quadratic in s: g sums -d (X'r - X'X b) / v and H
    sums d d' X'X / v over assets and folds, d = b - m. An asset with too few other dates is left out of that fold.
    """
    states = regressors.shape[1]
    starts = block_starts(len(returns), block_length)
    fold = np.repeat(np.arange(len(starts)) % FOLDS, block_lengths(starts, len(returns)))
    known, filled = ~np.isnan(returns), np.nan_to_num(returns)
    parts = [(known[rows], regressors[rows], filled[rows]) for rows in (fold == k for k in range(FOLDS))]
    squares = np.stack([second_moments(x, seen) for seen, x, _ in parts])
    products = np.stack([(x.T @ y).T for _, x, y in parts])
    totals = np.stack([(y**2).sum(axis=0) for _, _, y in parts])
    counts = np.stack([seen.sum(axis=0) for seen, _, _ in parts])
    gradient, curvature, scored = np.zeros(states), np.zeros((states, states)), 0
    for k in range(FOLDS):
        moments, cross, total, count = (part.sum(axis=0) - part[k] for part in (squares, products, totals, counts))
        loadings = np.einsum("nkl,nl->nk", inverses(moments), cross)
        variance = (total - (loadings * cross).sum(axis=1)) / np.maximum(count - states, 1)
        usable = ~np.isnan(loadings).any(axis=1) & (count >= 3 * states) & (variance > 0.0)
        b, v = loadings[usable], variance[usable][:, None]
        d = b - b.mean(axis=0) if usable.any() else b
        G = squares[k, usable]
        gradient -= (d * (products[k, usable] - np.einsum("nkl,nl->nk", G, b)) / v).sum(axis=0)
        curvature += np.einsum("nk,nkl,nl->kl", d / v, G, d)
        scored += int(counts[k, usable].sum())
    return Shrinkage(gradient / max(scored, 1), curvature / max(scored, 1))


def _best(gradient: float, curvature: float) -> float:
    return float(np.clip(gradient / curvature, 0.0, 1.0)) if curvature > 0.0 else float("nan")
