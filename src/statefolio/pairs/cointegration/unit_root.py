"""Does a series revert: the augmented Dickey-Fuller statistic and a half-life, compiled.

The regression of Dickey and Fuller (1979, JASA 74) with lagged differences (Said and Dickey 1984, Biometrika 71):

    dx_t = c + g x_t-1 + sum over i of d_i dx_t-i + e_t          statistic: g over its standard error

p-values are in mackinnon.py.
"""

import numpy as np

from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@compiled
def adf_statistic(series, lags=1, constant=True):
    """Augmented Dickey-Fuller statistic of a series, equal to statsmodels' ``adfuller(maxlag=lags, autolag=None)``.

    Parameters
    ----------
    series : (T,) array
        Without gaps.
    lags : int
        Lagged differences in the regression.
    constant : bool
        Whether the regression has one.

    Returns
    -------
    float
        NaN where the regression cannot be run: too few dates, or a series without variance.
    """
    rows, width = series.size - lags - 1, lags + 2  # lagged differences, then the lagged level, then what is explained
    freedom = rows - (lags + 1) - (1 if constant else 0)
    if freedom <= 0:
        return np.nan
    row, mean, gram = np.empty(width), np.zeros(width), np.zeros((width, width))
    if constant:
        for t in range(lags + 1, series.size):
            _regression_row(series, t, lags, row)
            mean += row
        mean /= rows
    for t in range(lags + 1, series.size):
        _regression_row(series, t, lags, row)
        row -= mean
        for i in range(width):
            for j in range(i + 1):
                gram[i, j] += row[i] * row[j]
    if not _factorise(gram):
        return np.nan
    # In the Cholesky factor of all cross products the last row holds what each regressor adds, and what is left over.
    return gram[width - 1, width - 2] * np.sqrt(freedom) / gram[width - 1, width - 1]


@compiled
def _regression_row(series, t, lags, row):
    for i in range(lags):
        row[i] = series[t - 1 - i] - series[t - 2 - i]
    row[lags] = series[t - 1]
    row[lags + 1] = series[t] - series[t - 1]


@compiled
def _factorise(gram):
    """Cholesky factor in place of a lower triangle; False where a regressor adds nothing to those before it."""
    width = gram.shape[0]
    for j in range(width):
        own = gram[j, j]
        for i in range(j):
            gram[j, j] -= gram[j, i] * gram[j, i]
        if j < width - 1 and not gram[j, j] > 1e-14 * own:
            return False
        gram[j, j] = np.sqrt(max(gram[j, j], 0.0))
        for i in range(j + 1, width):
            for h in range(j):
                gram[i, j] -= gram[i, h] * gram[j, h]
            gram[i, j] /= gram[j, j]
    return True


@compiled
def half_life(series):
    """Dates an Ornstein-Uhlenbeck process takes to come half way back: -ln 2 over the slope of dx_t on x_t-1.

    Chan (2013, Algorithmic Trading, chapter 2): the regression has a constant, and the slope stands for the rate in
    continuous time, without the logarithm of 1 + slope. Infinite where the series does not revert.

    Parameters
    ----------
    series : (T,) array
        Without gaps.
    """
    rows = series.size - 1
    if rows < 3:
        return np.nan
    level, change = series[:-1].mean(), (series[-1] - series[0]) / rows
    product, square = 0.0, 0.0
    for t in range(rows):
        product += (series[t] - level) * (series[t + 1] - series[t] - change)
        square += (series[t] - level) ** 2
    return -np.log(2.0) * square / product if product < 0.0 else np.inf
