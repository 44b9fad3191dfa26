"""Estimates the number of factors of a panel by the standard criteria."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from statefolio._arrays.types import Array
from statefolio._options import Whole, check_options
from statefolio._plausible.reading import read_returns
from statefolio.exceptions import InputError
from statefolio.factors.principal_components import principal_components, usable_cells
from statefolio.factors.showing import ShownCount

TRACY_WIDOM_95 = 0.9793
"""95 % quantile of the Tracy-Widom distribution of order 1."""

RULES = {"max_factors": Whole(at_least=1, example=12), "min_history": Whole(example=252) | None}

_SLOPE_POINTS = 5
_TOLERANCE = 2e-3
_ITERATIONS = 60
_TINY = 1e-14
_EXACT = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class FactorCount(ShownCount):
    """Number of factors by each criterion, and the values of the criteria.

    Attributes
    ----------
    chosen : Series (criterion)
        The number of factors by Bai and Ng's "IC_p1", "IC_p2", "IC_p3", Ahn and Horenstein's "ER" and "GR", Onatski's
        "ED", the Marchenko-Pastur edge ("MP") and the edge with the Tracy-Widom margin at 5 % ("TW").
    table : DataFrame (number of factors k = 0 .. max_factors)
        "unexplained" is V(k), the mean squared residual of k components over the observed returns (standardised
        by default); "eigenvalue" is mu_k = V(k-1) - V(k), without gaps the k-th eigenvalue of X X'/(NT);
        then each criterion at k. "MP" and "TW" are the thresholds that mu_k has to exceed.
    excluded : DataFrame (asset)
        Assets left out, and the reason.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import count_factors
    >>> result = count_factors(sf.load_demo().returns.loc["2021":], max_factors=4)
    >>> result.table[["unexplained", "eigenvalue"]].round(2)
             unexplained  eigenvalue
    factors
    0               1.00         NaN
    1               0.65        0.35
    2               0.52        0.13
    3               0.43        0.09
    4               0.37        0.06
    """

    chosen: pd.Series
    table: pd.DataFrame
    excluded: pd.DataFrame


def count_factors(
    returns: Any, max_factors: int = 12, *, standardise: bool = True, min_history: int | None = None
) -> FactorCount:
    """Estimate the number of factors of a panel, which may have gaps.

    With n observed returns of N assets on T dates; n = NT and m = min(N, T) without gaps:

    * Bai and Ng (2002, Econometrica 70, equation 9): IC_p(k) = ln V(k) + k g, smallest, with
      g1 = (N+T)/n ln(n/(N+T)), g2 = (N+T)/n ln m, g3 = ln(m)/m, m = n/max(N, T).
    * Ahn and Horenstein (2013, Econometrica 81, section 2): ER(k) = mu_k / mu_(k+1) and
      GR(k) = ln(1 + mu*_k) / ln(1 + mu*_(k+1)), mu*_k = mu_k / V(k), largest, with the mock mu_0 = V(0)/ln m so
      that zero factors may win.
    * Onatski (2010, Review of Economics and Statistics 92): the largest k with mu_k - mu_(k+1) at least delta, delta
      twice the slope of the next five eigenvalues on rank^(2/3).
    * Marchenko-Pastur: k factors as long as mu_k exceeds the largest eigenvalue of noise. The noise variances of the
      assets are those of the residuals of k factors, with a correction for degrees of freedom: so the factors' share
      does not inflate the noise (Kritchman and Nadler, 2009, IEEE Transactions on Signal Processing 57), and
      variances may differ between assets (`noise_edge`). "TW" adds that edge's scale times the 95 % quantile.

    Assets are demeaned. The edge assumes noise that is independent over dates and across assets. Blocks of related
    assets, fat tails and changing volatility raise real eigenvalues above it, so that it gives too many factors.

    Parameters
    ----------
    returns : DataFrame (T dates, N assets)
        NaN where not observed.
    max_factors : int
        Largest number considered.
    standardise : bool
        Divide by each asset's standard deviation first.
    min_history : int, optional
        Returns that an asset needs, on dates with enough assets; at least max_factors + 8. Default: a third of the
        dates.

    Returns
    -------
    FactorCount

    Raises
    ------
    InputError
        Too few assets or dates for `max_factors`, or returns without noise.

    Warns
    -----
    StatefolioWarning
        If returns are implausible, as `find_suspicious_cells` finds them.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import count_factors
    >>> count_factors(sf.load_demo().returns.loc["2021":], max_factors=4).chosen.to_dict()
    {'IC_p1': 3, 'IC_p2': 3, 'IC_p3': 3, 'ER': 1, 'GR': 1, 'ED': 1, 'MP': 4, 'TW': 4}
    """
    values, _, assets = read_returns(returns, "returns", still=False)
    x, excluded = _usable(values, assets, max_factors, min_history)
    x = x - np.nanmean(x, axis=0)
    if standardise:
        x = x / np.sqrt(np.nanmean(x * x, axis=0))
    most = max_factors + _SLOPE_POINTS
    n = int(np.count_nonzero(~np.isnan(x)))
    if n - x.shape[1] <= most * (sum(x.shape) - 1 - most):
        raise InputError(
            f"returns must have more observed returns for {most} components, got {n} of {x.shape[1]} assets on "
            f"{len(x)} dates. Use a smaller max_factors, or assets with fewer gaps."
        )
    noise = residual_variances(x, most)
    total = noise.sum(axis=1)
    if total[-1] <= _EXACT * total[0]:
        rank = int(np.argmax(total <= _EXACT * total[0]))
        raise InputError(
            f"returns must contain noise, against which the criteria measure factors, got a panel that is explained "
            f"exactly by {rank} components. Drop assets that are combinations of others."
        )
    table = _criteria(noise, np.count_nonzero(~np.isnan(x), axis=0), len(x))
    return FactorCount(_choices(table, max_factors), table.loc[:max_factors], excluded)


def residual_variances(x: Array, most: int) -> Array:
    """Return mean squared residuals by asset of 0 to `most` components, (most + 1, N), over the observed cells."""
    x = x - np.nanmean(x, axis=0)
    found = [np.nanmean(x * x, axis=0)]
    if not np.isnan(x).any():
        _, values, right = np.linalg.svd(x, full_matrices=False)
        shares = (values[:most, None] * right[:most]) ** 2 / len(x)
        found.extend(found[0] - np.cumsum(shares, axis=0))
        return np.asarray(np.maximum(found, _TINY * found[0]), dtype=np.float64)
    start = None
    for count in range(1, most + 1):
        fit = principal_components(x, count, None, start, _TOLERANCE, _ITERATIONS)
        residual = x - fit.mean - fit.scores @ fit.loadings.T
        found.append(np.nanmean(residual * residual, axis=0))
        start = np.hstack([fit.loadings, principal_components(np.nan_to_num(residual), 1).loadings])
    return np.asarray(np.maximum(found, _TINY * found[0]), dtype=np.float64)


def noise_edge(variances: Array, dates: int) -> tuple[float, float]:
    """Return the edge of the eigenvalues of a sample covariance of noise, and the scale of the largest around it.

    This is Marchenko and Pastur's edge for any variances; for equal ones it is v (1 + sqrt(N/T))^2. With c the solution
    in (0, 1/max v) of sum (vc/(1-vc))^2 = T, the edge is (1 + sum vc/(1-vc) / T)/c and the scale, to be
    multiplied by a Tracy-Widom variable, T^(-2/3) (1 + sum (vc/(1-vc))^3 / T)^(1/3) / c (El Karoui, 2007, Annals of
    Probability 35, theorem 1).

    Parameters
    ----------
    variances : (N,)
    dates : int
        T.

    Returns
    -------
    edge, scale : float
    """
    v = variances / variances.max()

    def excess(c: float) -> float:
        return float(np.sum((v * c / (1.0 - v * c)) ** 2) / dates - 1.0)

    c = brentq(excess, 0.0, 1.0 / (1.0 + 0.5 / np.sqrt(dates)))
    u, unit = v * c / (1.0 - v * c), float(variances.max()) / c
    edge = unit * (1.0 + u.sum() / dates)
    return edge, unit * dates ** (-2.0 / 3.0) * (1.0 + (u**3).sum() / dates) ** (1.0 / 3.0)


def _usable(values: Array, assets: pd.Index, max_factors: Any, min_history: Any) -> tuple[Array, pd.DataFrame]:
    """Return the panel of usable assets and dates, and the other assets with the reason."""
    check_options({"max_factors": max_factors, "min_history": min_history}, RULES)
    needed = max(int(min_history) if min_history is not None else -(-len(values) // 3), int(max_factors) + 8)
    least = int(max_factors) + _SLOPE_POINTS + 1
    rows, kept = usable_cells(values, needed, least)
    x = values[np.ix_(rows, kept)]
    if min(x.shape) < least + 1:
        assets_left = usable_cells(values, needed, 1)[1]
        dates_left = np.count_nonzero(np.count_nonzero(~np.isnan(values[:, assets_left]), axis=1) >= least)
        raise InputError(
            f"returns must have at least max_factors + {2 + _SLOPE_POINTS} = {least + 1} assets with {needed} returns "
            f"that vary, and as many dates with {least} assets, got {np.count_nonzero(assets_left)} such assets and "
            f"{dates_left} such dates. Use a smaller max_factors or min_history."
        )
    counts, usable_counts = (np.count_nonzero(~np.isnan(part[:, ~kept]), axis=0) for part in (values, values[rows]))
    reasons = [
        f"{count} returns; {needed} were needed"
        if count < needed
        else f"{usable} returns on dates with {least} assets; {needed} were needed"
        if usable < needed
        else "constant"
        for count, usable in zip(counts, usable_counts, strict=True)
    ]
    excluded = pd.DataFrame({"reason": reasons}, index=assets[~kept].rename("asset"), dtype=object)
    return x, excluded


def _criteria(noise: Array, counts: Array, dates: int) -> pd.DataFrame:
    """Return all criteria by number of components, from `residual_variances` and the returns of each asset."""
    n, N, T = int(counts.sum()), len(counts), dates
    V, k, together, m = noise @ counts / n, np.arange(len(noise)), (N + T) / n, n / max(N, T)
    mu = np.concatenate([[V[0] / np.log(m)], V[:-1] - V[1:]])
    penalties = {"IC_p1": -together * np.log(together), "IC_p2": together * np.log(m), "IC_p3": np.log(m) / m}
    columns = {name: np.log(V) + k * g for name, g in penalties.items()}
    growth = np.log1p(mu / V)
    columns["ER"] = np.append(mu[:-1] / mu[1:], np.nan)
    columns["GR"] = np.append(growth[:-1] / growth[1:], np.nan)
    edges = np.full((2, len(k)), np.nan)
    for count in k[1:]:
        free = n - N - count * (N + T - 1 - count)
        edge, scale = noise_edge(noise[count] * n / free, T - count)
        edges[:, count] = (T - count) / n * np.array([edge, edge + TRACY_WIDOM_95 * scale])
    columns |= {"MP": edges[0], "TW": edges[1]}
    eigenvalue = np.concatenate([[np.nan], mu[1:]])
    index = pd.RangeIndex(len(V), name="factors")
    return pd.DataFrame({"unexplained": V, "eigenvalue": eigenvalue, **columns}, index=index)


def _choices(table: pd.DataFrame, most: int) -> pd.Series:
    within = table.loc[:most]
    chosen = {name: int(np.argmin(within[name])) for name in ("IC_p1", "IC_p2", "IC_p3")}
    chosen |= {name: int(np.argmax(within[name])) for name in ("ER", "GR")}
    chosen["ED"] = _onatski(table["eigenvalue"].to_numpy()[1:], most)
    for name in ("MP", "TW"):
        above = (within["eigenvalue"] > within[name]).to_numpy()[1:]
        chosen[name] = most if above.all() else int(np.argmin(above))
    return pd.Series(chosen, name="factors").rename_axis("criterion")


def _onatski(mu: Array, most: int) -> int:
    """Return Onatski's edge distribution estimate; mu[0] is the largest eigenvalue."""
    drops, found = mu[:most] - mu[1 : most + 1], most
    for _ in range(4):
        rank = np.arange(found, found + _SLOPE_POINTS)
        slope = np.polyfit(rank ** (2.0 / 3.0), mu[rank], 1)[0]
        above = np.flatnonzero(drops >= 2.0 * abs(slope))
        again = int(above[-1]) + 1 if len(above) else 0
        if again == found:
            break
        found = again
    return found
