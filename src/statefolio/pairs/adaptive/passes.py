"""Runs the passes of adaptive tuning over one basket, compiled: filter, check for a collapse, re-estimate, repeat."""

from typing import NamedTuple

import numpy as np

from statefolio.pairs.adaptive.basket_filter import filter_basket
from statefolio.pairs.adaptive.collapse import SOUND, find_collapse
from statefolio.pairs.adaptive.estimates import first_estimates, next_estimates, write_first_path
from statefolio.pairs.cointegration.unit_root import adf_statistic
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

STILL = 1e-10
"""The passes have converged when no parameter changes by more than this share of itself."""

A, R, LOG_LIKELIHOOD, NOISE_SHARE, START_SHARE, RESIDUAL, SPREAD_VARIANCE, ADF_FILTERED, ADF_PREDICTED = range(9)
FIRST_STATE = 9
"""Columns of the record of passes: these nine, then k each of V, the start variances and the start means."""


class Run(NamedTuple):
    """Outcome of the passes."""

    passes: int  # number of passes that were run
    chosen: int  # the pass whose parameters are used, counted from 1
    collapsed_at: int  # the first pass that collapsed; 0 if none did
    reason: int  # code of the collapse, or SOUND
    converged: bool


@compiled
def run_passes(basket, ratios, choices, price_variance, adf_every, record, paths):
    """Run passes until the parameters converge, a pass collapses, or the maximum number is reached.

    Parameters
    ----------
    basket : Observations
    ratios : (k - 1,) array
        Johansen's -w_j / w_1.
    choices : Choices
    price_variance : float
        Variance of the first asset's price.
    adf_every : int
        Test the spreads in every such pass and in the first, the last sound and the last one; 0 tests none.
    record : (passes, 9 + 3 k) array
        Filled with one row per pass; NaN for values that were not computed.
    paths : (2, T, k) array
        Filled with the filtered states of the last two passes; row p % 2 belongs to pass p.

    Returns
    -------
    Run
    """
    write_first_path(basket, ratios, paths[0])
    current = first_estimates(basket, paths[0], ratios)
    first_mean = np.zeros(len(basket.columns))
    first_mean[1:] = ratios
    first_mean[0] = _mean_level(paths[0])
    collapsed_at, reason, converged, passes = 0, SOUND, False, 0
    record[:, :] = np.nan
    while passes < record.shape[0]:
        passes += 1
        path, row = paths[passes % 2], record[passes - 1]
        fit = filter_basket(basket, current.parameters, path)
        following = next_estimates(basket, path, ratios, first_mean, choices)
        residual_variance = following.parameters.observation_variance
        _record(current, fit, residual_variance, following.spread_variance, row)
        found = find_collapse(
            current.persistence,
            current.parameters.observation_variance,
            residual_variance,
            price_variance,
            following.spread_variance,
            fit.noise_share,
            fit.start_share,
        )
        if found != SOUND and collapsed_at == 0:
            collapsed_at, reason = passes, found
            if adf_every > 0 and passes > 1:
                _record_adf(basket, paths[(passes - 1) % 2], record[passes - 2])
        converged = _have_converged(current.parameters, following.parameters)
        stops = converged or passes == record.shape[0] or (collapsed_at > 0 and not choices.continue_after_collapse)
        if adf_every > 0 and (passes == 1 or passes % adf_every == 0 or stops):
            _record_adf(basket, path, row)
        if stops:
            break
        current = following
    chosen = max(1, passes - 1) if collapsed_at > 0 and not choices.continue_after_collapse else passes
    return Run(passes, chosen, collapsed_at, reason, converged)


@compiled
def write_spreads(basket, path, start_mean, filtered, predicted):
    """Write filtered and predicted spreads x_1 - sum over j >= 2 of b_j x_j on observed dates; return their number.

    The ratios are random walks, so that the predicted ratios of a date are the filtered ones of the date before.
    """
    dates = 0
    for t in range(basket.observed.size):
        if basket.observed[t] == basket.observed[t]:
            now = before = basket.observed[t]
            for j in range(1, len(basket.columns)):
                now -= basket.design[t, j] * path[t, j]
                before -= basket.design[t, j] * (path[t - 1, j] if t > 0 else start_mean[j])
            filtered[dates], predicted[dates] = now, before
            dates += 1
    return dates


@compiled
def _mean_level(path):
    total, dates = 0.0, 0
    for t in range(path.shape[0]):
        if path[t, 0] == path[t, 0]:
            total += path[t, 0]
            dates += 1
    return total / dates


@compiled
def _record(estimates, fit, residual_variance, spread_variance, row):
    used = estimates.parameters
    row[A], row[R] = estimates.persistence, used.observation_variance
    row[LOG_LIKELIHOOD], row[NOISE_SHARE], row[START_SHARE] = fit.log_likelihood, fit.noise_share, fit.start_share
    row[RESIDUAL], row[SPREAD_VARIANCE] = residual_variance, spread_variance
    k = used.state_variance.size
    row[FIRST_STATE : FIRST_STATE + k] = used.state_variance
    row[FIRST_STATE + k : FIRST_STATE + 2 * k] = used.start_variance
    row[FIRST_STATE + 2 * k :] = used.start_mean


@compiled
def _record_adf(basket, path, row):
    filtered, predicted = np.empty(basket.observed.size), np.empty(basket.observed.size)
    dates = write_spreads(basket, path, row[FIRST_STATE + 2 * len(basket.columns) :], filtered, predicted)
    row[ADF_FILTERED] = adf_statistic(filtered[:dates], 1, True)
    row[ADF_PREDICTED] = adf_statistic(predicted[:dates], 1, True)


@compiled
def _have_converged(old, new):
    same = _close(old.persistence, new.persistence)
    same &= _close(old.observation_variance, new.observation_variance)
    for j in range(old.start_mean.size):
        same &= _close(old.state_variance[j], new.state_variance[j])
        same &= _close(old.start_variance[j], new.start_variance[j])
        same &= _close(old.start_mean[j], new.start_mean[j])
    return same


@compiled
def _close(old, new):
    return abs(new - old) <= STILL * abs(old)
