"""Keeps one account: its positions, orders, ledger and events."""

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.backtest.account_arrays import (
    FURTHER_LINES,
    LEDGER,
    WITHDRAWALS,
    AccountState,
    MarketArrays,
    Orders,
    Record,
    Terms,
)
from statefolio.backtest.causal_check import CausalCheck
from statefolio.backtest.decisions import CheckedDecision
from statefolio.backtest.events import Happened, list_events
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.run_settings import RunSettings
from statefolio.backtest.settlement import settle
from statefolio.portfolio.policy import Holdings

NO_ORDER = -1
LINES = (*LEDGER, *FURTHER_LINES)


class Account:
    """One account: takes orders, settles dates and returns a result. It can be pickled on any date.

    Parameters
    ----------
    name
        Name of the policy.
    settings
        Dates, capital and assets; not kept.
    orders, decided
        For given weights: all orders, and the rows on which they were decided.
    """

    def __init__(
        self, name: str, settings: RunSettings, orders: Orders | None = None, decided: list[int] | None = None
    ) -> None:
        rows, assets = settings.stop - settings.start, len(settings.market.assets)
        self.name = name
        self.settled = settings.start + 1
        self.bankrupt = False
        self._start = settings.start
        self._state = AccountState(
            np.zeros(assets),
            np.array([settings.capital]),
            np.zeros(assets, dtype=np.int64),
            np.array([settings.capital, 0.0]),
        )
        self._record = Record(
            np.zeros((rows, len(LINES))), np.zeros((rows, assets)), np.zeros((rows, assets), dtype=np.uint8)
        )
        self._record.ledger[0, [LINES.index("value"), LINES.index("cash")]] = settings.capital
        self._orders = orders or Orders(np.full(settings.stop, NO_ORDER), np.zeros((8, assets)))
        self._decided: list[int] = decided or []
        self._details: dict[str, list[tuple[int, pd.Series[float]]]] = {}
        self._fallbacks: list[tuple[int, str]] = []
        self._notes: list[tuple[int, str]] = []
        self._asked: list[int] = []
        self._last_decision = self._last_trade = NO_ORDER

    def settle(self, row: int, market: MarketArrays, terms: Terms) -> None:
        """Settle all dates up to the close of a row's date."""
        if self.bankrupt or row < self.settled:
            return
        self.settled, self.bankrupt = settle(
            self.settled,
            row + 1,
            self._start,
            market,
            terms.costs,
            self._orders,
            self._state,
            self._record,
            terms.orders if terms.orders.whole else None,
            terms.charges if terms.charges.charged else None,
        )

    def holdings(self, row: int, date: pd.Timestamp, assets: pd.Index) -> Holdings:
        """Return the holdings at the close of a row's date, which must be settled."""
        value = float(self._record.ledger[row - self._start, 0])
        since = 0 if self._last_decision == NO_ORDER else row - self._last_decision
        return Holdings(date, pd.Series(self._state.positions / value, index=assets), value, since)

    def held_weights(self) -> Array:
        """Return the weights at the last settled close (N,)."""
        weights: Array = self._state.positions / (self._state.positions.sum() + self._state.cash[0])
        return weights

    @property
    def target_weights(self) -> Array | None:
        """Weights of the last decision (N,)."""
        return self._orders.targets[len(self._decided) - 1] if self._decided else None

    @property
    def has_pending_order(self) -> bool:
        """True while an order waits for its date."""
        return self._last_trade >= self.settled

    def record_decision(self, row: int, checked: CheckedDecision, lag: int) -> None:
        """Record a decision, to be traded `lag` dates later."""
        self._last_decision = row
        self._asked.append(row)
        decision = checked.decision
        if not decision.converged:
            detail = ": ".join(part for part in (decision.fallback, decision.reason) if part)
            self._fallbacks.append((row, detail))
        elif decision.reason:
            self._notes.append((row, decision.reason))
        for name, series in decision.details.items():
            self._details.setdefault(name, []).append((row, series))
        if checked.weights is not None:
            self._order(row, checked.weights, lag)

    def _order(self, row: int, weights: Array, lag: int) -> None:
        at, targets = len(self._decided), self._orders.targets
        if at == len(targets):
            targets = np.concatenate([targets, np.zeros_like(targets)])
            self._orders = Orders(self._orders.due, targets)
        targets[at] = weights
        self._decided.append(row)
        self._last_trade = row + lag  # also after the end of the run: a longer run would wait for it too
        if row + lag < len(self._orders.due):
            self._orders.due[row + lag] = at

    def result(self, settings: RunSettings, causality: CausalCheck | None = None) -> BacktestResult:
        """Return the result up to the last settled date."""
        count = self.settled - settings.start
        dates, assets = settings.dates[:count], settings.market.assets
        decided = settings.market.dates[np.array(self._decided, dtype=np.int64)]
        return BacktestResult(
            name=self.name,
            ledger=self._ledger(settings, count),
            weights=pd.DataFrame(self._record.weights[:count], index=dates, columns=assets, copy=False),
            decisions=pd.DataFrame(
                self._orders.targets[: len(decided)], index=decided, columns=assets, copy=False
            ).rename_axis("date"),
            events=self._events(settings, count),
            costs=settings.costs,
            capital=settings.capital,
            details={name: _details_table(series, settings.market.dates) for name, series in self._details.items()},
            periods_per_year=settings.periods_per_year,
            stopped=self._why_stopped(dates[-1], count) if self.bankrupt else "",
            causality=causality,
            decision_count=len(self._asked) or len(self._decided),
            market=settings.market,
            lag=settings.lag,
        )

    def _ledger(self, settings: RunSettings, count: int) -> pd.DataFrame:
        """The lines of the ledger that the run uses."""
        lines, values = settings.lines, self._record.ledger[:count]
        used = values[:, : len(LEDGER)] if len(lines) == len(LEDGER) else values[:, lines]
        return pd.DataFrame(used, index=settings.dates[:count], columns=[LINES[line] for line in lines], copy=False)

    def _is_withdrawn(self, count: int) -> bool:
        """True if the account ended because a withdrawal took its whole value."""
        last = self._record.ledger[count - 1]
        return bool(last[0] + last[WITHDRAWALS] > 0.0)

    def _why_stopped(self, date: pd.Timestamp, count: int) -> str:
        if self._is_withdrawn(count):
            return f"closed on {show(date)}: the withdrawal took the whole value"
        return f"bankrupt on {show(date)}: the value fell to 0 or below"

    def _events(self, settings: RunSettings, count: int) -> pd.DataFrame:
        bankrupt = self.bankrupt and not self._is_withdrawn(count)
        happened = Happened(
            start=settings.start,
            stop=settings.start + count,
            marks=self._record.marks[:count],
            weights=self._record.weights[:count],
            fallbacks=self._fallbacks,
            notes=self._notes,
            decided=self._asked or self._decided,
            final_value=float(self._record.ledger[count - 1, 0]) if bankrupt else None,
        )
        return list_events(happened, settings.market.tables)


def _details_table(details: "list[tuple[int, pd.Series[float]]]", dates: pd.DatetimeIndex) -> pd.DataFrame:
    """Stack the details of decisions (decision date x name); names keep the order of their first appearance."""
    frame = pd.DataFrame([series for _, series in details])
    frame.index = dates[[row for row, _ in details]].rename("date")
    return frame
