"""Adds baskets up to the target weights of one account, and lets `backtest` earn and pay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._plausible.warn import leave_out
from statefolio.backtest.calendar import decision_dates
from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.result import BacktestResult
from statefolio.backtest.simulation import simulate
from statefolio.pairs.portfolio.capital import Capital
from statefolio.pairs.portfolio.settings import PortfolioSettings
from statefolio.pairs.portfolio.walked_basket import WalkedBasket, stopped

_OF_TRADES = ("trading_cost", "impact_cost", "minimum_commission")
"""Costs that a trade leaves less to invest by."""


@dataclass(frozen=True, eq=False)
class Positions:
    """Positions of n baskets on the T dates of an account, before money is made or lost.

    Attributes
    ----------
    units : DataFrame (date x basket)
        Units held after the close of each date, after stops.
    shares : DataFrame (date x basket)
        Shares of the value that the baskets have.
    weights : list of DataFrame (date x asset)
        Weights of each basket as shares of the whole value.
    stops : DataFrame
        date, basket, loss as a share of the basket's capital.
    """

    units: pd.DataFrame
    shares: pd.DataFrame
    weights: list[pd.DataFrame]
    stops: pd.DataFrame

    def total(self, assets: pd.Index) -> pd.DataFrame:
        """Return the weights (date x asset) of all baskets together: positions in shared assets are netted."""
        total = np.zeros((len(self.units), len(assets)))
        for one in self.weights:
            total[:, assets.get_indexer(one.columns)] += one.to_numpy()
        return pd.DataFrame(total, index=self.units.index, columns=assets)


@dataclass(frozen=True, eq=False)
class Placed:
    """A walked basket on all dates of a market.

    Attributes
    ----------
    units : (T,) array
        Units held from the start on, after stops.
    whole : (T, k) array
        Weights of one whole unit.
    earned : (T,) array
        Returns of one whole unit, also before the start.
    assets : Index
    stops : list of (date, loss)
    """

    units: Array
    whole: Array
    earned: Array
    assets: pd.Index
    stops: list[tuple[pd.Timestamp, float]]


def place(walked: WalkedBasket, settings: PortfolioSettings, market: Market) -> Placed:
    """Put a walked basket on the dates of a market, and apply the stop."""
    units, whole, earned = walked.on(market.dates, market.tables.returns.frame)
    first = int(market.dates.searchsorted(settings.start))
    stops: list[tuple[pd.Timestamp, float]] = []
    units = units[first:]
    if settings.stop_loss is not None:
        dates = market.dates[first:]
        units = stopped(units, earned[first:], settings.stop_loss, lambda row, loss: stops.append((dates[row], loss)))
    return Placed(units, whole[first:], earned, walked.whole.columns, stops)


def positions_of(
    placed: Mapping[str, Placed], settings: PortfolioSettings, market: Market, capital: Capital | None = None
) -> Positions:
    """Divide the capital among baskets and compute their weights; `capital` replaces that of the settings."""
    first = int(market.dates.searchsorted(settings.start))
    dates, names = market.dates[first:], list(placed)
    earned = np.column_stack([one.earned for one in placed.values()])
    divided = _shares(earned, first, names, settings, capital or settings.capital, dates)
    weights = [
        pd.DataFrame((divided[:, j] * one.units)[:, None] * one.whole, dates, one.assets)
        for j, one in enumerate(placed.values())
    ]
    stops = sorted((date, name, loss) for name, one in placed.items() for date, loss in one.stops)
    return Positions(
        pd.DataFrame(np.column_stack([one.units for one in placed.values()]), dates, names),
        pd.DataFrame(divided, dates, names),
        weights,
        pd.DataFrame(stops, columns=["date", "basket", "loss"]),
    )


def account_of(positions: Positions, settings: PortfolioSettings, market: Market, name: str) -> BacktestResult:
    """Run the account of all baskets together."""
    return simulate(
        positions.total(market.assets),
        market,
        costs=settings.costs,
        capital=settings.money,
        periods_per_year=settings.periods_per_year,
        name=name,
    )


def market_of(prices: pd.DataFrame) -> Market:
    """Return the market of validated prices; after a gap, the return since the last price."""
    return Market.from_prices(prices)


def apart(positions: Positions, settings: PortfolioSettings, prices: pd.DataFrame) -> BacktestResult:
    """Run the account in which every basket trades for itself: nothing is netted, so that it pays more.

    Its assets are pairs (basket, asset).
    """
    parts = dict(zip(positions.units.columns, positions.weights, strict=True))
    labels = [f"{name}: {asset}" for name, one in parts.items() for asset in one.columns]
    assets = [asset for one in parts.values() for asset in one.columns]
    leave_out("near_duplicate", labels)  # an asset of several baskets has a column for each
    return simulate(
        pd.concat(list(parts.values()), axis=1).set_axis(labels, axis=1),
        market_of(prices[assets].set_axis(labels, axis=1)),
        costs=_for_each(settings.costs, assets, labels),
        capital=settings.money,
        periods_per_year=settings.periods_per_year,
        name="baskets apart",
    )


def _for_each(costs: TradingCosts, assets: list[Any], labels: list[str]) -> TradingCosts:
    """Return the costs with those that are by asset repeated for each label."""
    changed: dict[str, Any] = {}
    for field in fields(costs):
        value = getattr(costs, field.name)
        if isinstance(value, pd.Series):
            changed[field.name] = pd.Series(value.reindex(assets).to_numpy(), index=labels)
        elif isinstance(value, pd.DataFrame):
            changed[field.name] = value.reindex(columns=assets).set_axis(labels, axis=1)
    return replace(costs, **changed)


def paid(result: BacktestResult) -> float:
    """Return all costs and fees of an account, in currency: what it earned less what its value gained."""
    ledger = result.ledger
    return float(ledger[["profit", "cash_interest"]].to_numpy().sum() - (ledger["value"].iloc[-1] - result.capital))


def contributions(positions: Positions, result: BacktestResult, market: Market) -> pd.DataFrame:
    """Return the profit (date x basket) of each basket in the account, before costs, in currency.

    They sum to the profit of the ledger on dates on which every order was filled whole.
    """
    ledger = result.ledger
    dates = pd.DatetimeIndex(ledger.index)
    spent = ledger[[name for name in _OF_TRADES if name in ledger]].sum(axis=1)
    invested = (ledger["value"].shift() - spent).fillna(0.0).to_numpy()
    returns = market.tables.returns.frame.reindex(dates).fillna(0.0)
    profit = np.zeros((len(dates), len(positions.weights)))
    for j, one in enumerate(positions.weights):
        held, own = one.reindex(dates).to_numpy(), returns[one.columns].to_numpy()
        profit[1:, j] = invested[1:] * (held[:-1] * own[1:]).sum(axis=1)
    return pd.DataFrame(profit, index=dates, columns=positions.units.columns)


def _shares(
    earned: Array,
    first: int,
    names: Sequence[str],
    settings: PortfolioSettings,
    capital: Capital,
    dates: pd.DatetimeIndex,
) -> Array:
    """Return shares of the value (T, n), decided on the rebalancing dates and kept until the next one."""
    found = np.zeros((len(dates), len(names)))
    decides = decision_dates(settings.rebalance, dates)
    for row in range(len(dates)):
        found[row] = capital.shares(earned[: first + row + 1], names) if decides[row] else found[row - 1]
    return found
