"""How many factors a panel has: the field's criteria side by side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.exceptions import InputError
from statefolio.factors.principal_components import principal_components, usable_part

TRACY_WIDOM_95 = 0.9793
"""95 % quantile of the Tracy-Widom law of order 1."""

_SLOPE_POINTS = 5
_TOLERANCE = 2e-3
_ITERATIONS = 60
_TINY = 1e-14
_EXACT = 1e-12


@dataclass(frozen=True, eq=False)
class FactorCount:
    """What each criterion says, and what it is made of.

    Attributes
    ----------
    chosen : Series (criterion)
        The number of factors by Bai and Ng's "IC_p1", "IC_p2", "IC_p3", Ahn and Horenstein's "ER" and "GR", Onatski's
        "ED", the Marchenko-Pastur edge ("MP") and the edge with the Tracy-Widom margin at 5 % ("TW").
    table : DataFrame (number of factors k = 0 .. max_factors)
        "unexplained" is V(k), the mean squared residual of k components over the observed returns (standardised
        if so asked); "eigenvalue" is mu_k = V(k-1) - V(k), without gaps the k-th eigenvalue of X X'/(NT);
        then each criterion at k. "MP" and "TW" hold the threshold that mu_k has to pass.
    excluded : DataFrame (asset)
        Assets left out, and the reason.
    """

    chosen: pd.Series
    table: pd.DataFrame
    excluded: pd.DataFrame


def count_factors(
    returns: Any, max_factors: int = 12, *, standardise: bool = True, min_history: int | None = None
) -> FactorCount:
    """Count the factors of a panel that may have gaps.

    With n observed returns of N assets on T dates; n = NT and m = min(N, T) without gaps:

    * Bai and Ng (2002, Econometrica 70, equation 9): IC_p(k) = ln V(k) + k g, smallest, with
      g1 = (N+T)/n ln(n/(N+T)), g2 = (N+T)/n ln m, g3 = ln(m)/m, m = n/max(N, T).
    * Ahn and Horenstein (2013, Econometrica 81, section 2): ER(k) = mu_k / mu_(k+1) and
      GR(k) = ln(1 + mu*_k) / ln(1 + mu*_(k+1)), mu*_k = mu_k / V(k), largest, with the mock mu_0 = V(0)/ln m so
      that zero may win.
    * Onatski (2010, Review of Economics and Statistics 92): the largest k with mu_k - mu_(k+1) at least delta, delta
      twice the slope of five eigenvalues beyond on rank^(2/3).
    * Marchenko-Pastur: k factors so long as mu_k exceeds the largest eigenvalue of noise whose variances by asset
      are those of the residuals with k factors taken out, degrees of freedom counted: neither the factors' share
      inflates the noise (Kritchman and Nadler, 2009, IEEE Transactions on Signal Processing 57) nor does it pass
      for noise of one variance (`noise_edge`). "TW" adds that edge's scale times the 95 % quantile.

    Assets are demeaned. The edge supposes noise independent over dates and across assets: blocks of related assets, fat
    tails and moving volatility raise real eigenvalues over it, so there it says too many.

    Parameters
    ----------
    returns : DataFrame (T dates, N assets)
        NaN where not observed.
    max_factors : int
        The largest number considered.
    standardise : bool
        Divide by each asset's standard deviation first.
    min_history : int, optional
        Returns an asset needs to be used, on dates with enough assets; a third of the dates if not given, and never
        fewer than max_factors + 8.

    Returns
    -------
    FactorCount

    Raises
    ------
    InputError
        Too few assets or dates for `max_factors`, or returns without noise.
    """
    values, _, assets = read_values(returns, "returns")
    x, excluded = _usable(values, assets, max_factors, min_history)
    x = x - np.nanmean(x, axis=0)
    if standardise:
        x = x / np.sqrt(np.nanmean(x * x, axis=0))
    most = max_factors + _SLOPE_POINTS
    n = int(np.count_nonzero(~np.isnan(x)))
    if n - x.shape[1] <= most * (sum(x.shape) - 1 - most):
        raise InputError(
            f"returns has {n} observed returns of {x.shape[1]} assets on {len(x)} dates; more were expected for {most} "
            "components. Use a smaller max_factors, or assets with fewer gaps."
        )
    noise = residual_variances(x, most)
    total = noise.sum(axis=1)
    if total[-1] <= _EXACT * total[0]:
        rank = int(np.argmax(total <= _EXACT * total[0]))
        raise InputError(
            f"returns is explained exactly by {rank} components; noise was expected beside the factors, for criteria "
            "measure against it. Drop assets that are made of others."
        )
    table = _criteria(noise, np.count_nonzero(~np.isnan(x), axis=0), len(x))
    return FactorCount(_choices(table, max_factors), table.loc[:max_factors], excluded)


def residual_variances(x: Array, most: int) -> Array:
    """Mean squared residuals by asset with 0 to `most` components, (most + 1, N), over the observed cells."""
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
        rest = x - fit.mean - fit.scores @ fit.loadings.T
        found.append(np.nanmean(rest * rest, axis=0))
        start = np.hstack([fit.loadings, principal_components(np.nan_to_num(rest), 1).loadings])
    return np.asarray(np.maximum(found, _TINY * found[0]), dtype=np.float64)


def noise_edge(variances: Array, dates: int) -> tuple[float, float]:
    """Edge of the eigenvalues of a sample covariance of independent noise, and the scale of the largest one around it.

    Of Marchenko and Pastur's law for any variances; for equal ones it is v (1 + sqrt(N/T))^2. With c the solution
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
    """Panel of the assets and dates that can be used, and the other assets with a reason."""
    if not is_whole(max_factors) or max_factors < 1:
        raise InputError(f"max_factors={max_factors!r}; a whole number from 1 on was expected. Pass e.g. 12.")
    if min_history is not None and (not is_whole(min_history)):
        raise InputError(f"min_history={min_history!r}; a whole number of returns was expected, or None.")
    needed = max(int(min_history) if min_history is not None else -(-len(values) // 3), int(max_factors) + 8)
    least = int(max_factors) + _SLOPE_POINTS + 1
    rows, kept = usable_part(values, needed, least)
    x = values[np.ix_(rows, kept)]
    if min(x.shape) < least + 1:
        assets_left = usable_part(values, needed, 1)[1]
        dates_left = np.count_nonzero(np.count_nonzero(~np.isnan(values[:, assets_left]), axis=1) >= least)
        raise InputError(
            f"returns leaves {np.count_nonzero(assets_left)} assets with {needed} returns that vary, and {dates_left} "
            f"dates with {least} of them; at least max_factors + {2 + _SLOPE_POINTS} = {least + 1} of each were "
            "expected. Use a smaller max_factors or min_history."
        )
    every, here = (np.count_nonzero(~np.isnan(part[:, ~kept]), axis=0) for part in (values, values[rows]))
    reasons = [
        f"{count} returns; {needed} were needed"
        if count < needed
        else f"{there} returns on dates with {least} assets; {needed} were needed"
        if there < needed
        else "constant"
        for count, there in zip(every, here, strict=True)
    ]
    excluded = pd.DataFrame({"reason": reasons}, index=assets[~kept].rename("asset"), dtype=object)
    return x, excluded


def _criteria(noise: Array, counts: Array, dates: int) -> pd.DataFrame:
    """All criteria by number of components; `noise` from `residual_variances`, `counts` the returns of each asset."""
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
    """Edge distribution estimate; mu[0] is the largest eigenvalue."""
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
