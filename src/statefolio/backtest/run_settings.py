"""Validates the options that all accounts of a run share: market, dates, costs, capital and lag."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_date, row_from, rows_through
from statefolio._arrays.text import show, shown, span
from statefolio._arrays.types import Array
from statefolio._options import Kind, Number, Whole, check_options
from statefolio.backtest.account_arrays import (
    FURTHER_LINES,
    LEDGER,
    ChargeArrays,
    CostArrays,
    MarketArrays,
    OrderArrays,
    Terms,
)
from statefolio.backtest.by_asset import by_asset
from statefolio.backtest.costs import TradingCosts, new_periods
from statefolio.backtest.flows import read_flows
from statefolio.backtest.market import Market
from statefolio.backtest.periods import PERIODS_RULE, read_periods
from statefolio.exceptions import InputError

_DAYS_BEFORE = 15
RULES = {
    "market": Kind(Market, "a Market", "Market(returns)"),
    "costs": Kind(TradingCosts, "TradingCosts", "TradingCosts(0.001)") | None,
    "lag": Whole(at_least=1),
    "capital": Number(above=0.0, example=1e6),
    "periods_per_year": PERIODS_RULE,
}


@dataclass(frozen=True, eq=False)
class RunSettings:
    """Settings that all accounts of a run share.

    Attributes
    ----------
    market : Market
    costs : TradingCosts
    start, stop : int
        Rows of the market: the first decision, and the row after the last date.
    capital : float
    lag : int
    periods_per_year : float
    deposits, withdrawals : (T,) array
        At the close of each date of the market.
    """

    market: Market
    costs: TradingCosts
    start: int
    stop: int
    capital: float
    lag: int
    periods_per_year: float
    deposits: Array
    withdrawals: Array

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Dates of the ledger."""
        return self.market.dates[self.start : self.stop]

    def market_arrays(self) -> MarketArrays:
        """Return the market as arrays for the compiled loop.

        Raises
        ------
        InputError
            If the costs include market impact and the market has no dollar volumes.
        """
        tables = self.market.tables
        if self.costs.impact > 0.0 and tables.dollar_volumes is None:
            raise InputError(
                f"impact must be 0 for a market without dollar volumes, got {self.costs.impact:g}. Pass "
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
            np.zeros((1, len(self.market.assets)), dtype=bool) if tables.spans_gap is None else tables.spans_gap,
            self._prices(),
            _no_values(len(self.market.assets)) if tables.dividends is None else tables.dividends.values,
        )

    def _prices(self) -> Array:
        """Last known prices by date (T, N) where orders are whole lots."""
        lots, prices = self.costs.lots(self.market.assets), self.market.tables.prices
        if not lots.any():
            return _no_values(len(lots))
        if prices is None:
            raise InputError(
                f"lot_size must be 0 for a market without prices, got {lots.max():g}. Use Market.from_prices(prices), "
                "market.with_prices(prices) or lot_size=0."
            )
        return prices.values

    def terms(self) -> Terms:
        """Return costs, orders and charges as arrays for the compiled loop, with fees per date."""
        assets, costs, year = self.market.assets, self.costs, self.periods_per_year
        lot, minimum, least = costs.lots(assets), costs.minimum_commissions(assets), costs.least_orders(assets)
        rebate = self._dated(costs.rebate_rates(assets, self.dates)) / year
        dividends = self.market.tables.dividends
        return Terms(
            CostArrays(
                costs.trade_rates(assets),
                float(costs.impact),
                int(costs.impact_window),
                self._dated(costs.borrow_rates(assets, self.dates)) / year,
                float(costs.financing) / year,
                rebate,
            ),
            OrderArrays(
                bool(lot.any() or minimum.any() or least.any()),
                by_asset(costs.proportional, assets, "proportional"),
                minimum,
                lot,
                least,
            ),
            ChargeArrays(
                bool(rebate.any() or dividends is not None or self._has_fees or self.has_flows),
                float(costs.management_fee) / year,
                float(costs.performance_fee),
                new_periods(costs, self.market.dates),
                self.deposits,
                self.withdrawals,
            ),
        )

    def _dated(self, rates: Array) -> Array:
        """Put rates of the run's dates on the rows of the market."""
        if len(rates) == 1:
            return rates
        found = np.zeros((len(self.market.dates), rates.shape[1]))
        found[self.start : self.stop] = rates
        return found

    @property
    def has_flows(self) -> bool:
        """Whether there are deposits or withdrawals."""
        return bool(self.deposits.any() or self.withdrawals.any())

    @property
    def _has_fees(self) -> bool:
        return self.costs.management_fee > 0.0 or self.costs.performance_fee > 0.0

    @cached_property
    def lines(self) -> list[int]:
        """Columns of the ledger that the run uses."""
        costs, assets = self.costs, self.market.assets
        used = {
            "minimum_commission": costs.minimum_commissions(assets).any(),
            "dividends": self.market.tables.dividends is not None,
            "short_rebate": costs.rebate_rates(assets, self.dates).any(),
            "management_fee": costs.management_fee > 0.0,
            "performance_fee": costs.performance_fee > 0.0,
            "deposits": self.has_flows,
            "withdrawals": self.has_flows,
            "untraded": costs.lots(assets).any() or costs.least_orders(assets).any(),
        }
        further = [len(LEDGER) + place for place, name in enumerate(FURTHER_LINES) if used[name]]
        return [*range(len(LEDGER)), *further]


def _no_values(assets: int) -> Array:
    """One row of zeros (1, N), read-only as the tables of a market are, so that no other code is compiled for it."""
    values = np.zeros((1, assets))
    values.flags.writeable = False
    return values


def make_settings(
    market: Market,
    start: Any,
    end: Any,
    costs: TradingCosts | None,
    capital: Any,
    lag: Any,
    periods_per_year: Any,
    flows: Any = None,
) -> RunSettings:
    """Validate the options of a run and find its first and last row.

    Raises
    ------
    DataTypeError
        If `market` is not a `Market`, or `costs` is not `TradingCosts`.
    InputError
        If a number is out of bounds, the market has no date from `start` to `end`, or `start` is more than 15 days, and
        two usual gaps between dates, before the market's first date.
    """
    options = {"market": market, "costs": costs, "lag": lag, "capital": capital, "periods_per_year": periods_per_year}
    check_options(options, RULES)
    dates = market.dates
    first = row_from(dates, start, "start")
    stop = rows_through(dates, end, "end")
    if stop <= first:
        raise InputError(
            f"start and end must enclose a date of the market, got start={shown(start)} and end={shown(end)}. Pass "
            f"dates within {span(dates)}."
        )
    if start is not None and first == 0:
        _check_not_before(dates, start)
    year = read_periods(periods_per_year, dates)
    deposits, withdrawals = read_flows(flows, dates, first)
    return RunSettings(
        market, costs or TradingCosts(), first, stop, float(capital), int(lag), year, deposits, withdrawals
    )


def _check_not_before(dates: pd.DatetimeIndex, start: Any) -> None:
    """Refuse a start long before the data; a holiday or a weekend before the first date is no error."""
    early = dates[0] - read_date(start, "start")
    usual = (dates[-1] - dates[0]) / max(len(dates) - 1, 1)
    if early > max(pd.Timedelta(days=_DAYS_BEFORE), 2 * usual):
        raise InputError(
            f"start must not be before the market's first date, {show(dates[0])}, got {shown(start)}, {early.days} "
            "days before. Pass a later start, or None for the first date."
        )
