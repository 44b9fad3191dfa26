"""Runs the model of a hedge through the panel engine: one asset whose regressors are the prices of the others."""

import copy

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.blocks import own_regressors, pad_last
from statefolio.kalman.panel import Filter, new_filter
from statefolio.kalman.paths import before_run, entry_of, predicted_mean, predicted_variance
from statefolio.kalman.smoother import smooth_panel
from statefolio.kalman.specification import CONSTANT, Specification
from statefolio.kalman.start import DIFFUSE, GIVEN, STATIONARY
from statefolio.pairs.hedges.results import HedgeEstimates
from statefolio.pairs.model import HedgeModel


def motion(reverts: bool) -> Specification:
    """Return the engine's model: Gaussian, constant variances, and a level that reverts to a mean or not."""
    return Specification(CONSTANT, scales=False, reverts=reverts, tails=np.inf, memory=1.0, discount=1.0)


def start_kinds(states: int, reverts: bool) -> NDArray[np.int64]:
    """Return the start of each state if none is given: stationary for a level that reverts, diffuse for the others."""
    kinds = np.full(states, DIFFUSE)
    kinds[0] = STATIONARY if reverts else DIFFUSE
    return kinds


def filter_of(model: HedgeModel) -> Filter:
    """Return the filter of a model before its first date."""
    states = len(model.state_variance)
    reverts = model.persistence != 1.0
    phi, mean = np.ones((states, 1)), np.zeros((states, 1))
    phi[0], mean[0] = model.persistence, model.spread_mean
    start, kinds = None, start_kinds(states, reverts and abs(model.persistence) < 1.0)
    if model.start_mean is not None and model.start_variance is not None:
        start, kinds = (model.start_mean[None], np.diag(model.start_variance)[None]), np.full(states, GIVEN)
    return new_filter(
        motion(reverts),
        model.state_variance[:, None],
        np.array([model.observation_variance]),
        phi=phi,
        mean=mean,
        start=start,
        kind=kinds,
        before_prediction=model.before_prediction and start is not None,
    )


def run_many(parameters: Array, reverts: bool, X: Array, Y: Array) -> tuple[Array, Array]:
    """Return predicted and filtered states (T, N, k) of N baskets.

    Parameters
    ----------
    parameters : (N, k + 3) array
        a, m, R and the state variances of each basket.
    reverts : bool
        The level reverts, and starts stationary; otherwise all states start diffuse.
    X : (T, k, N) array
        Regressors; NaN where a price is missing.
    Y : (T, N) array
        Prices of the hedged assets.
    """
    count, states = len(parameters), X.shape[1]
    phi, mean = np.ones((states, count)), np.zeros((states, count))
    phi[0], mean[0] = parameters[:, 0], parameters[:, 1]
    kinds, spec = start_kinds(states, reverts), motion(reverts)
    filter_ = new_filter(spec, parameters[:, 3:].T, parameters[:, 2], phi=phi, mean=mean, kind=kinds)
    X, Y = own_regressors(X, Y)
    before = before_run(spec, filter_.start, filter_.state)
    found = filter_.run(pad_last(X, 0.0), pad_last(Y, np.nan), store="paths")
    entry = entry_of(spec, filter_.assets, filter_.start, filter_.state, before, len(Y))
    predicted = predicted_mean(found.mean, filter_.assets, entry, count, range(len(Y)))
    return predicted, found.mean[:, :, :count].swapaxes(1, 2)


def run(filter_: Filter, X: Array, y: Array, smooth: bool) -> tuple[HedgeEstimates, Filter, float]:
    """Filter dates from the current state of a filter, and smooth them if asked to.

    Parameters
    ----------
    filter_ : Filter
        It is not changed.
    X : (T, k) array
        Regressors; NaN where a price is missing.
    y : (T,) array
        Prices of the hedged asset.
    smooth : bool
        Otherwise smoothed states are NaN.

    Returns
    -------
    HedgeEstimates, Filter, float
        The estimates, the filter after these dates, and their log-likelihood.
    """
    seen = ~np.isnan(y)
    X, Y, common = np.where(seen[:, None], X, 0.0), pad_last(y[:, None], np.nan), np.ones(len(y))
    after, own = copy.deepcopy(filter_), filter_.assets
    before = before_run(after.spec, after.start, after.state)
    found = after.run(X, Y, common, store="paths")
    entry = entry_of(after.spec, own, after.start, after.state, before, len(y))
    smoothed, smoothed_variance = np.full((2, *X.shape), np.nan)
    if smooth:
        back = smooth_panel(copy.deepcopy(filter_), X, Y, common)
        smoothed, smoothed_variance = back.mean[:, :, 0].copy(), back.variance[:, :, 0].copy()
    (mean, covariance, noise), dates = after.forecast(1.0), range(len(y))
    estimates = HedgeEstimates(
        predicted_mean(found.mean, own, entry, 1, dates)[:, 0],
        predicted_variance(after.spec, found.variance, found.level, own, entry, 1, dates)[:, 0],
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
    return estimates, after, float(found.log_likelihood[0])
