"""Rolling, exponentially weighted and expanding regressions of every asset of a panel, at every date.

    A = sum w x x'    c = sum w x r    q = sum w r^2    over the returns observed so far
    A = L D L'        b = A^-1 c       s2 = (q - c'b) / (W1 - K W2 / W1)

W1 and W2 are the sums of the weights and of their squares, so that equal weights give n - K degrees of freedom.
The compiled part is regression_kernels.py.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from statefolio.kalman.blocks import over_blocks, pad_last, padded
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.regression_kernels import Scheme, fit_blocks
from statefolio.kalman.specification import Floats

__all__ = [
    "Fits",
    "RegressionMemory",
    "Scheme",
    "empty_memory",
    "joined",
    "least_squares",
    "without_unidentified",
]


@dataclass(frozen=True)
class RegressionMemory:
    """Data of earlier dates that later ones need.

    `sums` (rows of `add`, N) serve growing sums, the last `window` rows of `X` and `Y` rolling ones. `seen` counts
    the dates so far.
    """

    sums: Floats
    X: Floats
    Y: Floats
    seen: int


class Fits(NamedTuple):
    """Coefficients and variances with data up to and including each date, assets along the last axis.

    `first_mean` and `first_variance` are those before the first date. Innovations are the errors of predicting a date
    with the fit of the date before. The last fit has its full covariance.

    Coefficients that collinear regressors do not identify have an infinite variance. `directions` (K, K, N) has the
    directions of the last fit along which coefficients are not identified, one per column, `size` (K, N) the mean
    squares of the regressors, and `collinear` (N,) is 1 where any date has such coefficients.
    """

    mean: Floats
    variance: Floats
    first_mean: Floats
    first_variance: Floats
    innovation: Floats
    innovation_variance: Floats
    observation_variance: Floats
    last_covariance: Floats
    last_observation_variance: Floats
    last_count: Floats
    directions: Floats
    size: Floats
    collinear: Floats


def empty_memory(states: int, assets: int) -> RegressionMemory:
    """Return the memory before the first date."""
    rows = states * (states + 1) // 2 + states + 4
    return RegressionMemory(np.zeros((rows, assets)), np.empty((0, states)), np.empty((0, assets)), 0)


def joined(memory: RegressionMemory, count: int) -> RegressionMemory:
    """Add `count` assets that were never observed to a memory."""
    sums = np.pad(memory.sums, ((0, 0), (0, count)))
    return RegressionMemory(sums, memory.X, np.pad(memory.Y, ((0, 0), (0, count)), constant_values=np.nan), memory.seen)


def least_squares(scheme: Scheme, X: Floats, Y: Floats, memory: RegressionMemory) -> tuple[Fits, RegressionMemory]:
    """Fit every asset at every date.

    Parameters
    ----------
    scheme : Scheme
        Weights, and the observations that a fit needs.
    X : (T, K) array
        Regressors.
    Y : (T, N) array
        Returns, NaN where not observed.
    memory : RegressionMemory
        Memory of the earlier dates; it is not changed.

    Returns
    -------
    Fits, RegressionMemory
    """
    dates, assets = Y.shape
    states, blocks = X.shape[1], padded(assets) // WIDTH
    before = len(memory.X)
    X_all = np.concatenate([memory.X, X]) if before else X
    Y_all = pad_last(np.concatenate([memory.Y, Y]) if before else Y, np.nan)
    sums = np.array(pad_last(memory.sums, 0.0))
    fits = _empty_fits(dates, states, blocks * WIDTH)

    def work(first: int, last: int) -> None:
        fit_blocks(scheme, states, before, memory.seen, X_all, Y_all, sums, fits, first, last)

    over_blocks(work, blocks, dates * assets * states)
    kept = X_all[len(X_all) - min(scheme.window, len(X_all)) :].copy()
    after = RegressionMemory(
        sums[:, :assets], kept, Y_all[len(X_all) - len(kept) :, :assets].copy(), memory.seen + dates
    )
    return Fits(*(array[..., :assets] for array in fits)), after


def without_unidentified(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return loadings and variances with NaN where the variance is infinite."""
    hidden = np.isinf(variance)
    return np.where(hidden, np.nan, mean), np.where(hidden, np.nan, variance)


def _empty_fits(dates: int, states: int, lanes: int) -> Fits:
    path, state, cell = (dates, states, lanes), (1, states, lanes), (dates, lanes)
    square, lane = (states, states, lanes), (lanes,)
    shapes = (path, path, state, state, cell, cell, cell, square, lane, lane, square, (states, lanes), lane)
    return Fits(*(np.empty(shape) for shape in shapes))
