"""Ranks factors by what they explain, also on a holdout, by their premia, and tests for nonlinearity."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from statefolio._arrays.dates import split_row
from statefolio._arrays.panel import Panel
from statefolio._arrays.types import Array
from statefolio._display.summary import CallableSummary
from statefolio._options import Number, Whole, check_options
from statefolio._plausible.reading import read_panel
from statefolio.exceptions import InputError
from statefolio.factors.cross_moments import (
    CrossMoments,
    cross_moments,
    explained,
    shapley_shares,
)
from statefolio.factors.nonlinearity import nonlinearity_tests
from statefolio.factors.premia import fama_macbeth
from statefolio.factors.showing import ShownRanking

MOST_FOR_SHAPLEY = 8
RULES = {
    "level": Number(above=0.0, below=1.0, example=0.05),
    "min_history": Whole(at_least=0, example=252) | None,
    "lags": Whole(at_least=0) | None,
}


@dataclass(frozen=True, eq=False, repr=False)
class FactorRanking(ShownRanking):
    """Shares of variance, premia and nonlinearity of each factor.

    Attributes
    ----------
    summary : DataFrame (factor)
        Best first, by mean `alone_holdout` where there is a holdout, else by mean `alone`: means over assets of the
        shares below; premium, premium_t and premium_shanken_t from `premia`; share_bent, the share of assets
        with a nonlinear relation.
    shares : Dataset (asset, factor)
        Shares of an asset's variance. alone: explained by this factor and a constant. partial: lost when this factor
        is dropped from all. shapley: added, averaged over all orders of adding factors; sums to
        `assets["r_squared"]` (NaN for more than eight factors). alone_holdout, partial_holdout: the same on the
        holdout with the coefficients from before it (1 - squared errors over those of the mean before).
    bends : Dataset (asset, factor)
        statistic, p_value, q_value (Benjamini and Hochberg, over all assets and factors), gain (share of variance the
        nonlinear terms add) and bent (q_value at most the level). See `nonlinearity_tests`.
    assets : DataFrame (asset)
        returns, r_squared, r_squared_adjusted (all factors), returns_holdout, r_squared_holdout.
    premia : DataFrame (intercept and factors)
        See `fama_macbeth`.
    excluded : DataFrame (asset)
        Assets left out, and the reason.
    returns, factors : DataFrame
        Data from which all columns but the holdout's are computed.
    holdout_from : date or None
        First date of the holdout.
    level : float
        Level of the false discovery rate.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import rank_factors
    >>> demo = sf.load_demo()
    >>> ranking = rank_factors(demo.returns.loc["2021":], demo.factors[["market", "momentum", "value"]].loc["2021":])
    >>> ranking.shares["shapley"].sel(asset=["AAPL", "XOM"], factor=["market", "value"]).round(2).to_pandas()
    factor  market  value
    asset
    AAPL      0.63   0.09
    XOM       0.17   0.10
    """

    summary: pd.DataFrame
    shares: xr.Dataset
    bends: xr.Dataset
    assets: pd.DataFrame
    premia: pd.DataFrame
    excluded: pd.DataFrame
    returns: pd.DataFrame
    factors: pd.DataFrame
    holdout_from: pd.Timestamp | None
    level: float

    def __post_init__(self) -> None:
        shares = ("alone", "partial", "shapley", "alone_holdout", "partial_holdout", "share_bent")
        formats = {**dict.fromkeys(shares, ".1%"), "premium": ".4%"}
        table = CallableSummary(self.summary, "Factors by the variance they explain, best first", formats=formats)
        object.__setattr__(self, "summary", table)


def rank_factors(
    returns: Any,
    factors: Any,
    holdout_from: Any = None,
    *,
    level: float = 0.05,
    min_history: int | None = None,
    lags: int | None = 0,
) -> FactorRanking:
    """Rank factors by what they explain of a panel, asset by asset, each asset over its own dates.

    Parameters
    ----------
    returns : DataFrame (T dates, N assets)
        In decimals; NaN where not observed.
    factors : DataFrame (dates, K factors)
        Known on every date with a return; dates without any return are left out.
    holdout_from : date, optional
        First date of the holdout, which serves for the columns of that name alone.
    level : float
        False discovery rate of the nonlinearity tests.
    min_history : int, optional
        Returns that an asset needs before the holdout. Default: three for each coefficient of all factors and a
        constant, and at least 20.
    lags : int or None
        Newey-West lags of the nonlinearity tests.

    Returns
    -------
    FactorRanking

    Raises
    ------
    InputError
        Fewer dates than coefficients, a holdout that leaves no dates, no asset with enough history.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import rank_factors
    >>> demo = sf.load_demo()
    >>> factors = demo.factors[["market", "momentum", "value"]]
    >>> ranking = rank_factors(demo.returns.loc["2020":], factors.loc["2020":], holdout_from="2022")
    >>> ranking.summary[["alone", "partial", "alone_holdout"]].round(2)
              alone  partial  alone_holdout
    factor
    market     0.47     0.45           0.27
    momentum   0.03     0.01          -0.04
    value      0.08     0.04          -0.05
    """
    check_options({"level": level, "min_history": min_history, "lags": lags}, RULES)
    panel = _dates_with_returns(read_panel(returns, factors, intercept=False, watched=True))
    first = _first_holdout_row(panel, holdout_from)
    K = len(panel.factors)
    needed = max(20, 3 * (K + 1)) if min_history is None else max(min_history, K + 2)
    if first < needed:
        raise InputError(
            f"returns must have at least {needed} dates to estimate {K} factors, got {first}. Pass more dates, fewer "
            "factors, or a smaller min_history."
        )
    kept, excluded = _usable(panel, first, needed)
    r, f, names = panel.returns[:, kept], panel.regressors, panel.assets[kept].rename("asset")
    factor_names = panel.factors.rename("factor")
    before, after = cross_moments(r[:first], f[:first]), None
    if first < len(r):
        after = cross_moments(r[first:], f[first:], about=before)
    coordinates = {"asset": names, "factor": factor_names}
    shares = _dataset(_shares(before, after, K), coordinates)
    bends = _bends(r[:first], f[:first], level, lags, coordinates)
    premia = fama_macbeth(r[:first], f[:first], factor_names)
    holdout = panel.dates[first] if after is not None else None
    kept_returns = pd.DataFrame(r[:first], panel.dates[:first], names)
    kept_factors = pd.DataFrame(f[:first], panel.dates[:first], factor_names)
    summary = _summary(shares, bends, premia, factor_names)
    assets = _assets(before, after, K, names)
    return FactorRanking(
        summary, shares, bends, assets, premia, excluded, kept_returns, kept_factors, holdout, float(level)
    )


def _dates_with_returns(panel: Panel) -> Panel:
    """Drop dates without any return; there an unknown factor is 0."""
    rows = np.flatnonzero(~np.isnan(panel.returns).all(axis=1))
    if len(rows) == len(panel.dates):
        return panel
    return replace(panel, padded=panel.padded[rows], regressors=panel.regressors[rows], dates=panel.dates[rows])


def _first_holdout_row(panel: Panel, holdout_from: Any) -> int:
    return len(panel.dates) if holdout_from is None else split_row(panel.dates, holdout_from, "holdout_from")


def _usable(panel: Panel, first: int, needed: int) -> tuple[Any, pd.DataFrame]:
    """Return the assets with enough returns that vary, and the others with the reason."""
    seen = panel.returns[:first]
    counts = np.count_nonzero(~np.isnan(seen), axis=0)
    constant = ~(np.fmax.reduce(seen, axis=0) > np.fmin.reduce(seen, axis=0))
    kept = (counts >= needed) & ~constant
    if not kept.any():
        raise InputError(
            f"returns must have an asset with {needed} returns that vary, got at most {counts.max()} on {first} dates. "
            "Pass more dates, fewer factors, or a smaller min_history."
        )
    reasons = [f"{count} returns; {needed} were needed" if count < needed else "constant" for count in counts[~kept]]
    return kept, pd.DataFrame({"reason": reasons}, index=panel.assets[~kept].rename("asset"), dtype=object)


def _shares(before: CrossMoments, after: CrossMoments | None, K: int) -> dict[str, Array]:
    all_factors = tuple(range(K))
    found = {"alone": np.column_stack([explained(before, (k,)) for k in all_factors])}
    found["partial"] = _lost_without(before, None, all_factors)
    found["shapley"] = shapley_shares(before) if K <= MOST_FOR_SHAPLEY else np.full((len(before.count), K), np.nan)
    if after is not None:
        found["alone_holdout"] = np.column_stack([explained(before, (k,), after) for k in all_factors])
        found["partial_holdout"] = _lost_without(before, after, all_factors)
    return found


def _lost_without(before: CrossMoments, after: CrossMoments | None, all_factors: tuple[int, ...]) -> Array:
    whole = explained(before, all_factors, after)
    return np.column_stack(
        [whole - explained(before, all_factors[:k] + all_factors[k + 1 :], after) for k in all_factors]
    )


def _bends(returns: Array, factors: Array, level: float, lags: int | None, coordinates: dict[str, Any]) -> xr.Dataset:
    tests = nonlinearity_tests(returns, factors, lags)
    q, tested = np.full(tests.p_value.shape, np.nan), np.isfinite(tests.p_value)
    if tested.any():
        from scipy.stats import false_discovery_control  # slow to import

        q[tested] = false_discovery_control(tests.p_value[tested])
    made = {"statistic": tests.statistic, "p_value": tests.p_value, "q_value": q, "gain": tests.gain}
    return _dataset({**made, "bent": q <= level}, coordinates)


def _dataset(variables: dict[str, Any], coordinates: dict[str, Any]) -> xr.Dataset:
    return xr.Dataset({name: (("asset", "factor"), values) for name, values in variables.items()}, coordinates)


def _summary(shares: xr.Dataset, bends: xr.Dataset, premia: pd.DataFrame, names: pd.Index) -> pd.DataFrame:
    table = pd.DataFrame({str(name): values.mean("asset").to_series() for name, values in shares.items()}, index=names)
    found = premia.loc[list(names)]
    table["premium"], table["premium_t"] = found["premium"], found["t"]
    table["premium_shanken_t"] = found["shanken_t"]
    table["share_bent"] = bends["bent"].mean("asset").to_series()
    by = "alone_holdout" if "alone_holdout" in table else "alone"
    return table.sort_values(by, ascending=False, kind="stable")


def _assets(before: CrossMoments, after: CrossMoments | None, K: int, names: pd.Index) -> pd.DataFrame:
    all_factors = tuple(range(K))
    share = explained(before, all_factors)
    table = pd.DataFrame({"returns": before.count.astype(int), "r_squared": share}, index=names)
    table["r_squared_adjusted"] = 1.0 - (1.0 - share) * (before.count - 1.0) / (before.count - K - 1.0)
    if after is not None:
        table["returns_holdout"] = after.count.astype(int)
        table["r_squared_holdout"] = explained(before, all_factors, after)
    return table
