"""Computes the test statistics of a hedge, on one basket and on hundreds of bootstrap draws."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._threads import get_num_threads
from statefolio.exceptions import InputError
from statefolio.pairs.design import design
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.engine import run_many
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.results import NO_HELD_VALUE, held_values, spread
from statefolio.pairs.hedges.scoring import approximate_maxima
from statefolio.pairs.prices import Basket
from statefolio.pairs.progress import Progress

WARM_UP = 5
"""Dates per asset that are not tested if the ratios start diffuse: the first prices determine them, noise included."""

_AT_ONCE = 256


class HedgeStatistics(NamedTuple):
    """Statistics of a hedge on the tested dates; the Dickey-Fuller tests have a constant and one lagged difference."""

    adf_held: float  # Dickey-Fuller statistic of the held value under predicted ratios
    half_life_held: float  # half-life of the held value in dates; infinite if it does not revert
    adf_predicted: float  # of the spread under predicted ratios
    adf_filtered: float  # of the spread under filtered ratios, which cannot be traded
    collapsed_at: float  # the first pass of the tuning that collapsed; 0 if none did


NOT_TUNABLE = HedgeStatistics(np.nan, np.nan, np.nan, np.nan, 0.0)


def hedge_statistics(hedge: Hedge, basket: Basket, tuned: int) -> HedgeStatistics:
    """Compute the statistics of a fitted hedge.

    Parameters
    ----------
    hedge : Hedge
    basket : Basket
        The T dates of the hedge.
    tuned : int
        Number of dates on which the hedge was tuned. Later dates are tested; if there are none, all dates are.
    """
    held: Array = np.asarray(hedge.held_value_, dtype=np.float64)
    spreads: Array = np.asarray(hedge.spread_, dtype=np.float64)
    collapse = getattr(hedge, "collapse_", None)
    return _tested(held, spreads[:, 0], spreads[:, 1], basket, tuned, 0.0 if collapse is None else collapse.at_pass)


def _tested(
    held: Array, predicted: Array, filtered: Array, basket: Basket, tuned: int, collapsed_at: float = 0.0
) -> HedgeStatistics:
    """Compute the statistics of a held value (T,) and of spreads (T,)."""
    from statefolio.pairs.cointegration.unit_root import adf_statistic, half_life  # compiled when first used

    first = first_tested_row(predicted, basket, tuned)
    earlier = held[:first][~np.isnan(held[:first])]
    value = np.concatenate([earlier[-1:] if earlier.size else np.zeros(1), _known(held[first:])])
    return HedgeStatistics(
        float(adf_statistic(value, 1, True)),
        float(half_life(value)),
        float(adf_statistic(_known(predicted[first:]), 1, True)),
        float(adf_statistic(_known(filtered[first:]), 1, True)),
        float(collapsed_at),
    )


def first_tested_row(predicted: Array, basket: Basket, tuned: int) -> int:
    """Return the row of the first tested date: the first after tuning, or the first after the warm-up of the ratios.

    Parameters
    ----------
    predicted : (T,) array
        Spread under predicted ratios. NaN on the first complete date means that the ratios start diffuse.
    """
    if tuned < len(basket.dates):
        return tuned
    known = np.flatnonzero(~np.isnan(basket.values[:, 0]))
    if not np.isnan(predicted[known[0]]):
        return int(known[0])
    late = known[min(WARM_UP * len(basket.assets), len(known) - 1)]
    window = np.flatnonzero(~np.isnan(predicted))
    return int(max(late, window[0] if window.size else 0))


def statistics_of_baskets(
    hedge: Hedge,
    draw: Callable[[int], Array],
    count: int,
    like: Basket,
    tuned: int,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tune a hedge to each of many baskets, and compute its statistics on each.

    Parameters
    ----------
    hedge : Hedge
        It is not changed.
    draw : function int -> (T, k) array
        Returns the prices of a basket by its number.
    count : int
        Number of baskets.
    like : Basket
        Dates and assets of all baskets.
    tuned : int
        Number of dates to tune on, as in `hedge_statistics`.
    progress : callable (done, total), optional

    Returns
    -------
    DataFrame (basket x statistic)
        NaN for a basket whose first asset cannot be hedged.
    """
    found: list[HedgeStatistics] = []
    with ThreadPoolExecutor(get_num_threads()) as pool:
        while len(found) < count:
            numbers = range(len(found), min(len(found) + _AT_ONCE, count))
            baskets = [Basket(draw(number), like.dates, like.assets) for number in numbers]
            found += pool.map(_fastest_way(hedge, baskets, tuned), range(len(baskets)))
            if progress is not None:
                progress(len(found), count)
    return pd.DataFrame(found, columns=list(HedgeStatistics._fields), index=pd.RangeIndex(count, name="basket"))


def _fastest_way(hedge: Hedge, baskets: Sequence[Basket], tuned: int) -> Callable[[int], HedgeStatistics]:
    """Return the fastest function that computes the statistics of the n-th basket."""
    if isinstance(hedge, KalmanHedge) and hedge.tuning == "mle":
        predicted, filtered = _states_at_maxima(baskets, tuned, hedge.transition == "stationary")

        def at_maximum(n: int) -> HedgeStatistics:
            x = baskets[n].values
            held, _ = held_values(predicted[:, n], x, NO_HELD_VALUE)
            return _tested(held, spread(predicted[:, n], x), spread(filtered[:, n], x), baskets[n], tuned)

        return at_maximum
    if isinstance(hedge, KalmanHedge) and hedge.tuning == "adaptive" and tuned == len(baskets[0].dates):
        return lambda n: _adaptive_statistics(hedge, baskets[n].values)
    return lambda n: _statistics(hedge, baskets[n], tuned)


def _statistics(hedge: Hedge, basket: Basket, tuned: int) -> HedgeStatistics:
    copy = clone(hedge)
    try:
        copy.learn(Basket(basket.values[:tuned], basket.dates[:tuned], basket.assets))
    except InputError:  # the first asset has no weight in Johansen's basket; counts against the verdict
        return NOT_TUNABLE
    return hedge_statistics(copy.run_over(basket, smooth=False), basket, tuned)


def _states_at_maxima(baskets: Sequence[Basket], tuned: int, reverts: bool) -> tuple[Array, Array]:
    """Maximise the likelihoods of all baskets at once; return predicted and filtered states (T, N, k) at the maxima."""
    designs = [design(basket.values) for basket in baskets]
    X = np.ascontiguousarray(np.stack([x for x, _ in designs], axis=2))
    Y = np.column_stack([y for _, y in designs])
    known = Y.copy()
    known[tuned:] = np.nan
    return run_many(approximate_maxima(X, known, reverts), reverts, X, Y)


def _adaptive_statistics(hedge: KalmanHedge, prices: Array) -> HedgeStatistics:
    """Tune adaptively and compute the statistics in compiled code."""
    from statefolio.pairs.adaptive.basket_statistics import basket_statistics
    from statefolio.pairs.adaptive.estimates import Choices

    choices = Choices(
        hedge.center_spread, hedge.adaptive_start == "path", hedge.center == "sample", hedge.on_collapse == "continue"
    )
    first = int(np.argmax(~np.isnan(prices[:, 0])))
    found = basket_statistics(np.ascontiguousarray(prices[first:]), int(hedge.passes), choices)
    return HedgeStatistics(
        found.adf_held, found.half_life_held, found.adf_predicted, found.adf_filtered, found.collapsed_at
    )


def _known(x: Array) -> Array:
    return np.ascontiguousarray(x[~np.isnan(x)])
