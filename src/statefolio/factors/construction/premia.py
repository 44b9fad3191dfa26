"""Premia of factors by Fama and MacBeth's two passes."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from statefolio._arrays import Array
from statefolio.factors.construction.cross_moments import cross_moments, slopes

INTERCEPT = "intercept"


def fama_macbeth(returns: Array, factors: Array, names: pd.Index) -> pd.DataFrame:
    """Premia of the factors from a regression across assets on every date, on loadings from all dates.

    First pass: least squares of each asset on a constant and all factors, over its own dates. Second pass:
    linearmodels' ``FamaMacBeth`` with a constant. Its standard errors take the loadings as known; Shanken's (1992,
    Review of Financial Studies 5) add what estimating them costs: with V the variance of the mean premium, W the
    factors' covariance over T and c = premium' (T W)^-1 premium, V + c (V - W) by element of the diagonal.

    Parameters
    ----------
    returns : (T, N)
        NaN where not observed.
    factors : (T, K)
    names : Index (K,)

    Returns
    -------
    DataFrame
        Rows "intercept" and the factors: premium (a date), standard_error, t, p_value, shanken_error, shanken_t,
        shanken_p_value, mean and mean_t (of the factor itself: of a traded factor, the premium it pays), dates.
        NaN with a `reason` where the premia cannot be told.
    """
    K = factors.shape[1]
    rows = np.count_nonzero(~np.isnan(returns), axis=1) > K + 1
    index = pd.Index([INTERCEPT, *names], name="factor")
    reason = _not_identified(returns, rows, K)
    table = _own_means(factors, index)
    if not reason:
        betas = slopes(cross_moments(returns, factors), tuple(range(K)))
        found = _second_pass(returns[rows], betas, names)
        if isinstance(found, str):
            reason = found
        else:
            table = _with_errors(table, found, factors)
    return table.assign(reason=reason)


def _not_identified(returns: Array, rows: Any, K: int) -> str:
    N = returns.shape[1]
    if N < K + 2:
        return f"{N} assets; at least {K + 2} are needed for {K} factors and a constant"
    if np.count_nonzero(rows) < K + 2:
        return f"{np.count_nonzero(rows)} dates with {K + 2} assets observed; at least {K + 2} such dates are needed"
    return ""


def _own_means(factors: Array, index: pd.Index) -> pd.DataFrame:
    mean = factors.mean(axis=0)
    error = factors.std(axis=0, ddof=1) / np.sqrt(len(factors))
    empty = ["premium", "standard_error", "t", "p_value", "shanken_error", "shanken_t", "shanken_p_value"]
    table = pd.DataFrame(np.nan, index=index, columns=[*empty, "mean", "mean_t"]).assign(dates=0)
    table.loc[index[1:], "mean"], table.loc[index[1:], "mean_t"] = mean, mean / error
    return table


def _second_pass(returns: Array, betas: Array, names: pd.Index) -> tuple[Array, Array, int] | str:
    """Mean premia, constant first, their covariance and the number of dates; or why there are none."""
    from linearmodels.panel import FamaMacBeth

    at, assets = np.nonzero(~np.isnan(returns))
    index = pd.MultiIndex.from_arrays([assets, at], names=["asset", "date"])
    frame = pd.DataFrame(betas[assets], index=index, columns=[f"factor {k}" for k in range(len(names))])
    frame.insert(0, INTERCEPT, 1.0)
    dependent = pd.Series(returns[at, assets], index=index, name="return")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = FamaMacBeth(dependent, frame).fit(cov_type="unadjusted")
    except ValueError as error:
        return f"the loadings are collinear across assets ({str(error).splitlines()[0]})"
    used = int(result.all_params.notna().all(axis=1).sum())
    if used < betas.shape[1] + 2:
        return f"only {used} dates have loadings that are not collinear across the assets observed"
    return result.params.to_numpy(), result.cov.to_numpy(), used


def _with_errors(table: pd.DataFrame, found: tuple[Array, Array, int], factors: Array) -> pd.DataFrame:
    premium, covariance, used = found
    spread = np.atleast_2d(np.cov(factors, rowvar=False))
    variance = np.diag(covariance)
    of_factors = np.concatenate([[0.0], np.diag(spread) / used])
    c = float(premium[1:] @ np.linalg.pinv(spread, hermitian=True) @ premium[1:])
    errors = {"standard_error": np.sqrt(variance)}
    errors["shanken_error"] = np.sqrt(variance + c * np.maximum(variance - of_factors, 0.0))
    filled = table.assign(premium=premium, dates=used, **errors)
    for error, t, p in (("standard_error", "t", "p_value"), ("shanken_error", "shanken_t", "shanken_p_value")):
        filled[t] = filled["premium"] / filled[error]
        filled[p] = 2.0 * stats.t.sf(np.abs(filled[t]), used - 1)
    return filled
