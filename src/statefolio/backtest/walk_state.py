"""Where a walk stands, and on which data: what it takes to stop and to go on."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio.backtest.account import CostArrays
from statefolio.backtest.book import Book, Terms
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.market_tables import STAYS, Table
from statefolio.backtest.replay import Checkpoint
from statefolio.portfolio.policy import Policy


@dataclass
class WalkState:
    """Where a walk stands: everything but the market. Pickle it as one object, and at once: the walk goes on with it.

    Attributes
    ----------
    row : int
        Row of the next date to be settled.
    policies : dict of Policy
    books : dict of Book
    shared : dict
        What policies computed for each other.
    checkpoints : list of Checkpoint
    fingerprint : str
        Of the terms and of the market until the date before `row`, so that it continues on the same.
    """

    row: int
    policies: dict[str, Policy]
    books: dict[str, Book]
    shared: dict[Hashable, Any]
    checkpoints: list[Checkpoint]
    fingerprint: str = ""


class Fingerprint:
    """A digest of the terms of a walk, and of everything in its market until a date; each row is read once.

    Parameters
    ----------
    terms, rebalance, cuts
        Of the walk; `cuts` are rows.
    """

    def __init__(
        self, terms: Terms, costs: CostArrays, rebalance: Rebalance, cuts: "np.typing.NDArray[np.int64]"
    ) -> None:
        numbers = (terms.start, terms.stop, terms.capital, terms.lag, terms.periods_per_year, rebalance, cuts.tolist())
        charged = (costs.trade.tolist(), costs.borrow.tolist(), costs.impact, costs.window, costs.financing)
        tables = terms.market.tables
        rate = Table(tables.cash_rate[:, None], tables.returns.dates, tables.returns.names[:1])
        given = {"returns": tables.returns, "cash_rate": rate, "factors": tables.factors}
        given |= {"dollar_volumes": tables.dollar_volumes}
        given |= {f"others/{name}": table for name, table in sorted(tables.others.items())}
        self._tables = [table for table in given.values() if table is not None]
        self._dates, self._last_dates = tables.returns.dates, tables.last_dates
        names = [(name, table.names.tolist()) for name, table in given.items() if table is not None]
        left = (tables.delisting_return.tolist(), tables.delisted_after)
        self._terms = repr((numbers, charged, names, left)).encode()
        self._digests = [hashlib.sha256() for _ in self._tables]
        self._read = [0] * len(self._tables)

    def before(self, row: int) -> str:
        """The digest of what is known on the date before a row; rows come in order."""
        left = np.where(self._last_dates < row, self._last_dates, STAYS)
        found = hashlib.sha256(self._terms + left.tobytes())
        for place, (table, digest) in enumerate(zip(self._tables, self._digests, strict=True)):
            known = int(table.dates.searchsorted(self._dates[row - 1], side="right")) if row else 0
            rows = slice(self._read[place], known)
            digest.update(np.column_stack([table.dates.asi8[rows], table.values[rows].view(np.int64)]).tobytes())
            self._read[place] = known
            found.update(digest.digest())
        return found.hexdigest()
