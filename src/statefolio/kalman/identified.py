"""Tunes a panel some of whose regressors are collinear: on the part of the state that its dates identify.

A regressor that for every asset is a combination of others is left out, and its loading stands still. An asset with
further collinear regressors, e.g. one listed while a factor stands still, is left out of tuning and takes the panel's
ratios, with its own residual variance.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import over_blocks, pad_last
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.observations import Observations, Observed
from statefolio.kalman.panel import Filter, new_filter
from statefolio.kalman.regressions import regress_each
from statefolio.kalman.separation import patience_of
from statefolio.kalman.specification import CONSTANT, Floats, Specification
from statefolio.kalman.start import ENDLESS, begin_block
from statefolio.kalman.tuning import Progress, tune
from statefolio.kalman.tuning_spec import NOBODY, Learned, TuningSpec

_STILL = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)

LEFT_OUT = "collinear factors while tuning: at the panel's ratios"


class Unidentified(NamedTuple):
    """Collinear regressors of each asset on the dates on which it is observed; none of an asset with too few."""

    combinations: NDArray[np.bool_]  # (N, K) regressors that are combinations of those before them
    directions: Floats  # (N, K, K) in its columns; zero where there are fewer
    size: Floats  # (N, K) largest regressors


def find_unidentified(X: Floats, Y: Floats) -> Unidentified:
    """Find the directions along which no observation of an asset tells its loadings apart.

    Parameters
    ----------
    X : (T, K) array
    Y : (T, N) array
        C-contiguous.
    """
    states, count = X.shape[1], Y.shape[1]
    found = np.zeros((count, states), dtype=bool), np.zeros((count, states, states)), np.zeros((count, states))
    waiting = _still(X, count, ENDLESS)
    common, log_likelihood = np.ones(len(X)), np.ones(count)

    def begin(first: int, last: int) -> None:
        own = first * WIDTH, min(last * WIDTH, count)
        begin_block(_STILL, X, common, Y, waiting.assets, waiting.start, waiting.state, log_likelihood, *own)

    over_blocks(begin, -(-count // WIDTH), float(Y.size))
    unknown = np.flatnonzero(waiting.start.rows[:count] >= patience_of(states))
    if not len(unknown):
        return Unidentified(*found)
    filter_ = _still(X, len(unknown), patience_of(states))
    filter_.run(X, pad_last(Y[:, unknown], np.nan), store="state")
    start, partly = filter_.start, filter_.partly_unknown[: len(unknown)]
    known = (
        partly[:, None] & ~(start.U[: len(unknown), :, 0] > 0.0),
        np.where(partly[:, None, None], start.A[: len(unknown)], 0.0),
    )
    for whole, part in zip(found, (*known, start.size[: len(unknown)]), strict=True):
        whole[unknown] = part
    return Unidentified(*found)


def _still(X: Floats, count: int, patience: int) -> Filter:
    """Return filters of loadings that stand still, before the first date."""
    return new_filter(_STILL, np.zeros((X.shape[1], count)), np.ones(count), patience=patience)


def tune_identified(
    options: TuningSpec,
    X: Floats,
    Y: Floats | Observations,
    unknown: NDArray[np.bool_],
    progress: Progress | None = None,
) -> Learned:
    """Learn the hyper-parameters of a panel as `tune` does; `unknown` are the combinations of `find_unidentified`."""
    observed = Observed.of(Y)
    if options.tuning == "fixed" or options.start is not None or not unknown.any():
        return tune(options, X, observed, progress)
    enough = observed.counts()[: observed.count] >= patience_of(X.shape[1])
    kept: NDArray[np.bool_] = ~np.logical_and.reduce(unknown[enough], axis=0)
    left_out: NDArray[np.bool_] = np.logical_or.reduce(unknown & kept, axis=1)
    reduced = replace(
        options,
        from_panel=NOBODY,  # it would tell collinear loadings apart
        phi=None if options.phi is None else options.phi[kept],
        mean=None if options.mean is None else options.mean[kept],
    )
    learned = tune(reduced, np.ascontiguousarray(X[:, kept]), observed.only(~left_out), progress)
    learned = _with_dropped(learned, kept, float(learned.phi.min()) if options.settled else 1.0)
    if not left_out.any():
        return learned
    learned = replace(learned, reason=np.where(np.append(left_out, False), LEFT_OUT, learned.reason))
    if options.observation_variance is not None:
        return learned
    ols, residuals = regress_each(X, observed.only(left_out))
    rank = X.shape[1] - np.count_nonzero(unknown[left_out], axis=1)
    left = ols.observations[:-1][left_out]
    variance = residuals.variance[left_out] * (left - X.shape[1]) / np.maximum(left - rank, 1.0)
    level = learned.level.copy()
    level[:-1][left_out] = np.where(np.isfinite(variance), variance, level[:-1][left_out])
    return replace(learned, level=level)


def _with_dropped(learned: Learned, kept: NDArray[np.bool_], phi: float) -> Learned:
    """Insert the loadings that were left out: they stand still."""

    def wide(values: Floats, fill: float) -> Floats:
        whole = np.full((kept.size, *values.shape[1:]), fill)
        whole[kept] = values
        return whole

    errors = np.concatenate([learned.standard_error[:1], wide(learned.standard_error[1:], np.nan)])
    lean = learned.lean
    if lean is not None:
        lean = np.stack([wide(part.T, 0.0).T for part in lean])
        lean[:, 2, ~kept] = 1.0
    return replace(
        learned,
        lean=lean,
        state_variance=wide(learned.state_variance, 0.0),
        likeliest=None if learned.likeliest is None else wide(learned.likeliest, 0.0),
        error_variance=None if learned.error_variance is None else wide(learned.error_variance, 0.0),
        phi=wide(learned.phi, phi),
        mean=wide(learned.mean, 0.0),
        pilot_ratio=wide(learned.pilot_ratio, 0.0),
        standard_error=errors,
    )
