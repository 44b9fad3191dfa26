"""Compares the loadings of two halves of the data, and tests whether assets differ."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import (
    block_lengths,
    block_scores,
    block_starts,
    flip_signs,
    p_value,
    random_signs,
)
from statefolio.diagnostics.least_squares import LeastSquares, inverses, second_moments


@dataclass(frozen=True, eq=False)
class SplitHalf:
    """Loadings from odd and from even blocks of dates, and their agreement.

    Attributes
    ----------
    odd, even : (N, K) array
        Least-squares loadings of each half; NaN for an asset with too few returns in one half.
    correlation : (K,) array
        Correlation of the two across assets.
    agreement_p_value : (K,) array
        Probability of a correlation as high if all assets have the same loading.
    difference : (K,) array
        Mean over assets of the squared difference in units of its classical variance: 1 for constant loadings and
        independent errors of constant variance, more where classical standard errors are too small.
    """

    odd: Array
    even: Array
    correlation: Array
    agreement_p_value: Array
    difference: Array

    @property
    def reliability(self) -> Array:
        """Share of the variance of full-sample loadings across assets that is not noise: 2 r / (1 + r), at least 0.

        Spearman (1910) and Brown (1910), British Journal of Psychology 3.
        """
        positive: Array = np.maximum(self.correlation, 0.0)
        return 2.0 * positive / (1.0 + positive)


def split_halves(
    returns: Array, regressors: Array, fit: LeastSquares, block_length: int, replications: int, rng: np.random.Generator
) -> SplitHalf:
    """Estimate loadings from every second block of dates and from the others, and compare them.

    The null distribution is a wild bootstrap of the residuals with one random sign per block, all assets together:
    this preserves correlation between assets, fat tails and changing variance, and removes differences between the
    assets' loadings. Both halves are spread over all years, so slowly moving loadings do not count as disagreement.
    """
    starts = block_starts(len(returns), block_length)
    states = regressors.shape[1]
    odd = np.repeat(np.arange(len(starts)) % 2 == 0, block_lengths(starts, len(returns)))
    first, second = (_half(returns, regressors, rows) for rows in (odd, ~odd))
    usable = ~(np.isnan(first.loadings) | np.isnan(second.loadings)).any(axis=1)
    usable &= np.minimum(first.count, second.count) >= 3 * states
    scores = block_scores(fit.residuals, regressors, starts)[:, usable]
    signs = random_signs(rng, replications, len(starts))
    _, null_first = flip_signs(signs[:, ::2], scores[::2], first.inverse[usable])
    _, null_second = flip_signs(signs[:, 1::2], scores[1::2], second.inverse[usable])
    spread = np.diagonal(first.inverse + second.inverse, axis1=1, axis2=2)[usable] * fit.variance[usable][:, None]
    a, b = first.loadings[usable], second.loadings[usable]
    correlation = _correlation(a[None], b[None])[0]
    blank = np.where(usable[:, None], 0.0, np.nan)
    return SplitHalf(
        first.loadings + blank,
        second.loadings + blank,
        correlation,
        _p_values(correlation, _correlation(null_first, null_second)),
        ((a - b) ** 2 / spread).sum(axis=0) / max(len(a), 1),
    )


def _half(returns: Array, regressors: Array, rows: npt.NDArray[np.bool_]) -> LeastSquares:
    """Loadings, inverses and counts on some dates; residuals are not computed."""
    known = ~np.isnan(returns[rows])
    inverse = inverses(second_moments(regressors[rows], known))
    loadings = np.einsum("nkl,ln->nk", inverse, regressors[rows].T @ np.where(known, returns[rows], 0.0))
    count = known.sum(axis=0)
    return LeastSquares(loadings, np.empty((0, len(count))), inverse, count, np.full(len(count), np.nan))


def _correlation(first: Array, second: Array) -> Array:
    """Correlation across assets, the middle axis; NaN for fewer than three assets."""
    if first.shape[1] < 3:
        return np.full((len(first), first.shape[2]), np.nan)
    a, b = (part - part.mean(axis=1, keepdims=True) for part in (first, second))
    length = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = (a * b).sum(axis=1) / length
    return found


def _p_values(statistic: Array, null: Array) -> Array:
    pairs = zip(statistic, null.T, strict=True)
    return np.array([np.nan if np.isnan(value) else p_value(value, column) for value, column in pairs])
