"""Tests whether the relation between an asset and a factor is linear."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from statefolio._arrays.types import Array
from statefolio.kalman.ordinary_least_squares import weighted_products

TERMS = 2
"""Number of nonlinear terms added for one factor: its square and its absolute value."""

CAP = 2.0
"""Standard deviations at which a factor is capped in the nonlinear terms."""

_ROUNDING = 1e-8


@dataclass(frozen=True, eq=False)
class NonlinearityTests:
    """Tests of every asset and factor, (N, K) each; NaN where there is nothing to test.

    There is nothing to test for an asset with too few returns, or that a straight line explains to rounding error, and
    for a factor with at most two values on the asset's dates: any relation to it is linear.

    Attributes
    ----------
    statistic
        Chi-squared under a linear relation, with two degrees of freedom, or one where the two terms are collinear.
    p_value
    gain
        Share of the asset's variance that the nonlinear terms add.
    """

    statistic: Array
    p_value: Array
    gain: Array


def nonlinearity_tests(returns: Array, factors: Array, lags: int | None = 0) -> NonlinearityTests:
    """Compute score tests for f^2 and |f| next to a constant and all factors, robust to heteroscedasticity.

    The idea is Ramsey's RESET (1969) with the terms a call, a put or market timing would have (Treynor and Mazuy's
    square, Henriksson and Merton's absolute value), one factor at a time; f is capped at two standard deviations in
    both, so that the result does not depend on a few days. The statistic is Wooldridge's (1991, Journal of Econometrics
    47) robust score statistic: with e the residuals of the linear model and z the nonlinear terms less their
    projection on the regressors, g' S^-1 g for g = sum z_t e_t and S the Newey-West sum of z_t e_t (White's
    with no lags). It needs the linear model only and keeps its size where Wald statistics reject too often.

    Parameters
    ----------
    returns : (T, N)
        NaN where not observed.
    factors : (T, K)
    lags : int, optional
        Lags of the Newey-West sum with Bartlett weights. None: 4 (T/100)^(2/9) rounded down.

    Returns
    -------
    NonlinearityTests
    """
    N, K = returns.shape[1], factors.shape[1]
    statistic, p_value, gain = (np.full((N, K), np.nan) for _ in range(3))
    for rows, columns in _patterns(returns):
        f, r = factors[rows], returns[np.ix_(rows, columns)]
        if len(f) < K + 2 + 2 * TERMS:
            continue
        q = _orthonormal(np.column_stack([np.ones(len(f)), f]))
        e = r - q @ (q.T @ r)
        most = int(4.0 * (len(f) / 100.0) ** (2.0 / 9.0)) if lags is None else lags
        total = ((r - r.mean(axis=0)) ** 2).sum(axis=0)
        inexact = (e * e).sum(axis=0) > _ROUNDING**2 * (r * r).sum(axis=0)
        for k in range(K):
            z = _nonlinear_terms(f[:, k], q)
            if z.shape[1] and inexact.any():
                found, explained = _score(z, e[:, inexact], most)
                statistic[columns[inexact], k], gain[columns[inexact], k] = found, explained / total[inexact]
                p_value[columns[inexact], k] = special.chdtrc(z.shape[1], np.maximum(found, 0.0))
    return NonlinearityTests(statistic, p_value, gain)


def _patterns(returns: Array) -> Iterator[tuple[Any, Any]]:
    """Iterate over groups of assets observed on the same dates: their rows and columns."""
    known = ~np.isnan(returns)
    groups: dict[bytes, list[int]] = {}
    for column, key in enumerate(np.packbits(known, axis=0).T):
        groups.setdefault(key.tobytes(), []).append(column)
    for columns in groups.values():
        yield np.flatnonzero(known[:, columns[0]]), np.array(columns)


def _nonlinear_terms(f: Array, q: Array) -> Array:
    """Return square and absolute value of a factor, orthonormal and orthogonal to the regressors, (T, 2 or 1)."""
    scale = np.sqrt(np.mean(f * f))
    f = np.clip(f / (scale if scale > 0.0 else 1.0), -CAP, CAP)
    z = np.column_stack([f * f, np.abs(f)])
    z = z - q @ (q.T @ z)
    z = z - q @ (q.T @ z)
    left, singular, _ = np.linalg.svd(z, full_matrices=False)
    return left[:, singular > _ROUNDING * np.sqrt(len(f))]


def _orthonormal(columns: Array) -> Array:
    """Return an orthonormal basis of the span of the columns, of any scale, linearly dependent or not."""
    length = np.sqrt((columns**2).sum(axis=0))
    left, singular, _ = np.linalg.svd(columns / np.where(length > 0.0, length, 1.0), full_matrices=False)
    return left[:, singular > _ROUNDING * singular[0]]


def _score(z: Array, e: Array, lags: int) -> tuple[Array, Array]:
    """Return the statistic of each column of e (T, n) for the terms z (T, J), and the sum of squares they explain."""
    g = z.T @ e
    S = weighted_products(z, z, e * e)
    for lag in range(1, lags + 1):
        weight = 1.0 - lag / (lags + 1.0)
        S = S + weight * weighted_products(z[lag:], z[:-lag], e[lag:] * e[:-lag])
        S = S + weight * weighted_products(z[:-lag], z[lag:], e[lag:] * e[:-lag])
    solved = np.linalg.solve(S, g.T[:, :, None])[:, :, 0]
    return np.einsum("nj,jn->n", solved, g), (g * g).sum(axis=0)
