"""Tunes one basket adaptively and computes its test statistics, compiled for the hundreds of draws of the bootstrap.

The compiled code releases Python's global lock, so that threads can work on several draws at once.
"""

from typing import NamedTuple

import numpy as np

from statefolio._arrays.types import Array
from statefolio.pairs.adaptive.estimates import Choices, johansen_mean, observe
from statefolio.pairs.adaptive.johansen_ratios import johansen_ratios
from statefolio.pairs.adaptive.passes import FIRST_STATE, A, R, run_passes, write_spreads
from statefolio.pairs.cointegration.unit_root import adf_statistic, half_life
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call,no-any-return"


class BasketStatistics(NamedTuple):
    """Statistics of the chosen pass: the last sound one, or the last one if tuning continues after a collapse."""

    adf_held: float  # Dickey-Fuller statistic of the held value under predicted ratios
    adf_predicted: float  # of the spread under predicted ratios
    adf_filtered: float  # of the spread under filtered ratios, which cannot be traded
    half_life_held: float
    half_life_predicted: float
    half_life_filtered: float
    persistence: float
    observation_variance: float
    chosen: float  # the pass, counted from 1
    collapsed_at: float  # the first pass that collapsed; 0 if none did
    passes: float  # number of passes that were run


def basket_statistics(prices: Array, passes: int, choices: Choices) -> BasketStatistics:
    """Tune a basket adaptively from its Johansen weights, and compute its test statistics.

    Parameters
    ----------
    prices : (T, k) array
        Prices that passed `check_tunable`, C-contiguous. A row with a NaN is a missing date; the first row has none.
    passes : int
        Maximum number of passes.
    choices : Choices

    Returns
    -------
    BasketStatistics
        The Dickey-Fuller regressions have one lagged difference and a constant.
    """
    return BasketStatistics(*_statistics(prices, tuple(range(prices.shape[1])), passes, choices))


@compiled
def _statistics(prices, columns, passes, choices):
    k, dates = len(columns), prices.shape[0]
    complete = _complete_rows(prices)
    ratios = johansen_ratios(complete)
    mean = johansen_mean(complete, ratios) if choices.center_spread else 0.0
    basket = observe(prices, columns, mean)
    record, paths = np.empty((passes, FIRST_STATE + 3 * k)), np.empty((2, dates, k))
    run = run_passes(basket, ratios, choices, np.var(complete[:, 0]), 0, record, paths)
    row, path = record[run.chosen - 1], paths[run.chosen % 2]
    start_mean = row[FIRST_STATE + 2 * k :]
    filtered, predicted, held = np.empty(dates), np.empty(dates), np.empty(dates)
    count = write_spreads(basket, path, start_mean, filtered, predicted)
    write_held_value(basket, path, held)
    filtered, predicted, held = filtered[:count], predicted[:count], held[:count]
    return (
        adf_statistic(held, 1, True),
        adf_statistic(predicted, 1, True),
        adf_statistic(filtered, 1, True),
        half_life(held),
        half_life(predicted),
        half_life(filtered),
        row[A],
        row[R],
        float(run.chosen),
        float(run.collapsed_at),
        float(run.passes),
    )


@compiled
def write_held_value(basket, path, held):
    """Write the running sum of dx_1 - sum over j >= 2 of b_j,t|t-1 dx_j on observed dates, which starts at zero."""
    count, last, value = 0, -1, 0.0
    for t in range(basket.observed.size):
        if basket.observed[t] == basket.observed[t]:
            if last >= 0:
                value += basket.observed[t] - basket.observed[last]
                for j in range(1, len(basket.columns)):
                    value -= path[t - 1, j] * (basket.design[t, j] - basket.design[last, j])
            held[count] = value
            last = t
            count += 1


@compiled
def _complete_rows(prices):
    kept, count = np.empty(prices.shape), 0
    for t in range(prices.shape[0]):
        if not np.isnan(prices[t]).any():
            kept[count] = prices[t]
            count += 1
    return kept[:count]
