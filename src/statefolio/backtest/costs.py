"""Describes the costs of trading and holding positions, the fees of an account, and what its orders are made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import check_options
from statefolio.backtest.by_asset import by_asset
from statefolio.backtest.cost_rules import PERIODS, RULES
from statefolio.backtest.dated_rates import rates_by_date
from statefolio.exceptions import InputError


@dataclass(frozen=True, eq=False)
class TradingCosts:
    """Costs and fees of an account; each is charged once, to cash.

    Parameters
    ----------
    proportional, half_spread
        Shares of the traded value: a number, or a Series by asset. Commission and tax; half the bid-ask spread.
    impact
        Coefficient Y of the square-root model of market impact (Almgren, Thum, Hauptmann and Li 2005, Risk; Toth et al.
        2011, Physical Review X 1): trading an amount q of currency costs `Y sigma sqrt(q / V) q`, where sigma is the
        root mean square of the asset's daily returns and V its mean dollar volume, both over the dates before the
        trade. It needs dollar volumes. An order in an asset whose sigma or V is unknown, or whose V is 0, is not
        filled.
    impact_window
        Number of dates from which sigma and V are estimated.
    borrow
        Annual fee on the value of short positions: a number, a Series by asset, or a DataFrame (date x asset) of the
        rates on every date.
    financing
        Annual spread over the cash rate on negative cash.
    minimum_commission
        Least commission of an order, in currency: a number, or a Series by asset. The ledger's line
        `minimum_commission` has what it costs beyond `proportional`.
    lot_size
        Shares of a lot: a number, or a Series by asset; 0 allows fractions of shares. Orders are whole lots, and
        positions are rounded towards zero; a position is closed whole. It needs prices: `Market.from_prices`.
    minimum_order
        Least value of an order, in currency. Smaller ones are not placed, unless they close a position.
    most_commission
        Most commission of an order, its minimum included, as a share of its value: orders that would pay more are not
        placed, unless they close a position. At least `proportional`. Default: any commission is paid.
    short_rebate
        Annual rate that short positions earn on their value in addition to the cash rate on the proceeds (negative: the
        broker keeps part of it): a number, a Series by asset, or a DataFrame (date x asset).
    management_fee
        Annual share of the value, charged on every date.
    performance_fee
        Share of the gains over the high-water mark. It accrues on every date, and is given back where gains are lost
        before the end of the period; deposits and withdrawals are not gains.
    crystallised : {"monthly", "quarterly", "yearly"}
        Period at whose end the accrued performance fee is kept for good and the high-water mark rises.

    Raises
    ------
    InputError
        If an option is out of bounds.

    Examples
    --------
    A commission of 5 and a half spread of 2 basis points, and 1 % a year for borrowed stocks:

    >>> import statefolio as sf
    >>> costs = sf.TradingCosts(proportional=0.0005, half_spread=0.0002, borrow=0.01)
    >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
    >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, costs=costs)
    >>> ledger = result.ledger
    >>> print(f"{ledger['traded'].sum():,.0f} traded, {ledger['trading_cost'].sum():,.0f} paid")
    1,561,102 traded, 1,093 paid

    Whole shares, one unit of currency per order at least, and the fees of a fund:

    >>> costs = sf.TradingCosts(0.0005, minimum_commission=1, lot_size=1, management_fee=0.01, performance_fee=0.2)
    >>> market = sf.Market.from_prices(sf.load_demo_prices().loc["2014", ["AAPL", "JNJ", "KO"]])
    >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, costs=costs, capital=50_000)
    >>> result.ledger[["minimum_commission", "management_fee", "performance_fee"]].sum().round(2).to_dict()
    {'minimum_commission': 24.03, 'management_fee': 537.88, 'performance_fee': 2131.82}
    """

    proportional: "float | pd.Series[float]" = 0.0
    half_spread: "float | pd.Series[float]" = 0.0
    impact: float = 0.0
    impact_window: int = 60
    borrow: "float | pd.Series[float] | pd.DataFrame" = 0.0
    financing: float = 0.0
    minimum_commission: "float | pd.Series[float]" = 0.0
    lot_size: "float | pd.Series[float]" = 0.0
    minimum_order: float = 0.0
    most_commission: float | None = None
    short_rebate: "float | pd.Series[float] | pd.DataFrame" = 0.0
    management_fee: float = 0.0
    performance_fee: float = 0.0
    crystallised: str = "yearly"

    def __post_init__(self) -> None:
        check_options(self, RULES)

    def trade_rates(self, assets: pd.Index) -> Array:
        """Return the cost of trading one unit of value, by asset (N,), without impact and minimum commissions.

        Raises
        ------
        DataTypeError, InputError, UnknownNameError
            If a cost is negative or not a number, or an asset has none.
        """
        proportional = by_asset(self.proportional, assets, "proportional")
        return np.asarray(proportional + by_asset(self.half_spread, assets, "half_spread"))

    def borrow_rates(self, assets: pd.Index, dates: pd.DatetimeIndex | None = None) -> Array:
        """Return the annual fee on one unit of short value, by asset (N,); with dates, (1, N) or (T, N)."""
        if dates is None:
            return by_asset(self.borrow, assets, "borrow")
        return rates_by_date(self.borrow, dates, assets, "borrow", least=0.0)

    def rebate_rates(self, assets: pd.Index, dates: pd.DatetimeIndex) -> Array:
        """Return the annual rebate on one unit of short value, by date and asset, (1, N) or (T, N)."""
        return rates_by_date(self.short_rebate, dates, assets, "short_rebate", least=-np.inf)

    def lots(self, assets: pd.Index) -> Array:
        """Return the shares of a lot by asset (N,); 0 for fractions."""
        return by_asset(self.lot_size, assets, "lot_size")

    def minimum_commissions(self, assets: pd.Index) -> Array:
        """Return the least commission of an order by asset (N,), in currency."""
        return by_asset(self.minimum_commission, assets, "minimum_commission")

    def least_orders(self, assets: pd.Index) -> Array:
        """Return the least value of an order that closes no position, by asset (N,), in currency.

        Raises
        ------
        InputError
            If orders of any size would pay more than `most_commission`.
        """
        least: Array = np.full(len(assets), float(self.minimum_order))
        if self.most_commission is None:
            return least
        proportional = by_asset(self.proportional, assets, "proportional")
        if (proportional > self.most_commission).any():
            raise InputError(
                f"most_commission must be at least proportional, {proportional.max():g}, got {self.most_commission:g}: "
                "no order could be placed. Raise it."
            )
        return np.asarray(np.maximum(least, self.minimum_commissions(assets) / self.most_commission))


def new_periods(costs: Any, dates: pd.DatetimeIndex) -> "np.typing.NDArray[np.bool_]":
    """Mark the first date of each period of the performance fee (T,)."""
    periods = dates.to_period(PERIODS[costs.crystallised]).asi8
    return np.append(False, periods[1:] != periods[:-1])
