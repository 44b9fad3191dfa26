"""Runs simdkalman's primitives, which NumPy broadcasts over assets.

Its KalmanFilter class has one observation matrix for all dates, so that the loop over dates is here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from simdkalman import primitives
from work import Work

from peers import Job

PACKAGE = "simdkalman"


def panel(kind: str, work: Work) -> Callable[[], np.ndarray | None]:
    T, N, K = work.dates, work.assets, work.states
    F = np.eye(K)[None]
    Q = work.Q.T[:, :, None] * np.eye(K)
    R = work.R[:, None, None]
    H = work.X[:, None, None, :]
    Y = work.Y[:, :, None, None]
    constant = -0.5 * np.log(2.0 * np.pi) * work.observed  # not included in simdkalman

    def forward(store: str) -> tuple[np.ndarray, Any, Any]:
        mean, covariance = np.zeros((N, K, 1)), np.tile(np.diag(work.start_variance), (N, 1, 1))
        total = np.zeros(N)
        means = np.empty((T, N, K)) if store else None
        variances = np.empty((T, N, K) if store == "variances" else (T, N, K, K)) if store else None
        for t in range(T):
            if t:
                mean, covariance = primitives.predict(mean, covariance, F, Q)
            mean, covariance, _, logp = primitives.priv_update_with_nan_check(
                mean, covariance, H[t], R, Y[t], log_likelihood=True
            )
            total += logp
            if store:
                means[t] = mean[..., 0]
                variances[t] = covariance if store == "covariances" else np.einsum("nkk->nk", covariance)
        return total + constant, means, variances

    def backward() -> np.ndarray:
        total, means, covariances = forward("covariances")
        mean, covariance = means[-1][..., None], covariances[-1]
        variances = np.empty((T, N, K))
        variances[-1] = np.einsum("nkk->nk", covariance)
        for t in range(T - 2, -1, -1):
            mean, covariance = primitives.smooth(means[t][..., None], covariances[t], F, Q, mean, covariance)
            means[t], variances[t] = mean[..., 0], np.einsum("nkk->nk", covariance)
        return total

    if kind == "smoother":
        return backward
    return lambda: forward("variances" if kind == "filter" else "")[0]


JOBS = {
    "loglik": Job(partial(panel, "loglik"), 512, "primitives"),
    "filter": Job(partial(panel, "filter"), 512, "primitives"),
    "smoother": Job(partial(panel, "smoother"), 256, "primitives"),
}
