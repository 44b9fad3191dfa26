"""A hedge's law run through the panel engine: one asset whose regressors are the other prices."""

import copy

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.law import CONSTANT, Law
from statefolio.kalman.panel import Filter, new_filter
from statefolio.kalman.paths import before_run, entry_of, predicted_mean, predicted_variance
from statefolio.kalman.smoother import smooth_panel
from statefolio.kalman.start import DIFFUSE, GIVEN, STATIONARY
from statefolio.pairs.hedges.results import HedgePaths
from statefolio.pairs.law import HedgeLaw


def motion(reverts: bool) -> Law:
    """Gaussian, constant variances; the level reverts or nothing does."""
    return Law(CONSTANT, scales=False, reverts=reverts, tails=np.inf, memory=1.0, discount=1.0)


def start_kinds(states: int, reverts: bool) -> NDArray[np.int64]:
    """How the states start where no start is given: a level that reverts as it settles, the others diffuse."""
    kinds = np.full(states, DIFFUSE)
    kinds[0] = STATIONARY if reverts else DIFFUSE
    return kinds


def filter_of(law: HedgeLaw) -> Filter:
    """The filter of a law, before its first date."""
    states = len(law.state_variance)
    reverts = law.persistence != 1.0
    phi, mean = np.ones((states, 1)), np.zeros((states, 1))
    phi[0], mean[0] = law.persistence, law.spread_mean
    start, kinds = None, start_kinds(states, reverts and abs(law.persistence) < 1.0)
    if law.start_mean is not None and law.start_variance is not None:
        start, kinds = (law.start_mean[None], np.diag(law.start_variance)[None]), np.full(states, GIVEN)
    return new_filter(
        motion(reverts),
        law.state_variance[:, None],
        np.array([law.observation_variance]),
        phi=phi,
        mean=mean,
        start=start,
        kind=kinds,
        before_prediction=law.before_prediction and start is not None,
    )


def run(filter_: Filter, X: Array, y: Array, smooth: bool) -> tuple[HedgePaths, Filter, float]:
    """Filter dates from where a filter stands, and smooth them if told to.

    Parameters
    ----------
    filter_ : Filter
        It is not written to.
    X : (T, k) array
        NaN where a price is missing.
    y : (T,) array
    smooth : bool
        Smoothed states are NaN without.

    Returns
    -------
    HedgePaths, Filter, float
        What was found, the filter past these dates, the log-likelihood of them.
    """
    seen = ~np.isnan(y)
    X, Y, common = np.where(seen[:, None], X, 0.0), pad_last(y[:, None], np.nan), np.ones(len(y))
    after, own = copy.deepcopy(filter_), filter_.assets
    before = before_run(after.law, after.start, after.state)
    found = after.run(X, Y, common, store="paths")
    entry = entry_of(after.law, own, after.start, after.state, before, len(y))
    smoothed, smoothed_variance = np.full((2, *X.shape), np.nan)
    if smooth:
        back = smooth_panel(copy.deepcopy(filter_), X, Y, common)
        smoothed, smoothed_variance = back.mean[:, :, 0].copy(), back.variance[:, :, 0].copy()
    mean, covariance, noise = after.forecast(1.0)
    paths = HedgePaths(
        predicted_mean(found.mean, own, entry, 1)[:, 0],
        predicted_variance(after.law, found.variance, found.level, own, entry, 1)[:, 0],
        found.mean[:, :, 0].copy(),
        found.variance[:, :, 0].copy(),
        smoothed,
        smoothed_variance,
        found.innovation[:, 0].copy(),
        found.innovation_variance[:, 0].copy(),
        mean[0],
        covariance[0],
        float(noise[0]),
    )
    return paths, after, float(found.log_likelihood[0])
