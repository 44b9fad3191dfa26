"""Holds the data of a back-test: returns, factors, cash rate, volumes and delistings, date by date."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_date
from statefolio.backtest.dividends import last_known, read_dividends
from statefolio.backtest.market_data import read_market
from statefolio.backtest.market_futures import cut, perturb
from statefolio.backtest.market_showing import ShownMarket
from statefolio.backtest.market_tables import NOT_DELISTED, MarketTables, Table, mean_return


class Market(ShownMarket):
    """Returns of assets, and other data that policies may see. A market cannot be changed.

    Parameters
    ----------
    returns : DataFrame (date x asset)
        Simple total returns in decimals, from one close to the next; NaN where not observed. Excess returns work too,
        with `cash_rate` 0: the account then earns excess returns. Where prices are known, use `Market.from_prices`:
        returns with gaps do not say what was earned across them.
    factors : DataFrame (date x factor), optional
        Factor returns. The account runs on all dates of `returns`. Models see only the dates on which all factors are
        known; a warning, and events of each run, name the others.
    cash_rate : float or Series by date, default 0
        Return of cash on a date, in decimals. A mean above 100 % a year, or a date above 1,000 % a year, is refused: it
        is a yearly rate or percent.
    dollar_volumes : DataFrame (date x asset), optional
        Traded volume in currency.
    delistings : Series of dates by asset, optional
        Last date of an asset that is delisted; its position is closed on the next date of the market. Delistings after
        the last date of the market are ignored, because they are not known yet.
    delisting_return : float or Series by asset, default 0
        Return of a position that is closed by a delisting; -1 is a total loss.
    delisted_after : int, default 21
        An asset without a return on this many consecutive dates counts as delisted from then on.
    others : mapping of DataFrame, optional
        Other tables for policies, by name, each indexed by the dates on which its rows became known.
    gaps_bridged : bool, optional
        The return after a gap holds the whole move since the last price. Default: True for returns from
        `to_returns(prices, bridge_gaps=True)`, which record it in `attrs`, else False. If True, the account earns that
        return. Policies see it as missing, because it is not the return of one date, and an order on its date is not
        filled, because there was no price at the previous close. If False, the move across a gap is unknown: the
        account counts missing returns as 0, and a run that holds an asset over them warns.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        If an argument cannot be used.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> market = sf.Market(demo.returns.iloc[:, :3], demo.factors, cash_rate=0.0001)
    >>> market
    Market(2263 dates, 2014-01-03 to 2022-12-28; 3 assets)
    >>> market.until("2019").dates[-1]
    Timestamp('2019-12-31 00:00:00')
    """

    def __init__(
        self,
        returns: Any,
        factors: Any = None,
        *,
        cash_rate: "float | pd.Series[float]" = 0.0,
        dollar_volumes: Any = None,
        delistings: "pd.Series[Any] | Mapping[Any, Any] | None" = None,
        delisting_return: "float | pd.Series[float]" = 0.0,
        delisted_after: int = 21,
        others: Mapping[str, Any] | None = None,
        gaps_bridged: bool | None = None,
    ) -> None:
        self._tables = read_market(
            returns,
            factors,
            cash_rate,
            dollar_volumes,
            delistings,
            delisting_return,
            delisted_after,
            others,
            gaps_bridged,
        )

    @classmethod
    def from_prices(cls, prices: Any, factors: Any = None, *, dividends: Any = None, **options: Any) -> "Market":
        """Make a market from prices; a position held over dates without a price earns the whole move at the next price.

        Parameters
        ----------
        prices : DataFrame (date x asset)
            Prices adjusted for splits, and for dividends unless these are given; NaN where not observed.
        dividends : DataFrame (date x asset), optional
            Cash per share on the first date without it (the ex-date), which the account receives then; NaN or 0 where
            there is none. Prices must not be adjusted for them: a warning tells where prices do not fall by them.
            Policies and models see returns with dividends.
        factors, **options
            As for `Market`, whose returns are `to_returns(prices, bridge_gaps=True)`, with `gaps_bridged`.

        Examples
        --------
        >>> import pandas as pd
        >>> import statefolio as sf
        >>> dates = pd.bdate_range("2024-01-01", periods=6)
        >>> market = sf.Market.from_prices(pd.DataFrame({"A": [100, 100, 100, None, 120, 121]}, index=dates))
        >>> held = pd.DataFrame({"A": [1.0]}, index=dates[1:2])
        >>> sf.backtest.simulate(held, market, capital=100).value.round(2).tolist()
        [100.0, 100.0, 100.0, 120.0, 121.0]
        """
        from statefolio.data.checks import checked_table
        from statefolio.data.returns import to_returns

        market = cls(to_returns(prices, bridge_gaps=True), factors, gaps_bridged=True, **options)
        values, returns = checked_table(prices, "prices").to_numpy(dtype=np.float64), market.tables.returns
        positive = values > 0.0
        spans_gap = positive[1:] & ~positive[:-1] & ~np.isnan(returns.values)
        known = last_known(values)
        paid = None if dividends is None else read_dividends(dividends, returns, known[:-1])
        last = Table(known[1:].copy(), returns.dates, returns.names)
        return cls.of_tables(replace(market.tables, spans_gap=spans_gap, prices=last, dividends=paid))

    def with_prices(self, prices: Any) -> "Market":
        """Return a copy with the last known prices at each close, which orders in whole lots need; returns stay.

        Parameters
        ----------
        prices : DataFrame (date x asset)
            Of the assets of the market; NaN where not observed.
        """
        from statefolio.data.checks import checked_table

        table = checked_table(prices, "prices").reindex(columns=self.assets)
        known = table.where(table > 0.0).ffill().reindex(self.dates, method="ffill")
        values = np.ascontiguousarray(known.to_numpy(dtype=np.float64))
        return Market.of_tables(replace(self._tables, prices=Table(values, self.dates, self.assets)))

    @classmethod
    def of_tables(cls, tables: MarketTables) -> "Market":
        """Make a market from validated tables."""
        market = cls.__new__(cls)
        object.__setattr__(market, "_tables", tables)
        return market

    def __setattr__(self, name: str, value: Any) -> None:
        if "_tables" in self.__dict__:
            raise AttributeError(f"a Market cannot be changed, got a value for {name!r}. Make a new Market.")
        object.__setattr__(self, name, value)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @property
    def tables(self) -> MarketTables:
        """Validated arrays of the market."""
        return self._tables

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Dates of the returns."""
        return self._tables.returns.dates

    @property
    def assets(self) -> pd.Index:
        """Names of the assets."""
        return self._tables.returns.names

    @property
    def returns(self) -> pd.DataFrame:
        """Simple returns that positions earn (date x asset), read-only; without dividends where these are given."""
        return self._tables.returns.frame

    @property
    def excess_returns(self) -> pd.DataFrame:
        """Simple returns, dividends included, minus the cash rate (date x asset)."""
        paid = self.dividends
        return (self.returns if paid is None else self.returns + paid).sub(self.cash_rate, axis=0)

    @property
    def dividends(self) -> pd.DataFrame | None:
        """Dividends per unit of currency held (date x asset), read-only; None unless they are given."""
        return None if self._tables.dividends is None else self._tables.dividends.frame

    @property
    def prices(self) -> pd.DataFrame | None:
        """Last known price at each close (date x asset), read-only; None for a market made from returns."""
        return None if self._tables.prices is None else self._tables.prices.frame

    @property
    def factors(self) -> pd.DataFrame | None:
        """Factor returns (date x factor), read-only."""
        return None if self._tables.factors is None else self._tables.factors.frame

    @property
    def missing_factors(self) -> "pd.Series[float]":
        """Mean return of the assets on each date on which a factor is missing; models do not see these dates."""
        missing = self._tables.missing_factors
        means = [mean_return(row[None, :]) for row in self._tables.returns.values[missing]]
        return pd.Series(means, index=self.dates[missing], name="mean_return", dtype=np.float64)

    def model_data(self) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """Return what models see: excess returns of one date each, and factors, on the dates with all factors."""
        tables = self._tables
        seen = ~tables.missing_factors
        excess = (tables.one_date_returns - tables.cash_rate[:, None])[seen]
        frame = pd.DataFrame(excess, index=self.dates[seen], columns=self.assets)
        return frame, None if self.factors is None else self.factors[seen]

    @property
    def cash_rate(self) -> "pd.Series[float]":
        """Return of cash on each date."""
        return pd.Series(self._tables.cash_rate, index=self.dates, name="cash_rate", copy=False)

    @property
    def dollar_volumes(self) -> pd.DataFrame | None:
        """Traded volume in currency (date x asset), read-only."""
        return None if self._tables.dollar_volumes is None else self._tables.dollar_volumes.frame

    @property
    def delistings(self) -> "pd.Series[Any]":
        """Last dates of the assets with an announced delisting."""
        delisted = self._tables.last_dates != NOT_DELISTED
        last = self.dates[self._tables.last_dates[delisted]]
        return pd.Series(last, index=self.assets[delisted], name="last_date")

    @property
    def delisting_return(self) -> "pd.Series[float]":
        """Return of a position that is closed by a delisting, by asset."""
        return pd.Series(self._tables.delisting_return, index=self.assets, name="delisting_return", copy=False)

    @property
    def delisted_after(self) -> int:
        """Number of consecutive dates without a return after which an asset counts as delisted."""
        return self._tables.delisted_after

    @property
    def others(self) -> Mapping[str, pd.DataFrame]:
        """Other tables by name, read-only."""
        return MappingProxyType({name: table.frame for name, table in self._tables.others.items()})

    def until(self, date: Any) -> "Market":
        """Return a copy without anything after a date, including later delistings."""
        return Market.of_tables(cut(self._tables, read_date(date, "date", last=True)))

    def perturbed_after(self, date: Any, seed: int = 0) -> "Market":
        """Return a copy with the same past and another future: all numbers after a date are replaced by random ones.

        The pattern of missing returns is random too, and later delistings are removed. The dates stay the same.

        Examples
        --------
        >>> import statefolio as sf
        >>> market = sf.Market(sf.load_demo().returns.iloc[:, :3])
        >>> other = market.perturbed_after("2019", seed=1)
        >>> [bool((market.returns.loc[year] == other.returns.loc[year]).all(axis=None)) for year in ("2019", "2020")]
        [True, False]
        """
        return Market.of_tables(perturb(self._tables, read_date(date, "date", last=True), np.random.default_rng(seed)))
