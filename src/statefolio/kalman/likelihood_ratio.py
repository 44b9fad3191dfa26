"""Likelihood ratios of each asset: all loadings free to move, against one of them kept constant.

    LR_j = 2 (max log L - max over Q_j = 0 of log L)

Both maxima are exact diffuse and over all other variances, R included (maximum_likelihood.py).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import over_blocks, pad_last
from statefolio.kalman.coordinates import Scales
from statefolio.kalman.maximum_likelihood import Tasks, maximise, new_tasks
from statefolio.kalman.ordinary_least_squares import moderate_ratio, ordinary_least_squares
from statefolio.kalman.quasi_newton import CONVERGED
from statefolio.kalman.records import Dates, Prior
from statefolio.kalman.specification import CONSTANT, Floats, Specification
from statefolio.kalman.start import DIFFUSE

STARTS = (0.7,)
"""Starting points of the searches, in the coordinate of signal-to-noise: about its moderate value."""

_SPEC = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
_STILL = 1e-6  # below this coordinate a loading counts as constant


class Ratios(NamedTuple):
    """Results of the searches, one column per asset; NaN for assets that cannot be fitted."""

    ratio: Floats  # (K, N) LR_j, zero where the loading does not move
    signal_to_noise: Floats  # (K, N) Q_j / R with all loadings free
    level: Floats  # (N,) R
    log_likelihood: Floats  # (N,) with all loadings free
    converged: NDArray[np.bool_]  # (N,) all searches of the asset ended at a maximum


def likelihood_ratios(X: Floats, Y: Floats) -> Ratios:
    """Maximise the likelihood of every asset, then again with each moving loading kept constant.

    Parameters
    ----------
    X : (T, K, N) array
        Regressors of each asset; finite.
    Y : (T, N) array
        Observations, NaN where missing.

    Returns
    -------
    Ratios
    """
    count, states = Y.shape[1], X.shape[1]
    ols = ordinary_least_squares(X, Y)
    scales = _scales(moderate_ratio(ols), count)
    assets = np.flatnonzero(ols.residual_variance[:count] > 0.0)
    whole = _maximise(X, Y, scales, *_starts(assets, np.log(ols.residual_variance[assets]), states))
    size = 1 + states
    best = np.argmax(whole.value.reshape(-1, len(STARTS)), axis=1) + len(STARTS) * np.arange(assets.size)
    top, theta = whole.value[best], whole.theta[best]
    column, held = np.nonzero(theta[:, 1:] > _STILL)
    start = theta[column].reshape(-1, size)
    start[np.arange(column.size), 1 + held] = 0.0
    less = _maximise(X, Y, scales, assets[column], start, held)
    without = np.repeat(top[:, None], states, axis=1)
    without[column, held] = less.value
    top = np.maximum(top, without.max(axis=1))
    converged = whole.reason[best] == CONVERGED
    np.logical_and.at(converged, column, less.reason == CONVERGED)
    return Ratios(
        _wide(2.0 * (top[:, None] - without).T, assets, count),
        _wide(np.expm1(theta[:, 1:]).T * scales.moderate[:, assets], assets, count),
        _wide(np.exp(theta[:, 0]), assets, count),
        _wide(top, assets, count),
        np.isin(np.arange(count), assets[converged]),
    )


def _scales(moderate: Floats, count: int) -> Scales:
    """Return the scales of the coordinates; loadings do not revert, so there are no means."""
    moderate = np.where(np.isfinite(moderate[:, :count]) & (moderate[:, :count] > 0.0), moderate[:, :count], 1.0)
    return Scales(np.ascontiguousarray(moderate), np.zeros_like(moderate), np.ones_like(moderate))


def _starts(assets: NDArray[np.intp], log_level: Floats, states: int) -> tuple[NDArray[np.intp], Floats, None]:
    theta = np.empty((assets.size, len(STARTS), 1 + states))
    theta[:, :, 0] = log_level[:, None]
    theta[:, :, 1:] = np.array(STARTS)[:, None]
    return np.repeat(assets, len(STARTS)), theta.reshape(-1, 1 + states), None


def _maximise(
    X: Floats,
    Y: Floats,
    scales: Scales,
    assets: NDArray[np.intp],
    theta: Floats,
    held: NDArray[np.int64] | None,
) -> Tasks:
    """Maximise from every theta, on all cores."""
    dates, states = X.shape[:2]
    lanes = pad_last(Y, np.nan)
    tasks = new_tasks(assets, theta, held)
    prior = Prior(
        np.full(states, DIFFUSE), False, np.zeros((lanes.shape[1], states)), np.zeros((lanes.shape[1], states, states))
    )
    days = Dates(pad_last(X, 0.0), np.ones(dates), np.zeros((dates, 0)))
    anchor = np.zeros_like(scales.moderate)

    def work(first: int, last: int) -> None:
        maximise(_SPEC, days, lanes, prior, scales, anchor, 0.0, tasks, first, last)

    if assets.size:
        over_blocks(work, assets.size, float(Y.size), pieces=int(np.clip(assets.size // 512, 1, 16)))
    return tasks


def _wide(values: Floats, assets: NDArray[np.intp], count: int) -> Floats:
    """Place the results of some assets among all assets; the others are NaN."""
    whole = np.full((*values.shape[:-1], count), np.nan)
    whole[..., assets] = values
    return whole
