"""Computes the position to hold after the last date, and how far away the next trade is."""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._options import Number, check
from statefolio.exceptions import InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.trading.rules import Rule
from statefolio.pairs.trading.showing import ShownToday
from statefolio.pairs.trading.signals import weights_of_units, z_score

CAPITAL = Number(above=0.0, example=100_000.0)


@dataclass(frozen=True, eq=False, repr=False)
class Today(ShownToday):
    """Position after the last date of a hedge; result of `position_today`.

    Attributes
    ----------
    date : Timestamp
        The last date with all prices and a z-score.
    z_score, units : float
        Z-score of that date, and units of the basket to hold.
    positions : DataFrame (asset x "shares", "currency", "weight")
    distances : DataFrame (level x "z_score", "deviations", "price")
        For each level of the rule: its z-score, its distance from today's z-score, and the price of the first asset
        that reaches the level on the next date if the other prices do not change. For z-scores of the spread the price
        is approximate: it assumes that the mean and standard deviation of the spread do not change either.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> hedge = sf.pairs.RollingHedge(60).fit(prices)
    >>> today = sf.pairs.position_today(hedge, prices, sf.pairs.Bands(entry=1, exit=0))
    >>> today.distances.round(2)
                 z_score  deviations   price
    level
    long entry      -1.0       -1.19  171.68
    long exit        0.0       -0.19  173.39
    short exit       0.0       -0.19  173.39
    short entry      1.0        0.81  175.09
    """

    date: pd.Timestamp
    z_score: float
    units: float
    positions: pd.DataFrame
    distances: pd.DataFrame = field(repr=False)

    def __str__(self) -> str:
        """Return the date, the z-score and both tables as text."""
        head = f"{self.date:%Y-%m-%d}: z-score {self.z_score:.2f}, {self.units:+.2g} units"
        return f"{head}\n{self.positions.to_string()}\n{self.distances.to_string()}"


def position_today(
    hedge: Hedge,
    prices: Any,
    rule: Rule,
    *,
    capital: float = 1_000_000.0,
    gross: float = 1.0,
    of: str = "innovation",
    lookback: int | None = None,
) -> Today:
    """Compute the position to hold after the last date, and the distance to each level of the rule.

    Parameters
    ----------
    hedge, prices, rule, gross, of, lookback
        As in `basket_weights`.
    capital : float, default 1,000,000
        Value of the portfolio in currency.

    Returns
    -------
    Today

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> hedge = sf.pairs.RollingHedge(60).fit(prices)
    >>> today = sf.pairs.position_today(hedge, prices, sf.pairs.Linear(full_at=2), capital=10_000)
    >>> f"{today.date:%Y-%m-%d}: z-score {today.z_score:.1f}"
    '2022-12-28: z-score 0.2'
    >>> today.positions.round(2)
           shares  currency  weight
    asset
    CVX     -2.70   -468.28   -0.05
    XOM      4.73    504.81    0.05
    """
    check("capital", capital, CAPITAL)
    z = z_score(hedge, of=of, lookback=lookback)
    basket = read_basket(prices, known=hedge.assets_)
    weights = weights_of_units(hedge, basket, rule.units(np.asarray(z, dtype=np.float64)), gross)
    if z.isna().all() or weights.empty:
        raise InputError("hedge must have a z-score on one date at least, got none. Fit it to a longer history.")
    date = pd.Timestamp(weights.index[-1])
    price = pd.Series(basket.values[basket.dates.get_indexer(pd.DatetimeIndex([date]))[0]], index=hedge.assets_)
    weight, now = weights.iloc[-1], float(z.loc[:date].dropna().iloc[-1])
    positions = pd.DataFrame({"shares": capital * weight / price, "currency": capital * weight, "weight": weight})
    levels = pd.Series(rule.levels())
    if of == "innovation":
        middle, deviation = _next_prediction(hedge, price)
    else:
        deviation = float(hedge.spread_["filtered"].loc[:date].dropna().tail(int(lookback or 0)).std())
        middle = float(np.log(price.iloc[0]) if hedge.logs else price.iloc[0]) - now * deviation
    reached = middle + levels * deviation
    distances = pd.DataFrame(
        {"z_score": levels, "deviations": levels - now, "price": np.exp(reached) if hedge.logs else reached}
    )
    units = float(rule.units(np.asarray(z.loc[:date], dtype=np.float64))[-1])
    return Today(date, now, units, positions.rename_axis("asset"), distances.rename_axis("level"))


def _next_prediction(hedge: Hedge, price: "pd.Series[float]") -> tuple[float, float]:
    """Return the prediction of the first asset (or of its logarithm) for the next date, and its standard deviation."""
    next_date = pd.DatetimeIndex([hedge.spread_.index[-1] + pd.Timedelta(days=1)])
    continued = copy.deepcopy(hedge).partial_fit(price.to_frame().T.set_axis(next_date))
    first = float(np.log(price.iloc[0]) if hedge.logs else price.iloc[0])
    innovation, variance = (float(continued.innovations_[name][0]) for name in ("innovation", "innovation_variance"))
    return first - innovation, float(np.sqrt(variance))
