"""The adaptive recipe: a pass's parameters from the path of filtered states that the pass before it left.

With y = x_1 and rows x_t = (1, x_2 ... x_k), the first path is b_t = (port_t / w_1, -w_2 / w_1, ..., -w_k / w_1),
port = sum of w_i x_i under Johansen's weights w. From a path b_1 ... b_n, A = diag(a, 1, ..., 1):

    a    sum of b_1,t b_1,t-1 / sum of b_1,t-1^2
    R    first pass: mean of squared deviations of b_1       later: mean of (y_t - x_t b_t)^2
    V    first pass: diag(G - A G A'), G = mean of b b'      later: diag of sum of (b_t+1 - A b_t)(...)' / (n - 1)
         its first entry always (1 - a^2) mean of b_1^2
    P0   first pass: diag(R [mean of (A' x_t')(x_t A)]^-1)   later: diag of sum of (b_t - c)(b_t - c)' / (n - 1)

V, G and P0 are diagonal; the filter's own covariance is full. Missing dates take no part: means are over observed
dates, lagged sums over neighbours that were both observed.

The recipe wants |a| < 1, for a level that reverts. Where the ratio is larger, 1 - a^2 is no variance: a is held at
one, the level becomes a constant that stands still, and the pass counts as collapsed.
"""

from typing import NamedTuple

import numpy as np

from statefolio.pairs.compiled import compiled
from statefolio.pairs.recipe.recursion import Observations, Parameters

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

_SMALLEST = 1e-300  # a measurement variance is never exactly zero, or the filter would divide by it


class Choices(NamedTuple):
    """The options of the recipe."""

    center_spread: bool  # the in-sample mean of port / w_1 is taken out first
    start_from_path: bool  # the start state's ratios are the last path's means, not Johansen's
    center_on_sample: bool  # start variances are about the last path's means, not the first path's
    carry_on: bool  # after a collapse


class Lesson(NamedTuple):
    """What a path teaches."""

    parameters: Parameters  # of the next pass
    persistence: float  # a as the recipe has it, larger than one too
    spread_variance: float  # of x_1 - sum over j >= 2 of b_j x_j


@compiled
def johansen_mean(prices, ratios):
    """Mean of port / w_1 over complete rows of prices (T, k)."""
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
    """What the filter sees of prices (T, k): the first less a mean, missing wherever any price of the date is."""
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
    """Johansen's portfolio as the level, Johansen's ratios on every date; NaN levels on missing dates."""
    for t in range(basket.observed.size):
        level = basket.observed[t]
        for j in range(1, len(basket.columns)):
            level -= ratios[j - 1] * basket.design[t, j]
            path[t, j] = ratios[j - 1]
        path[t, 0] = level


@compiled
def first_lesson(basket, path, ratios):
    """Parameters of the first pass, from Johansen's path."""
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
    return Lesson(Parameters(a, R, V, start_mean, start_variance), raw, R)


@compiled
def lesson(basket, path, ratios, first_mean, choices):
    """Parameters of the next pass from the path that the last one left.

    Parameters
    ----------
    path : (T, k) array
        Filtered states.
    ratios : (k - 1,) array
        Johansen's -w_j / w_1.
    first_mean : (k,) array
        Mean of the first path.
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
    return Lesson(Parameters(a, R, V, start_mean, start_variance / (dates - 1)), raw, spread_variance)


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
    """The recipe's a, and the mean square of the level."""
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
