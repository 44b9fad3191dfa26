"""What a hedge makes of a basket, in numbers that can be set beside those of baskets that are not cointegrated."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.kalman.blocks import THREADS
from statefolio.pairs.design import design
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.maximum_likelihood import Maximum, maximise_all
from statefolio.pairs.prices import Basket

Progress = Callable[[int, int], None]

WARM_UP = 5
"""Dates for each asset that are left out where ratios start from nothing: the first ones fit them, noise and all."""

_AT_ONCE = 64


class Measures(NamedTuple):
    """Of the dates that are judged. Statistics have a constant and one lagged difference; low is stationary."""

    adf_held: float  # of the value held under predicted ratios
    half_life_held: float  # in dates; infinite where it does not come back
    adf_predicted: float  # of the spread under predicted ratios
    adf_filtered: float  # of the spread under filtered ratios, which nobody could hold
    collapsed_at: float  # the first pass of the tuning that is not sound; 0 if there is none


NOT_TUNABLE = Measures(np.nan, np.nan, np.nan, np.nan, 0.0)


def measure(hedge: Hedge, basket: Basket, learned: int) -> Measures:
    """Measure a hedge that has run over a basket.

    Parameters
    ----------
    hedge : Hedge
    basket : Basket
        Of T dates.
    learned : int
        Dates that it learned from: those after them are judged, and all where it learned from all.
    """
    from statefolio.pairs.cointegration.unit_root import adf_statistic, half_life  # compiled when first used

    held: Array = np.asarray(hedge.held_value_, dtype=np.float64)
    spread: Array = np.asarray(hedge.spread_, dtype=np.float64)
    first = first_judged(spread[:, 0], basket, learned)
    earlier = held[:first][~np.isnan(held[:first])]
    value = np.concatenate([earlier[-1:] if earlier.size else np.zeros(1), _known(held[first:])])
    predicted, filtered = (_known(spread[first:, j]) for j in range(2))
    collapse = getattr(hedge, "collapse_", None)
    return Measures(
        float(adf_statistic(value, 1, True)),
        float(half_life(value)),
        float(adf_statistic(predicted, 1, True)),
        float(adf_statistic(filtered, 1, True)),
        0.0 if collapse is None else float(collapse.at_pass),
    )


def first_judged(predicted: Array, basket: Basket, learned: int) -> int:
    """Row of the first date that is judged: the first not learned from, or else the first with ratios worth the name.

    Parameters
    ----------
    predicted : (T,) array
        Spread under predicted ratios; NaN on a first date says that the hedge starts from nothing.
    """
    if learned < len(basket.dates):
        return learned
    known = np.flatnonzero(~np.isnan(basket.values[:, 0]))
    if not np.isnan(predicted[known[0]]):
        return int(known[0])
    late = known[min(WARM_UP * len(basket.assets), len(known) - 1)]
    window = np.flatnonzero(~np.isnan(predicted))
    return int(max(late, window[0] if window.size else 0))


def measure_all(
    hedge: Hedge,
    draw: Callable[[int], Array],
    count: int,
    like: Basket,
    learned: int,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tune a hedge to many baskets, each by itself, and measure it on each.

    Parameters
    ----------
    hedge : Hedge
        It is not written to.
    draw : function int -> (T, k) array
        Prices of a basket by its number.
    count : int
        Baskets 0 to count - 1.
    like : Basket
        With their dates and assets.
    learned : int
        Dates to learn from, as in `measure`.
    progress : callable, optional
        Called with how many are done, and of how many.

    Returns
    -------
    DataFrame (basket x Measures)
        NaN for a basket that cannot be hedged by its first asset.
    """
    found: list[Measures] = []
    with ThreadPoolExecutor(THREADS) as pool:
        while len(found) < count:
            numbers = range(len(found), min(len(found) + _AT_ONCE, count))
            baskets = [Basket(draw(number), like.dates, like.assets) for number in numbers]
            found += pool.map(_way(hedge, baskets, learned), range(len(baskets)))
            if progress is not None:
                progress(len(found), count)
    return pd.DataFrame(found, columns=list(Measures._fields), index=pd.RangeIndex(count, name="basket"))


def _way(hedge: Hedge, baskets: Sequence[Basket], learned: int) -> Callable[[int], Measures]:
    """How the n-th of some baskets is measured fastest."""
    if isinstance(hedge, KalmanHedge) and hedge.tuning == "mle":
        maxima = _maxima(hedge, baskets, learned)

        def likely(n: int) -> Measures:
            taken = clone(hedge).take(maxima[n], baskets[n])
            return measure(taken.run_over(baskets[n], smooth=False), baskets[n], learned)

        return likely
    if isinstance(hedge, KalmanHedge) and hedge.tuning == "adaptive" and learned == len(baskets[0].dates):
        return lambda n: _measure_recipe(hedge, baskets[n].values)
    return lambda n: _measure_learned(hedge, baskets[n], learned)


def _measure_learned(hedge: Hedge, basket: Basket, learned: int) -> Measures:
    copy = clone(hedge)
    try:
        copy.learn(Basket(basket.values[:learned], basket.dates[:learned], basket.assets))
    except InputError:  # its first asset has no part in the basket: that counts against the verdict
        return NOT_TUNABLE
    return measure(copy.run_over(basket, smooth=False), basket, learned)


def _maxima(hedge: KalmanHedge, baskets: Sequence[Basket], learned: int) -> list[Maximum]:
    """Of the likelihood of each basket, climbed side by side."""
    designs = [design(basket.values) for basket in baskets]
    X = np.ascontiguousarray(np.stack([x for x, _ in designs], axis=2))
    Y = np.column_stack([y for _, y in designs])
    Y[learned:] = np.nan
    return maximise_all(X, Y, hedge.transition == "stationary")


def _measure_recipe(hedge: KalmanHedge, prices: Array) -> Measures:
    """The adaptive recipe, compiled from the weights to the statistics."""
    from statefolio.pairs.recipe.basket_statistics import basket_statistics
    from statefolio.pairs.recipe.formulas import Choices

    choices = Choices(
        hedge.center_spread, hedge.adaptive_start == "path", hedge.center == "sample", hedge.on_collapse == "continue"
    )
    first = int(np.argmax(~np.isnan(prices[:, 0])))
    found = basket_statistics(np.ascontiguousarray(prices[first:]), int(hedge.passes), choices)
    return Measures(found.adf_held, found.half_life_held, found.adf_predicted, found.adf_filtered, found.collapsed_at)


def _known(x: Array) -> Array:
    return np.ascontiguousarray(x[~np.isnan(x)])
