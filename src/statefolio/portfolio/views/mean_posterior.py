"""Runs either filter of means, and gives means, their variances by date and their current covariance."""

from typing import Any

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.views.dense_means import DenseMeans
from statefolio.portfolio.views.level_error import LevelError
from statefolio.portfolio.views.observation_noise import Noise, times_ratios, with_factor
from statefolio.portfolio.views.ratio_filter import RatioFilter

Filter = RatioFilter | DenseMeans


def run(filter_: Filter, returns: Array, variance: Array, error: LevelError) -> tuple[Filter, Array, Array]:
    """Filter returns (T, N); return the filter after them, and predicted means and variances by date, (T, N).

    A `RatioFilter` may have one place more than there are assets, for an asset that was never observed.
    """
    if isinstance(filter_, DenseMeans):
        return filter_.run(returns)
    count = returns.shape[1]
    absent = np.full((len(returns), len(filter_.mean) - count), np.nan)
    after, *paths = filter_.run(np.hstack([returns, absent]))
    means, ratio, share = (path[:, :count] for path in paths)
    spread = (ratio + share**2 * error.own[:count]) * variance + share**2 * error.common
    return after, means, spread


def posterior(filter_: Filter, noise: Noise, error: LevelError, places: Any) -> Noise:
    """Covariance of the next date's means of some assets: ratios to H, and the error of their level.

    Parameters
    ----------
    filter_ : RatioFilter or DenseMeans
    noise : Noise
        H of these assets.
    error : LevelError
    places : array of int
        Their places in the filter.
    """
    if isinstance(filter_, DenseMeans):
        return filter_.covariance[np.ix_(places, places)]
    share = filter_.share[places]
    found = times_ratios(noise, filter_.ratio[places] + share**2 * error.own[places])
    return with_factor(found, share, error.common) if error.common > 0.0 else found
