"""Hedges walked forward as one would trade them: learned on data to Friday, held for a week, charged what it costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays import show, span
from statefolio._options import is_whole
from statefolio.backtest.calendar import Rebalance, decision_dates
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.simulate import simulate
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.cointegration.unit_root import adf_statistic, half_life
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.prices import Basket, read_basket
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Bands, Rule
from statefolio.pairs.trading.signals import weights_of_units
from statefolio.pairs.trading.walked import WalkedHedge, walk

Progress = Callable[[str, int, int], None]


def usual_hedges() -> dict[str, Hedge]:
    """The five that a walk compares by default."""
    return {
        "static": StaticHedge("johansen"),
        "rolling": RollingHedge(60),
        "identity": KalmanHedge("identity", "fixed"),
        "stationary, adaptive": KalmanHedge("stationary", "adaptive", passes=200),
        "stationary, maximum likelihood": KalmanHedge("stationary", "mle"),
    }


@dataclass(frozen=True, eq=False)
class BasketWalk:
    """What hedges of a basket earned out of sample.

    Attributes
    ----------
    table : DataFrame (hedge x measure)
        Out of sample, after costs. `adf_p_value` and `half_life` (dates) are of the value held under predicted ratios,
        `log_density` is the mean predictive one of the first asset's price: higher is better.
    results : mapping of BacktestResult
    hedges : mapping of WalkedHedge
        What was in use on each date.
    parameters : mapping of DataFrame (date of learning x parameter)
        Of the Kalman hedges.
    start : Timestamp
        First decision.
    """

    table: pd.DataFrame
    results: Mapping[str, BacktestResult] = field(repr=False)
    hedges: Mapping[str, WalkedHedge] = field(repr=False)
    parameters: Mapping[str, pd.DataFrame] = field(repr=False)
    start: pd.Timestamp


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
    progress: Progress | None = None,
) -> BasketWalk:
    """Trade a basket under several hedges, each learned anew as time goes on.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        The first asset is the one that the others hedge.
    hedges : mapping of Hedge, optional
        By name; static, rolling, identity, stationary by the adaptive recipe and by maximum likelihood by default.
    rule : Rule, optional
        `Bands()` by default.
    start : date
        First decision; what comes before is only learned from.
    retune : {"weekly", "monthly"}, int or None
        On the first date of a week parameters are learned from the dates until the week before ended, and held for the
        week; so with months, and every so many dates. None: once, before `start`.
    costs : TradingCosts, optional
        None are charged by default.
    capital, gross, of, lookback
        As in `position_today` and `basket_weights`.
    progress : callable, optional
        Called with a hedge's name, how many times it has learned, and of how many.

    Returns
    -------
    BasketWalk
    """
    hedges = usual_hedges() if hedges is None else dict(hedges)
    if not hedges or not all(isinstance(hedge, Hedge) for hedge in hedges.values()):
        raise DataTypeError(f"hedges={hedges!r} came; hedges by name, one at least, were expected.")
    rule, plain = Bands() if rule is None else rule, read_basket(prices)
    starts = _starts(plain.dates, start, retune)
    market = Market(_returns(plain))
    walked: dict[str, WalkedHedge] = {}
    results: dict[str, BacktestResult] = {}
    parameters: dict[str, pd.DataFrame] = {}
    rows: dict[str, dict[str, float]] = {}
    for name, hedge in hedges.items():
        basket = read_basket(prices, logs=hedge.logs)
        told = None if progress is None else _named(progress, name)
        learned = retuned(hedge, basket, starts, told)
        walked[name] = walk(learned, basket, starts, of=of, lookback=lookback)
        weights = _weights(walked[name], prices, rule, gross)
        results[name] = simulate(weights, market, costs=costs, capital=capital, name=name)
        if isinstance(hedge, KalmanHedge):
            parameters[name] = _parameters(learned)
        rows[name] = _measured(walked[name], results[name], learned)
    table = pd.DataFrame(rows).T.rename_axis("hedge")
    return BasketWalk(table, results, walked, parameters, plain.dates[starts[0]])


def _starts(dates: pd.DatetimeIndex, start: Any, retune: "Rebalance | None") -> list[int]:
    """Rows on which a hedge comes into use; it has learned from the rows before."""
    first = int(dates.searchsorted(pd.Timestamp(start)))
    if not 0 < first < len(dates):
        raise InputError(
            f"start={show(start)} came for prices of {span(dates)}; a date after the first and until the last was "
            "expected."
        )
    if retune is None:
        return [first]
    if (is_whole(retune) and retune < 1) or isinstance(retune, bool):
        raise InputError(f"retune={retune!r} came; 'weekly', 'monthly', a number of dates or None was expected.")
    called = np.flatnonzero(decision_dates(retune, dates[first:]))
    return sorted({first, *(first + called).tolist()})


def _returns(basket: Basket) -> pd.DataFrame:
    """Simple returns of prices; a date without one has none, and the next one has both dates' together."""
    table = pd.DataFrame(basket.values, index=basket.dates, columns=basket.assets)
    return table / table.ffill().shift() - 1.0


def _weights(hedge: WalkedHedge, prices: Any, rule: Rule, gross: float) -> pd.DataFrame:
    """Weights from the first date in use on: what was held before, in sample, is not."""
    z = hedge.z_score_.loc[hedge.in_use_from_ :]
    units = np.zeros(len(hedge.z_score_))
    units[len(units) - len(z) :] = rule.units(np.asarray(z, dtype=np.float64))
    return weights_of_units(hedge, prices, units, gross).loc[hedge.in_use_from_ :]


def _parameters(learned: list[Hedge]) -> pd.DataFrame:
    """Values that a Kalman hedge learned, by the last date it learned from."""
    rows = {hedge.tuned_until_: hedge.parameters_["value"] for hedge in learned}
    return pd.DataFrame(rows).T.rename_axis("date")


def _measured(hedge: WalkedHedge, result: BacktestResult, learned: list[Hedge]) -> dict[str, float]:
    later = slice(hedge.in_use_from_, None)
    held = hedge.held_value_.loc[later].dropna().to_numpy()
    found = hedge.innovations_.sel(date=later)
    v, S = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    seen = np.isfinite(v) & (S > 0.0)
    density = -0.5 * (np.log(2.0 * np.pi * S[seen]) + v[seen] ** 2 / S[seen])
    returns, weights = result.returns, result.decisions
    compound = float(np.prod(1.0 + returns.to_numpy()))
    annual = compound ** (result.periods_a_year / max(len(returns), 1)) - 1.0 if compound > 0.0 else -1.0
    depth = float(-result.drawdown.min())
    deviation = float(returns.std())
    units = np.sign(weights.iloc[:, 0].to_numpy())
    return {
        "annual_return": annual,
        "annual_volatility": deviation * result.periods_a_year**0.5,
        "sharpe": float(returns.mean()) / deviation * result.periods_a_year**0.5 if deviation > 0.0 else np.nan,
        "maximum_drawdown": depth,
        "return_over_drawdown": annual / depth if depth > 0.0 else np.nan,
        "daily_turnover": float(result.turnover.mean()),
        "trades": float((np.diff(units, prepend=0.0) != 0.0).sum()),
        "half_life": float(half_life(held)),
        "adf_p_value": float(p_values(adf_statistic(held))),
        "log_density": float(density.mean()) if seen.any() else np.nan,
        "degenerate": float(np.mean([getattr(each, "degenerate_", False) for each in learned])),
    }


def _named(progress: Progress, name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)
