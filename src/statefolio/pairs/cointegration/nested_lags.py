"""Computes augmented Dickey-Fuller statistics and chooses the number of lags, compiled: all lags in one pass.

    d_t = (c +) g e_t + sum over i = 1..l of f_i d_t-i + u_t        d_t = e_t+1 - e_t,  t = p..T-2

The cross-products of d_t, its p lags and the level e_t over those rows follow from p + 2 inner products:

    G_ij = sum of d_t-i d_t-j         G_i+1,j+1 = G_ij + d_p-1-i d_p-1-j - d_T-2-i d_T-2-j
    h_j = sum of e_t d_t-j            h_j+1 = h_j + G_1,j+1 + e_p-1 d_p-1-j - e_T-2 d_T-2-j

One Cholesky factor in the order (level, lags, d_t) then gives the residual sum of squares of every l. Akaike's
criterion compares all l on the same rows; the final statistic uses all rows that the chosen l allows, as statsmodels'
adfuller does (Said and Dickey 1984, Biometrika 71).
"""

import math
from typing import Final

import numpy as np

from statefolio.kalman.compiled_code import cached
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_SINGULAR: Final = 1e-14  # pivot of a singular matrix, as a share of the column's sum of squares


def usual_most_lags(dates: int, constants: int = 0) -> int:
    """Return Schwert's (1989) 12 (T/100)^(1/4), rounded up, at most what half the dates allow; may be negative."""
    return int(min(dates // 2 - constants - 1, math.ceil(12.0 * (dates / 100.0) ** 0.25)))


@compiled
def adf(e, most, choose, constant):
    """Return the ADF statistic of a series and its number of lags.

    Parameters
    ----------
    e : (T,) array
        Finite. A mean near zero keeps rounding errors small.
    most : int
        The number of lags; with `choose` the largest one.
    choose : bool
        Choose the number by Akaike's criterion.
    constant : bool
        Include a constant in the regression.

    Returns
    -------
    (float, int)
        The t-value of the level; NaN if the regression is singular, as for a constant series.
    """
    dates = e.size
    d = e[1:] - e[:-1]
    C = np.empty((most + 2, most + 2))
    _cross_products(e, d, most, constant, C)
    if not choose:
        return _t_value(C, most, dates - 1 - most - int(constant)), most
    lags = _fewest_by_akaike(C, most, dates - 1 - most)
    if lags < 0:
        return np.nan, 0
    if lags < most:
        C = np.empty((lags + 2, lags + 2))
        _cross_products(e, d, lags, constant, C)
    return _t_value(C, lags, dates - 1 - lags - int(constant)), lags


@cached(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def inner_product(x, y):
    """Return the inner product of x and the start of y; the order of the sum depends only on the length."""
    total = 0.0
    for t in range(x.size):
        total += x[t] * y[t]
    return total


@compiled
def _cross_products(e, d, lags, constant, C):
    """Write the cross-products of (d_t, d_t-1 .. d_t-lags, e_t) over t = lags .. T-2 to C, centred with a constant."""
    last, level = d.size - 1, lags + 1
    for j in range(lags + 1):
        C[0, j] = inner_product(d[lags:], d[lags - j :])
    for i in range(lags):
        for j in range(i, lags):
            C[i + 1, j + 1] = C[i, j] + d[lags - 1 - i] * d[lags - 1 - j] - d[last - i] * d[last - j]
    C[0, level], C[level, level] = inner_product(d[lags:], e[lags:]), inner_product(e[lags : last + 1], e[lags:])
    for j in range(lags):
        C[j + 1, level] = C[j, level] + C[1, j + 1] + e[lags - 1] * d[lags - 1 - j] - e[last] * d[last - j]
    if constant:
        _center(e, d, lags, C)
    for i in range(level + 1):
        for j in range(i):
            C[i, j] = C[j, i]


@compiled
def _center(e, d, lags, C):
    rows = d.size - lags
    total = np.empty(lags + 2)
    total[lags + 1] = e[lags:-1].sum()
    for j in range(lags + 1):
        total[j] = e[d.size - j] - e[lags - j]
    for i in range(lags + 2):
        for j in range(i, lags + 2):
            C[i, j] -= total[i] * total[j] / rows


@compiled
def _fewest_by_akaike(C, most, rows):
    """Return the number of lags with the smallest criterion; -1 if even the regression without lags is singular."""
    size = most + 1
    L, z = np.empty((size, size)), np.empty(size)
    rest = C[0, 0]
    best, found = np.inf, -1
    for i in range(size):  # column 0 of the factor is the level, column i the ith lag
        a = most + 1 if i == 0 else i
        for j in range(i + 1):
            b = most + 1 if j == 0 else j
            value = C[a, b]
            for k in range(j):
                value -= L[i, k] * L[j, k]
            if j < i:
                L[i, j] = value / L[j, j]
            elif value > _SINGULAR * C[a, a]:
                L[i, i] = math.sqrt(value)
            else:
                return found
        value = C[a, 0]
        for k in range(i):
            value -= L[i, k] * z[k]
        z[i] = value / L[i, i]
        rest -= z[i] * z[i]
        criterion = rows * math.log(max(rest, 1e-300) / rows) + 2.0 * (i + 1)
        if criterion < best:
            best, found = criterion, i
    return found


@compiled
def _t_value(C, lags, rows):
    """Return the t-value of the level, whose column is last in the factor, after the lags."""
    size = lags + 1
    L = np.empty((size, size))
    rest, z = C[0, 0], np.empty(size)
    for i in range(size):
        for j in range(i + 1):
            value = C[i + 1, j + 1]
            for k in range(j):
                value -= L[i, k] * L[j, k]
            if j < i:
                L[i, j] = value / L[j, j]
            elif value > _SINGULAR * C[i + 1, i + 1]:
                L[i, i] = math.sqrt(value)
            else:
                return np.nan
        value = C[i + 1, 0]
        for k in range(i):
            value -= L[i, k] * z[k]
        z[i] = value / L[i, i]
        rest -= z[i] * z[i]
    freedom = rows - size
    if freedom <= 0 or rest <= 0.0:
        return np.nan
    return z[lags] / math.sqrt(rest / freedom)
