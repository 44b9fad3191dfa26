"""Tests hedges of a formation period on a later period, many at once, compiled.

    held_value = x_1 - sum over j >= 2 of b_j x_j, minus its first value        with the b_j of the formation period

Nothing is estimated on the later dates, so that the Dickey-Fuller statistic has the distribution for observed series.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.blocks import over_blocks
from statefolio.pairs.cointegration.engle_granger import FEWEST_ROWS
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.cointegration.nested_lags import adf, usual_most_lags
from statefolio.pairs.cointegration.unit_root import half_life
from statefolio.pairs.compiled import compiled
from statefolio.pairs.progress import Progress

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Test results of M hedges on the later period; NaN if there are too few dates or the value is constant.

    Attributes
    ----------
    statistic, p_value, half_life : (M,) arrays
    rows : (M,) array of int
        Later dates on which all prices of the basket are known.
    """

    statistic: Array
    p_value: Array
    half_life: Array
    rows: NDArray[np.int64]


def held_out_statistics(
    prices: Array, members: NDArray[np.int64], ratios: Array, lags: int | None = None, report: Progress | None = None
) -> HeldOut:
    """Hold every hedge through the later prices and test its value for a unit root.

    Parameters
    ----------
    prices : (T, N) array
        Prices of the later dates; NaN where an asset has none.
    members : (M, k) array of int
        Columns of each basket, the hedged asset first.
    ratios : (M, k - 1) array
        b_2 .. b_k.
    lags : int, optional
        Lags of the Dickey-Fuller regression, which has a constant. By default Akaike's criterion chooses.
    report : callable (done, total), optional
    """
    count = len(members)
    series = np.ascontiguousarray(prices.T, dtype=float)
    most = np.array([min(usual_most_lags(n, 1), n if lags is None else lags) for n in range(len(prices) + 1)])
    found, rows = np.full((count, 2), np.nan), np.zeros(count, dtype=np.int64)
    ratios = np.ascontiguousarray(ratios)

    def work(first: int, last: int) -> None:
        here = slice(first, last)
        _hold_each(series, members[here], ratios[here], most, lags is None, found[here], rows[here])

    if count:
        pieces = int(np.clip(count // 256, 1, 32))
        over_blocks(work, count, float(count) * len(prices), pieces=pieces, report=report)
    return HeldOut(found[:, 0], p_values(found[:, 0]), found[:, 1], rows)


@compiled
def _hold_each(series, members, ratios, most, choose, found, counts):
    value = np.empty(series.shape[1])
    for n in range(len(members)):
        rows = 0
        for t in range(value.size):
            value[rows] = series[members[n, 0], t]
            for j in range(ratios.shape[1]):
                value[rows] -= ratios[n, j] * series[members[n, 1 + j], t]
            rows += int(np.isfinite(value[rows]))
        counts[n] = rows
        if rows < FEWEST_ROWS + 1:
            continue
        held = value[:rows] - value[:rows].mean()
        found[n, 0] = adf(held, most[rows], choose, True)[0]
        found[n, 1] = half_life(held)
