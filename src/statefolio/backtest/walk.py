"""Walks several policies through a market, date by date."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_dates
from statefolio._arrays.text import shown
from statefolio._options import Kind, Whole, check, is_whole
from statefolio._renamed import renamed
from statefolio.backtest.account import Account
from statefolio.backtest.calendar import Drift, Rebalance, decision_dates
from statefolio.backtest.causal_check import CausalCheck
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.decision_comparison import check_snapshots, take_snapshot
from statefolio.backtest.decisions import clone_policy, request_decision
from statefolio.backtest.events import warn_of_missing_returns
from statefolio.backtest.market import Market
from statefolio.backtest.point_in_time import PointInTimeData
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.run_settings import RunSettings, make_settings
from statefolio.backtest.walk_state import Fingerprint, WalkState
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.policy import Policy


class Walk:
    """A run of `run_backtests` in steps: each policy has its own account, and all see the same history.

    Parameters
    ----------
    policies, market, start, end, rebalance, costs, capital, lag, periods_per_year, cuts, flows
        As in `run_backtests`.
    resume : WalkState, optional
        Continue from this state; the results are the same bytes as without the interruption. The options and the data
        up to there must be the same. The policies are those of the state; only the names of `policies` are compared.

    Raises
    ------
    InputError, DataTypeError
        If an argument cannot be used, or the state belongs to another walk.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns.iloc[:100, :3])
    >>> walk = sf.backtest.Walk({"equal": sf.portfolio.EqualWeight()}, market, rebalance="monthly")
    >>> while not walk.done:
    ...     walk.step()  # to the next decision date
    ...     print(walk.progress)
    (1, 100)
    (21, 100)
    (40, 100)
    (61, 100)
    (82, 100)
    (100, 100)
    >>> walk.results()["equal"].decisions.shape
    (5, 3)
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
        periods_per_year: float | None = None,
        cuts: Sequence[Any] | int = 0,
        resume: WalkState | None = None,
        flows: Any = None,
    ) -> None:
        _check_policies(policies)
        settings = make_settings(market, start, end, costs, capital, lag, periods_per_year, flows)
        self._settings, self._rebalance = settings, rebalance
        self._decides = decision_dates(rebalance, settings.dates)
        self._cut_rows = _cut_rows(cuts, settings, self._decides)
        self._drift_cuts = 0
        if is_whole(cuts) and isinstance(rebalance, Drift):  # the decision dates are not known ahead
            self._cut_rows, self._drift_cuts = self._cut_rows[:0], int(cuts)
        self._market_arrays, self._terms = settings.market_arrays(), settings.terms()
        self._fingerprint = Fingerprint(settings, self._terms, rebalance, np.append(self._cut_rows, self._drift_cuts))
        self._state = self._begin(policies) if resume is None else self._continue(resume, policies)
        self._known = PointInTimeData(market, self._state.shared)
        self._warned = False

    def _begin(self, policies: Mapping[str, Policy]) -> WalkState:
        cloned = {name: clone_policy(policy, name) for name, policy in policies.items()}
        accounts = {name: Account(name, self._settings) for name in cloned}
        return WalkState(self._settings.start, cloned, accounts, {}, [])

    def _continue(self, state: WalkState, policies: Mapping[str, Policy]) -> WalkState:
        if not isinstance(state, WalkState):
            raise DataTypeError(
                f"resume must be a WalkState, got {shown(state)}. Pass the state that `checkpoint` received."
            )
        if list(state.policies) != list(policies) or state.fingerprint != self._fingerprint.before(state.row):
            raise InputError(
                "resume must be a state of the same policies, options and data, got a state of others. Start again "
                "without resume."
            )
        return state

    @property
    def done(self) -> bool:
        """True once the last date is settled, or every account is bankrupt."""
        over = self._state.row >= self._settings.stop
        return over or all(account.bankrupt for account in self._state.accounts.values())

    @property
    def progress(self) -> tuple[int, int]:
        """Number of settled dates, and of all dates."""
        return self._state.row - self._settings.start, self._settings.stop - self._settings.start

    @property
    def settings(self) -> RunSettings:
        """Market, dates, costs, capital and lag."""
        return self._settings

    @property
    def state(self) -> WalkState:
        """Current state, to be pickled before the next step."""
        self._state.fingerprint = self._fingerprint.before(self._state.row)
        return self._state

    def step(self) -> None:
        """Settle every account up to the close of the next decision date, and decide."""
        ahead = np.flatnonzero(self._decides[self._state.row - self._settings.start :])
        row = self._state.row + int(ahead[0]) if len(ahead) else self._settings.stop - 1
        for account in self._state.accounts.values():
            account.settle(row, self._market_arrays, self._terms)
        if len(ahead):
            self._decide(row, [name for name, account in self._state.accounts.items() if self._is_due(account)])
        self._state.row = row + 1

    def _is_due(self, account: Account) -> bool:
        if account.bankrupt:
            return False
        target = account.target_weights
        if not isinstance(self._rebalance, Drift) or target is None:
            return True
        return not account.has_pending_order and self._rebalance.calls(account.held_weights(), target)

    def _decide(self, row: int, names: list[str]) -> None:
        if not names:
            return
        state, assets = self._state, self._settings.market.assets
        self._known.advance(row)
        history = self._known.history()
        holdings = {name: state.accounts[name].holdings(row, history.date, assets.view()) for name in names}
        snapshot = None
        if self._is_checked(row):
            snapshot = take_snapshot(row, {name: state.policies[name] for name in names}, state.shared, holdings)
            state.snapshots.append(snapshot)
        for name in names:
            decision = request_decision(state.policies[name], name, history, holdings[name], assets)
            state.accounts[name].record_decision(row, decision, self._settings.lag)
            if snapshot is not None:
                snapshot.weights[name] = decision.weights
        if self._drift_cuts and len(state.snapshots) > 2 * self._drift_cuts:
            state.snapshots[:], state.stride = state.snapshots[::2], 2 * state.stride

    def _is_checked(self, row: int) -> bool:
        """Return whether the decisions on this row are to be repeated at the end."""
        state = self._state
        if not self._drift_cuts:
            return len(state.snapshots) < len(self._cut_rows) and bool(row >= self._cut_rows[len(state.snapshots)])
        state.decision_dates += 1
        return (state.decision_dates - 1) % state.stride == 0

    def results(self) -> dict[str, BacktestResult]:
        """Return the result of each account so far; with `cuts`, decisions are repeated to check for look-ahead."""
        checks: dict[str, CausalCheck] = {}
        if len(self._cut_rows) or self._drift_cuts:
            snapshots = self._state.snapshots
            if self._drift_cuts:
                places = np.linspace(0, len(snapshots) - 1, num=min(self._drift_cuts, len(snapshots)))
                snapshots = [snapshots[place] for place in np.unique(places.round().astype(np.int64))]
            checks = check_snapshots(snapshots, list(self._state.accounts), self._settings.market)
        accounts = self._state.accounts.items()
        found = {name: account.result(self._settings, checks.get(name)) for name, account in accounts}
        if self.done and not self._warned:
            self._warned = True
            warn_of_missing_returns({name: result.events for name, result in found.items()})
        return found

    def decisions(self) -> dict[str, pd.DataFrame]:
        """Return the target weights of each account so far (decision date x asset)."""
        return {name: account.result(self._settings).decisions for name, account in self._state.accounts.items()}


def _check_policies(policies: Any) -> None:
    check("policies", policies, Kind(Mapping, "a mapping from name to policy", "{'mine': policy}"))
    if not policies:
        raise InputError("policies must hold at least one policy, got none. Pass e.g. policies={'mine': policy}.")


def _cut_rows(cuts: Sequence[Any] | int, settings: RunSettings, decides: Any) -> "np.typing.NDArray[np.int64]":
    """Return rows whose next decision is checked: those of the given dates, or a number spread over the run."""
    rows = np.flatnonzero(decides) + settings.start
    if is_whole(cuts):
        check("cuts", cuts, Whole(at_least=0))
        places = np.linspace(0, len(rows) - 1, num=min(int(cuts) + 1, len(rows)))[1:]
        return rows[np.unique(places.round().astype(np.int64))] if cuts else rows[:0]
    return np.unique(settings.market.dates.searchsorted(read_dates(cuts, "cuts")))
