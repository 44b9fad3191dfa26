"""Computes second moments of each asset with the factors, over the dates on which the asset is observed."""

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from statefolio._arrays.types import Array
from statefolio.kalman.ordinary_least_squares import weighted_products

_SINGULAR = 1e-10


@dataclass(frozen=True, eq=False)
class CrossMoments:
    """Sums over the observed dates of each asset, about the asset's own centre.

    Attributes
    ----------
    count : (N,)
    returns_centre, factors_centre : (N,), (N, K)
    total : (N,)
        Sum of squares of the returns.
    cross : (N, K)
        Sums of products of factor and return.
    factors : (N, K, K)
        Sums of products of factors.
    """

    count: Array
    returns_centre: Array
    factors_centre: Array
    total: Array
    cross: Array
    factors: Array


def cross_moments(returns: Array, factors: Array, about: CrossMoments | None = None) -> CrossMoments:
    """Compute sums about each asset's own means, or about those of other moments (a holdout's about the training's).

    Parameters
    ----------
    returns : (T, N)
        NaN where not observed.
    factors : (T, K)
    about : CrossMoments, optional

    Returns
    -------
    CrossMoments
        Centres are NaN for an asset without observations.
    """
    shift = factors.mean(axis=0)
    known = ~np.isnan(returns)
    mask, f = known.astype(np.float64), factors - shift
    count = mask.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, returns, 0.0).sum(axis=0) / count
        return_centre = mean if about is None else about.returns_centre
        r = np.where(known, returns - return_centre, 0.0)
        sums, cross = mask.T @ f, r.T @ f
        squares = weighted_products(f, f, mask)
        centre = sums / count[:, None] if about is None else about.factors_centre - shift
    total_return = r.sum(axis=0)
    cross = cross - total_return[:, None] * centre
    outer = sums[:, :, None] * centre[:, None, :]
    squares = squares - outer - outer.transpose(0, 2, 1)
    squares += count[:, None, None] * centre[:, :, None] * centre[:, None, :]
    return CrossMoments(count, return_centre, centre + shift, (r * r).sum(axis=0), cross, squares)


def slopes(moments: CrossMoments, columns: tuple[int, ...]) -> Array:
    """Return least-squares slopes on some factors and a constant, (N, len(columns)); the smallest where not unique."""
    index = list(columns)
    gram, right = moments.factors[:, index][:, :, index], moments.cross[:, index]
    scale = np.sqrt(np.einsum("nkk->nk", gram))
    scale = np.where(scale > 0.0, scale, 1.0)
    inverse = np.linalg.pinv(gram / (scale[:, :, None] * scale[:, None, :]), rcond=_SINGULAR, hermitian=True)
    found: Array = np.einsum("njk,nk->nj", inverse, right / scale) / scale
    return found


def explained(moments: CrossMoments, columns: tuple[int, ...], on: CrossMoments | None = None) -> Array:
    """Return the share of variance that some factors explain, by asset; with `on`, on other dates.

    On a holdout it is 1 - sum (r - forecast)^2 / sum (r - mean before)^2 (Campbell and Thompson, 2008, Review of
    Financial Studies 21): negative where the factors do worse than the mean.
    """
    if not columns:
        return np.zeros(len(moments.count))
    index, b = list(columns), slopes(moments, columns)
    of = moments if on is None else on
    fitted = 2.0 * np.einsum("nk,nk->n", b, of.cross[:, index])
    fitted -= np.einsum("nj,njk,nk->n", b, of.factors[:, index][:, :, index], b)
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Array = np.where(of.count > 0, fitted / of.total, np.nan)
    return share


def shapley_shares(moments: CrossMoments) -> Array:
    """Return the share of variance that each factor adds, averaged over all orders of adding them; it sums to R^2.

    The shape is (N, K). Lindeman, Merenda and Gold (1980); Groemping (2007), The American Statistician 61.
    """
    K = moments.factors.shape[1]
    shares = {subset: explained(moments, subset) for size in range(K + 1) for subset in combinations(range(K), size)}
    found = np.zeros((len(moments.count), K))
    for subset, share in shares.items():
        size = len(subset)
        for k in set(range(K)) - set(subset):
            weight = factorial(size) * factorial(K - 1 - size) / factorial(K)
            found[:, k] += weight * (shares[tuple(sorted((*subset, k)))] - share)
    return found
