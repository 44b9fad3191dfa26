"""Policies on a market, date by date."""

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.account import CostArrays
from statefolio.backtest.answers import ask, clone_policy
from statefolio.backtest.book import Book, Terms
from statefolio.backtest.calendar import Drift, Rebalance, decision_dates
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.gate import Gate
from statefolio.backtest.market import Market
from statefolio.backtest.replay import Checkpoint, check_replays, take_checkpoint
from statefolio.backtest.result import BacktestResult, CausalCheck
from statefolio.backtest.terms import make_terms
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Policy


@dataclass
class WalkState:
    """Where a walk stands: everything but the market. Pickle it as one object, and at once: the walk goes on with it.

    Attributes
    ----------
    row : int
        Row of the next date to be settled.
    policies : dict of Policy
    books : dict of Book
    shared : dict
        What policies computed for each other.
    checkpoints : list of Checkpoint
    fingerprint : str
        Of the terms and of the market until the date before `row`, so that it continues on the same.
    """

    row: int
    policies: dict[str, Policy]
    books: dict[str, Book]
    shared: dict[Hashable, Any]
    checkpoints: list[Checkpoint]
    fingerprint: str = ""


class Walk:
    """Policies in lockstep over one gate: each has an account of its own, all see the same history.

    Parameters
    ----------
    policies, market, start, end, rebalance, costs, capital, lag, periods_a_year, cuts
        As in `run_backtests`.
    resume : WalkState, optional
        Continue from here; the results are the same bytes as without a stop.

    Raises
    ------
    InputError, DataTypeError
        If something cannot be used as it came, or the state belongs to another walk.
    """

    def __init__(
        self,
        policies: Mapping[str, Policy],
        market: Market,
        *,
        start: Any = None,
        end: Any = None,
        rebalance: Rebalance = "monthly",
        costs: TradingCosts | None = None,
        capital: float = 1_000_000.0,
        lag: int = 1,
        periods_a_year: float = 252.0,
        cuts: Sequence[Any] | int = 0,
        resume: WalkState | None = None,
    ) -> None:
        terms = make_terms(market, start, end, costs, capital, lag, periods_a_year)
        self._terms, self._rebalance = terms, rebalance
        self._calls = decision_dates(rebalance, terms.dates)
        self._cut_rows = _cut_rows(cuts, terms, self._calls)
        self._market_arrays, self._cost_arrays = terms.market_arrays(), terms.cost_arrays()
        self._digest, self._read = _digest_of_terms(terms, self._cost_arrays, rebalance, self._cut_rows), 0
        self._state = self._begin(policies) if resume is None else self._continue(resume, policies)
        self._gate = Gate(market, self._state.shared)

    def _begin(self, policies: Mapping[str, Policy]) -> WalkState:
        if not policies:
            raise InputError("policies is empty; one at least was expected.")
        own = {name: clone_policy(policy, name) for name, policy in policies.items()}
        return WalkState(self._terms.start, own, {name: Book(name, self._terms) for name in own}, {}, [])

    def _continue(self, state: WalkState, policies: Mapping[str, Policy]) -> WalkState:
        if list(state.policies) != list(policies) or state.fingerprint != self._fingerprint(state.row):
            raise InputError(
                "the state to resume from belongs to other policies, terms or data; those it was made with were "
                "expected. Begin anew, without resume."
            )
        return state

    def _fingerprint(self, row: int) -> str:
        """A digest of the terms, and of the market until the date before a row; each row is read once."""
        tables = self._terms.market.tables
        rows = slice(self._read, row)
        self._digest.update(np.column_stack([tables.returns.values[rows], tables.cash_rate[rows]]).tobytes())
        self._read = row
        return str(self._digest.hexdigest())

    @property
    def done(self) -> bool:
        """Whether the last date is settled, or every account bankrupt."""
        over = self._state.row >= self._terms.stop
        return over or all(book.bankrupt for book in self._state.books.values())

    @property
    def progress(self) -> tuple[int, int]:
        """Dates done, and dates in all."""
        return self._state.row - self._terms.start, self._terms.stop - self._terms.start

    @property
    def state(self) -> WalkState:
        """Where the walk stands, to be pickled before the next step."""
        self._state.fingerprint = self._fingerprint(self._state.row)
        return self._state

    def step(self) -> None:
        """Go on to the next date for decisions, settle every account until its close, and decide."""
        ahead = np.flatnonzero(self._calls[self._state.row - self._terms.start :])
        row = self._state.row + int(ahead[0]) if len(ahead) else self._terms.stop - 1
        for book in self._state.books.values():
            book.settle(row, self._market_arrays, self._cost_arrays)
        if len(ahead):
            self._decide(row, [name for name, book in self._state.books.items() if self._is_due(book)])
        self._state.row = row + 1

    def _is_due(self, book: Book) -> bool:
        if book.bankrupt:
            return False
        wanted = book.wanted
        if not isinstance(self._rebalance, Drift) or wanted is None:
            return True
        return not book.waits and self._rebalance.calls(book.held(), wanted)

    def _decide(self, row: int, names: list[str]) -> None:
        if not names:
            return
        state, assets = self._state, self._terms.market.assets
        self._gate.advance(row)
        history = self._gate.history()
        holdings = {name: state.books[name].holdings(row, history.date, assets) for name in names}
        point = None
        if len(state.checkpoints) < len(self._cut_rows) and row >= self._cut_rows[len(state.checkpoints)]:
            point = take_checkpoint(row, {name: state.policies[name] for name in names}, state.shared, holdings)
            state.checkpoints.append(point)
        for name in names:
            answer = ask(state.policies[name], name, history, holdings[name], assets)
            state.books[name].note(row, answer, self._terms.lag)
            if point is not None:
                point.wanted[name] = answer.weights

    def results(self) -> dict[str, BacktestResult]:
        """What became of each account until now; where there are checkpoints, decisions are made again at each."""
        checks: dict[str, CausalCheck] = {}
        if len(self._cut_rows):
            checks = check_replays(self._state.checkpoints, list(self._state.books), self._terms.market)
        return {name: book.result(self._terms, checks.get(name)) for name, book in self._state.books.items()}


def _digest_of_terms(terms: Terms, costs: CostArrays, rebalance: Rebalance, cuts: Any) -> Any:
    numbers = (terms.start, terms.stop, terms.capital, terms.lag, terms.periods_a_year, rebalance, cuts.tolist())
    charged = (costs.trade.tolist(), costs.borrow.tolist(), costs.impact, costs.window, costs.financing)
    return hashlib.sha256(repr((numbers, charged, terms.market.assets.tolist())).encode())


def _cut_rows(cuts: Sequence[Any] | int, terms: Terms, calls: Any) -> "np.typing.NDArray[np.int64]":
    """Rows from which on the next decision is to be checked: those given, or so many spread over the run."""
    rows = np.flatnonzero(calls) + terms.start
    if isinstance(cuts, int | np.integer):
        if cuts < 0:
            raise InputError(f"cuts={cuts!r}; dates, or a number of them from 0 on, were expected.")
        places = np.linspace(0, len(rows) - 1, num=min(int(cuts) + 1, len(rows)))[1:]
        return rows[np.unique(places.round().astype(np.int64))] if cuts else rows[:0]
    return np.unique(terms.market.dates.searchsorted(pd.DatetimeIndex(list(cuts))))


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
    periods_a_year: float = 252.0,
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
    periods_a_year : float, default 252
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
        periods_a_year=periods_a_year,
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
