"""Policies on a market, from the first date to the last."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from statefolio._renamed import renamed
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.walk import Walk
from statefolio.backtest.walk_state import WalkState
from statefolio.portfolio.policy import Policy


@renamed("periods_a_year", "periods_per_year")
def run_backtests(
    policies: Mapping[str, Policy],
    market: Market,
    *,
    start: Any = None,
    end: Any = None,
    rebalance: Rebalance = "monthly",
    costs: TradingCosts | None = None,
    capital: float = 1_000_000.0,
    lag: int = 1,
    periods_per_year: float = 252.0,
    cuts: Sequence[Any] | int = 0,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: Callable[[WalkState], None] | None = None,
    resume: WalkState | None = None,
) -> dict[str, BacktestResult]:
    """Run several policies over the same dates, each with an account of its own.

    A policy is asked at the close of a date, with the history until then and what it holds; its order is traded `lag`
    dates later, at the close before that date's return. An asset without a return on the date of the trade keeps its
    position (event "unfilled"). Weights drift in between. Policies are cloned; those that were passed stay as they are.

    Parameters
    ----------
    policies : mapping of Policy
    market : Market
    start, end : date, optional
        Of the first decision and of the last return; by default all of the market.
    rebalance : "daily", "weekly", "monthly", int or Drift
        When policies are asked; see `decision_dates`. The first date always is one.
    costs : TradingCosts, optional
        None are charged by default.
    capital : float, default 1,000,000
        In currency.
    lag : int, default 1
        Dates from a decision to the return it first earns; 0 is refused.
    periods_per_year : float, default 252
        Dates a year, for annual fees and measures.
    cuts : dates or int, default 0
        Decisions to make again at the end, from copies of the policies taken just before, without their future and
        with another: `result.causality`. A number spreads so many over the run.
    progress : function(dates done, dates in all), optional
    checkpoint : function(WalkState), optional
        Called after every step; whoever wants to keep the state pickles it there and then.
    resume : WalkState, optional
        Continue from a state that was kept.

    Returns
    -------
    dict of BacktestResult

    Raises
    ------
    PolicyError
        If a policy raises or wants what cannot be traded; it names the date and the policy.
    InputError, DataTypeError
        If something cannot be used as it came.
    """
    walk = Walk(
        policies,
        market,
        start=start,
        end=end,
        rebalance=rebalance,
        costs=costs,
        capital=capital,
        lag=lag,
        periods_per_year=periods_per_year,
        cuts=cuts,
        resume=resume,
    )
    while not walk.done:
        walk.step()
        if progress is not None:
            progress(*walk.progress)
        if checkpoint is not None:
            checkpoint(walk.state)
    return walk.results()


def run_backtest(policy: Policy, market: Market, *, name: str | None = None, **options: Any) -> BacktestResult:
    """Run one policy; options are those of `run_backtests`, and `name` is what the result is called.

    Returns
    -------
    BacktestResult
    """
    called = type(policy).__name__ if name is None else name
    return run_backtests({called: policy}, market, **options)[called]
