"""Describes the state of a walk and the data it was computed from, so that it can be interrupted and continued."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio.backtest.account import Account
from statefolio.backtest.account_arrays import Terms
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.decision_comparison import PolicySnapshot
from statefolio.backtest.market_tables import NOT_DELISTED, Table
from statefolio.backtest.run_settings import RunSettings
from statefolio.portfolio.policy import Policy


@dataclass
class WalkState:
    """State of a walk, without the market. The walk changes it, so pickle it (as one object) before the next step.

    Attributes
    ----------
    row : int
        Row of the next date to settle.
    policies : dict of Policy
    accounts : dict of Account
    shared : dict
        What policies computed for each other.
    snapshots : list of PolicySnapshot
    decision_dates, stride : int
        With `Drift` and a number of cuts: dates with a decision so far, of which every `stride`-th has a snapshot.
    fingerprint : str
        Hash of the settings and of the market before `row`: the walk can only continue on the same.
    """

    row: int
    policies: dict[str, Policy]
    accounts: dict[str, Account]
    shared: dict[Hashable, Any]
    snapshots: list[PolicySnapshot]
    fingerprint: str = ""
    decision_dates: int = 0
    stride: int = 1


class Fingerprint:
    """Hash of a walk's settings and of its market up to a date; each row is read once.

    Parameters
    ----------
    settings, terms, rebalance, cuts
        Settings of the walk; `cuts` are rows.
    """

    def __init__(
        self, settings: RunSettings, terms: Terms, rebalance: Rebalance, cuts: "np.typing.NDArray[np.int64]"
    ) -> None:
        dates = (settings.start, settings.stop)
        numbers = (*dates, settings.capital, settings.lag, settings.periods_per_year, rebalance, cuts.tolist())
        tables, costs, charges = settings.market.tables, terms.costs, terms.charges
        dated = {name: each for name, each in {"borrow": costs.borrow, "rebate": costs.rebate}.items() if len(each) > 1}
        rates = (
            *(each.tolist() for each in (costs.trade, costs.borrow[0], costs.rebate[0])),
            *(costs.impact, costs.window, costs.financing),
            *(np.asarray(each).tolist() for each in terms.orders),
            *(charges.management, charges.performance, settings.costs.crystallised),
        )
        rate = Table(tables.cash_rate[:, None], tables.returns.dates, tables.returns.names[:1])
        named = {"returns": tables.returns, "cash_rate": rate, "factors": tables.factors}
        named |= {"dollar_volumes": tables.dollar_volumes, "prices": tables.prices, "dividends": tables.dividends}
        named |= {name: Table(rate.copy(), tables.returns.dates, tables.returns.names) for name, rate in dated.items()}
        for name, amounts in (("deposits", charges.deposits), ("withdrawals", charges.withdrawals)):
            if amounts.any():
                named[name] = Table(amounts[:, None], tables.returns.dates, tables.returns.names[:1])
        named |= {f"others/{name}": table for name, table in sorted(tables.others.items())}
        self._tables = [table for table in named.values() if table is not None]
        self._dates, self._last_dates = tables.returns.dates, tables.last_dates
        names = [(name, table.names.tolist()) for name, table in named.items() if table is not None]
        delisting = (tables.delisting_return.tolist(), tables.delisted_after, tables.spans_gap is not None)
        self._settings = repr((numbers, rates, names, delisting)).encode()
        self._digests = [hashlib.sha256() for _ in self._tables]
        self._read = [0] * len(self._tables)

    def before(self, row: int) -> str:
        """Return the hash of what is known before a row's date; rows must not decrease."""
        delisted = np.where(self._last_dates < row, self._last_dates, NOT_DELISTED)
        found = hashlib.sha256(self._settings + delisted.tobytes())
        for place, (table, digest) in enumerate(zip(self._tables, self._digests, strict=True)):
            known = int(table.dates.searchsorted(self._dates[row - 1], side="right")) if row else 0
            rows = slice(self._read[place], known)
            digest.update(np.column_stack([table.dates.asi8[rows], table.values[rows].view(np.int64)]).tobytes())
            self._read[place] = known
            found.update(digest.digest())
        return found.hexdigest()
