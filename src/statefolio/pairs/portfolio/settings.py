"""Validates the baskets of a portfolio and the settings of its walk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import split_row
from statefolio._arrays.text import listed, show, shown
from statefolio._options import Kind, Number, OneOf, Whole, check
from statefolio.backtest.calendar import Rebalance
from statefolio.backtest.costs import TradingCosts
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.portfolio import capital
from statefolio.pairs.portfolio.capital import Capital
from statefolio.pairs.screening.baskets import labels
from statefolio.pairs.screening.result import PairScreen
from statefolio.pairs.trading.rules import Rule

STOP_LOSS = Number(above=0.0, below=1.0, example=0.05) | None
MOST = Whole(at_least=1, example=10) | None
REBALANCE = OneOf("monthly", "weekly", "daily") | Whole(at_least=1, example=21)


@dataclass(frozen=True, eq=False)
class PortfolioSettings:
    """Everything that determines a portfolio of given baskets: random baskets are walked with the same settings."""

    hedge: Hedge
    rule: Rule
    start: pd.Timestamp
    retune: "Rebalance | None"
    capital: Capital
    rebalance: Any
    stop_loss: float | None
    costs: TradingCosts
    money: float
    of: str
    lookback: int | None
    periods_per_year: float


def read_baskets(baskets: Any, most: int | None, assets: pd.Index) -> tuple[list[tuple[Any, ...]], int | None]:
    """Return the members of each basket, the hedged asset first, and the number of baskets tried, if it is known.

    Raises
    ------
    InputError, DataTypeError, UnknownNameError
        For a screen in which no basket passes, or baskets that are not lists of different assets of the prices.
    """
    check("most", most, MOST)
    if isinstance(baskets, PairScreen):
        table = baskets.selected if most is None else baskets.best(most)
        if table.empty:
            raise InputError(
                f"baskets must have at least one basket that passes the filters of the screen, got none of "
                f"{baskets.counts['tried']}. Pass most=10 for the ten smallest p-values, or screen with a higher fdr."
            )
        names = [column for column in table if str(column).startswith("asset_")]
        rows = table[names].itertuples(index=False)
        return [tuple(name for name in row if not pd.isna(name)) for row in rows], int(baskets.counts["tried"])
    if most is not None:
        raise InputError(f"most must be left out unless baskets is a screen, got {most}. Drop baskets from the list.")
    return _named(baskets, assets), None


def read_start(start: Any, baskets: Any, dates: pd.DatetimeIndex) -> pd.Timestamp:
    """Return the first date of the walk; for a screen by default the date after its formation period.

    Raises
    ------
    InputError
        If no start is given for baskets without a screen, or it lies in the formation period of the screen.
    """
    if not isinstance(baskets, PairScreen):
        if start is None:
            raise InputError(
                "start must be a date for baskets that are not a screen, got None. Pass e.g. start='2015'."
            )
        return pd.Timestamp(dates[split_row(dates, start, "start")])
    last = baskets.formation[1]
    if start is None:
        later = dates[dates > last]
        if not len(later):
            raise InputError(
                f"baskets must be a screen that ends before the prices do, got one until {show(last)}. Screen with an "
                "earlier until."
            )
        return pd.Timestamp(later[0])
    first = pd.Timestamp(dates[split_row(dates, start, "start")])
    if first <= last:
        raise InputError(
            f"start must be after {show(last)}, the last date that chose the baskets, got {show(first)}. Pass a later "
            "start, or screen with an earlier until."
        )
    return first


def check_settings(by: Any, window: int, gross: float, rebalance: Any, stop_loss: float | None) -> Capital:
    """Validate how capital is divided, and when."""
    check("capital_by", by, capital.RULES["by"])
    check("risk_window", window, capital.RULES["window"])
    check("gross", gross, capital.RULES["gross"])
    check("rebalance", rebalance, REBALANCE)
    check("stop_loss", stop_loss, STOP_LOSS)
    return Capital(by, window, gross)


def check_hedge(hedge: Any) -> Hedge:
    """Raise DataTypeError unless it is a hedge."""
    check("hedge", hedge, Kind(Hedge, "a hedge", "StaticHedge()"))
    found: Hedge = hedge
    return found


def names_of(baskets: Sequence[tuple[Any, ...]]) -> list[str]:
    """Return the label of each basket: "A ~ B + C"."""
    flat = pd.Index([name for basket in baskets for name in basket]).unique()
    return [labels(np.array([flat.get_indexer(pd.Index(basket))]), flat)[0] for basket in baskets]


def _named(baskets: Any, assets: pd.Index) -> list[tuple[Any, ...]]:
    if isinstance(baskets, str) or not isinstance(baskets, Sequence) or not len(baskets):
        raise DataTypeError(
            f"baskets must be a screen or a list of baskets, got {shown(baskets)}. Pass e.g. "
            f"baskets=[{tuple(assets[:2])!r}]."
        )
    found: list[tuple[Any, ...]] = []
    for basket in baskets:
        if (
            isinstance(basket, str)
            or not isinstance(basket, Sequence)
            or len(set(basket)) != len(basket)
            or len(basket) < 2
        ):
            raise InputError(
                f"baskets must have two or more different assets each, got {shown(basket)}. Name the hedged one first."
            )
        unknown = [name for name in basket if name not in assets]
        if unknown:
            raise UnknownNameError(f"baskets must name columns of prices, got {listed(unknown)}. Check the names.")
        found.append(tuple(basket))
    twice = [one for place, one in enumerate(found) if set(one) in [set(other) for other in found[:place]]]
    if twice:
        raise InputError(f"baskets must name every basket once, got {shown(twice[0])} twice. Drop one of them.")
    return found
