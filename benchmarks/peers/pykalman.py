"""Runs pykalman with one KalmanFilter per asset, regressors as observation matrices, and masked missing returns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pykalman import KalmanFilter
from work import Work

from peers import Job

PACKAGE = "pykalman"


def asset_by_asset(method: str) -> Callable[[Work], Callable[[], np.ndarray | None]]:
    def prepare(work: Work) -> Callable[[], np.ndarray | None]:
        series = np.ma.masked_invalid(work.Y)
        filters = [
            KalmanFilter(
                transition_matrices=np.eye(work.states),
                observation_matrices=work.X[:, None, :],
                transition_covariance=np.diag(work.Q[:, i]),
                observation_covariance=work.R[i],
                initial_state_mean=np.zeros(work.states),
                initial_state_covariance=np.diag(work.start_variance),
                n_dim_obs=1,
            )
            for i in range(work.assets)
        ]

        def once() -> np.ndarray | None:
            done = [getattr(kf, method)(series[:, i]) for i, kf in enumerate(filters)]
            return np.array(done) if method == "loglikelihood" else None

        return once

    return prepare


JOBS = {
    "loglik": Job(asset_by_asset("loglikelihood"), 2, "loop over assets"),
    "filter": Job(asset_by_asset("filter"), 2, "loop over assets; stores full covariances"),
    "smoother": Job(asset_by_asset("smooth"), 2, "loop over assets; stores full covariances"),
}
