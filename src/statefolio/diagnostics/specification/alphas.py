"""Tests whether all alphas are zero: the exact test of Gibbons, Ross and Shanken, and a bootstrap for any panel."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import block_scores, block_starts, flip_signs, p_value, random_signs
from statefolio.diagnostics.least_squares import LeastSquares, inverses, least_squares


@dataclass(frozen=True, eq=False)
class GRSTest:
    """Test of Gibbons, Ross and Shanken: statistic and p-value, NaN with a reason where they cannot be computed."""

    statistic: float
    p_value: float
    dates: int
    reason: str


def gibbons_ross_shanken(returns: Array, factors: Array) -> GRSTest:
    """Test that all alphas are zero, on the dates on which every asset was observed.

        (T - N - K) / N  a' S^-1 a / (1 + m' W^-1 m)  ~  F(N, T - N - K)

    where a are the alphas, S = E'E / T, and m and W mean and covariance (over T) of the K factors. It is exact for
    independent normal errors with any covariance across assets. Gibbons, Ross and Shanken (1989), Econometrica 57,
    equation 4.

    Parameters
    ----------
    returns : (T, N) array
        NaN where not observed.
    factors : (T, K) array
        Without the constant.
    """
    common = ~np.isnan(returns).any(axis=1)
    assets, states, dates = returns.shape[1], factors.shape[1], int(common.sum())
    freedom = dates - assets - states
    if freedom < 1:
        reason = f"{assets} assets share {dates} dates, and at least {assets + states + 1} are needed"
        return GRSTest(np.nan, np.nan, dates, reason)
    x = factors[common]
    fit = least_squares(returns[common], np.column_stack([np.ones(dates), x]))
    centred = x - x.mean(axis=0)
    mean = x.mean(axis=0)
    sharpe = float(mean @ inverses(centred.T @ centred / dates) @ mean)
    quadratic = float(fit.loadings[:, 0] @ inverses(fit.residuals.T @ fit.residuals / dates) @ fit.loadings[:, 0])
    statistic = freedom / assets * quadratic / (1.0 + sharpe)
    if not np.isfinite(statistic):
        return GRSTest(np.nan, np.nan, dates, "factors or residuals are linearly dependent on the dates shared by all")
    return GRSTest(float(statistic), float(special.fdtrc(assets, freedom, max(statistic, 0.0))), dates, "")


@dataclass(frozen=True, eq=False)
class AlphaTest:
    """Mean squared t statistic of the alphas, its p-value, and its bootstrap distribution where alphas are zero."""

    statistic: float
    p_value: float
    null: Array


def mean_squared_t(
    returns: Array, regressors: Array, fit: LeastSquares, block_length: int, replications: int, rng: np.random.Generator
) -> AlphaTest:
    """Test that all alphas are zero by a wild bootstrap that preserves correlation between assets.

    The statistic is the mean over assets of t^2, t = alpha / se. Under the null, residuals of regressions without
    the constant change sign at random by block of dates, all assets together, and are regressed on all regressors. N
    may exceed T, assets may have gaps, and errors may have fat tails and changing variances. Davidson and Flachaire
    (2008), Journal of Econometrics 146, justify random signs and residuals that satisfy the null.
    """
    restricted = least_squares(returns, regressors[:, 1:]).residuals
    starts = block_starts(len(returns), block_length)
    scores = block_scores(restricted, regressors, starts)
    signs = random_signs(rng, replications, len(starts))
    sums, loadings = flip_signs(signs, scores, fit.inverse)
    total = np.nansum(restricted**2, axis=0)
    squares = total - np.einsum("bnk,bnk->bn", sums, loadings)
    of_alpha = fit.inverse[:, 0, 0]
    null = (loadings[:, :, 0] ** 2 * (fit.count - regressors.shape[1]) / (squares * of_alpha)).mean(axis=1)
    statistic = float((fit.loadings[:, 0] ** 2 / (fit.variance * of_alpha)).mean())
    return AlphaTest(statistic, p_value(statistic, null), null)
