"""Validates the options that all accounts of a run share: market, dates, costs, capital and lag."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_date, row_from, rows_through
from statefolio._arrays.text import show, shown, span
from statefolio._options import Kind, Number, Whole, check_options
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.periods import PERIODS_RULE, read_periods
from statefolio.backtest.settlement import CostArrays, MarketArrays
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
        )

    def cost_arrays(self) -> CostArrays:
        """Return the costs as arrays for the compiled loop, with fees per date."""
        assets, costs = self.market.assets, self.costs
        borrow = costs.borrow_rates(assets) / self.periods_per_year
        financing = float(costs.financing) / self.periods_per_year
        return CostArrays(costs.trade_rates(assets), float(costs.impact), int(costs.impact_window), borrow, financing)


def make_settings(
    market: Market,
    start: Any,
    end: Any,
    costs: TradingCosts | None,
    capital: Any,
    lag: Any,
    periods_per_year: Any,
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
    return RunSettings(market, costs or TradingCosts(), first, stop, float(capital), int(lag), year)


def _check_not_before(dates: pd.DatetimeIndex, start: Any) -> None:
    """Refuse a start long before the data; a holiday or a weekend before the first date is no error."""
    early = dates[0] - read_date(start, "start")
    usual = (dates[-1] - dates[0]) / max(len(dates) - 1, 1)
    if early > max(pd.Timedelta(days=_DAYS_BEFORE), 2 * usual):
        raise InputError(
            f"start must not be before the market's first date, {show(dates[0])}, got {shown(start)}, {early.days} "
            "days before. Pass a later start, or None for the first date."
        )
