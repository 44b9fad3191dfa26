"""Tests hedges of a basket walk-forward: tuned on past dates, traded for a week (or month), with costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._options import check
from statefolio._plausible.warn import leave_out, warned_once
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.periods import read_periods
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.simulation import simulate
from statefolio.data import to_returns
from statefolio.exceptions import DataTypeError
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.prices import Basket, check_testable, check_tunable, read_basket, warn_of_alike
from statefolio.pairs.progress import Progress, StageProgress
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Bands, Rule
from statefolio.pairs.trading.showing import ShownWalk
from statefolio.pairs.trading.signals import weights_of_units
from statefolio.pairs.trading.tuning_rows import RETUNE, tuning_rows
from statefolio.pairs.trading.walk_forward_hedge import WalkForwardHedge, walk
from statefolio.pairs.verdict.statistics import hedge_statistics

_PERFORMANCE = ("annual_return", "annual_volatility", "sharpe", "maximum_drawdown", "calmar", "daily_turnover")


def usual_hedges() -> dict[str, Hedge]:
    """Return the five hedges that `walk_baskets` compares by default."""
    return {
        "static": StaticHedge("johansen"),
        "rolling": RollingHedge(60),
        "identity": KalmanHedge("identity", "fixed"),
        "stationary, adaptive": KalmanHedge("stationary", "adaptive", passes=200),
        "stationary, maximum likelihood": KalmanHedge("stationary", "mle"),
    }


@dataclass(frozen=True, eq=False, repr=False)
class BasketWalk(ShownWalk):
    """Result of `walk_baskets`: out-of-sample performance of several hedges of one basket.

    Attributes
    ----------
    table : DataFrame (hedge x measure)
        Out of sample, after costs: measures of the results' `summary`; `trades`, the number of changes of side;
        `half_life` in dates and `adf_p_value` of the held value under predicted ratios; `log_density`, the mean
        log predictive density of the first asset's price (or log price), higher is better; `degenerate`, the share of
        tunings that collapsed.
    results : mapping of BacktestResult
        By name of the hedge.
    hedges : mapping of WalkForwardHedge
        Joined results of the hedges in use on each date.
    parameters : mapping of DataFrame (last tuning date x parameter)
        Parameters of the Kalman hedges.
    start : Timestamp
        Date of the first decision.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
    >>> hedges = {"constant": sf.pairs.StaticHedge(), "rolling": sf.pairs.RollingHedge(60)}
    >>> walk = sf.pairs.walk_baskets(prices, hedges, start="2022-07", retune="monthly")
    >>> f"{walk.start:%Y-%m-%d}", list(walk.hedges)
    ('2022-07-01', ['constant', 'rolling'])
    >>> walk.table["trades"].astype(int).to_dict()
    {'constant': 1, 'rolling': 14}
    """

    table: pd.DataFrame
    results: Mapping[str, BacktestResult] = field(repr=False)
    hedges: Mapping[str, WalkForwardHedge] = field(repr=False)
    parameters: Mapping[str, pd.DataFrame] = field(repr=False)
    start: pd.Timestamp


@warned_once()
def walk_baskets(
    prices: Any,
    hedges: Mapping[str, Hedge] | None = None,
    rule: Rule | None = None,
    *,
    start: Any,
    retune: "Rebalance | None" = "weekly",
    costs: TradingCosts | None = None,
    capital: float = 1_000_000.0,
    gross: float = 1.0,
    of: str = "innovation",
    lookback: int | None = None,
    periods_per_year: float | None = None,
    progress: StageProgress | None = None,
) -> BasketWalk:
    """Trade a basket under several hedges walk-forward: each is tuned again and again on past dates only.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        The others hedge the first asset.
    hedges : mapping of Hedge, optional
        Hedges by name. By default a constant and a rolling one, and Kalman hedges with fixed parameters, by adaptive
        tuning and by maximum likelihood.
    rule : Rule, optional
        By default `Bands()`.
    start : date
        First decision, or the next date with all prices; earlier dates are only used for tuning.
    retune : {"weekly", "monthly"}, int or None
        "weekly": on the first date of a week, tune on all dates up to the end of the week before, and keep the
        parameters for the week. Likewise "monthly". A number tunes after so many dates with all prices; None once,
        before `start`.
    costs : TradingCosts, optional
        By default no costs.
    capital, gross, of, lookback
        As in `position_today` and `basket_weights`.
    periods_per_year : float, optional
        Number of dates per year, for annual fees and measures. Default: from the dates, as in `measures`.
    progress : callable (name of the hedge, done, total), optional
        Called after every tuning.

    Returns
    -------
    BasketWalk

    Raises
    ------
    InputError, DataTypeError
        For prices, hedges or options that are not valid.

    Examples
    --------
    Compare a constant with a rolling hedge, tuned again every month, at 5 basis points per trade. Neither earns money:

    >>> import statefolio as sf
    >>> from statefolio.backtest import TradingCosts
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
    >>> hedges = {"constant": sf.pairs.StaticHedge(), "rolling": sf.pairs.RollingHedge(60)}
    >>> walk = sf.pairs.walk_baskets(prices, hedges, start="2022", retune="monthly", costs=TradingCosts(0.0005))
    >>> walk.table[["annual_return", "sharpe", "maximum_drawdown"]].round(2)
              annual_return  sharpe  maximum_drawdown
    hedge
    constant          -0.02   -0.15             -0.09
    rolling           -0.11   -1.35             -0.16
    """
    check("retune", retune, RETUNE)
    hedges = usual_hedges() if hedges is None else dict(hedges)
    if not hedges or not all(isinstance(hedge, Hedge) for hedge in hedges.values()):
        raise DataTypeError(
            f"hedges must map names to hedges, one at least, got {shown(list(hedges.values()))}. "
            "Pass e.g. hedges={'mle': KalmanHedge()}."
        )
    rule, plain = Bands() if rule is None else rule, read_basket(prices)
    check_testable(plain)
    starts = tuning_rows(plain, start, retune)
    first = Basket(plain.values[: starts[0]], plain.dates[: starts[0]], plain.assets)
    check_tunable(first)
    warn_of_alike(first)
    leave_out("near_duplicate", plain.assets)  # the assets of a basket may move alike
    table = pd.DataFrame(plain.values, index=plain.dates, columns=plain.assets)
    market = Market(bridged_returns(plain)).with_prices(table)
    year = read_periods(periods_per_year, plain.dates)
    walked: dict[str, WalkForwardHedge] = {}
    results: dict[str, BacktestResult] = {}
    parameters: dict[str, pd.DataFrame] = {}
    rows: dict[str, dict[str, float]] = {}
    for name, hedge in hedges.items():
        basket = plain.in_logs() if hedge.logs else plain
        tuned = retuned(hedge, basket, starts, None if progress is None else _named(progress, name))
        walked[name] = walk(tuned, basket, starts, of=of, lookback=lookback)
        weights = weights_in_use(walked[name], plain, rule, gross)
        results[name] = simulate(weights, market, costs=costs, capital=capital, periods_per_year=year, name=name)
        if isinstance(hedge, KalmanHedge):
            parameters[name] = _parameters(tuned)
        rows[name] = _measures(walked[name], basket, results[name], tuned)
    table = pd.DataFrame(rows).T.rename_axis("hedge")
    return BasketWalk(table, results, walked, parameters, plain.dates[starts[0]])


def bridged_returns(basket: Basket) -> pd.DataFrame:
    """Return simple returns of prices; after a gap, the return since the last complete date."""
    return to_returns(pd.DataFrame(basket.values, index=basket.dates, columns=basket.assets), bridge_gaps=True)


def weights_in_use(hedge: WalkForwardHedge, basket: Basket, rule: Rule, gross: float) -> pd.DataFrame:
    """Return weights from the first date in use on; positions start from zero there."""
    z = hedge.z_score_.loc[hedge.in_use_from_ :]
    units = np.zeros(len(hedge.z_score_))
    units[len(units) - len(z) :] = rule.units(np.asarray(z, dtype=np.float64))
    return weights_of_units(hedge, basket, units, gross).loc[hedge.in_use_from_ :]


def _parameters(tuned: list[Hedge]) -> pd.DataFrame:
    """Return the parameters of Kalman hedges by the last date on which each was tuned."""
    rows = {hedge.tuned_until_: hedge.parameters_["value"] for hedge in tuned}
    return pd.DataFrame(rows).T.rename_axis("date")


def _measures(hedge: WalkForwardHedge, basket: Basket, result: BacktestResult, tuned: list[Hedge]) -> dict[str, float]:
    """Return one row of the table of `BasketWalk`."""
    statistics = hedge_statistics(hedge, basket, int(basket.dates.searchsorted(hedge.in_use_from_)))
    found = hedge.innovations_.sel(date=slice(hedge.in_use_from_, None))
    v, S = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    seen = np.isfinite(v) & (S > 0.0)
    density = -0.5 * (np.log(2.0 * np.pi * S[seen]) + v[seen] ** 2 / S[seen])
    side = np.sign(result.decisions.iloc[:, 0].to_numpy())
    return {
        **result.summary()[list(_PERFORMANCE)],
        "trades": float((np.diff(side, prepend=0.0) != 0.0).sum()),
        "half_life": statistics.half_life_held,
        "adf_p_value": float(p_values(np.array([statistics.adf_held]))[0]),
        "log_density": float(density.mean()) if seen.any() else np.nan,
        "degenerate": float(np.mean([getattr(each, "degenerate_", False) for each in tuned])),
    }


def _named(progress: StageProgress, name: str) -> Progress:
    return lambda done, total: progress(name, done, total)
