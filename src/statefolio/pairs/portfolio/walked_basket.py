"""Walks one basket of a portfolio: its units and the weights of one whole unit on every date."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.backtest.calendar import Rebalance
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge
from statefolio.pairs.prices import Basket, check_tunable
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Rule
from statefolio.pairs.trading.signals import weights_of_units
from statefolio.pairs.trading.tuning_rows import tuning_rows
from statefolio.pairs.trading.walk_forward_hedge import WalkForwardHedge, walk


@dataclass(frozen=True, eq=False)
class WalkedBasket:
    """One basket, out of sample from its first date in use.

    Attributes
    ----------
    hedge : WalkForwardHedge
    whole : DataFrame (date x asset)
        Weights of one whole unit, whose absolute weights sum to one, on the dates with all prices. Before the first
        date in use they are those of the first hedge, in sample.
    units : Series by date
        Units that the rule wants, from the first date in use on.
    """

    hedge: WalkForwardHedge
    whole: pd.DataFrame
    units: "pd.Series[float]"

    def on(self, dates: pd.DatetimeIndex, returns: pd.DataFrame) -> tuple[Array, Array, Array]:
        """Return units (T,), whole weights (T, k) and returns (T,) of one whole unit on the dates of an account.

        Dates without all prices keep the units and weights of the date before; both are 0 before they are known.
        """
        units: Array = np.asarray(self.units.reindex(dates).ffill().fillna(0.0), dtype=np.float64)
        whole: Array = self.whole.reindex(dates).ffill().fillna(0.0).to_numpy()
        own = returns.reindex(index=dates, columns=self.whole.columns).fillna(0.0).to_numpy()
        earned = np.concatenate([[0.0], (whole[:-1] * own[1:]).sum(axis=1)])
        return units, whole, earned


def walk_basket(
    hedge: Hedge,
    plain: Basket,
    rule: Rule,
    start: pd.Timestamp,
    retune: "Rebalance | None",
    of: str,
    lookback: int | None,
) -> WalkedBasket:
    """Tune a hedge again and again on past dates, and return the units of the rule, as `walk_baskets` does.

    Raises
    ------
    InputError
        If no hedge can be estimated before `start`.
    """
    starts = tuning_rows(plain, start, None if _needs_no_tuning(hedge) else retune)
    check_tunable(Basket(plain.values[: starts[0]], plain.dates[: starts[0]], plain.assets))
    basket = plain.in_logs() if hedge.logs else plain
    found = walk(retuned(hedge, basket, starts), basket, starts, of=of, lookback=lookback)
    z = found.z_score_.loc[found.in_use_from_ :]
    units = pd.Series(rule.units(np.asarray(z, dtype=np.float64)), index=z.index)
    return WalkedBasket(found, weights_of_units(found, plain, np.ones(len(found.z_score_))), units)


def stopped(units: Array, earned: Array, stop_loss: float, report: Callable[[int, float], None]) -> Array:
    """Close positions that have lost too much since they were opened.

    A stopped basket stays flat until the rule has left the position that lost.

    Parameters
    ----------
    units : (T,) array
        Units that the rule wants at each close.
    earned : (T,) array
        Returns of one whole unit.
    stop_loss : float
        Share of the basket's capital.
    report : callable (row, loss)
        Called for every stop.
    """
    held = units.copy()
    blocked, since = 0.0, 0.0
    for t in range(1, len(units)):
        since += held[t - 1] * earned[t]
        side = np.sign(units[t])
        if blocked and side == blocked:
            held[t] = 0.0
            continue
        blocked = 0.0
        if side != np.sign(held[t - 1]):
            since = 0.0
        elif side and since <= -stop_loss:
            held[t], blocked = 0.0, side
            report(t, since)
            since = 0.0
    return held


def _needs_no_tuning(hedge: Hedge) -> bool:
    """Return whether nothing is learned from prices, so that tuning again changes nothing."""
    return isinstance(hedge, RollingHedge) or (isinstance(hedge, KalmanHedge) and hedge.tuning == "fixed")
