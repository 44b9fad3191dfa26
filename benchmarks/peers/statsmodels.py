"""Runs statsmodels with one state space model of random-walk coefficients per asset.

Filtering starts from the known distribution. Maximum likelihood has an exact diffuse start, is in percent, and begins
at the asset's OLS residual variance. Variances are squares of parameters, so that zero is attainable; the search is
statsmodels' own L-BFGS with a numerical score.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from statsmodels.tsa.statespace.mlemodel import MLEModel
from work import Work, diffuse_percent_to_decimals

from peers import Job

PACKAGE = "statsmodels"


class TimeVaryingRegression(MLEModel):
    """y = x' b + e with b a random walk. Parameters: the observation variance, then the state variances."""

    def __init__(self, y: np.ndarray, X: np.ndarray) -> None:
        K = X.shape[1]
        super().__init__(y, k_states=K, k_posdef=K)
        self.X = X
        self["design"] = X.T[None]
        self["transition"] = np.eye(K)
        self["selection"] = np.eye(K)
        self.diagonal = ("state_cov", *np.diag_indices(K))

    @property
    def start_params(self) -> np.ndarray:
        y = self.endog[:, 0]
        seen = ~np.isnan(y)
        coefficients = np.linalg.lstsq(self.X[seen], y[seen], rcond=None)[0]
        variance = np.var(y[seen] - self.X[seen] @ coefficients)
        return variance * np.concatenate(([1.0], 1e-4 / np.mean(self.X**2, axis=0)))

    @property
    def param_names(self) -> list[str]:
        return ["observation", *(f"state.{k}" for k in range(self.k_states))]

    def transform_params(self, unconstrained: np.ndarray) -> np.ndarray:
        return unconstrained**2

    def untransform_params(self, constrained: np.ndarray) -> np.ndarray:
        return constrained**0.5

    def update(self, params: np.ndarray, **kwargs: object) -> None:
        params = super().update(params, **kwargs)
        self["obs_cov", 0, 0] = params[0]
        self[self.diagonal] = params[1:]


def known_start(work: Work) -> list[TimeVaryingRegression]:
    models = []
    for i in range(work.assets):
        model = TimeVaryingRegression(work.Y[:, i], work.X)
        model.initialize_known(np.zeros(work.states), np.diag(work.start_variance))
        model.update(np.concatenate(([work.R[i]], work.Q[:, i])))
        models.append(model)
    return models


def log_likelihood(work: Work) -> Callable[[], np.ndarray]:
    models = known_start(work)
    return lambda: np.array([model.ssm.loglike() for model in models])


def filtered(work: Work) -> Callable[[], np.ndarray]:
    models = known_start(work)
    return lambda: np.array([model.ssm.filter().llf for model in models])


def smoothed(work: Work) -> Callable[[], np.ndarray]:
    models = known_start(work)
    return lambda: np.array([model.ssm.smooth(smoother_output=0x03).llf for model in models])  # mean and covariance


def maximum_likelihood(work: Work) -> Callable[[], np.ndarray]:
    percent = work.in_percent()
    in_decimals = diffuse_percent_to_decimals(work)

    def one(i: int) -> float:
        model = TimeVaryingRegression(percent.Y[:, i], percent.X)
        model.ssm.initialize_diffuse()
        return float(model.fit(disp=False, maxiter=200, cov_type="none").llf)

    return lambda: np.array([one(i) for i in range(work.assets)]) + in_decimals


JOBS = {
    "loglik": Job(log_likelihood, 64, "loop over assets"),
    "filter": Job(filtered, 16, "loop over assets; stores all it computes"),
    "smoother": Job(smoothed, 8, "loop over assets; smoothed states and covariances only"),
    "maximum likelihood": Job(maximum_likelihood, 8, "exact diffuse, one start, no standard errors"),
}
