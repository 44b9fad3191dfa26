"""A plain Kalman filter and smoother for a vector observed with a full covariance.

The textbook's matrices, one date after another, in NumPy. It serves where observations are correlated (expected
returns, risk contributions), and as a slow, independent check of the panel filter.

    y_t = Z_t a_t + e_t,  e_t ~ N(0, H_t)          a_t+1 = c + T a_t + w_t,  w_t ~ N(0, Q_t)

Durbin and Koopman (2012), sections 4.3 and 4.4.
"""

from dataclasses import dataclass

import numpy as np

from statefolio.kalman.density import LOG_2PI
from statefolio.kalman.specification import Floats


@dataclass(frozen=True)
class DenseResult:
    """FilterResults of a dense filter; T dates, K states, M observations per date."""

    predicted: Floats  # (T, K)
    predicted_covariance: Floats  # (T, K, K)
    filtered: Floats  # (T, K)
    filtered_covariance: Floats  # (T, K, K)
    log_likelihood: Floats  # (T,)
    transition: Floats  # (K, K)
    offset: Floats  # (K,)


def dense_filter(
    observations: Floats,
    design: Floats,
    observation_covariance: Floats,
    state_covariance: Floats,
    start_mean: Floats,
    start_covariance: Floats,
    *,
    transition: Floats | None = None,
    offset: Floats | None = None,
) -> DenseResult:
    """Filter a vector series.

    Parameters
    ----------
    observations : (T, M) array
        NaN where missing, in any pattern.
    design : (M, K) or (T, M, K) array
    observation_covariance : (M, M) or (T, M, M) array
    state_covariance : (K, K) or (T, K, K) array
        Covariance of the step from date t to t + 1 in row t.
    start_mean, start_covariance : (K,) and (K, K) arrays
        Distribution of the state on the first date, before its update.
    transition, offset : (K, K) and (K,) arrays, optional
        T and c. Default: a random walk.
    """
    dates, states = observations.shape[0], start_mean.shape[0]
    transition = np.eye(states) if transition is None else transition
    offset = np.zeros(states) if offset is None else offset
    Z = np.broadcast_to(design, (dates, *design.shape[-2:]))
    H = np.broadcast_to(observation_covariance, (dates, *observation_covariance.shape[-2:]))
    Q = np.broadcast_to(state_covariance, (dates, states, states))
    predicted, filtered = np.empty((dates, states)), np.empty((dates, states))
    predicted_covariance, filtered_covariance = np.empty((2, dates, states, states))
    log_likelihood = np.zeros(dates)
    a, P = start_mean, start_covariance
    for t in range(dates):
        predicted[t], predicted_covariance[t] = a, P
        seen = np.isfinite(observations[t])
        if seen.any():
            Zt, Ht = Z[t][seen], H[t][np.ix_(seen, seen)]
            v = observations[t][seen] - Zt @ a
            S = Zt @ P @ Zt.T + Ht
            gain = np.linalg.solve(S, Zt @ P).T
            keep = np.eye(states) - gain @ Zt
            a, P = a + gain @ v, keep @ P @ keep.T + gain @ Ht @ gain.T
            log_likelihood[t] = -0.5 * (seen.sum() * LOG_2PI + np.linalg.slogdet(S)[1] + v @ np.linalg.solve(S, v))
        filtered[t], filtered_covariance[t] = a, P
        a, P = offset + transition @ a, transition @ P @ transition.T + Q[t]
    return DenseResult(
        predicted, predicted_covariance, filtered, filtered_covariance, log_likelihood, transition, offset
    )


@dataclass(frozen=True)
class DenseSmoothed:
    """States of all dates given all data."""

    mean: Floats  # (T, K)
    covariance: Floats  # (T, K, K)
    lag_one: Floats  # (T, K, K) covariance of date t with date t - 1; NaN on the first


def dense_smooth(result: DenseResult) -> DenseSmoothed:
    """Smooth by the backward pass of Rauch, Tung and Striebel (1965, AIAA Journal 3)."""
    mean, covariance = result.filtered.copy(), result.filtered_covariance.copy()
    lag_one = np.full_like(covariance, np.nan)
    for t in range(mean.shape[0] - 2, -1, -1):
        filtered = result.filtered_covariance[t]
        ahead = result.predicted_covariance[t + 1]
        back = filtered @ result.transition.T @ np.linalg.pinv(ahead, hermitian=True)
        mean[t] += back @ (mean[t + 1] - result.predicted[t + 1])
        covariance[t] += back @ (covariance[t + 1] - ahead) @ back.T
        lag_one[t + 1] = covariance[t + 1] @ back.T
    return DenseSmoothed(mean, covariance, lag_one)
