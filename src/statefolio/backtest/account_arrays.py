"""Declares the arrays of an account: market, costs, orders, positions, and the lines of the ledger."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array

LEDGER = (
    "value",
    "profit",
    "trading_cost",
    "impact_cost",
    "borrow_fee",
    "financing_fee",
    "cash_interest",
    "traded",
    "cash",
)
FURTHER_LINES = (
    "minimum_commission",
    "dividends",
    "short_rebate",
    "management_fee",
    "performance_fee",
    "deposits",
    "withdrawals",
    "untraded",
)
"""Lines that a ledger has where a run uses them."""

MINIMUM, DIVIDENDS, REBATE, MANAGEMENT, PERFORMANCE, DEPOSITS, WITHDRAWALS, UNTRADED = range(
    len(LEDGER), len(LEDGER) + len(FURTHER_LINES)
)
"""Columns of the further lines."""


class MarketArrays(NamedTuple):
    """A market of T dates and N assets; `volumes` and `prices` are (0, N) if they are unknown or not needed.

    `spans_gap` (T, N) marks returns from an earlier close than the previous one; (1, N) if there are none. `prices` are
    the last known ones at each close. `dividends` (T, N) are those of a unit of currency at the last price; (1, N) of
    zeros if there are none.
    """

    returns: Array
    cash_rate: Array
    volumes: Array
    last_dates: npt.NDArray[np.int64]
    delisting_return: Array
    delisted_after: int
    spans_gap: npt.NDArray[np.bool_]
    prices: Array
    dividends: Array


class CostArrays(NamedTuple):
    """Cost rates per unit of value traded (N,), and fee rates per date: borrow and rebate (T or 1, N), financing."""

    trade: Array
    impact: float
    window: int
    borrow: Array
    financing: float
    rebate: Array


class OrderArrays(NamedTuple):
    """What orders are made of (N,): commission rate, its minimum, shares of a lot (0: fractions); smallest order."""

    whole: bool
    commission: Array
    minimum: Array
    lot: Array
    least: Array


class ChargeArrays(NamedTuple):
    """Charges at the close: fee rates per date, first dates of fee periods (T,), deposits and withdrawals (T,)."""

    charged: bool
    management: float
    performance: float
    new_period: npt.NDArray[np.bool_]
    deposits: Array
    withdrawals: Array


class Terms(NamedTuple):
    """Everything that an account pays and receives beside its profit."""

    costs: CostArrays
    orders: OrderArrays
    charges: ChargeArrays


class Orders(NamedTuple):
    """Target weights (D, N), and which row of them is traded on each date (T,); -1 for no trade."""

    due: npt.NDArray[np.int64]
    targets: Array


class AccountState(NamedTuple):
    """Positions (N,) and cash (1,) in currency, and the number of dates since each asset's last return (N,).

    `high_water` (2,) is the value above which gains pay a performance fee, and the fee accrued in the period.
    """

    positions: Array
    cash: Array
    unseen: npt.NDArray[np.int64]
    high_water: Array


class Record(NamedTuple):
    """Output of a run, from the row of its first decision: ledger (T', lines), weights and event marks (T', N)."""

    ledger: Array
    weights: Array
    marks: npt.NDArray[np.uint8]
