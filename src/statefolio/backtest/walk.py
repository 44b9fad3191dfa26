"""Policies in lockstep through a market, date by date."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from statefolio._arrays.dates import read_dates
from statefolio._options import is_whole
from statefolio._renamed import renamed
from statefolio.backtest.answers import ask, clone_policy
from statefolio.backtest.book import Book, Terms
from statefolio.backtest.calendar import Drift, Rebalance, decision_dates
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.gate import Gate
from statefolio.backtest.market import Market
from statefolio.backtest.replay import check_replays, take_checkpoint
from statefolio.backtest.result import BacktestResult, CausalCheck
from statefolio.backtest.terms import make_terms
from statefolio.backtest.walk_state import Fingerprint, WalkState
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.policy import Policy


class Walk:
    """Policies in lockstep over one gate: each has an account of its own, all see the same history.

    Parameters
    ----------
    policies, market, start, end, rebalance, costs, capital, lag, periods_per_year, cuts
        As in `run_backtests`.
    resume : WalkState, optional
        Continue from here; the results are the same bytes as without a stop. Terms and data until there must be the
        same; policies are those of the state, and compared with the ones passed by name alone.

    Raises
    ------
    InputError, DataTypeError
        If something cannot be used as it came, or the state belongs to another walk.
    """

    @renamed("periods_a_year", "periods_per_year")
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
        periods_per_year: float = 252.0,
        cuts: Sequence[Any] | int = 0,
        resume: WalkState | None = None,
    ) -> None:
        _check_policies(policies)
        terms = make_terms(market, start, end, costs, capital, lag, periods_per_year)
        self._terms, self._rebalance = terms, rebalance
        self._calls = decision_dates(rebalance, terms.dates)
        self._cut_rows = _cut_rows(cuts, terms, self._calls)
        self._market_arrays, self._cost_arrays = terms.market_arrays(), terms.cost_arrays()
        self._fingerprint = Fingerprint(terms, self._cost_arrays, rebalance, self._cut_rows)
        self._state = self._begin(policies) if resume is None else self._continue(resume, policies)
        self._gate = Gate(market, self._state.shared)

    def _begin(self, policies: Mapping[str, Policy]) -> WalkState:
        own = {name: clone_policy(policy, name) for name, policy in policies.items()}
        return WalkState(self._terms.start, own, {name: Book(name, self._terms) for name in own}, {}, [])

    def _continue(self, state: WalkState, policies: Mapping[str, Policy]) -> WalkState:
        if not isinstance(state, WalkState):
            raise DataTypeError(f"resume is a {type(state).__name__}; a WalkState was expected. Pass what was kept.")
        if list(state.policies) != list(policies) or state.fingerprint != self._fingerprint.before(state.row):
            raise InputError(
                "the state to resume from belongs to other policies, terms or data; those it was made with were "
                "expected. Begin anew, without resume."
            )
        return state

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
        self._state.fingerprint = self._fingerprint.before(self._state.row)
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
        holdings = {name: state.books[name].holdings(row, history.date, assets.view()) for name in names}
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


def _check_policies(policies: Any) -> None:
    if not isinstance(policies, Mapping):
        raise DataTypeError(
            f"policies is a {type(policies).__name__}; a mapping from name to policy was expected. Pass one policy to "
            "run_backtest, or e.g. {'mine': policy}."
        )
    if not policies:
        raise InputError("policies is empty; one at least was expected. Pass e.g. {'mine': policy}.")


def _cut_rows(cuts: Sequence[Any] | int, terms: Terms, calls: Any) -> "np.typing.NDArray[np.int64]":
    """Rows from which on the next decision is to be checked: those given, or so many spread over the run."""
    rows = np.flatnonzero(calls) + terms.start
    if is_whole(cuts):
        if cuts < 0:
            raise InputError(f"cuts={cuts!r}; dates, or a number of them from 0 on, were expected.")
        places = np.linspace(0, len(rows) - 1, num=min(int(cuts) + 1, len(rows)))[1:]
        return rows[np.unique(places.round().astype(np.int64))] if cuts else rows[:0]
    return np.unique(terms.market.dates.searchsorted(read_dates(cuts, "cuts")))
