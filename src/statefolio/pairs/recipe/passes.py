"""Pass after pass of the adaptive recipe over one basket, compiled whole: filter, judge, learn, and again."""

from typing import NamedTuple

import numpy as np

from statefolio.pairs.cointegration.unit_root import adf_statistic
from statefolio.pairs.compiled import compiled
from statefolio.pairs.recipe.collapse import SOUND, judge
from statefolio.pairs.recipe.formulas import first_lesson, lesson, write_first_path
from statefolio.pairs.recipe.recursion import filter_basket

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

STILL = 1e-10
"""The passes end when no quantity changes by more than this share of itself."""

A, R, LOG_LIKELIHOOD, LEFT, START_SHARE, RESIDUAL, SPREAD_VARIANCE, ADF_FILTERED, ADF_PREDICTED = range(9)
FIRST_STATE = 9
"""Columns of the record of passes: these, then k of V, k of the start covariance, k of the start mean."""


class Run(NamedTuple):
    """How the passes went."""

    passes: int  # that were run
    chosen: int  # the one asked for, counted from 1
    collapsed_at: int  # 0: never
    reason: int  # of the collapse, SOUND where there is none
    converged: bool


@compiled
def run_passes(basket, ratios, choices, price_variance, adf_every, record, paths):
    """Run the recipe until it stands still, collapses, or has had all its passes.

    Parameters
    ----------
    basket : Observations
    ratios : (k - 1,) array
        Johansen's -w_j / w_1.
    choices : Choices
    price_variance : float
        Of the first asset's price.
    adf_every : int
        The spreads are tested every so many passes, and on the first, the last sound and the last; 0: never.
    record : (passes, 9 + 3 k) array
        Filled, a row a pass; NaN where nothing was noted.
    paths : (2, T, k) array
        Filtered states: of pass p in row p % 2, for the last two passes.

    Returns
    -------
    Run
    """
    write_first_path(basket, ratios, paths[0])
    taught = first_lesson(basket, paths[0], ratios)
    first_mean = np.zeros(len(basket.columns))
    first_mean[1:] = ratios
    first_mean[0] = _mean_level(paths[0])
    collapsed_at, reason, converged, passes = 0, SOUND, False, 0
    record[:, :] = np.nan
    while passes < record.shape[0]:
        passes += 1
        path, row = paths[passes % 2], record[passes - 1]
        fit = filter_basket(basket, taught.parameters, path)
        after = lesson(basket, path, ratios, first_mean, choices)
        left_over = after.parameters.observation_variance
        _note(taught, fit, left_over, after.spread_variance, row)
        found = judge(
            taught.persistence,
            taught.parameters.observation_variance,
            left_over,
            price_variance,
            after.spread_variance,
            fit.left,
            fit.start_share,
        )
        if found != SOUND and collapsed_at == 0:
            collapsed_at, reason = passes, found
            if adf_every > 0 and passes > 1:
                _note_adf(basket, paths[(passes - 1) % 2], record[passes - 2])
        converged = _stands_still(taught.parameters, after.parameters)
        stops = converged or passes == record.shape[0] or (collapsed_at > 0 and not choices.carry_on)
        if adf_every > 0 and (passes == 1 or passes % adf_every == 0 or stops):
            _note_adf(basket, path, row)
        if stops:
            break
        taught = after
    chosen = max(1, passes - 1) if collapsed_at > 0 and not choices.carry_on else passes
    return Run(passes, chosen, collapsed_at, reason, converged)


@compiled
def write_spreads(basket, path, start_mean, filtered, predicted):
    """The two spreads x_1 - sum over j >= 2 of b_j x_j on the observed dates, without gaps; returns how many.

    Ratios are random walks, so what is predicted for a date is what was filtered the date before.
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
def _note(taught, fit, residual_variance, spread_variance, row):
    told = taught.parameters
    row[A], row[R] = taught.persistence, told.observation_variance
    row[LOG_LIKELIHOOD], row[LEFT], row[START_SHARE] = fit.log_likelihood, fit.left, fit.start_share
    row[RESIDUAL], row[SPREAD_VARIANCE] = residual_variance, spread_variance
    k = told.state_variance.size
    row[FIRST_STATE : FIRST_STATE + k] = told.state_variance
    row[FIRST_STATE + k : FIRST_STATE + 2 * k] = told.start_variance
    row[FIRST_STATE + 2 * k :] = told.start_mean


@compiled
def _note_adf(basket, path, row):
    filtered, predicted = np.empty(basket.observed.size), np.empty(basket.observed.size)
    dates = write_spreads(basket, path, row[FIRST_STATE + 2 * len(basket.columns) :], filtered, predicted)
    row[ADF_FILTERED] = adf_statistic(filtered[:dates], 1, True)
    row[ADF_PREDICTED] = adf_statistic(predicted[:dates], 1, True)


@compiled
def _stands_still(old, new):
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
