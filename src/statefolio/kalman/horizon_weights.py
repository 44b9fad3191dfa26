"""Learns how far forecasts over several dates lean on the average of the past year and on the panel's mean.

At the end of every month of the tuning dates but the first year's, the loadings b that least squares finds on the next
21, 63 and 252 dates are compared with the filter's forecast f of them (slow_average.py). Over all assets,

    b - f = c (s - f) + d (m - f) + error

is a regression for each factor and horizon, with a normal prior of (c, d). The covariance of its estimate is that of
sums over spans as long as the horizon, because errors of the assets are correlated and those of neighbouring months
overlap. Means and deviations of the prior were chosen on the tuning years of ten panels. A forecast does not lean where
fewer than five spans teach it, where it would not have helped on the tuning dates (as with true random walks), and for
a constant. Its covariance is scaled by the share of the expected squared error that is left on the tuning dates,
without the sampling variance of b.
"""

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.ahead import average_shares
from statefolio.kalman.blocks import Report
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.learned_filter import LearnedFilter
from statefolio.kalman.observations import Observations
from statefolio.kalman.slow_average import averages_at
from statefolio.kalman.specification import Floats

MONTH = 21
HORIZONS = (21, 63, 252)
_PRIOR = np.array([[0.12, 0.0], [0.25, 0.05], [0.35, 0.1]])
_DEVIATION = np.array([0.1, 0.2])
_QUARTER, _YEAR = 63, 252
_LEAST_SPANS = 5
_LEAST_LEFT = 0.5
_DAILY = 150.0
_BLOCKS = 4
_UPPER = np.triu_indices(2)


def learns_horizons(dates_per_year: float, X: Floats) -> bool:
    """Return whether forecasts over several dates can lean on more than the filter: with daily, shared regressors."""
    return dates_per_year > _DAILY and X.ndim == 2 and len(X) > _YEAR


def learn_horizons(at: LearnedFilter, observed: Observations, constant: NDArray[np.bool_]) -> Floats | None:
    """Return c, d and the share of squared error left, by horizon and factor (H, 3, K); None where nothing leans.

    Parameters
    ----------
    at : LearnedFilter
    observed : Observations
        Of the assets that teach; those of others are missing.
    constant : (K,) array
        Regressors that are a constant.
    """
    sums = np.asarray(observed.compute(_sums, at)).sum(axis=-1)  # (R, H, K, 7)
    found = without_leaning(len(constant))
    for i, k in np.ndindex(len(HORIZONS), len(constant)):
        if not constant[k]:
            found[i, :, k] = _lean(sums[:, i, k], i)
    return found if found[:, :2].any() else None


def without_leaning(states: int) -> Floats:
    """Return weights (H, 3, K) with which forecasts are the filter's."""
    found = np.zeros((len(HORIZONS), 3, states))
    found[:, 2] = 1.0
    return found


def weights_at(lean: Floats, horizon: int) -> tuple[Floats, Floats, Floats]:
    """Return c, d and the share of squared error left (K,) at a horizon, between those learned in its logarithm."""
    alone = without_leaning(lean.shape[-1])[:1]
    known, at = np.log([1, *HORIZONS]), np.log(horizon)
    c, d, left = np.apply_along_axis(lambda values: np.interp(at, known, values), 0, np.concatenate([alone, lean]))
    return c, d, left


def _lean(sums: Floats, place: int) -> Floats:
    """Return c, d and the share of squared error left, from the sums of each month (R, 7)."""
    alone = np.array([0.0, 0.0, 1.0])
    sums = sums[sums[:, 6] > 0.0]
    span = max(HORIZONS[place], _QUARTER) // MONTH
    spans = np.arange(0, len(sums), span)
    if len(spans) < _LEAST_SPANS:
        return alone
    squares = np.empty((len(sums), 2, 2))
    squares[:, _UPPER[0], _UPPER[1]] = squares[:, _UPPER[1], _UPPER[0]] = sums[:, :3]
    products, total = sums[:, 3:5], squares.sum(axis=0)
    if not np.linalg.det(total) > 1e-10 * total[0, 0] * total[1, 1]:
        return alone
    prior, variance = _PRIOR[place], np.diag(_DEVIATION**2)
    off = np.add.reduceat(products - squares @ prior, spans)
    inverse = np.linalg.inv(total)
    uncertainty = inverse @ (off.T @ off * (len(spans) / (len(spans) - 1.0))) @ inverse
    c = prior + variance @ np.linalg.solve(variance + uncertainty, inverse @ off.sum(axis=0))
    c = np.maximum(c, 0.0)
    c /= max(c.sum(), 1.0)
    gain = 2.0 * c @ products.sum(axis=0) - c @ total @ c
    error = max(sums[:, 5].sum(), gain)
    return np.array([*c, max(1.0 - gain / error, _LEAST_LEFT)]) if gain > 0.0 else alone


def _sums(at: LearnedFilter, Y: Floats, _report: Report | None) -> Floats:
    """Return sums over the assets of each block (R, H, K, 7, blocks), by month, horizon and factor.

    With y = b - f, u = s - f and v = m - f: uu, uv, vv, uy, vy, yy less the sampling variance of b, and the number.
    """
    lanes = Y.shape[1]
    pieces = [(first, min(first + _BLOCKS * WIDTH, lanes)) for first in range(0, lanes, _BLOCKS * WIDTH)]
    return np.concatenate([_sums_of(at.part(a, b), np.ascontiguousarray(Y[:, a:b])) for a, b in pieces], axis=-1)


def _sums_of(at: LearnedFilter, Y: Floats) -> Floats:
    filter_, X = at.build(), at.dates.X
    mean = filter_.run(X, Y, at.dates.common).mean
    months, first = len(X) // MONTH, len(X) % MONTH
    x, y = X[first:].reshape(months, MONTH, -1), Y[first:].reshape(months, MONTH, -1)
    squares, products, total = x.transpose(0, 2, 1) @ x, x.transpose(0, 2, 1) @ y, (y * y).sum(axis=1)
    starts = np.arange(months)  # forecasts are made on the date before
    starts = starts[first + starts * MONTH >= _YEAR]
    rows = first + starts * MONTH - 1
    slow, filtered = averages_at(mean, rows), mean[rows]
    found = np.zeros((months, len(HORIZONS), X.shape[1], 7, Y.shape[1] // WIDTH))
    for i, horizon in enumerate(HORIZONS):
        span = horizon // MONTH
        made = starts[starts + span <= months]
        if horizon < 2 * X.shape[1] or not len(made):
            continue
        over = [_over(part, span)[made] for part in (squares, products, total)]
        b, variance = _least_squares(over[0], over[1], over[2], horizon)
        here = slice(0, len(made))
        far = filter_.assets.phi * average_shares(filter_.assets.phi, horizon)[-1]
        f = filter_.assets.mean + far * (filtered[here] - filter_.assets.mean)
        u, v, e = slow[here] - f, filter_.assets.mean - f, b - f
        known = np.isfinite(u) & np.isfinite(e)
        parts = (u * u, u * v, v * v, u * e, v * e, e * e - variance, np.ones_like(e))
        for j, part in enumerate(parts):
            by_block = np.where(known, part, 0.0).reshape(*part.shape[:2], -1, WIDTH)
            found[made, i, :, j] = by_block.sum(axis=-1)
    return found


def _over(parts: Floats, span: int) -> Floats:
    """Return the sum of each month and the next ones of a span; fewer at the end."""
    found = parts.copy()
    for k in range(1, span):
        found[:-k] += parts[k:]
    return found


def _least_squares(squares: Floats, products: Floats, total: Floats, horizon: int) -> tuple[Floats, Floats]:
    """Return loadings and their variances (R, K, N); NaN where the regressors of a span are collinear."""
    states, size = squares.shape[-1], np.sqrt(np.einsum("rkk->rk", squares))
    sizes = size[:, :, None] * size[:, None, :]
    scaled = squares / np.where(sizes > 0.0, sizes, 1.0)
    apart = np.linalg.eigvalsh(scaled)[:, 0] > 1e-8
    inverse = np.full_like(squares, np.nan)
    inverse[apart] = np.linalg.inv(squares[apart])
    b = inverse @ products
    left = np.maximum(total - np.einsum("rkn,rkn->rn", b, products), 0.0) / (horizon - states)
    return b, np.einsum("rkk->rk", inverse)[:, :, None] * left[:, None, :]
