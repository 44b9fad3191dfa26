"""Runs filterpy with one filter per asset and a Python loop over dates.

Its own `log_likelihood` uses SciPy's multivariate normal, which takes four times as long as the update. The density is
computed here from the innovation and its variance instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import log, pi

import numpy as np
from filterpy.kalman import KalmanFilter
from work import Work

from peers import Job

PACKAGE = "filterpy"


def new_filter(work: Work, i: int) -> KalmanFilter:
    kf = KalmanFilter(dim_x=work.states, dim_z=1)
    kf.x = np.zeros((work.states, 1))
    kf.P = np.diag(work.start_variance)
    kf.F = np.eye(work.states)
    kf.Q = np.diag(work.Q[:, i])
    kf.R = np.array([[work.R[i]]])
    return kf


def log_likelihood(work: Work) -> Callable[[], np.ndarray]:
    H = work.X[:, None, :]

    def one(i: int) -> float:
        kf, total = new_filter(work, i), 0.0
        for t, y in enumerate(work.Y[:, i]):
            if t:
                kf.predict()
            if not np.isnan(y):
                kf.update(np.array([[y]]), H=H[t])
                v, S = kf.y[0, 0], kf.S[0, 0]
                total -= 0.5 * (log(2.0 * pi * S) + v * v / S)
        return total

    return lambda: np.array([one(i) for i in range(work.assets)])


def smoothed_or_filtered(smooth: bool, work: Work) -> Callable[[], None]:
    H = list(work.X[:, None, :])
    series = [[None if np.isnan(y) else np.array([[y]]) for y in column] for column in work.Y.T]

    def once() -> None:
        for i, y in enumerate(series):
            kf = new_filter(work, i)
            means, covariances, _, _ = kf.batch_filter(y, Hs=H, update_first=True)
            if smooth:
                kf.rts_smoother(means, covariances)

    return once


JOBS = {
    "loglik": Job(log_likelihood, 2, "loop over assets and dates"),
    "filter": Job(partial(smoothed_or_filtered, False), 2, "batch_filter"),
    "smoother": Job(partial(smoothed_or_filtered, True), 2, "batch_filter and rts_smoother"),
}
