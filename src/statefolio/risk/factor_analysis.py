"""Maximum likelihood factor analysis with missing values: z = L f + u, f with unit variance, u uncorrelated."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.linalg.lapack import dpstrf
from threadpoolctl import ThreadpoolController

from statefolio._arrays.types import Array

LEAST_SPECIFIC = 0.05
"""Least specific share of an asset's variance; without a bound the likelihood may be unbounded."""

_SMALLEST = 1e-12


class FactorAnalysis(NamedTuple):
    """Result of a factor analysis.

    Attributes
    ----------
    loadings : (N, R) array
        L.
    specific : (N,) array
        Variances of u.
    """

    loadings: Array
    specific: Array


class _Rows(NamedTuple):
    """Data of the analysis: zeros where not observed, and dates grouped by their pattern of gaps."""

    values: Array  # (T, N)
    weights: Array  # (T,)
    patterns: Array  # (P, N) 1 where observed
    pattern: NDArray[np.intp]  # (T,) pattern of each date
    order: NDArray[np.intp]  # (T,) dates by pattern
    starts: NDArray[np.intp]  # (P,) first place of each pattern in `order`
    pattern_weight: Array  # (P,)
    observed_weight: Array  # (N,)
    variance: Array  # (N,)


def fit_factor_analysis(values: Array, weights: Array, count: int, iterations: int = 40) -> FactorAnalysis:
    """Estimate `count` factors by expectation-maximisation from the leading components (Rubin and Thayer 1982).

    Parameters
    ----------
    values : (T, N) array
        Values with mean zero, NaN where not observed. A column without observations has zero loadings and variance 1.
    weights : (T,) array
        Weights of the dates.
    count : int
        R; columns of loadings beyond the number of dates or assets are zero.
    iterations : int
        Steps of expectation-maximisation.

    Returns
    -------
    FactorAnalysis
    """
    rows = _rows(values, weights)
    if count == 0:
        return FactorAnalysis(np.zeros((values.shape[1], 0)), rows.variance)
    with _pools().limit(limits=1, user_api="blas"):  # matrices are too small for several threads
        rows = _compressed(rows)
        loadings = _components(rows, count)
        specific = _bounded_specific(rows.variance - np.einsum("nr,nr->n", loadings, loadings), rows.variance)
        for _ in range(iterations):
            loadings, specific = _improve(rows, loadings, specific)
    return FactorAnalysis(loadings, specific)


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def log_density(found: FactorAnalysis, values: Array) -> Array:
    """Gaussian log-density of the observed values of each row (T,), in O(N R^2) per pattern of gaps."""
    rows = _rows(values, np.ones(len(values)))
    L, psi = found
    information, posterior = _posterior(rows, L, psi)
    scaled = rows.values @ (L / psi[:, None])
    factors = _factors(rows, scaled, posterior)
    explained = np.einsum("tr,tr->t", scaled, factors)
    squares = (rows.values**2) @ (1.0 / psi) - explained
    determinant = rows.patterns @ np.log(2.0 * np.pi * psi) + np.linalg.slogdet(information)[1]
    density: Array = -0.5 * (determinant[rows.pattern] + squares)
    return density


def _rows(values: Array, weights: Array) -> _Rows:
    seen = ~np.isnan(values)
    patterns, pattern = _patterns(seen)
    filled = np.where(seen, values, 0.0)
    pattern_weight: Array = np.bincount(pattern, weights, len(patterns)).astype(np.float64)
    observed = patterns.T @ pattern_weight
    second = weights @ filled**2
    variance = np.where(observed > 0.0, second / np.where(observed > 0.0, observed, 1.0), 1.0)
    variance = np.where(variance > 0.0, variance, 1.0)
    return _Rows(
        filled, weights, patterns, pattern, *_sorted(pattern, len(patterns)), pattern_weight, observed, variance
    )


def _patterns(seen: NDArray[np.bool_]) -> tuple[Array, NDArray[np.intp]]:
    """Distinct patterns of gaps (P, N), 1 where observed, and the pattern of each row (T,)."""
    if (seen == seen[:1]).all():
        return seen[:1].astype(np.float64), np.zeros(len(seen), dtype=np.intp)
    _, first, pattern = np.unique(np.packbits(seen, axis=1), axis=0, return_index=True, return_inverse=True)
    return seen[first].astype(np.float64), pattern.reshape(-1)


def _sorted(pattern: NDArray[np.intp], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows in the order of patterns, and the first place of each pattern."""
    order = np.argsort(pattern, kind="stable")
    return order, np.searchsorted(pattern[order], np.arange(count))


def _compressed(rows: _Rows) -> _Rows:
    """Replace rows by at most N per pattern with the same weighted second moments, which is all the EM needs."""
    assets = rows.values.shape[1]
    counts = np.bincount(rows.pattern)
    if counts.max() <= assets:
        return rows
    kept = rows.order[counts[rows.pattern[rows.order]] <= assets]
    values, weights, pattern = [rows.values[kept]], [rows.weights[kept]], [rows.pattern[kept]]
    for p in np.flatnonzero(counts > assets):
        rows_of_pattern = rows.order[rows.starts[p] : rows.starts[p] + counts[p]]
        values.append(_root(rows.values[rows_of_pattern] * np.sqrt(rows.weights[rows_of_pattern])[:, None]))
        weights.append(np.ones(len(values[-1])))
        pattern.append(np.full(len(values[-1]), p))
    joined = np.concatenate(pattern)
    order, starts = _sorted(joined, len(counts))
    return rows._replace(
        values=np.concatenate(values), weights=np.concatenate(weights), pattern=joined, order=order, starts=starts
    )


def _root(values: Array) -> Array:
    """As many rows as the rank of Z, with the same Z'Z: its Cholesky factor, pivoted as columns may be dependent."""
    factor, pivots, rank, _ = dpstrf(values.T @ values)
    root = np.zeros((rank, values.shape[1]))
    root[:, pivots - 1] = np.triu(factor)[:rank]
    return root


def _components(rows: _Rows, count: int) -> Array:
    """Initial loadings: leading eigenvectors of the correlations, gaps filled with zeros."""
    standard = rows.values * (np.sqrt(rows.weights / rows.pattern_weight.sum())[:, None] / np.sqrt(rows.variance))
    dates, assets = standard.shape
    loadings = np.zeros((assets, count))
    kept = min(count, dates, assets)
    square = standard.T @ standard if assets <= dates else standard @ standard.T
    values, vectors = eigh(square, subset_by_index=[len(square) - kept, len(square) - 1])
    vectors = vectors[:, ::-1]
    if assets > dates:
        vectors = standard.T @ vectors / np.sqrt(np.maximum(values[::-1], _SMALLEST))
    spread = np.sqrt(np.maximum(values[::-1] - 1.0, 0.1))
    largest = np.abs(vectors).argmax(axis=0)
    sign = np.where(vectors[largest, np.arange(kept)] < 0.0, -1.0, 1.0)
    loadings[:, :kept] = vectors * spread * sign * np.sqrt(rows.variance)[:, None]
    return loadings


def _bounded_specific(remaining: Array, variance: Array) -> Array:
    return np.maximum(remaining, LEAST_SPECIFIC * variance)


def _posterior(rows: _Rows, L: Array, psi: Array) -> tuple[Array, Array]:
    """Information matrix of the factors by pattern of gaps, and its inverse, their covariance: (P, R, R) each."""
    count, scaled = L.shape[1], L / psi[:, None]
    if len(rows.patterns) == 1:
        information = np.eye(count) + ((rows.patterns * L.T) @ scaled)[None]
    else:
        outer = (L[:, :, None] * scaled[:, None, :]).reshape(len(L), -1)
        information = np.eye(count) + (rows.patterns @ outer).reshape(len(rows.patterns), count, count)
    inverse: Array = np.linalg.inv(information).astype(np.float64, copy=False)
    return information, inverse


def _factors(rows: _Rows, scaled: Array, posterior: Array) -> Array:
    """Expected factors of each date (T, R), from the scaled rows (T, R)."""
    if len(posterior) == 1:
        return np.asarray(scaled @ posterior[0])
    factors: Array = (scaled[:, None, :] @ posterior[rows.pattern])[:, 0]
    return factors


def _improve(rows: _Rows, L: Array, psi: Array) -> tuple[Array, Array]:
    """One EM step: expected factors of each date, then each asset's regression on them."""
    count = L.shape[1]
    _, posterior = _posterior(rows, L, psi)
    scaled = rows.values @ (L / psi[:, None])
    factors = _factors(rows, scaled, posterior)
    weighted = factors * rows.weights[:, None]
    cross = rows.values.T @ weighted
    second = posterior * rows.pattern_weight[:, None, None]
    known = rows.observed_weight > 0.0
    if len(second) == 1:
        loadings: Array = np.linalg.solve(second[0] + weighted.T @ factors, cross.T).T
    else:
        products = weighted[rows.order, :, None] * factors[rows.order, None, :]
        second += np.add.reduceat(products, rows.starts, axis=0)
        moments = (rows.patterns.T @ second.reshape(len(second), -1)).reshape(-1, count, count)
        moments[~known] = np.eye(count)
        loadings = np.asarray(np.linalg.solve(moments, cross[:, :, None])[:, :, 0], dtype=np.float64)
    weight = np.where(known, rows.observed_weight, 1.0)
    remaining: Array = rows.variance - np.einsum("nr,nr->n", loadings, cross) / weight
    return loadings, _bounded_specific(remaining, rows.variance)
