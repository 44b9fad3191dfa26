"""The book of one account: what it holds, what was ordered, what happened."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.backtest.account import (
    DELISTED,
    UNFILLED,
    CostArrays,
    MarketArrays,
    Orders,
    Record,
    State,
    settle,
)
from statefolio.backtest.answers import Answer
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.result import LEDGER, BacktestResult, CausalCheck
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Holdings

NO_ORDER = -1
_NOT_FILLED = ("no return on this date", "no volume or volatility known")
KINDS = ("fallback", "unfilled", "delisted", "bankrupt")


@dataclass(frozen=True, eq=False)
class Terms:
    """What every account of a run has in common.

    Attributes
    ----------
    market : Market
    costs : TradingCosts
    start, stop : int
        Rows of the first decision and after the last date.
    capital : float
    lag : int
    periods_per_year : float
    """

    market: Market
    costs: TradingCosts
    start: int
    stop: int
    capital: float
    lag: int
    periods_per_year: float

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Dates of the ledger."""
        return self.market.dates[self.start : self.stop]

    def market_arrays(self) -> MarketArrays:
        """The market as the compiled loop takes it.

        Raises
        ------
        InputError
            If impact is to be charged and the market has no dollar volumes.
        """
        tables = self.market.tables
        if self.costs.impact > 0.0 and tables.dollar_volumes is None:
            raise InputError(
                f"impact={self.costs.impact:g}, but the market has no dollar volumes; they were expected. Pass "
                "Market(..., dollar_volumes=...), or impact=0."
            )
        if tables.dollar_volumes is None:
            volumes = np.empty((0, len(self.market.assets)))
            volumes.flags.writeable = False
        else:
            volumes = tables.dollar_volumes.values
        return MarketArrays(
            tables.returns.values,
            tables.cash_rate,
            volumes,
            tables.last_dates,
            tables.delisting_return,
            tables.delisted_after,
        )

    def cost_arrays(self) -> CostArrays:
        """Costs as the compiled loop takes them, fees a date."""
        assets, costs = self.market.assets, self.costs
        borrow = costs.borrow_rates(assets) / self.periods_per_year
        financing = float(costs.financing) / self.periods_per_year
        return CostArrays(costs.trade_rates(assets), float(costs.impact), int(costs.impact_window), borrow, financing)


class Book:
    """One account: orders go in, dates are settled, a result comes out. It can be pickled at any date.

    Parameters
    ----------
    name
        Of the policy.
    terms
        Dates, capital and assets; they are not kept.
    orders, decided
        Where weights are given: all orders, and the rows on which they were decided.
    """

    def __init__(self, name: str, terms: Terms, orders: Orders | None = None, decided: list[int] | None = None) -> None:
        rows, assets = terms.stop - terms.start, len(terms.market.assets)
        self.name = name
        self.settled = terms.start + 1
        self.bankrupt = False
        self._start = terms.start
        self._state = State(np.zeros(assets), np.array([terms.capital]), np.zeros(assets, dtype=np.int64))
        self._record = Record(
            np.zeros((rows, len(LEDGER))), np.zeros((rows, assets)), np.zeros((rows, assets), dtype=np.uint8)
        )
        self._record.ledger[0, [0, -1]] = terms.capital
        self._orders = orders or Orders(np.full(terms.stop, NO_ORDER), np.zeros((8, assets)))
        self._decided: list[int] = decided or []
        self._details: dict[str, list[tuple[int, pd.Series[float]]]] = {}
        self._fallbacks: list[tuple[int, str]] = []
        self._asked = self._awaited = NO_ORDER

    def settle(self, row: int, market: MarketArrays, costs: CostArrays) -> None:
        """Bring the account to the close of a row's date."""
        if self.bankrupt or row < self.settled:
            return
        self.settled, self.bankrupt = settle(
            self.settled, row + 1, self._start, market, costs, self._orders, self._state, self._record
        )

    def holdings(self, row: int, date: pd.Timestamp, assets: pd.Index) -> Holdings:
        """What is held at the close of a row's date, settled before."""
        value = float(self._record.ledger[row - self._start, 0])
        since = 0 if self._asked == NO_ORDER else row - self._asked
        return Holdings(date, pd.Series(self._state.positions / value, index=assets), value, since)

    def held(self) -> Array:
        """Weights at the last close (N,)."""
        weights: Array = self._state.positions / (self._state.positions.sum() + self._state.cash[0])
        return weights

    @property
    def wanted(self) -> Array | None:
        """Weights of the last decision (N,)."""
        return self._orders.targets[len(self._decided) - 1] if self._decided else None

    @property
    def waits(self) -> bool:
        """Whether an order has not come to its date yet."""
        return self._awaited >= self.settled

    def note(self, row: int, answer: Answer, lag: int) -> None:
        """Write a decision down, to be traded `lag` dates later."""
        self._asked = row
        decision = answer.decision
        if not decision.converged:
            told = ": ".join(part for part in (decision.fallback, decision.reason) if part)
            self._fallbacks.append((row, told))
        for name, series in decision.details.items():
            self._details.setdefault(name, []).append((row, series))
        if answer.weights is not None:
            self._order(row, answer.weights, lag)

    def _order(self, row: int, weights: Array, lag: int) -> None:
        at, targets = len(self._decided), self._orders.targets
        if at == len(targets):
            targets = np.concatenate([targets, np.zeros_like(targets)])
            self._orders = Orders(self._orders.due, targets)
        targets[at] = weights
        self._decided.append(row)
        self._awaited = row + lag  # also where that is after the end: a longer run would not ask again before
        if row + lag < len(self._orders.due):
            self._orders.due[row + lag] = at

    def result(self, terms: Terms, causality: CausalCheck | None = None) -> BacktestResult:
        """What became of the capital, until the last date settled."""
        count = self.settled - terms.start
        dates, assets = terms.dates[:count], terms.market.assets
        decided = terms.market.dates[np.array(self._decided, dtype=np.int64)]
        stopped = f"bankrupt on {show(dates[-1])}: the value fell to 0 or below" if self.bankrupt else ""
        return BacktestResult(
            name=self.name,
            ledger=pd.DataFrame(self._record.ledger[:count], index=dates, columns=list(LEDGER), copy=False),
            weights=pd.DataFrame(self._record.weights[:count], index=dates, columns=assets, copy=False),
            decisions=pd.DataFrame(
                self._orders.targets[: len(decided)], index=decided, columns=assets, copy=False
            ).rename_axis("date"),
            events=self._events(terms, count),
            costs=terms.costs,
            capital=terms.capital,
            details={name: _stacked(series, terms.market.dates) for name, series in self._details.items()},
            periods_per_year=terms.periods_per_year,
            stopped=stopped,
            causality=causality,
        )

    def _events(self, terms: Terms, count: int) -> pd.DataFrame:
        assets, tables = terms.market.assets, terms.market.tables
        marked = np.flatnonzero(self._record.marks[:count] != 0)
        kinds = self._record.marks.ravel()[marked]
        unfilled, delisted = (np.divmod(marked[kinds == kind], len(assets)) for kind in (UNFILLED, DELISTED))
        missing = np.isnan(tables.returns.values[unfilled[0] + terms.start, unfilled[1]])
        closed = [f"closed at a return of {earned:.4%}" for earned in tables.delisting_return[delisted[1]]]
        ended = [f"value {self._record.ledger[count - 1, 0]:.6g}"] if self.bankrupt else []
        counts = [len(self._fallbacks), len(missing), len(closed), len(ended)]
        rows = np.concatenate(
            [
                np.array([row for row, _ in self._fallbacks], dtype=np.int64),
                unfilled[0] + terms.start,
                delisted[0] + terms.start,
                np.full(len(ended), self.settled - 1),
            ]
        )
        told = [detail for _, detail in self._fallbacks] + closed + ended
        details = np.insert(np.arange(len(told)), counts[0], np.where(missing, len(told), len(told) + 1))
        places = np.concatenate([np.zeros(counts[0]), unfilled[1] + 1, delisted[1] + 1, np.zeros(counts[3])])
        order = np.argsort(rows, kind="stable")
        events = {
            "date": terms.market.dates[rows[order]],
            "kind": pd.Index(KINDS).take(np.repeat(np.arange(len(KINDS)), counts)[order]),
            "asset": pd.Index([""]).append(assets).take(places.astype(np.int64)[order]),
            "detail": pd.Index([*told, *_NOT_FILLED]).take(details[order]),
        }
        return pd.DataFrame(events)


def _stacked(told: "list[tuple[int, pd.Series[float]]]", dates: pd.DatetimeIndex) -> pd.DataFrame:
    """One row a decision; names in the order in which they first came."""
    frame = pd.DataFrame([series for _, series in told])
    frame.index = dates[[row for row, _ in told]].rename("date")
    return frame
