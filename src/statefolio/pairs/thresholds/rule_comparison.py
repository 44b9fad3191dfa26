"""Trades one hedge under several rules, and under every cell of a grid of parameters, out of sample.

The hedge is tuned once for all rules. Every cell of a grid counts as a trial: the best of many is good by chance.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from statefolio._arrays.text import shown
from statefolio._options import Number, check
from statefolio._plausible.warn import leave_out, warned_once
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.periods import read_periods
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.simulation import simulate
from statefolio.backtest.validation.sharpe import deflated_sharpe
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.prices import Basket, check_tunable, read_basket
from statefolio.pairs.progress import Progress
from statefolio.pairs.thresholds.ornstein_uhlenbeck import OrnsteinUhlenbeck
from statefolio.pairs.thresholds.showing import ShownRuleGrid
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Bands, Rule
from statefolio.pairs.trading.tuning_rows import RETUNE, tuning_rows
from statefolio.pairs.trading.walk_forward import bridged_returns, weights_in_use
from statefolio.pairs.trading.walk_forward_hedge import walk

MEASURES = ("annual_return", "annual_volatility", "sharpe", "maximum_drawdown", "daily_turnover")
ENTRIES, EXITS, HALF_LIVES = (0.5, 1.0, 1.5, 2.0, 2.5), (-0.5, 0.0, 0.5, 1.0), (1.0, 2.0, 4.0)
SHORTEST = 5
"""Fewest dates of a look-back."""


@dataclass(frozen=True, eq=False, repr=False)
class RuleGrid(ShownRuleGrid):
    """Result of `walk_rule_grid`: one out-of-sample walk per cell.

    Attributes
    ----------
    table : DataFrame (half_life, entry, exit x measure)
        Measures after costs of every cell, with `lookback` in dates. half_life is the look-back of the z-score in
        half-lives of the spread before the start.
    half_life : float
        Of the constant hedge's spread before the start, in dates.
    best : tuple
        half_life, entry and exit of the cell with the highest Sharpe ratio.
    trials : int
        Number of cells.
    deflated_sharpe : float
        Probability that the true Sharpe ratio of the best cell is above the expected best of as many cells without
        skill.
    start : Timestamp
        Date of the first decision.
    """

    table: pd.DataFrame
    half_life: float
    best: tuple[float, float, float]
    trials: int
    deflated_sharpe: float
    start: pd.Timestamp
    best_result: BacktestResult = field(repr=False)


@warned_once()
def walk_rules(
    prices: Any,
    rules: Mapping[str, Rule],
    hedge: Hedge | None = None,
    *,
    start: Any,
    retune: "Rebalance | None" = "weekly",
    costs: TradingCosts | None = None,
    capital: float = 1_000_000.0,
    of: str = "innovation",
    lookback: int | None = None,
) -> dict[str, BacktestResult]:
    """Trade a basket under one hedge and several rules, walk-forward.

    Parameters
    ----------
    prices, hedge, start, retune, costs, capital, of, lookback
        As in `walk_baskets`, for one hedge; by default `StaticHedge()`.
    rules : mapping of Rule
        By name.

    Returns
    -------
    dict of BacktestResult

    Raises
    ------
    InputError, DataTypeError
        For prices, rules or options that are not valid.

    Examples
    --------
    Fixed bands beside those that are optimal if the spread before the start is an Ornstein-Uhlenbeck process:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2005":"2014"]
    >>> before = sf.pairs.StaticHedge().fit(prices.loc[:"2010"])
    >>> spread = before.innovations_["innovation"].to_series()
    >>> best = sf.pairs.optimal_thresholds(spread, cost=0.1)
    >>> rules = {"fixed": sf.pairs.Bands(2, 0), "optimal": best.rule}
    >>> results = sf.pairs.walk_rules(prices, rules, start="2011", retune=None, costs=sf.TradingCosts(0.0005))
    >>> sorted(results)
    ['fixed', 'optimal']
    """
    check("retune", retune, RETUNE)
    given: Any = rules
    if not isinstance(given, Mapping) or not given:
        raise DataTypeError(
            f"rules must map names to rules, one at least, got {shown(rules)}. Pass e.g. rules={{'fixed': Bands()}}."
        )
    walker = _Walker.of(prices, StaticHedge() if hedge is None else hedge, start, retune, costs, capital)
    return dict(walker.results(rules, of, lookback))


@warned_once()
def walk_rule_grid(
    prices: Any,
    hedge: Hedge | None = None,
    *,
    start: Any,
    entries: Sequence[float] = ENTRIES,
    exits: Sequence[float] = EXITS,
    half_lives: Sequence[float] = HALF_LIVES,
    retune: "Rebalance | None" = "monthly",
    costs: TradingCosts | None = None,
    capital: float = 1_000_000.0,
    progress: Progress | None = None,
) -> RuleGrid:
    """Trade a basket under every combination of entry, exit and half-life, and count each as a trial.

    Parameters
    ----------
    prices, hedge, start, retune, costs, capital
        As in `walk_baskets`, for one hedge; by default `StaticHedge()`.
    entries, exits : sequences of float
        Of `Bands`; cells whose exit is above the entry are left out.
    half_lives : sequence of float
        Look-backs of the z-score of the spread, in half-lives that are estimated before the start, at least five dates.
    progress : callable (done, total), optional

    Returns
    -------
    RuleGrid

    Raises
    ------
    InputError, DataTypeError
        For options that are not valid, and a spread that does not revert before the start.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2005":"2012"]
    >>> grid = sf.pairs.walk_rule_grid(prices, start="2010", entries=[1, 2], exits=[0], half_lives=[1, 2], retune=None)
    >>> grid.trials, list(grid.table.index.names)
    (4, ['half_life', 'entry', 'exit'])
    """
    check("retune", retune, RETUNE)
    for name, values in (("entries", entries), ("exits", exits), ("half_lives", half_lives)):
        _check_numbers(name, values, positive=name != "exits")
    walker = _Walker.of(prices, StaticHedge() if hedge is None else hedge, start, retune, costs, capital)
    half_life = OrnsteinUhlenbeck.of(walker.spread_before()).half_life
    cells = [(entry, leave) for entry in entries for leave in exits if leave <= entry]
    if not cells:
        raise InputError("exits must have one that is at most one of entries, got none. Pass e.g. exits=[0].")
    rows: dict[tuple[float, float, float], dict[str, float]] = {}
    results: dict[tuple[float, float, float], BacktestResult] = {}
    for done, factor in enumerate(half_lives):
        lookback = max(SHORTEST, round(factor * half_life))
        rules = {f"{entry:g}, {leave:g}": Bands(float(entry), float(leave)) for entry, leave in cells}
        found = walker.results(rules, "spread", lookback)
        for (entry, leave), (_, result) in zip(cells, found, strict=True):
            key = (float(factor), float(entry), float(leave))
            rows[key] = {"lookback": float(lookback), **result.summary()[list(MEASURES)]}
            results[key] = result
        if progress is not None:
            progress(done + 1, len(half_lives))
    table = pd.DataFrame(rows).T.rename_axis(["half_life", "entry", "exit"])
    known = table["sharpe"].dropna()
    if known.empty:
        raise InputError("prices must have dates on which a cell trades after start, got none. Pass an earlier start.")
    best: Any = known.idxmax()
    variance = float(known.var(ddof=1)) if len(known) > 1 else 0.0
    return RuleGrid(
        table=table,
        half_life=half_life,
        best=best,
        trials=len(table),
        deflated_sharpe=float(deflated_sharpe(results[best].returns, float(len(table)), variance)),
        start=walker.first,
        best_result=results[best],
    )


@dataclass(frozen=True, eq=False)
class _Walker:
    """A hedge tuned for every date of a walk, and the market in which rules trade it."""

    plain: Basket
    basket: Basket
    starts: list[int]
    tuned: list[Hedge]
    market: Market
    year: float
    costs: TradingCosts | None
    capital: float

    @classmethod
    def of(
        cls, prices: Any, hedge: Any, start: Any, retune: Any, costs: TradingCosts | None, capital: float
    ) -> "_Walker":
        """Tune the hedge."""
        if not isinstance(hedge, Hedge):
            raise DataTypeError(f"hedge must be a hedge, got {shown(hedge)}. Pass e.g. hedge=StaticHedge().")
        plain = read_basket(prices)
        starts = tuning_rows(plain, start, retune)
        check_tunable(Basket(plain.values[: starts[0]], plain.dates[: starts[0]], plain.assets))
        leave_out("near_duplicate", plain.assets)
        basket = plain.in_logs() if hedge.logs else plain
        market, year = Market(bridged_returns(plain)), read_periods(None, plain.dates)
        return cls(plain, basket, starts, retuned(hedge, basket, starts), market, year, costs, capital)

    @property
    def first(self) -> pd.Timestamp:
        """Date of the first decision."""
        return pd.Timestamp(self.plain.dates[self.starts[0]])

    def spread_before(self) -> "pd.Series[float]":
        """Return the spread of the constant hedge on the dates before the walk."""
        row = self.starts[0]
        known = Basket(self.basket.values[:row], self.basket.dates[:row], self.basket.assets)
        return constant_spread(known)

    def results(self, rules: Mapping[str, Rule], of: str, lookback: int | None) -> Iterator[tuple[str, BacktestResult]]:
        """Trade each rule."""
        hedge = walk(self.tuned, self.basket, self.starts, of=of, lookback=lookback)
        for name, rule in rules.items():
            weights = weights_in_use(hedge, self.plain, rule, 1.0)
            yield (
                name,
                simulate(
                    weights,
                    self.market,
                    costs=self.costs,
                    capital=self.capital,
                    periods_per_year=self.year,
                    name=name,
                ),
            )


def constant_spread(basket: Basket) -> "pd.Series[float]":
    """Return the deviation of the first asset from its constant hedge, by least squares on all dates of a basket."""
    hedge = StaticHedge().learn(basket).run_over(basket, smooth=False)
    return pd.Series(hedge.estimates_.innovation, index=basket.dates, name="spread")


def _check_numbers(name: str, values: Any, *, positive: bool) -> None:
    if isinstance(values, str) or not isinstance(values, Sequence) or not values or len(set(values)) < len(values):
        raise InputError(f"{name} must be a list of different numbers, got {shown(values)}. Pass e.g. {name}=[1, 2].")
    rule = Number(above=0.0, example=1.0) if positive else Number(example=0.0)
    for value in values:
        check(name, value, rule)
