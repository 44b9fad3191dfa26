"""Computes the augmented Dickey-Fuller statistic and the half-life of one series, compiled.

The regression of Dickey and Fuller (1979, JASA 74) with lagged differences (Said and Dickey 1984, Biometrika 71):

    dx_t = c + g x_t-1 + sum over i of d_i dx_t-i + e_t          statistic: g over its standard error

p-values are in mackinnon.py.
"""

import numpy as np

from statefolio.pairs.cointegration.nested_lags import adf
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@compiled
def adf_statistic(series, lags=1, constant=True):
    """Return the augmented Dickey-Fuller statistic, equal to statsmodels' ``adfuller(maxlag=lags, autolag=None)``.

    Parameters
    ----------
    series : (T,) array
        Without gaps.
    lags : int
        Lagged differences in the regression.
    constant : bool
        Include a constant in the regression.

    Returns
    -------
    float
        NaN if there are too few dates or the series is constant.
    """
    if series.size - 2 * lags - 2 - int(constant) <= 0:
        return np.nan
    return adf(series - series.mean() if constant else series, lags, False, constant)[0]


@compiled
def half_life(series):
    """Return the half-life in dates of an Ornstein-Uhlenbeck process: -ln 2 / slope of dx_t on x_t-1.

    As in Chan (2013, Algorithmic Trading, chapter 2), the regression has a constant and the slope is used as the
    continuous-time rate, without the logarithm of 1 + slope. Infinite if the series does not revert.

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
