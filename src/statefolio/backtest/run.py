"""Runs policies on a market from the first date to the last."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from statefolio._plausible.warn import warned_once
from statefolio._renamed import renamed
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.walk import Walk
from statefolio.backtest.walk_state import WalkState
from statefolio.portfolio.policy import Policy


@renamed("periods_a_year", "periods_per_year")
@warned_once()
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
    periods_per_year: float | None = None,
    cuts: Sequence[Any] | int = 0,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: Callable[[WalkState], None] | None = None,
    resume: WalkState | None = None,
    flows: Any = None,
) -> dict[str, BacktestResult]:
    """Run several policies over the same dates, each with its own account.

    A policy decides at the close of a date, from the history up to that date and its holdings. Its order is traded
    `lag` dates later, at the previous close, and earns that date's return. An asset without a return on the date of the
    trade keeps its position (event "unfilled"). Between trades the weights drift. Policies are cloned, so the passed
    objects do not change.

    Parameters
    ----------
    policies : mapping of Policy
    market : Market
    start, end : date, optional
        Date of the first decision and of the last return. Default: all dates of the market.
    rebalance : "daily", "weekly", "monthly", int or Drift
        When policies decide; "weekly" and "monthly" mean the first date of a week or month, a number n every n-th date.
        The first date is always a decision date.
    costs : TradingCosts, optional
        Default: no costs.
    capital : float, default 1,000,000
        In currency.
    lag : int, default 1
        Number of dates from a decision to the first return it earns. At least 1: without a lag, weights would earn the
        return they were computed from.
    periods_per_year : float, optional
        Number of dates per year, for annual fees and measures. Default: from the market's dates, as in `measures`.
    cuts : dates or int, default 0
        Decisions to repeat at the end of the run without the future and with another one, as a check for look-ahead:
        see `result.causality`. A number spreads that many over the run. Policies with classes or functions of the user
        also decide in a new Python process that has only the history, at up to three of them.
    progress : function(number of settled dates, number of dates), optional
    checkpoint : function(WalkState), optional
        Called after every step. To keep the state, pickle it in this function: the run changes it afterwards.
    resume : WalkState, optional
        State from which to continue.
    flows : Series by date, optional
        Deposits (above zero) and withdrawals (below zero) of every account in currency, booked at the close of their
        date, or of the next date of the market. Returns are net of them: a deposit is not a gain. They must be dated
        after the first decision.

    Returns
    -------
    dict of BacktestResult

    Raises
    ------
    PolicyError
        If a policy raises or returns weights that cannot be traded; the message names the date and the policy.
    InputError, DataTypeError
        If an argument cannot be used.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
    >>> policies = {"equal": sf.portfolio.EqualWeight(), "held": sf.portfolio.BuyAndHold()}
    >>> results = sf.run_backtests(policies, market, costs=sf.TradingCosts(0.001))
    >>> for name, result in results.items():
    ...     cost = result.ledger["trading_cost"].sum()
    ...     print(f"{name}: value {result.value.iloc[-1]:,.0f}, trading costs {cost:,.0f}")
    equal: value 1,052,183, trading costs 1,561
    held: value 1,084,539, trading costs 999
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
        flows=flows,
    )
    while not walk.done:
        walk.step()
        if progress is not None:
            progress(*walk.progress)
        if checkpoint is not None:
            checkpoint(walk.state)
    return walk.results()


def run_backtest(policy: Policy, market: Market, *, name: str | None = None, **options: Any) -> BacktestResult:
    """Run one policy.

    Parameters
    ----------
    policy : Policy
    market : Market
    name : str, optional
        Name of the result. Default: the class of the policy.
    **options
        As for `run_backtests`.

    Returns
    -------
    BacktestResult

    Raises
    ------
    PolicyError, InputError, DataTypeError
        As for `run_backtests`.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
    >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, costs=sf.TradingCosts(0.001))
    >>> result.decisions.round(3).head(2)
                 AAPL    AMD    BAC
    date
    2014-01-03  0.333  0.333  0.333
    2014-02-03  0.333  0.333  0.333
    >>> print(f"{result.value.iloc[-1]:,.0f}")
    1,052,183
    """
    label = type(policy).__name__ if name is None else name
    return run_backtests({label: policy}, market, **options)[label]
