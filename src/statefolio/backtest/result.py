"""Holds the results of a back-test: ledger, weights, decisions, events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from statefolio._display.headings import in_sentence
from statefolio._display.summary import SummaryList
from statefolio._renamed import FormerName
from statefolio.backtest.causal_check import CausalCheck
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.showing import ShownBacktest
from statefolio.backtest.trades import list_trades

SUMS = {
    "annual_trading_costs": ("trading_cost", "impact_cost", "minimum_commission"),
    "annual_fees": ("borrow_fee", "financing_fee", "management_fee", "performance_fee"),
}
"""Measures of costs, and the lines of the ledger that they sum."""
EVENTS = ("date", "kind", "asset", "detail")


@dataclass(frozen=True, eq=False, repr=False)
class BacktestResult(ShownBacktest):
    """Result of a back-test: everything that happened in one account.

    Attributes
    ----------
    name : str
    ledger : DataFrame by date, in currency
        value (at the close), profit, trading_cost, impact_cost, borrow_fee, financing_fee, cash_interest, traded
        (purchases and sales, both positive), cash. On every date the value changes by the profit minus costs and fees
        plus cash interest. The first row is the date of the first decision: the capital, before any trade.
        Where a run uses them it also has: minimum_commission, management_fee and performance_fee (negative where an
        accrued fee is given back), which are paid; dividends and short_rebate, which are received; deposits and
        withdrawals, both positive; untraded (value of the orders that lots and the least order left out).
    weights : DataFrame (date x asset)
        Shares of the value held during the date's return, after the trade.
    decisions : DataFrame (decision date x asset)
        Target weights; a decision not to trade has no row.
    details : mapping of DataFrame (decision date x name)
        Details that the decisions report, by name.
    events : DataFrame
        date, kind, asset, detail. The kinds: "fallback" (a policy found no solution), "note" (what limits
        the weights of a decision, e.g. positions sold without a forecast), "unfilled" (an order that could
        not be traded), "missing return" (an asset was held over a missing return, which the account counts as 0),
        "factors missing" (a date that models do not see, or a decision on such a date), "delisted", "bankrupt".
    costs : TradingCosts
    capital : float
    periods_per_year : float
    stopped : str
        Why the run ended early; empty if it did not.
    causality : CausalCheck, optional
        Check of decisions for look-ahead, if the run had `cuts`.
    decision_count : int
        Number of decisions, including fallbacks and decisions not to trade.
    market : Market, optional
        The market of the run, not copied.
    lag : int
        Number of dates from a decision to the first return it earns.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
    >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, costs=sf.TradingCosts(0.001))
    >>> result.ledger[["value", "profit", "trading_cost"]].head(3).round(0)
                    value   profit  trading_cost
    date
    2014-01-03  1000000.0      0.0           0.0
    2014-01-06  1016700.0  17699.0         999.0
    2014-01-07  1015209.0  -1490.0           0.0
    >>> result.summary()[["annual_return", "sharpe", "turnover", "cost_drag"]].round(3)
    annual_return    0.053
    sharpe           0.361
    turnover         1.564
    cost_drag        0.002
    Name: EqualWeight, dtype: float64
    """

    name: str
    ledger: pd.DataFrame
    weights: pd.DataFrame
    decisions: pd.DataFrame
    events: pd.DataFrame
    costs: TradingCosts
    capital: float
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    periods_per_year: float = 252.0
    stopped: str = ""
    causality: CausalCheck | None = None
    decision_count: int = 0
    market: Market | None = None
    lag: int = 1
    periods_a_year = FormerName("periods_per_year")

    @property
    def value(self) -> "pd.Series[float]":
        """Value at the close of each date, in currency."""
        return self.ledger["value"]

    @property
    def flows(self) -> "pd.Series[float] | None":
        """Deposits minus withdrawals at the close of each date, in currency; None for an account without them."""
        ledger = self.ledger
        return ledger["deposits"] - ledger["withdrawals"] if "deposits" in ledger else None

    @property
    def returns(self) -> "pd.Series[float]":
        """Returns after all costs and fees, from the date after the first decision; a deposit is not a gain."""
        value, flows = self.value, self.flows
        after = value if flows is None else value - flows
        return (after / value.shift() - 1.0).iloc[1:].rename("returns")

    @property
    def gross_returns(self) -> "pd.Series[float]":
        """Returns of the same weights before costs and fees; 0 on a date whose trading costs took the whole value."""
        ledger = self.ledger
        invested = ledger["value"].shift() - ledger["trading_cost"] - ledger["impact_cost"]
        earned = ledger["profit"] + ledger["cash_interest"]
        if "minimum_commission" in ledger:
            invested = invested - ledger["minimum_commission"]
        for income in ("dividends", "short_rebate"):
            earned = earned + ledger[income] if income in ledger else earned
        return (earned / invested).where(invested > 0.0, 0.0).iloc[1:].rename("gross_returns")

    @property
    def turnover(self) -> "pd.Series[float]":
        """Value of purchases and sales on each date, over the value before them."""
        ledger = self.ledger
        return (ledger["traded"] / ledger["value"].shift()).iloc[1:].rename("turnover")

    @property
    def growth(self) -> "pd.Series[float]":
        """Value by date of the capital alone, without deposits and withdrawals: compounded net returns."""
        if self.flows is None:
            return self.value
        grown = self.capital * (1.0 + self.returns).cumprod()
        return pd.concat([self.value.iloc[:1], grown]).rename("value")

    @property
    def drawdown(self) -> "pd.Series[float]":
        """Value over its highest value so far, minus one; deposits and withdrawals do not count."""
        value = self.growth
        return (value / value.cummax() - 1.0).rename("drawdown")

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Every round trip of the account, in the order of their entries.

        A trade begins when a position is opened and ends when it is closed or changes its sign; purchases and sales in
        between belong to it. Profit, realised and unrealised, is that of average cost: a sale of half a position
        realises half of what it has earned so far.

        Returns
        -------
        DataFrame
            asset; side ("long", "short"); entry and exit (the closes at which it was bought and sold; of an open trade
            the last date); open; dates (number of returns earned); bought, sold (in currency, before costs); value (of
            an open position at the end, negative if short); profit (bought - sold + profit = value); unrealised (the
            part of an open trade's profit that is not yet sold); cost (commission, spread, impact and borrow fees);
            dividends and rebate (where the account has them);
            entered ("rebalance", "fallback") and left ("rebalance"; "constraint": sold for want of a covariance or a
            forecast; "fallback"; "delisted"; "worthless": a return of -100 %; "end" and "bankrupt": still open).

            Profits sum to the ledger's profit, and costs to its trading, impact and borrow costs and minimum
            commissions, to rounding.

        Raises
        ------
        InputError
            If the result has no market.

        Examples
        --------
        >>> import statefolio as sf
        >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
        >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, costs=sf.TradingCosts(0.001))
        >>> for trade in result.trades.itertuples():
        ...     print(trade.asset, trade.dates, trade.left, f"{trade.profit:,.0f} earned, {trade.cost:,.0f} paid")
        AAPL 249 end 143,047 earned, 498 paid
        AMD 249 end -133,359 earned, 569 paid
        BAC 249 end 44,055 earned, 494 paid
        """
        return list_trades(self)

    @property
    def fallbacks(self) -> pd.DataFrame:
        """Decisions that fell back, by reason: their number, their share of all decisions, the first and last date.

        Examples
        --------
        >>> import statefolio as sf
        >>> market = sf.Market(sf.load_demo().returns.iloc[:150, :3])
        >>> result = sf.run_backtest(sf.portfolio.InverseVolatility(window=63), market)
        >>> print(f"{result.fallbacks['share'].sum():.0%} of {result.decision_count} decisions")
        50% of 8 decisions
        """
        return self._by_reason("fallback")

    @property
    def notes(self) -> pd.DataFrame:
        """Notes on decisions that did not fall back, in the same form as `fallbacks`."""
        return self._by_reason("note")

    def _by_reason(self, kind: str) -> pd.DataFrame:
        found = self.events[self.events["kind"] == kind].groupby("detail", sort=False)["date"]
        table = pd.DataFrame(found.agg(decisions="count", first="min", last="max"))
        table.insert(1, "share", table["decisions"] / max(self.decision_count, 1))
        return table.rename_axis("reason")

    def summary(self, benchmark: Any = None, cash_rate: Any = None) -> SummaryList:
        """Return performance measures of the net returns, of turnover and of costs.

        These are the `measures` of this result, `daily_turnover` (mean of `turnover`), and as shares of the mean value
        `annual_trading_costs` (including impact and minimum commissions) and `annual_fees` (borrowing, financing,
        management and performance). `fallbacks` is the share of decisions that fell back, and `missing_returns` the
        number of missing returns over which an asset was held.

        Parameters
        ----------
        benchmark : Series by date, optional
            Returns to compare with.
        cash_rate : float or Series by date, optional
            Subtracted in measures of excess returns. Default: 0.

        Returns
        -------
        Series
        """
        from statefolio.backtest.performance import measures

        found = measures(self, benchmark=benchmark, cash_rate=0.0 if cash_rate is None else cash_rate)
        ledger, years = self.ledger.iloc[1:], len(self.returns) / self.periods_per_year
        average = float(self.value.mean())
        found["daily_turnover"] = float(self.turnover.mean())
        for name, lines in SUMS.items():
            used = [line for line in lines if line in ledger]
            found[name] = float(ledger[used].to_numpy().sum()) / average / years
        found["fallbacks"] = float(self.fallbacks["share"].sum())
        found["missing_returns"] = float((self.events["kind"] == "missing return").sum())
        reasons = [f"{in_sentence(name)}: {why}" for name, why in found.attrs["reasons"].items()]
        notes = [f"Not defined: {'; '.join(reasons)}."] if reasons else []
        return SummaryList(found, f"Back-test of {self.name}", {}, notes)
