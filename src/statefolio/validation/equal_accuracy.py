"""Tests equal predictive accuracy on a time series of losses: Diebold-Mariano and Clark-West."""

import warnings
from dataclasses import dataclass
from math import ceil, inf, isqrt, nan, sqrt
from typing import Any

import numpy as np
from scipy import special

from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio._display.shown import ShownFields
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning

FEWEST = 20
"""Least number of dates for a test."""

_SMALL, _LARGE = 1e-100, 1e100


@dataclass(frozen=True, repr=False)
class EqualAccuracy(ShownFields):
    """Result of a test of equal accuracy.

    Attributes
    ----------
    difference, standard_error : float
        Mean of the series, and its heteroscedasticity and autocorrelation consistent standard error.
    statistic, degrees_of_freedom, p_value : float
        The corrected t statistic, and the degrees of freedom of its Student-t distribution.
    lags, dates : int
        Number of autocovariances in the standard error, and number of dates.
    reason : str
        Reason why there is no test (statistic and p-value are then NaN); else empty.
    """

    difference: float
    standard_error: float
    statistic: float
    degrees_of_freedom: float
    p_value: float
    lags: int
    dates: int
    reason: str = ""


def diebold_mariano(difference: Any, lags: int | str | None = None) -> EqualAccuracy:
    """Test the hypothesis that two models have the same mean loss, two-sided.

    Parameters
    ----------
    difference : array (T,)
        Loss of one model minus that of another, by date, one step ahead. NaN are left out, and the dates on
        either side treated as consecutive.
    lags : int or "newey-west", optional
        Number of autocovariances in the standard error: a number, Newey and West's automatic choice, or, by default,
        the whole part of the root of T, with which the test has its nominal size (Coroneo and Iacone).

    Returns
    -------
    EqualAccuracy

    Notes
    -----
    With d the mean and V the Bartlett estimate of the long-run variance, ``V = sum_k (1 - |k|/(L+1)) gamma_k`` over
    lags -L to L, and b = (L+1)/T, the statistic is d / sqrt(V/T) sqrt(1 - b), and its null distribution Student-t with
    min(T - 1, 1.5/b) degrees of freedom. At L = 0 that is Harvey, Leybourne and Newbold's test for one step
    ahead; at larger L it approximates fixed-b asymptotics, within one percent of Kiefer and Vogelsang's
    critical values up to b = .1.

    References
    ----------
    Diebold and Mariano (1995), Journal of Business and Economic Statistics 13. Harvey, Leybourne and Newbold
    (1997), International Journal of Forecasting 13. Newey and West (1994), Review of Economic Studies 61.
    Kiefer and Vogelsang (2005), Econometric Theory 21. Sun (2014), Journal of Econometrics 178. Coroneo and
    Iacone (2020), Journal of Applied Econometrics 35.

    Examples
    --------
    >>> import numpy as np
    >>> import statefolio as sf
    >>> noise = np.random.default_rng(0).normal(size=500)
    >>> test = sf.validation.diebold_mariano(noise - 0.1)  # the first model has the smaller loss
    >>> print(f"t = {test.statistic:.1f}, p = {test.p_value:.3f}, {test.lags} lags")
    t = -3.0, p = 0.005, 22 lags
    """
    return _test(difference, lags, two_sided=True)


def clark_west(adjusted: Any, lags: int | str | None = None) -> EqualAccuracy:
    """Test the hypothesis that a larger model predicts no better than one nested in it, one-sided.

    Parameters
    ----------
    adjusted : array (T,)
        e1^2 - (e2^2 - (y1 - y2)^2) by date, with errors e and predictions y of the smaller model (1) and the larger
        (2); for a panel, its cross-sectional mean.
    lags : int, optional
        Default: Newey and West's automatic choice. Under the null, one-step errors are not autocorrelated.

    Returns
    -------
    EqualAccuracy
        The p-value is one-sided. `difference` is the mean of `adjusted`.

    Notes
    -----
    Under the null the larger model estimates parameters that are zero, which increases its squared error by
    (y1 - y2)^2 on average; the adjustment removes this (Clark and West, 2007, Journal of Econometrics 138,
    equation 3.1). The test is conservative, as they report: at 5 % it rejects 2 to 4 % of true nulls for one asset,
    and about 4 % for the mean of twenty.

    Examples
    --------
    The larger model overestimates a weak signal x, so its squared error is larger than that of predicting 0; the
    adjusted test still detects the signal:

    >>> import numpy as np
    >>> import statefolio as sf
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=500)
    >>> y = 0.1 * x + rng.normal(size=500)
    >>> e1, e2 = y, y - 0.5 * x
    >>> bool(np.mean(e2**2) > np.mean(e1**2))
    True
    >>> test = sf.validation.clark_west(e1**2 - (e2**2 - (0.5 * x) ** 2))
    >>> print(f"t = {test.statistic:.1f}, p = {test.p_value:.3f}")
    t = 2.6, p = 0.006
    """
    return _test(adjusted, "newey-west" if lags is None else lags, two_sided=False)


def _test(series: Any, lags: int | str | None, two_sided: bool) -> EqualAccuracy:
    x, unit = _losses(series)
    count = len(x)
    with np.errstate(invalid="ignore"):
        mean = float(x.mean()) if count else nan
    if count < FEWEST:
        reason = f"{count} dates, fewer than the {FEWEST} needed"
        return EqualAccuracy(mean * unit, nan, nan, nan, nan, 0, count, reason)
    if np.isinf(x).any():
        reason = f"the losses are infinite on {np.count_nonzero(np.isinf(x))} dates"
        return EqualAccuracy(mean, nan, nan, nan, nan, 0, count, reason)
    centred = x - mean
    if np.abs(centred).max() <= 1e-14 * max(np.abs(x).max(), 1e-300):
        reason = "the losses are the same on every date" if mean == 0.0 else "the difference never varies"
        return EqualAccuracy(mean * unit, 0.0, nan, nan, nan, 0, count, reason)
    used = count_lags(centred, lags)
    error = sqrt(long_run_variance(centred, used) / count)
    b = (used + 1) / count
    freedom = min(count - 1.0, 1.5 / b)
    statistic = mean / error * sqrt(1.0 - b)
    beyond = special.stdtr(freedom, -abs(statistic)) * 2.0 if two_sided else special.stdtr(freedom, -statistic)
    return EqualAccuracy(mean * unit, error * unit, statistic, freedom, float(beyond), used, count)


def _losses(series: Any) -> tuple[Array, float]:
    """Return the known values, and the unit they are in: a power of two where their squares would not be finite."""
    try:
        x = np.asarray(series, dtype=np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"losses must be numbers, got {shown(series)}. Pass one number per date.") from error
    x = x[~np.isnan(x)]
    largest = float(np.abs(x).max(initial=0.0))
    if largest in (0.0, inf) or _SMALL < largest < _LARGE:
        return x, 1.0
    unit = float(np.exp2(np.round(np.log2(largest))))
    return x / unit, unit


def warn_if_few(dates: int, scored: str = "test_from") -> None:
    """Warn of a test with fewer than `FEWEST` dates."""
    if dates < FEWEST:
        warnings.warn(
            f"{scored} must leave at least {FEWEST} dates with scored returns for tests and standard errors, got "
            f"{dates}: they are missing, and means over so few dates say little. Pass an earlier date, or later data.",
            StatefolioWarning,
            stacklevel=3,
        )


def standard_error(series: Array, lags: int | str | None = None) -> float:
    """Standard error of a series' mean by the Bartlett estimate; NaN for too few dates."""
    found = _test(series, lags, two_sided=True)
    return found.standard_error


def long_run_variance(centred: Array, lags: int) -> float:
    """Bartlett (Newey and West, 1987) estimate of the long-run variance of a series of mean zero."""
    count = len(centred)
    weights = 1.0 - np.arange(1, lags + 1) / (lags + 1)
    return float(centred @ centred + 2.0 * weights @ _sums(centred, lags)[1:]) / count


def count_lags(centred: Array, lags: int | str | None) -> int:
    """Number of autocovariances in the standard error."""
    count = len(centred)
    if lags is None:
        return isqrt(count)
    if lags == "newey-west":
        first = ceil(4.0 * (count / 100.0) ** (2.0 / 9.0))
        sums = _sums(centred, first)
        slope, level = 2.0 * float(np.arange(first + 1) @ sums), float(sums[0] + 2.0 * sums[1:].sum())
        ratio = (slope / level) ** 2 if level != 0.0 else inf
        return int(min(1.1447 * (ratio * count) ** (1.0 / 3.0), count // 3))
    if is_whole(lags) and 0 <= lags < count // 2:
        return int(lags)
    raise InputError(
        f"lags must be a whole number of at least 0 and below half the dates ({count}), 'newey-west' or None, got "
        f"{shown(lags)}. Pass lags=None for the default."
    )


def _sums(centred: Array, lags: int) -> Array:
    """Sums of products with the values 0 to `lags` dates earlier."""
    count = len(centred)
    return np.array([centred[k:] @ centred[: count - k] for k in range(lags + 1)])
