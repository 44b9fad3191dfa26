"""What to hold now, and how far the next trade is."""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._options import is_number
from statefolio.exceptions import InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.trading.rules import Rule
from statefolio.pairs.trading.signals import basket_weights, z_score


@dataclass(frozen=True, eq=False)
class Today:
    """What a rule holds after the last date of a hedge.

    Attributes
    ----------
    date : Timestamp
    z_score, units : float
    positions : DataFrame (asset x "shares", "currency", "weight")
    distances : DataFrame (level x "z_score", "deviations", "price")
        Of each level of the rule: how far it is from today's z-score, and the price of the first asset that would reach
        it on the next date, the others standing still. Of scores of the spread it is the price as of today, nearly:
        their mean and deviation stand still too.
    """

    date: pd.Timestamp
    z_score: float
    units: float
    positions: pd.DataFrame
    distances: pd.DataFrame = field(repr=False)

    def __str__(self) -> str:
        """Everything, to be read."""
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
    """Say what to hold after the last date, and how far each level of the rule is.

    Parameters
    ----------
    hedge, prices, rule, gross, of, lookback
        As in `basket_weights`.
    capital : float, default 1,000,000
        In currency.
    """
    if not is_number(capital) or not 0.0 < capital < np.inf:
        raise InputError(f"capital={capital!r} came; an amount above 0 was expected.")
    z = z_score(hedge, of=of, lookback=lookback)
    weights = basket_weights(hedge, prices, rule, gross=gross, of=of, lookback=lookback)
    if z.isna().all() or weights.empty:
        raise InputError("no date has a z-score yet; more prices were expected. Pass a longer history.")
    date = pd.Timestamp(weights.index[-1])
    last = read_basket(prices, known=hedge.assets_)
    price = pd.Series(last.values[last.dates.get_indexer(pd.DatetimeIndex([date]))[0]], index=hedge.assets_)
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
    """What the hedge foresees of the first asset (or of its logarithm) on its next date, and in which deviations."""
    next_date = pd.DatetimeIndex([hedge.spread_.index[-1] + pd.Timedelta(days=1)])
    gone_on = copy.deepcopy(hedge).partial_fit(price.to_frame().T.set_axis(next_date))
    first = float(np.log(price.iloc[0]) if hedge.logs else price.iloc[0])
    innovation, variance = (float(gone_on.innovations_[name][0]) for name in ("innovation", "innovation_variance"))
    return first - innovation, float(np.sqrt(variance))
