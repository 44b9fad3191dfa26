"""Walks baskets forward together in one account, in which positions in shared assets are netted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._options import check
from statefolio._plausible.warn import leave_out, warned_once
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.periods import read_periods
from statefolio.backtest.result import BacktestResult
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.portfolio.account import (
    Positions,
    account_of,
    apart,
    contributions,
    market_of,
    paid,
    place,
    positions_of,
)
from statefolio.pairs.portfolio.settings import (
    PortfolioSettings,
    check_hedge,
    check_settings,
    names_of,
    read_baskets,
    read_start,
)
from statefolio.pairs.portfolio.showing import ShownPortfolio
from statefolio.pairs.portfolio.walked_basket import WalkedBasket, walk_basket
from statefolio.pairs.prices import Basket, read_prices
from statefolio.pairs.progress import Progress
from statefolio.pairs.trading.rules import Bands, Rule
from statefolio.pairs.trading.tuning_rows import RETUNE

_MEASURES = ("annual_return", "annual_volatility", "sharpe", "maximum_drawdown", "daily_turnover")


@dataclass(frozen=True, eq=False, repr=False)
class BasketPortfolio(ShownPortfolio):
    """Result of `walk_portfolio`: baskets that share one account, out of sample.

    Attributes
    ----------
    table : DataFrame (basket x measure)
        share (mean share of the value), profit (before costs, in currency, of the account), annual_return, sharpe and
        maximum_drawdown of the basket alone before costs, on its own capital; trades (changes of side); stops.
    result : BacktestResult
        The account: one ledger after costs, in which positions in shared assets are netted.
    equal : BacktestResult
        The same baskets with equal capital.
    apart : BacktestResult
        The same positions without netting: every basket pays for its own trades and short positions.
    units, shares : DataFrame (date x basket)
        Units held after each close, and shares of the value that the baskets have.
    profits : DataFrame (date x basket)
        Profit of each basket in currency, before costs.
    stops : DataFrame
        date, basket and loss of each stop.
    tried : int, optional
        Number of baskets from which a screen chose these.
    start : Timestamp
        Date of the first decision.
    settings : PortfolioSettings
    """

    table: pd.DataFrame
    result: BacktestResult
    equal: BacktestResult
    apart: BacktestResult
    units: pd.DataFrame
    shares: pd.DataFrame
    profits: pd.DataFrame
    stops: pd.DataFrame
    tried: int | None
    start: pd.Timestamp
    settings: PortfolioSettings = field(repr=False)
    hedges: Mapping[str, Hedge] = field(repr=False)

    @property
    def saved_by_netting(self) -> float:
        """Costs and fees that netting saves, in currency: those of `apart` less those of `result`."""
        return paid(self.apart) - paid(self.result)


@warned_once()
def walk_portfolio(
    prices: Any,
    baskets: Any,
    hedge: Hedge | None = None,
    rule: Rule | None = None,
    *,
    most: int | None = None,
    start: Any = None,
    retune: "Rebalance | None" = "monthly",
    capital_by: Any = "inverse_risk",
    risk_window: int = 126,
    rebalance: Any = "monthly",
    gross: float = 1.0,
    stop_loss: float | None = None,
    costs: TradingCosts | None = None,
    capital: float = 1_000_000.0,
    of: str = "innovation",
    lookback: int | None = None,
    periods_per_year: float | None = None,
    progress: Progress | None = None,
) -> BasketPortfolio:
    """Walk baskets forward together: capital by risk, stops by basket, shared assets netted, one account.

    Each basket is hedged and traded as in `walk_baskets`, tuned on past dates alone. Weights of all baskets, each times
    its share of the capital, add up to the target weights of one account on every date.

    Parameters
    ----------
    prices : DataFrame (date x asset)
    baskets : PairScreen, or list of baskets
        A screen contributes the baskets that pass its filters on the formation period; its later period is not looked
        at. Each basket of a list names the hedged asset first.
    hedge : Hedge, optional
        Copied for every basket. By default `StaticHedge()`, tuned again every month.
    rule : Rule, optional
        By default `Bands()`.
    most : int, optional
        Of a screen: take this number of baskets with the smallest p-values whose half-life and profit pass the filters,
        whether or not the p-values pass the false discovery rate.
    start : date, optional
        First decision. By default the date after the screen's formation period.
    retune, of, lookback
        As in `walk_baskets`.
    capital_by : {"inverse_risk", "equal"} or RiskBudget
        Capital in inverse proportion to the volatility of one whole unit; equal capital; or such that one whole unit of
        each basket contributes its share of the risk (budget by basket, named "A ~ B").
    risk_window : int, default 126
        Last dates from which volatilities and the covariance are estimated.
    rebalance : {"monthly", "weekly", "daily"} or int
        When the capital is divided anew. Positions follow their targets on every date.
    gross : float, default 1
        Sum of the shares of all baskets; a flat basket's share is in cash.
    stop_loss : float, optional
        Close a basket's position at the close at which it has lost this share of the basket's capital since it was
        opened, before costs. It stays closed until the rule has left the position.
    costs : TradingCosts, optional
        By default no costs.
    capital : float, default 1,000,000
        In currency.
    periods_per_year : float, optional
        By default from the dates, as in `measures`.
    progress : callable (done, total), optional

    Returns
    -------
    BasketPortfolio

    Raises
    ------
    InputError, DataTypeError, UnknownNameError
        For baskets or options that are not valid, a screen in which no basket passes, and a start in its formation
        period.

    Examples
    --------
    Three pairs of the smallest p-values until 2016, and the years after. None passes the false discovery rate:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "KO", "PEP", "PG", "XOM"]].loc["2010":]
    >>> screen = sf.pairs.screen_pairs(prices, until="2016", likelihood_ratio="none")
    >>> found = sf.pairs.walk_portfolio(prices, screen, most=3, costs=sf.TradingCosts(0.0005))
    >>> f"{len(found.table)} baskets of {found.tried} from {found.start:%Y-%m-%d}"
    '3 baskets of 10 from 2017-01-03'
    >>> float(abs(found.profits.sum(axis=1) - found.result.ledger["profit"]).max()) < 1e-6
    True
    """
    check("retune", retune, RETUNE)
    divided = check_settings(capital_by, risk_window, gross, rebalance, stop_loss)
    hedge = check_hedge(StaticHedge() if hedge is None else hedge)
    values, dates, assets = read_prices(prices, alike=False)
    members, tried = read_baskets(baskets, most, assets)
    frame = pd.DataFrame(values, dates, assets)
    settings = PortfolioSettings(
        hedge,
        Bands() if rule is None else rule,
        read_start(start, baskets, dates),
        retune,
        divided,
        rebalance,
        stop_loss,
        TradingCosts() if costs is None else costs,
        capital,
        of,
        lookback,
        read_periods(periods_per_year, dates),
    )
    names = names_of(members)
    used = assets[assets.isin([name for basket in members for name in basket])]
    leave_out("near_duplicate", used)  # the assets of a basket may move alike
    market = market_of(frame[used])
    walked = walk_all(frame, members, settings, progress)
    placed = {name: place(one, settings, market) for name, one in zip(names, walked, strict=True)}
    found = positions_of(placed, settings, market)
    result = account_of(found, settings, market, "portfolio")
    even = positions_of(placed, settings, market, replace(divided, by="equal"))
    profits = contributions(found, result, market)
    return BasketPortfolio(
        table=_table(found, profits, market),
        result=result,
        equal=account_of(even, settings, market, "equal capital"),
        apart=apart(found, settings, frame[used]),
        units=found.units,
        shares=found.shares,
        profits=profits,
        stops=found.stops,
        tried=tried,
        start=settings.start,
        settings=settings,
        hedges=dict(zip(names, [one.hedge for one in walked], strict=True)),
    )


def walk_all(
    prices: pd.DataFrame,
    members: Sequence[tuple[Any, ...]],
    settings: PortfolioSettings,
    progress: Callable[[int, int], None] | None = None,
) -> list[WalkedBasket]:
    """Walk each basket on its own."""
    found = []
    for basket in members:
        found.append(walk_one(prices, basket, settings))
        if progress is not None:
            progress(len(found), len(members))
    return found


def walk_one(prices: pd.DataFrame, basket: tuple[Any, ...], settings: PortfolioSettings) -> WalkedBasket:
    """Walk one basket with the settings of a portfolio.

    Raises
    ------
    InputError
        If no hedge can be estimated before the start.
    """
    own = prices[list(basket)]
    values = own.to_numpy(dtype=np.float64)
    missing = np.isnan(values).any(axis=1, keepdims=True)
    plain = Basket(np.where(missing, np.nan, values), pd.DatetimeIndex(own.index), own.columns)
    return walk_basket(
        settings.hedge, plain, settings.rule, settings.start, settings.retune, settings.of, settings.lookback
    )


def _table(found: Positions, profits: pd.DataFrame, market: Market) -> pd.DataFrame:
    """Return one row per basket: its share, its profit in the account, and measures of the basket alone."""
    from statefolio.backtest.performance import measures

    rows = {}
    returns = market.tables.returns.frame.reindex(found.units.index).fillna(0.0)
    for name, one in zip(found.units.columns, found.weights, strict=True):
        share = found.shares[name].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(share[:, None] > 0.0, one.to_numpy() / share[:, None], 0.0)
        alone = pd.Series((own[:-1] * returns[one.columns].to_numpy()[1:]).sum(axis=1), index=found.units.index[1:])
        side = np.sign(found.units[name].to_numpy())
        rows[name] = {
            "share": float(share.mean()),
            "profit": float(profits[name].sum()),
            **measures(alone)[["annual_return", "sharpe", "maximum_drawdown"]],
            "trades": float((np.diff(side, prepend=0.0) != 0.0).sum()),
            "stops": float((found.stops["basket"] == name).sum()),
        }
    return pd.DataFrame(rows).T.rename_axis("basket")
