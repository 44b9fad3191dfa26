"""Estimates factor premia by Fama and MacBeth's two-pass regressions."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from statefolio._arrays.conditioning import condition_number, shown_condition
from statefolio._arrays.types import Array
from statefolio.factors.cross_moments import cross_moments, slopes
from statefolio.kalman.ordinary_least_squares import weighted_products

INTERCEPT = "intercept"
_COLLINEAR = 1e-10
_NO_PART = 1e-4  # weight of a factor in a combination, in units of volatility, below which it has no part in it


def fama_macbeth(returns: Array, factors: Array, names: pd.Index) -> pd.DataFrame:
    """Estimate premia by a regression across assets on every date, on loadings from all dates.

    First pass: least squares of each asset on a constant and all factors, over its own dates. Second pass:
    linearmodels' ``FamaMacBeth`` with a constant, one regression across assets per date (it is the extra ``premia``;
    without it premia are NaN, with the reason). Its standard errors treat
    the loadings as known; Shanken's (1992, Review of Financial Studies 5) add the error of estimating them: with V
    the variance of the mean premium, W the factors' covariance over T and c = premium' (T W)^-1 premium, each
    variance is V + c (V - W).

    Parameters
    ----------
    returns : (T, N)
        NaN where not observed.
    factors : (T, K)
    names : Index (K,)

    Returns
    -------
    DataFrame
        Rows "intercept" and the factors: premium (per date), standard_error, t, p_value, shanken_error, shanken_t,
        shanken_p_value, mean and mean_t (of the factor itself; for a traded factor, its premium), dates.
        NaN with a `reason` where the premia are not identified. Where factors are collinear, those of the others are.
    """
    kept, collinear = _independent(factors)
    if collinear.any():
        return _of_independent(returns, factors, names, kept, collinear)
    K = factors.shape[1]
    rows = np.count_nonzero(~np.isnan(returns), axis=1) > K + 1
    index = pd.Index([INTERCEPT, *names], name="factor")
    reason = _not_identified(returns, rows, K)
    table = _factor_means(factors, index)
    if not reason:
        betas = slopes(cross_moments(returns, factors), tuple(range(K)))
        found = _second_pass(returns[rows], betas, names)
        if isinstance(found, str):
            reason = found
        else:
            table = _with_errors(table, found, factors)
    return table.assign(reason=reason)


def _independent(factors: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which factors are no combination of those before them, and which have a part in such a combination."""
    away = factors - factors.mean(axis=0)
    size = np.linalg.norm(away, axis=0)
    still = size <= 1e-12 * np.linalg.norm(factors, axis=0)
    x = np.where(still, 0.0, away / np.where(still, 1.0, size))
    kept, collinear = np.ones(len(size), dtype=bool), np.zeros(len(size), dtype=bool)
    for k in range(len(size)):
        before = np.flatnonzero(kept[:k])
        weights = np.linalg.lstsq(x[:, before], x[:, k], rcond=None)[0]
        rest = x[:, k] - x[:, before] @ weights
        if not rest @ rest > _COLLINEAR:
            kept[k], collinear[k] = False, True
            collinear[before[np.abs(weights) > _NO_PART]] = True
    return kept, collinear


def _of_independent(
    returns: Array, factors: Array, names: pd.Index, kept: NDArray[np.bool_], collinear: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return the premia without superfluous factors, which leave those of the factors that are not collinear as is."""
    reduced = fama_macbeth(returns, factors[:, kept], names[np.flatnonzero(kept)])
    means = _factor_means(factors, pd.Index([INTERCEPT, *names], name="factor"))
    place = np.cumsum(np.append(True, kept)) - 1
    whole = reduced.iloc[place].set_axis(means.index).assign(mean=means["mean"], mean_t=means["mean_t"])
    unknown = pd.Series(np.append(False, collinear), whole.index)
    number = shown_condition(condition_number(factors - factors.mean(axis=0)))
    for column in whole.columns.drop(["mean", "mean_t", "dates", "reason"]):
        whole[column] = whole[column].mask(unknown)
    whole["dates"] = whole["dates"].mask(unknown, 0)
    whole["reason"] = whole["reason"].mask(unknown, f"collinear with other factors ({number})")
    return whole


def _not_identified(returns: Array, rows: Any, K: int) -> str:
    N = returns.shape[1]
    if N < K + 2:
        return f"{N} assets; at least {K + 2} are needed for {K} factors and a constant"
    if np.count_nonzero(rows) < K + 2:
        return f"{np.count_nonzero(rows)} dates with {K + 2} assets observed; at least {K + 2} such dates are needed"
    return ""


def _factor_means(factors: Array, index: pd.Index) -> pd.DataFrame:
    mean = factors.mean(axis=0)
    error = factors.std(axis=0, ddof=1) / np.sqrt(len(factors))
    empty = ["premium", "standard_error", "t", "p_value", "shanken_error", "shanken_t", "shanken_p_value"]
    table = pd.DataFrame(np.nan, index=index, columns=[*empty, "mean", "mean_t"]).assign(dates=0)
    table.loc[index[1:], "mean"], table.loc[index[1:], "mean_t"] = mean, mean / error
    return table


def _second_pass(returns: Array, betas: Array, names: pd.Index) -> tuple[Array, Array, int] | str:
    """Return mean premia, constant first, their covariance and the number of dates; or the reason for having none."""
    try:
        from linearmodels.panel import FamaMacBeth
    except ImportError:
        return "premia need the library linearmodels: pip install 'statefolio[premia]'"

    root, right = _triangular(returns, np.column_stack([np.ones(len(betas)), betas]))
    used, size = right.shape
    if used < size + 1:
        return f"only {used} dates have loadings that are not collinear across the assets observed"
    index = pd.MultiIndex.from_product([range(used), range(size)], names=["date", "row"]).swaplevel()
    frame = pd.DataFrame(root.reshape(-1, size), index, [INTERCEPT, *(f"factor {k}" for k in range(len(names)))])
    result = FamaMacBeth(pd.Series(right.ravel(), index, name="return"), frame).fit(cov_type="unadjusted")
    return result.params.to_numpy(), result.cov.to_numpy(), used


def _triangular(returns: Array, z: Array) -> tuple[Array, Array]:
    """Reduce the regression of each date's returns on z to K + 1 equations R b = Q'r with the same solution (z = QR).

    The second pass then has K + 1 rows per date for any number of assets. Dates on which z is collinear across the
    observed assets are left out.
    """
    known = ~np.isnan(returns)
    gram = weighted_products(z, z, known.T.astype(np.float64))
    scale = np.sqrt(np.einsum("tkk->tk", gram))
    scaled = gram / (scale[:, :, None] * scale[:, None, :])
    usable = np.linalg.eigvalsh(scaled)[:, 0] > _COLLINEAR
    upper = np.linalg.cholesky(gram[usable]).transpose(0, 2, 1)
    sums = np.where(known, returns, 0.0)[usable] @ z
    right: Array = np.linalg.solve(upper.transpose(0, 2, 1), sums[:, :, None])[:, :, 0]
    return np.asarray(upper, dtype=np.float64), right


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
        filled[p] = 2.0 * special.stdtr(used - 1, -np.abs(filled[t]))
    return filled
