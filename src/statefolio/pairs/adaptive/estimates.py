"""Estimates the parameters of a pass of adaptive tuning from the filtered states of the pass before it.

With y = x_1 and rows x_t = (1, x_2 ... x_k), the first path is b_t = (port_t / w_1, -w_2 / w_1, ..., -w_k / w_1),
port = sum of w_i x_i under Johansen's weights w. From a path b_1 ... b_n, A = diag(a, 1, ..., 1):

    a    sum of b_1,t b_1,t-1 / sum of b_1,t-1^2
    R    first pass: mean of squared deviations of b_1       later: mean of (y_t - x_t b_t)^2
    V    first pass: diag(G - A G A'), G = mean of b b'      later: diag of sum of (b_t+1 - A b_t)(...)' / (n - 1)
         its first entry always (1 - a^2) mean of b_1^2
    P0   first pass: diag(R [mean of (A' x_t')(x_t A)]^-1)   later: diag of sum of (b_t - c)(b_t - c)' / (n - 1)

V, G and P0 are diagonal; the covariance of the filter is full. Means are over observed dates, lagged sums over
neighbouring dates that are both observed.

A level that reverts needs |a| < 1. For a larger estimate 1 - a^2 is not a variance: a is set to one, the level becomes
constant, and the pass counts as collapsed.
"""

from typing import NamedTuple

import numpy as np

from statefolio.pairs.adaptive.basket_filter import Observations, Parameters
from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_SMALLEST = 1e-300  # lower bound of the observation variance: the filter divides by it


class Choices(NamedTuple):
    """Options of adaptive tuning."""

    center_spread: bool  # subtract the in-sample mean of port / w_1 first
    start_from_path: bool  # start every pass from the mean ratios of the last path, not from Johansen's
    center_on_sample: bool  # compute start variances around the means of the last path, not of the first
    continue_after_collapse: bool


class Estimates(NamedTuple):
    """Estimates from one path."""

    parameters: Parameters  # for the next pass
    persistence: float  # the estimate of a before it is limited to [-1, 1]
    spread_variance: float  # variance of x_1 - sum over j >= 2 of b_j x_j


@compiled
def johansen_mean(prices, ratios):
    """Return the mean of port / w_1 over complete rows of prices (T, k)."""
    total, dates = 0.0, 0
    for t in range(prices.shape[0]):
        level = prices[t, 0]
        for j in range(1, prices.shape[1]):
            level -= ratios[j - 1] * prices[t, j]
        if level == level:
            total += level
            dates += 1
    return total / dates


@compiled
def observe(prices, columns, mean):
    """Return the filter's `Observations` of prices (T, k): `mean` is subtracted from the first price."""
    observed, design = np.empty(prices.shape[0]), np.ones(prices.shape)
    for t in range(prices.shape[0]):
        complete = True
        for j in range(len(columns)):
            complete &= prices[t, j] == prices[t, j]
        observed[t] = prices[t, 0] - mean if complete else np.nan
        for j in range(1, len(columns)):
            design[t, j] = prices[t, j]
    return Observations(observed, design, columns)


@compiled
def write_first_path(basket, ratios, path):
    """Write Johansen's portfolio (the level, NaN on missing dates) and Johansen's ratios to `path`."""
    for t in range(basket.observed.size):
        level = basket.observed[t]
        for j in range(1, len(basket.columns)):
            level -= ratios[j - 1] * basket.design[t, j]
            path[t, j] = ratios[j - 1]
        path[t, 0] = level


@compiled
def first_estimates(basket, path, ratios):
    """Estimate the parameters of the first pass from Johansen's path."""
    k = len(basket.columns)
    mean = _means(basket, path)
    raw, square = _persistence(basket, path)
    a = max(-1.0, min(1.0, raw))
    R = square - mean[0] * mean[0]
    cross = np.zeros((k, k))
    dates = 0
    for t in range(basket.observed.size):
        if basket.observed[t] == basket.observed[t]:
            dates += 1
            for i in range(k):
                for j in range(k):
                    cross[i, j] += basket.design[t, i] * basket.design[t, j]
    cross /= dates
    cross[0, :] *= a
    cross[:, 0] *= a
    V, start_mean = np.zeros(k), np.zeros(k)
    V[0] = (1.0 - a * a) * square
    start_mean[1:] = ratios
    start_variance = np.diag(np.linalg.inv(cross)) * R
    return Estimates(Parameters(a, R, V, start_mean, start_variance), raw, R)


@compiled
def next_estimates(basket, path, ratios, first_mean, choices):
    """Estimate the parameters of the next pass from the path of the last one.

    Parameters
    ----------
    path : (T, k) array
        Filtered states.
    ratios : (k - 1,) array
        Johansen's -w_j / w_1.
    first_mean : (k,) array
        Mean of the first path.
    choices : Choices
    """
    k = len(basket.columns)
    mean = _means(basket, path)
    raw, square = _persistence(basket, path)
    a = max(-1.0, min(1.0, raw))
    center = mean if choices.center_on_sample else first_mean
    V, start_variance = np.zeros(k), np.zeros(k)
    R, dates, pairs, before = 0.0, 0, 0, False
    spread, spread_square, origin = 0.0, 0.0, np.nan
    for t in range(basket.observed.size):
        seen = basket.observed[t] == basket.observed[t]
        if seen:
            s = basket.observed[t]
            for j in range(1, k):
                s -= basket.design[t, j] * path[t, j]
            R += (s - path[t, 0]) ** 2
            origin = s if dates == 0 else origin
            spread += s - origin
            spread_square += (s - origin) ** 2
            for j in range(k):
                start_variance[j] += (path[t, j] - center[j]) ** 2
            dates += 1
            if before:
                pairs += 1
                for j in range(1, k):
                    V[j] += (path[t, j] - path[t - 1, j]) ** 2
        before = seen
    V /= pairs
    V[0] = (1.0 - a * a) * square
    start_mean = np.zeros(k)
    start_mean[1:] = mean[1:] if choices.start_from_path else ratios
    R = max(R / dates, _SMALLEST)
    spread_variance = spread_square / dates - (spread / dates) ** 2
    return Estimates(Parameters(a, R, V, start_mean, start_variance / (dates - 1)), raw, spread_variance)


@compiled
def _means(basket, path):
    mean, dates = np.zeros(len(basket.columns)), 0
    for t in range(basket.observed.size):
        if basket.observed[t] == basket.observed[t]:
            dates += 1
            for j in range(mean.size):
                mean[j] += path[t, j]
    return mean / dates


@compiled
def _persistence(basket, path):
    """Return the estimate of a and the mean square of the level."""
    product, lagged, square, dates, before = 0.0, 0.0, 0.0, 0, False
    for t in range(basket.observed.size):
        seen = basket.observed[t] == basket.observed[t]
        if seen:
            square += path[t, 0] * path[t, 0]
            dates += 1
            if before:
                product += path[t, 0] * path[t - 1, 0]
                lagged += path[t - 1, 0] * path[t - 1, 0]
        before = seen
    return product / lagged if lagged > 0.0 else 0.0, square / dates
