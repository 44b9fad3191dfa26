"""Follows a basket day by day: the walk of `walk_baskets`, continued over new dates instead of repeated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._options import check
from statefolio._plausible.warn import leave_out, warned_once
from statefolio.backtest.calendar import Rebalance
from statefolio.exceptions import InputError
from statefolio.pairs.following.drift import Beginning, Drift, SavedVerdict, drift_of
from statefolio.pairs.following.new_prices import joined
from statefolio.pairs.following.showing import ShownFollowed
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.prices import Basket, check_tunable, read_basket
from statefolio.pairs.trading.retuned import retuned
from statefolio.pairs.trading.rules import Bands, Rule
from statefolio.pairs.trading.signals import weights_of_units, z_score
from statefolio.pairs.trading.today import CAPITAL
from statefolio.pairs.trading.tuning_rows import RETUNE, tuning_rows
from statefolio.pairs.trading.walk_forward_hedge import WalkForwardHedge


@dataclass(frozen=True, eq=False, repr=False)
class FollowedBasket(ShownFollowed):
    """A basket on its last date: what the walk holds, and all that is needed to continue it.

    Attributes
    ----------
    hedge, rule : Hedge, Rule
        As given, not fitted.
    basket : Basket
        Prices of all dates so far, not in logarithms.
    start : Timestamp
        First decision of the walk.
    retune
        When the hedge is tuned again, as in `walk_baskets`.
    of, lookback
        The z-score.
    z : Series by date
        Z-scores from the start on, each under the hedge in use on its date.
    tuned_until : Timestamp
        Last date on which the hedge in use was tuned.
    ratios : Series by asset
        Filtered hedge ratios of the last date with all prices.
    whole : Series by asset
        Weights of one whole unit on that date.
    capital : float
    statistic : float
        Dickey-Fuller statistic of the held value on all dates, under the hedge in use.
    innovations : Series by date
        Standardised innovations of all dates under the hedge in use.
    beginning : Beginning, optional
        Hedge ratios and their bands when following began; None for files from before they were kept.
    verdict : SavedVerdict, optional
        What `judge_basket` found when following began.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
    >>> hedge = sf.pairs.RollingHedge(60)
    >>> basket = sf.pairs.follow_basket(prices.loc[:"2022-12-23"], hedge, start="2022-07")
    >>> later = basket.update(prices)
    >>> f"{later.date:%Y-%m-%d}: {later.units.iloc[-1]:+.0f} units"
    '2022-12-28: +0 units'
    """

    hedge: Hedge
    rule: Rule
    basket: Basket
    start: pd.Timestamp
    retune: "Rebalance | None"
    of: str
    lookback: int | None
    z: "pd.Series[float]"
    tuned_until: pd.Timestamp
    ratios: "pd.Series[float]"
    whole: "pd.Series[float]"
    capital: float
    statistic: float
    innovations: "pd.Series[float]"
    beginning: Beginning | None = None
    verdict: SavedVerdict | None = None

    @property
    def date(self) -> pd.Timestamp:
        """The last date with all prices."""
        return pd.Timestamp(self.basket.complete_dates[-1])

    @property
    def units(self) -> "pd.Series[float]":
        """Units that the rule holds after each date from the start on."""
        found = self.rule.units(np.asarray(self.z, dtype=np.float64))
        return pd.Series(found, index=self.z.index, name="units")

    @property
    def weights(self) -> "pd.Series[float]":
        """Target weights after the last date with all prices."""
        return self.whole * float(self.units.loc[self.date])

    @property
    def prices(self) -> "pd.Series[float]":
        """Prices of the last date with all prices, by asset."""
        return pd.Series(self.basket.complete[-1], index=self.basket.assets, name="price")

    @property
    def shares(self) -> "pd.Series[float]":
        """Shares to hold for the capital after the last date with all prices."""
        return (self.capital * self.weights / self.prices).rename("shares")

    @property
    def drift(self) -> Drift | None:
        """Whether the basket still looks as it did when following began; None where nothing was kept of then."""
        if self.verdict is None and self.beginning is None:
            return None
        dates = len(self.basket.complete_dates)
        return drift_of(self.verdict, self.statistic, dates, self.beginning, self.ratios, self.innovations)

    @warned_once()
    def update(self, prices: Any) -> "FollowedBasket":
        """Continue over new dates; the result equals following all dates at once.

        Parameters
        ----------
        prices : DataFrame (date x asset)
            The last known date, or more of the past, and the new dates. Known dates must have the known prices.

        Raises
        ------
        InputError, UnknownNameError
            If an asset is missing, prices of known dates differ, the last known date is missing, or no new date has
            all prices.
        """
        leave_out("near_duplicate", self.basket.assets)
        whole = joined(self.basket, prices)
        _, fields = _continued(self, whole, len(self.basket.dates), self.z)
        return replace(self, basket=whole, **fields)


@warned_once()
def follow_basket(
    prices: Any,
    hedge: Hedge | None = None,
    rule: Rule | None = None,
    *,
    start: Any,
    retune: "Rebalance | None" = "weekly",
    capital: float = 1_000_000.0,
    of: str = "innovation",
    lookback: int | None = None,
    verdict: Any = None,
) -> FollowedBasket:
    """Begin to follow a basket: walk it as `walk_baskets` does, and keep what is needed to continue.

    Parameters
    ----------
    prices, hedge, rule, start, retune, of, lookback, capital
        As in `walk_baskets`, for one hedge; by default `KalmanHedge()`.
    verdict : Verdict, optional
        From `judge_basket` on the same prices; later dates are compared with it.

    Returns
    -------
    FollowedBasket

    Raises
    ------
    InputError, DataTypeError
        For prices, hedges or options that are not valid.
    """
    from statefolio.pairs.hedges.kalman_hedge import KalmanHedge

    check("retune", retune, RETUNE)
    check("capital", capital, CAPITAL)
    hedge = KalmanHedge() if hedge is None else hedge
    basket = read_basket(prices)
    starts = tuning_rows(basket, start, retune)
    check_tunable(Basket(basket.values[: starts[0]], basket.dates[: starts[0]], basket.assets))
    leave_out("near_duplicate", basket.assets)
    empty = _begun(hedge, Bands() if rule is None else rule, basket, starts[0], retune, capital, of, lookback)
    last, fields = _continued(empty, basket, starts[0], empty.z)
    return _judged(replace(empty, **fields), last, verdict)


def follow_walk(
    walked: WalkForwardHedge,
    hedge: Hedge,
    rule: Rule,
    prices: Any,
    *,
    retune: "Rebalance | None",
    capital: float,
    of: str = "innovation",
    lookback: int | None = None,
    verdict: Any = None,
) -> FollowedBasket:
    """Begin to follow a basket that `walk_baskets` has walked with the same hedge and options; nothing is repeated."""
    basket = read_basket(prices)
    first = int(basket.dates.searchsorted(walked.in_use_from_))
    begun = _begun(hedge, rule, basket, first, retune, capital, of, lookback)
    used = basket.in_logs() if hedge.logs else basket
    z = walked.z_score_.loc[walked.in_use_from_ :].rename("z_score")
    return _judged(replace(begun, z=z, **_last(walked.last_, basket, used)), walked.last_, verdict)


def _begun(
    hedge: Hedge,
    rule: Rule,
    basket: Basket,
    first: int,
    retune: "Rebalance | None",
    capital: float,
    of: str,
    lookback: int | None,
) -> FollowedBasket:
    """Return a basket of which no date is walked yet."""
    none = pd.Series(dtype=np.float64)
    return FollowedBasket(
        hedge=hedge,
        rule=rule,
        basket=basket,
        start=pd.Timestamp(basket.dates[first]),
        retune=retune,
        of=of,
        lookback=lookback,
        z=pd.Series(dtype=np.float64, index=basket.dates[:0]),
        tuned_until=pd.Timestamp(basket.dates[first - 1]),
        ratios=none,
        whole=none,
        capital=float(capital),
        statistic=np.nan,
        innovations=none,
    )


def _judged(basket: FollowedBasket, hedge: Hedge, verdict: Any) -> FollowedBasket:
    """Keep the bands of the hedge ratios, and what is needed of a verdict."""
    variance = hedge.estimates_.filtered_variance[hedge.spread_.index.get_loc(basket.date), 1:]
    deviations = pd.Series(np.sqrt(variance), index=basket.ratios.index)
    basket = replace(basket, beginning=Beginning(basket.date, basket.ratios, deviations))
    if verdict is None:
        return basket
    saved = SavedVerdict.of(verdict)
    return replace(basket, verdict=saved.beginning(basket.statistic, len(basket.basket.complete_dates)))


def _continued(
    before: FollowedBasket, basket: Basket, known: int, z: "pd.Series[float]"
) -> tuple[Hedge, Mapping[str, Any]]:
    """Return the hedge in use, and the fields that change when dates from row `known` on are new.

    Each date is filtered with the hedge that was tuned last before it, over all dates up to its end, as in the walk.
    """
    starts = tuning_rows(basket, before.start, before.retune)
    used = basket.in_logs() if before.hedge.logs else basket
    earlier = [row for row in starts if row <= known]
    rows = [*earlier[-1:], *(row for row in starts if row > known)]
    ends = [*rows[1:], len(basket.dates)]
    parts = [z]
    hedges = retuned(before.hedge, used, rows)
    for hedge, row, end in zip(hedges, rows, ends, strict=True):
        hedge.run_over(Basket(used.values[:end], used.dates[:end], used.assets), smooth=False)
        parts.append(z_score(hedge, of=before.of, lookback=before.lookback).iloc[max(row, known) :])
    found = pd.concat([part for part in parts if len(part)]).rename("z_score")
    return hedges[-1], {"z": found, **_last(hedges[-1], basket, used)}


def _last(last: Hedge, basket: Basket, used: Basket) -> Mapping[str, Any]:
    """Return the fields that the hedge in use decides, on the last date with all prices."""
    whole = weights_of_units(last, basket, np.ones(len(basket.dates)))
    date = pd.Timestamp(basket.complete_dates[-1])
    if date not in whole.index:
        raise InputError(
            f"prices must have a hedge ratio on {date:%Y-%m-%d}, the last date with all prices, got none. Pass a "
            "longer history."
        )
    ratios = last.estimates_.filtered[last.spread_.index.get_loc(date), 1:]
    return {
        "tuned_until": pd.Timestamp(last.tuned_until_),
        "ratios": pd.Series(ratios, index=basket.assets[1:], name="ratio"),
        "whole": pd.Series(whole.loc[date], name="weight"),
        "statistic": _held_statistic(last, used),
        "innovations": z_score(last).rename("innovation"),
    }


def _held_statistic(hedge: Hedge, basket: Basket) -> float:
    """Return the Dickey-Fuller statistic of the held value on all dates, as the verdict computes it."""
    from statefolio.pairs.verdict.statistics import hedge_statistics

    return float(hedge_statistics(hedge, basket, len(basket.dates)).adf_held)
