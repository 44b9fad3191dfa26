"""The data of a market as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array

NOT_DELISTED = -1


@dataclass(frozen=True, eq=False)
class Table:
    """Values by date and name, read-only.

    Attributes
    ----------
    values : (T, N) array
    dates : DatetimeIndex
    names : Index
    """

    values: Array
    dates: pd.DatetimeIndex
    names: pd.Index

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    def until(self, date: pd.Timestamp) -> "Table":
        """Return a copy that ends at a date."""
        count = int(self.dates.searchsorted(date, side="right"))
        return Table(self.values[:count].copy(), self.dates[:count].copy(), self.names)

    @property
    def frame(self) -> pd.DataFrame:
        """The table as a DataFrame, without a copy."""
        return pd.DataFrame(self.values, index=self.dates, columns=self.names, copy=False)


@dataclass(frozen=True, eq=False)
class MarketTables:
    """Data of a market with T dates, N assets and K factors.

    Attributes
    ----------
    returns : Table (T, N)
        Simple returns in decimals, NaN where not observed.
    cash_rate : (T,) array
    factors : Table (T, K), optional
    dollar_volumes : Table (T, N), optional
    last_dates : (N,) array of int
        Row of each asset's last date before an announced delisting, else `NOT_DELISTED`.
    delisting_return : (N,) array
    delisted_after : int
    others : mapping of Table
    spans_gap : (T, N) array of bool, optional
        Returns from an earlier close than the previous one, because there was no price on the dates between. None:
        it is not known what returns after missing ones span.
    prices : Table (T, N), optional
        Last known price at each close; NaN before the first.
    dividends : Table (T, N), optional
        Dividends of each date per unit of currency held at the last price. Returns are then those of prices alone.
    """

    returns: Table
    cash_rate: Array
    factors: Table | None
    dollar_volumes: Table | None
    last_dates: npt.NDArray[np.int64]
    delisting_return: Array
    delisted_after: int
    others: Mapping[str, Table] = field(default_factory=dict)
    spans_gap: npt.NDArray[np.bool_] | None = None
    prices: Table | None = None
    dividends: Table | None = None

    @property
    def total_returns(self) -> Array:
        """Returns with dividends (T, N)."""
        values = self.returns.values
        return values if self.dividends is None else values + self.dividends.values

    @property
    def one_date_returns(self) -> Array:
        """Total returns from one close to the next (T, N): NaN across a gap, so that models do not see them."""
        values = self.total_returns
        return values if self.spans_gap is None else np.where(self.spans_gap, np.nan, values)

    @property
    def unknown_moves(self) -> npt.NDArray[np.bool_]:
        """Missing returns between known ones (T, N) whose move is in no later return: the account counts them as 0."""
        missing = np.isnan(self.returns.values)
        if self.spans_gap is not None or not missing.any():
            return np.zeros_like(missing)
        later: npt.NDArray[np.bool_] = np.logical_or.accumulate(~missing[::-1])[::-1]
        return missing & later & np.logical_or.accumulate(~missing)

    @property
    def missing_factors(self) -> npt.NDArray[np.bool_]:
        """Dates with returns on which a factor is missing (T,)."""
        if self.factors is None:
            return np.zeros(len(self.returns.dates), dtype=bool)
        missing = np.isnan(self.factors.values).any(axis=1)
        if not missing.any():
            return np.asarray(missing)
        return np.asarray(missing & ~np.isnan(self.returns.values).all(axis=1))

    def __post_init__(self) -> None:
        for values in (self.cash_rate, self.last_dates, self.delisting_return):
            values.flags.writeable = False


def mean_return(returns: Array) -> float:
    """Return the compounded mean return of the assets over some dates; a date without any return counts as 0."""
    known = ~np.isnan(returns)
    means = np.where(known, returns, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return float(np.prod(1.0 + means) - 1.0)
