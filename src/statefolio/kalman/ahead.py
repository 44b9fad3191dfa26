"""Forecasts the average loading over the next h dates, with its covariance, and the noise of a date among them.

A filtered loading a with covariance P moves to m + phi^k (a - m) in k dates, and the step of date i, of variance Q_i,
has a part phi^(k-i) in it. Averaged over k = 1, ..., h, with d_n = (1 + phi + ... + phi^(n-1))/h,

    mean    m + phi d_h (a - m)
    covariance    (phi d_h) P (phi d_h) + sum_i Q_i d_(h-i+1)^2

Learned variances are forecast by their own recursions, each surprise being as expected: a fast part returns to the slow
one. A fast common level returns to the slowest with its own memory. With a discount factor the variance of a step stays
that of the next date (West and Harrison 1997, section 6.3).
"""

import numpy as np

from statefolio.kalman.errors import of_errors
from statefolio.kalman.panel import Filter
from statefolio.kalman.specification import DISCOUNT, EWMA, Floats, Specification
from statefolio.kalman.triangles import unpack
from statefolio.kalman.volatility import Common, expected_levels


def forecast_average(
    filter_: Filter, levels: Floats, exponents: Floats, rise: float, horizon: int
) -> tuple[Floats, Floats, Floats]:
    """Return mean (N, K) and covariance (N, K, K) of the average loading, and the average noise variance (N,).

    Parameters
    ----------
    filter_ : Filter
    levels : (J,) array
        Common volatility levels of the next date; `exponents` (J,) and `rise` are the parameters of its factor.
    horizon : int
        Number of dates h. With 1, the result is that of `Filter.forecast`.
    """
    spec, assets, state = of_errors(filter_.spec, filter_.assets, filter_.state)
    conjugate = spec.noise == DISCOUNT
    own = _expected_own(spec, state.level, state.fast, horizon)  # (h, N)
    common = Common(np.log(expected_levels(levels, horizon)), np.ones(horizon)).factor(exponents, rise)
    shares = average_shares(assets.phi, horizon)  # (h, K, N): d_1, ..., d_h
    far = assets.phi * shares[-1]
    mean = assets.mean + far * (state.mean - assets.mean)
    covariance = unpack(state.covariance)
    covariance = covariance * (far.T[:, :, None] * far.T[:, None, :])
    if spec.discount < 1.0:
        step = unpack(state.covariance) * (1.0 / spec.discount - 1.0)
        covariance += step * np.einsum("hkn,hjn->nkj", shares, shares)
    unit = own[::-1] if spec.scales and not conjugate else np.ones((horizon, 1))  # the first step has the last share
    j = np.arange(mean.shape[0])
    covariance[:, j, j] += (assets.state_variance * np.einsum("hkn,hn->kn", shares**2, unit * np.ones_like(own))).T
    noise = np.mean(own * common[:, None], axis=0)
    if conjugate:
        freedom = spec.memory * state.worth
        variance_of_t = freedom / (freedom - 2.0)
        noise = noise * variance_of_t
        covariance *= (state.level * variance_of_t)[:, None, None]
    waiting = ~filter_.begun
    mean[:, waiting], covariance[waiting] = np.nan, np.nan
    return mean.T, covariance, noise


def average_shares(phi: Floats, horizon: int) -> Floats:
    """Return d_n = (1 + phi + ... + phi^(n-1))/h for n = 1, ..., h; (h, K, N)."""
    powers = phi ** np.arange(horizon)[:, None, None]
    shares: Floats = np.cumsum(powers, axis=0) / horizon
    return shares


def _expected_own(spec: Specification, level: Floats, fast: Floats, horizon: int) -> Floats:
    """Return the expected level of the observation variance on each of the next dates, (h, N)."""
    path = np.empty((horizon, level.size))
    path[0] = level
    for k in range(1, horizon):
        if spec.noise == EWMA and spec.fast_weight > 0.0:
            weight, gap = spec.fast_weight, spec.fast_memory - spec.memory
            pace = (1.0 - weight) * (1.0 - spec.memory) + weight * (1.0 - spec.fast_memory)
            level, fast = (
                level * (spec.memory + pace) + weight * gap * fast,
                spec.fast_memory * fast + (1.0 - spec.fast_memory) * level,
            )
        path[k] = level
    return path
