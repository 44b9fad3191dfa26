"""Hedges walked forward as one would trade them: learned on data to Friday, held for a week, charged what it costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import split_row
from statefolio._arrays.text import show
from statefolio._options import is_whole
from statefolio.backtest.calendar import Rebalance, decision_dates
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.simulation import simulate
from statefolio.data import to_returns
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.judging.measures import measure
from statefolio.pairs.prices import Basket, read_basket
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Bands, Rule
from statefolio.pairs.trading.signals import weights_of_units
from statefolio.pairs.trading.walked import WalkedHedge, walk

Progress = Callable[[str, int, int], None]

_EARNED = ("annual_return", "annual_volatility", "sharpe", "maximum_drawdown", "calmar", "daily_turnover")


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
        Out of sample, after costs: measures of the results' `summary`; `trades`, how often the side changed;
        `half_life` (dates) and `adf_p_value` of the value held under predicted ratios; `log_density`, the mean
        predictive one of what the hedge observes (the first asset's price or its logarithm), higher is better;
        `degenerate`, the share of the times it learned at which the tuning collapsed.
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
        rows[name] = _measured(walked[name], basket, results[name], learned)
    table = pd.DataFrame(rows).T.rename_axis("hedge")
    return BasketWalk(table, results, walked, parameters, plain.dates[starts[0]])


def _starts(dates: pd.DatetimeIndex, start: Any, retune: "Rebalance | None") -> list[int]:
    """Rows on which a hedge comes into use; it has learned from the rows before."""
    first = split_row(dates, start, "start")
    if retune is None:
        return [first]
    if (is_whole(retune) and retune < 1) or isinstance(retune, bool):
        raise InputError(f"retune={retune!r} came; 'weekly', 'monthly', a number of dates or None was expected.")
    called = np.flatnonzero(decision_dates(retune, dates[first:]))
    return sorted({first, *(first + called).tolist()})


def _returns(basket: Basket) -> pd.DataFrame:
    """Simple returns of prices; a date without one has none, and the next one has both dates' together."""
    if (basket.values <= 0.0).any():
        row, place = np.argwhere(basket.values <= 0.0)[0]
        raise InputError(
            f"prices has {basket.values[row, place]:g} for {basket.assets[place]!r} on {show(basket.dates[row])}; "
            "positive prices were expected, which have returns. Drop that asset or those dates."
        )
    return to_returns(pd.DataFrame(basket.values, index=basket.dates, columns=basket.assets), bridge_gaps=True)


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


def _measured(hedge: WalkedHedge, basket: Basket, result: BacktestResult, learned: list[Hedge]) -> dict[str, float]:
    held = measure(hedge, basket, int(basket.dates.searchsorted(hedge.in_use_from_)))
    found = hedge.innovations_.sel(date=slice(hedge.in_use_from_, None))
    v, S = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    seen = np.isfinite(v) & (S > 0.0)
    density = -0.5 * (np.log(2.0 * np.pi * S[seen]) + v[seen] ** 2 / S[seen])
    side = np.sign(result.decisions.iloc[:, 0].to_numpy())
    return {
        **result.summary()[list(_EARNED)],
        "trades": float((np.diff(side, prepend=0.0) != 0.0).sum()),
        "half_life": held.half_life_held,
        "adf_p_value": float(p_values(np.array([held.adf_held]))[0]),
        "log_density": float(density.mean()) if seen.any() else np.nan,
        "degenerate": float(np.mean([getattr(each, "degenerate_", False) for each in learned])),
    }


def _named(progress: Progress, name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)
