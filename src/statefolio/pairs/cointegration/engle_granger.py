"""Runs Engle and Granger's test on many baskets at once, compiled.

    x_1 = b_1 + sum over j >= 2 of b_j x_j + e        by least squares, on the rows where all k prices are known
    the augmented Dickey-Fuller statistic of e, without a constant         (nested_lags.py)

The result equals statsmodels' `coint` with a constant (Engle and Granger 1987, Econometrica 55); p-values are those of
mackinnon.py. Threads share the list of baskets; the result of a basket depends only on its own prices.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.blocks import over_blocks
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.cointegration.nested_lags import adf, inner_product, usual_most_lags
from statefolio.pairs.cointegration.unit_root import half_life
from statefolio.pairs.compiled import compiled
from statefolio.pairs.progress import Progress

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

FEWEST_ROWS: Final = 25
"""A basket of k assets is tested from this number of complete rows, plus k, on."""

_COLLINEAR: Final = 100.0 * float(np.sqrt(np.finfo(float).eps))  # threshold of 1 - R^2, as in statsmodels
_CONSTANT: Final = 1e-12  # deviation of a constant price, as a share of its level


@dataclass(frozen=True, eq=False)
class EngleGrangerStatistics:
    """Results of M tests; NaN for baskets that cannot be tested.

    Attributes
    ----------
    statistic, p_value : (M,) arrays
        Minus infinity and 0 for collinear prices.
    lags, rows : (M,) arrays of int
        Lags of the Dickey-Fuller regression; rows where all prices of the basket are known.
    coefficients : (M, k) array
        The level b_1 and the hedge ratios b_2 .. b_k.
    deviation : (M,) array
        Standard deviation of the residual e.
    half_life : (M,) array
        Half-life of e in rows; infinite if it does not revert.
    """

    statistic: Array
    p_value: Array
    lags: NDArray[np.int64]
    rows: NDArray[np.int64]
    coefficients: Array
    deviation: Array
    half_life: Array

    @property
    def reasons(self) -> list[str]:
        """Why each basket could not be tested; an empty text for a tested one."""
        fewest = FEWEST_ROWS + self.coefficients.shape[1]
        alike = f"prices that cannot be told apart (1 - R^2 of their regression is below {_COLLINEAR:.2g})"
        found = []
        for statistic, rows in zip(self.statistic.tolist(), self.rows.tolist(), strict=True):
            few = f"fewer than {fewest} dates with all prices ({rows})" if rows < fewest else ""
            other = alike if statistic == -np.inf else "constant or collinear prices"
            found.append("" if np.isfinite(statistic) else few or other)
        return found

    def select(self, rows: NDArray[np.intp]) -> "EngleGrangerStatistics":
        """Return the results of some baskets."""
        return EngleGrangerStatistics(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def engle_granger_statistics(
    prices: Array, members: NDArray[np.int64], lags: int | None = None, report: Progress | None = None
) -> EngleGrangerStatistics:
    """Test every basket.

    Parameters
    ----------
    prices : (T, N) array
        NaN where an asset has no price.
    members : (M, k) array of int
        Columns of each basket, the hedged asset first. k is at most six.
    lags : int, optional
        Lags of the Dickey-Fuller regression. By default Akaike's criterion chooses up to 12 (T/100)^(1/4).
    report : callable (done, total), optional

    Returns
    -------
    EngleGrangerStatistics
    """
    count, k = members.shape
    series = np.ascontiguousarray(prices.T, dtype=float)
    whole = np.isfinite(series).all(axis=1)
    most = np.array([min(usual_most_lags(n), n if lags is None else lags) for n in range(len(prices) + 1)])
    found = np.full((count, 3 + k), np.nan)
    counts = np.zeros((count, 2), dtype=np.int64)

    def work(first: int, last: int) -> None:
        _test_each(series, whole, members[first:last], most, lags is None, found[first:last], counts[first:last])

    if count:
        pieces = int(np.clip(count // 256, 1, 32))
        over_blocks(work, count, float(count) * prices.shape[0], pieces=pieces, report=report)
    statistic = found[:, 0].copy()
    return EngleGrangerStatistics(
        statistic, p_values(statistic, k), counts[:, 0], counts[:, 1], found[:, 3:], found[:, 1], found[:, 2]
    )


@compiled
def _test_each(series, whole, members, most, choose, found, counts):
    """Fill `found` (statistic, deviation, half-life, coefficients) and `counts` (lags, rows), one row per basket."""
    k = members.shape[1]
    P = np.empty((k, series.shape[1]))
    R = np.empty((k, k))
    for n in range(len(members)):
        rows = _take_known(series, whole, members[n], P)
        counts[n, 1] = rows
        if rows < FEWEST_ROWS + k:
            continue
        e = P[0, :rows]
        unexplained = regress(P[:, :rows], R, found[n, 3:])
        if np.isnan(unexplained):
            continue
        found[n, 1] = np.sqrt(inner_product(e, e) / rows)
        if unexplained <= _COLLINEAR:
            found[n, 0] = -np.inf
            continue
        found[n, 2] = half_life(e)
        found[n, 0], counts[n, 0] = adf(e, most[rows], choose, False)


@compiled
def _take_known(series, whole, members, P):
    """Copy the prices of a basket on the rows where all are known to P, and return the number of these rows."""
    k, dates = P.shape
    complete = True
    for j in range(k):
        complete &= whole[members[j]]
    if complete:
        for j in range(k):
            P[j] = series[members[j]]
        return dates
    rows = 0
    for t in range(dates):
        known = True
        for j in range(k):
            P[j, rows] = series[members[j], t]
            known &= np.isfinite(P[j, rows])
        rows += int(known)
    return rows


@compiled
def regress(P, R, coefficients):
    """Regress P[0] on a constant and the other rows by modified Gram-Schmidt; P[0] becomes the residual.

    The other rows of P become orthonormal. `coefficients` (k,) receives the constant, then the slopes. Returns
    1 - R^2, or NaN if a row is constant or the regressors are collinear.
    """
    k, rows = P.shape
    total = 0.0
    for j in range(k):
        mean = P[j].mean()
        R[j, 0] = mean
        largest = abs(mean)
        P[j] -= mean
        square = inner_product(P[j], P[j])
        if not square > (_CONSTANT * largest) ** 2 * rows:
            return np.nan
        if j == 0:
            total = square
        for i in range(1, j):
            R[i, j] = inner_product(P[i], P[j])
            P[j] -= R[i, j] * P[i]
        if j > 0:
            rest = inner_product(P[j], P[j])
            if not rest > 1e-14 * square:
                return np.nan
            R[j, j] = np.sqrt(rest)
            P[j] /= R[j, j]
    for j in range(1, k):
        coefficients[j] = inner_product(P[j], P[0])
        P[0] -= coefficients[j] * P[j]
    coefficients[0] = R[0, 0]
    for j in range(k - 1, 0, -1):
        for i in range(j + 1, k):
            coefficients[j] -= R[j, i] * coefficients[i]
        coefficients[j] /= R[j, j]
        coefficients[0] -= coefficients[j] * R[j, 0]
    return inner_product(P[0], P[0]) / total
