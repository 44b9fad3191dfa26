"""Lists the trades of an account: every round trip with its dates, profit, costs, and why it was entered and left."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.backtest.by_asset import by_asset
from statefolio.backtest.events import CLOSED, FALLBACK, UNFILLED_ORDER
from statefolio.backtest.whole_orders import SMALLEST_ORDER
from statefolio.exceptions import InputError
from statefolio.portfolio.policies.notes import SOLD_WITHOUT_DATA

if TYPE_CHECKING:
    from statefolio.backtest.market import Market

TRADES = (
    "asset",
    "side",
    "entry",
    "exit",
    "open",
    "dates",
    "bought",
    "sold",
    "value",
    "profit",
    "unrealised",
    "cost",
    "entered",
    "left",
)
Places = npt.NDArray[np.int64]
_SUMS = ("bought", "sold", "profit", "cost", "basis")


def list_trades(result: Any) -> pd.DataFrame:
    """Return one row per trade of an account, in the order of their entries; see `BacktestResult.trades`."""
    if result.market is None:
        raise InputError(
            "trades need the market of the back-test, got a result without one. Run the back-test again with this "
            "version."
        )
    return _Trips(result, result.market).table()


class _Trips:
    """Follows the positions of a result date by date, and lists a trade whenever a position is closed."""

    def __init__(self, result: Any, market: "Market") -> None:
        tables, assets = market.tables, result.weights.columns
        self._result, self._dates, self._assets = result, pd.DatetimeIndex(result.ledger.index), assets
        ledger = result.ledger
        left = ledger["value"].shift() - ledger["trading_cost"] - ledger["impact_cost"]
        if "minimum_commission" in ledger:
            left = left - ledger["minimum_commission"]
        self._weights, self._invested = result.weights.to_numpy(), left.clip(lower=0.0).to_numpy()
        self._first = int(market.dates.get_indexer(self._dates[:1])[0])
        self._returns = tables.returns.values
        self._volumes = None if tables.dollar_volumes is None else tables.dollar_volumes.values
        self._delisting_return = tables.delisting_return
        self._trade_rate = result.costs.trade_rates(assets)
        self._borrow_rate = result.costs.borrow_rates(assets, self._dates) / result.periods_per_year
        self._rebate_rate = result.costs.rebate_rates(assets, self._dates) / result.periods_per_year
        self._commission = by_asset(result.costs.proportional, assets, "proportional")
        self._minimum = result.costs.minimum_commissions(assets)
        self._dividends = None if tables.dividends is None else tables.dividends.values
        self._whole = "untraded" in ledger or "minimum_commission" in ledger
        lines = {"dividends": "dividends", "short_rebate": "rebate"}
        self._income = [column for line, column in lines.items() if line in ledger]
        self._unfilled, self._delisted = (self._marked(kind) for kind in (UNFILLED_ORDER, CLOSED))
        self._fallbacks = set(result.events.loc[result.events["kind"] == FALLBACK, "date"])
        self._held = np.zeros(len(assets))
        self._sums = {name: np.zeros(len(assets)) for name in (*_SUMS, *self._income)}
        self._since, self._side = np.zeros(len(assets), dtype=np.int64), np.zeros(len(assets))
        self._entered = np.full(len(assets), "", dtype=object)
        self._rows: list[dict[str, object]] = []

    def table(self) -> pd.DataFrame:
        traded = self._result.ledger["traded"].to_numpy() > 0.0
        last = len(self._dates) - 1
        for row in range(1, last + 1):
            if traded[row]:
                self._trade(row)
            self._earn(row)
        left = "bankrupt" if self._result.stopped.startswith("bankrupt") else "end"
        self._close(np.flatnonzero(self._held), last, left, still_open=True)
        listed = pd.DataFrame(self._rows, columns=[*TRADES, *self._income])
        return listed.sort_values("entry", kind="stable", ignore_index=True)

    def _trade(self, row: int) -> None:
        """Split an order into what closes or reduces positions and what opens or adds to them."""
        before = self._held
        after = self._weights[row] * self._invested[row]
        if row in self._unfilled:
            unfilled = self._unfilled[row]
            after[unfilled] = before[unfilled]
        order = after - before
        if self._whole:  # a position that is not traded has the rounding of its weight
            kept = np.abs(order) <= SMALLEST_ORDER * self._invested[row]
            order[kept], after[kept] = 0.0, before[kept]
        cost = self._trade_rate * np.abs(order) + self._unit_impact(row) * np.abs(order) ** 1.5
        if self._minimum.any():
            cost += np.where(order != 0.0, np.maximum(self._minimum - self._commission * np.abs(order), 0.0), 0.0)
        flipped = np.sign(after) != np.sign(before)
        closing = np.where(flipped, -before, np.where(np.abs(after) < np.abs(before), order, 0.0))
        unit = np.divide(cost, np.abs(order), out=np.zeros_like(cost), where=order != 0.0)
        self._book(closing, unit)
        decided = self._dates[row - self._result.lag]
        why = "fallback" if decided in self._fallbacks else "rebalance"
        leaving = np.flatnonzero(flipped & (before != 0.0))
        for places, reason in self._by_reason(leaving, decided, why):
            self._close(places, row - 1, reason)
        entering = flipped & (after != 0.0)
        self._since[entering], self._entered[entering], self._side[entering] = row, why, np.sign(after[entering])
        self._held = np.where(flipped, 0.0, before + closing)
        self._book(order - closing, unit)
        self._held = after

    def _book(self, amount: Array, unit: Array) -> None:
        """Add purchases, sales, their costs, and the average cost of what stays."""
        sums, held = self._sums, self._held
        sums["bought"] += np.maximum(amount, 0.0)
        sums["sold"] += np.maximum(-amount, 0.0)
        sums["cost"] += unit * np.abs(amount)
        reduces = amount * held < 0.0
        left = np.divide(held + amount, held, out=np.ones_like(held), where=reduces)
        sums["basis"] = np.where(reduces, sums["basis"] * left, sums["basis"] + amount)

    def _earn(self, row: int) -> None:
        """Add the date's profit and borrow fees, and close delisted positions."""
        held, sums = self._held, self._sums
        gain = held * np.nan_to_num(self._returns[self._first + row], nan=0.0)
        sums["profit"] += gain
        sums["cost"] += self._borrow_rate[row % len(self._borrow_rate)] * np.maximum(-held, 0.0)
        if "dividends" in sums and self._dividends is not None:
            sums["dividends"] += held * self._dividends[self._first + row]
        if "rebate" in sums:
            sums["rebate"] += self._rebate_rate[row % len(self._rebate_rate)] * np.maximum(-held, 0.0)
        self._held = held + gain
        self._close(np.flatnonzero((self._held == 0.0) & (held != 0.0)), row, "worthless")
        gone = np.array(self._delisted.get(row, []), dtype=np.int64)
        if len(gone):
            loss = self._held[gone] * self._delisting_return[gone]
            sums["profit"][gone] += loss
            paid = self._held[gone] + loss
            sums["sold"][gone] += np.maximum(paid, 0.0)
            sums["bought"][gone] += np.maximum(-paid, 0.0)
            self._close(gone, row, "delisted")
            self._held[gone] = 0.0

    def _close(self, places: Any, row: int, left: str, still_open: bool = False) -> None:
        """List the trades of some assets, which end with the return of a row's date."""
        sums = self._sums
        for i in places:
            value = float(self._held[i]) if still_open else 0.0
            self._rows.append(
                {
                    "asset": self._assets[i],
                    "side": "long" if self._side[i] > 0.0 else "short",
                    "entry": self._dates[self._since[i] - 1],
                    "exit": self._dates[row],
                    "open": still_open,
                    "dates": int(row - self._since[i] + 1),
                    "value": value,
                    "unrealised": value - float(sums["basis"][i]) if still_open else 0.0,
                    "entered": self._entered[i],
                    "left": left,
                    **{name: float(sums[name][i]) for name in ("bought", "sold", "profit", "cost", *self._income)},
                }
            )
            for name in sums:
                sums[name][i] = 0.0

    def _by_reason(self, leaving: Places, decided: pd.Timestamp, why: str) -> list[tuple[Places, str]]:
        """Separate positions that a constraint of the policy sold from those that it chose to sell."""
        marked = self._result.details.get(SOLD_WITHOUT_DATA)
        if marked is None or decided not in marked.index or not len(leaving):
            return [(leaving, why)]
        forced = marked.loc[decided].reindex(self._assets[leaving]).fillna(0.0).to_numpy() > 0.0
        return [(leaving[~forced], why), (leaving[forced], "constraint")]

    def _unit_impact(self, row: int) -> Array:
        """The impact coefficient of an order of one unit of currency, as the account estimates it (N,)."""
        costs, stop = self._result.costs, self._first + row
        if not costs.impact > 0.0 or self._volumes is None:
            return np.zeros(len(self._assets))
        window = slice(max(stop - costs.impact_window, 0), stop)
        returns, volumes = self._returns[window], self._volumes[window]
        mean_square, mean_volume = (_mean(each) for each in (returns**2, volumes))
        known = (mean_volume > 0.0) & np.isfinite(mean_square)
        unit = np.sqrt(np.divide(mean_square, mean_volume, out=np.zeros_like(mean_square), where=known))
        return np.asarray(costs.impact * unit)

    def _marked(self, kind: str) -> dict[int, Places]:
        """Places of the assets with an event, by row of the ledger."""
        events = self._result.events
        found = events[events["kind"] == kind]
        rows = self._dates.get_indexer(pd.DatetimeIndex(found["date"]))
        places = self._assets.get_indexer(pd.Index(found["asset"]))
        return {int(row): places[rows == row] for row in np.unique(rows)}


def _mean(values: Array) -> Array:
    """Mean of the known values of each column; NaN without any."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    unknown = np.full(values.shape[1], np.nan)
    return np.asarray(np.divide(np.nansum(values, axis=0), count, out=unknown, where=count > 0))
