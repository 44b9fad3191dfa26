"""Runs ssfortran, a Fortran state space library: one Representation per asset, `fit_many` for maximum likelihood.

Filter and smoother run on one thread, `fit_many` on all cores. Maximum likelihood has an exact diffuse start, is in
percent, and maximises over log-variances with the library's analytic score. BLAS uses one thread, as the documentation
of `fit_many` recommends.
"""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when the library is loaded; NumPy's BLAS is already loaded

import numpy as np
import ssfortran as ss
from work import Work, diffuse_percent_to_decimals

from peers import Job

PACKAGE = "ssfortran"


def known_start(work: Work) -> list[ss.Representation]:
    models = []
    for i in range(work.assets):
        model = ss.Representation(work.Y[:, i], k_states=work.states)
        model["design"] = work.X.T[None]
        model["transition"] = model["selection"] = np.eye(work.states)
        model["obs_cov"] = [[work.R[i]]]
        model["state_cov"] = np.diag(work.Q[:, i])
        model.initialize_known(np.zeros(work.states), np.diag(work.start_variance))
        models.append(model)
    return models


def log_likelihood(work: Work) -> Callable[[], np.ndarray]:
    models = known_start(work)
    return lambda: np.array([model.loglike() for model in models])


def filtered(work: Work) -> Callable[[], np.ndarray]:
    models = known_start(work)
    return lambda: np.array([model.filter().llf for model in models])


def smoothed(work: Work) -> Callable[[], np.ndarray]:
    models = known_start(work)
    return lambda: np.array([model.smooth().filter.llf for model in models])


def diffuse_model(work: Work, i: int) -> ss.MappedModel:
    K, y = work.states, work.Y[:, i]
    seen = ~np.isnan(y)
    coefficients = np.linalg.lstsq(work.X[seen], y[seen], rcond=None)[0]
    variance = np.var(y[seen] - work.X[seen] @ coefficients)
    start = variance * np.concatenate(([1.0], 1e-4 / np.mean(work.X**2, axis=0)))
    model = ss.MappedModel(y, k_states=K, k_params=K + 1, start_params=start)
    model["design"] = work.X.T[None]
    model["transition"] = model["selection"] = np.eye(K)
    model.initialize_diffuse()
    model.map(0, "obs_cov", 0, 0)
    for k in range(K):
        model.map(k + 1, "state_cov", k, k)
    return model.constrain(range(K + 1), "positive")


def maximum_likelihood(work: Work) -> Callable[[], np.ndarray]:
    percent = work.in_percent()
    in_decimals = diffuse_percent_to_decimals(work)

    def once() -> np.ndarray:
        fits = ss.fit_many([diffuse_model(percent, i) for i in range(work.assets)], compute_cov=False)
        return np.array([np.nan if fit is None else fit.llf for fit in fits]) + in_decimals

    return once


JOBS = {
    "loglik": Job(log_likelihood, 128, "loop over assets, one thread"),
    "filter": Job(filtered, 32, "loop over assets, one thread; stores all it computes"),
    "smoother": Job(smoothed, 16, "loop over assets, one thread; smooths disturbances too"),
    "maximum likelihood": Job(
        maximum_likelihood, 32, "exact diffuse, fit_many on all cores, one start, no standard errors"
    ),
}
