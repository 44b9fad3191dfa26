"""Runs dynamax's filter and smoother for one series, batched over assets by `vmap` and compiled in double precision.

dynamax does not support missing values and runs on a panel without them. It adds 1e-9 to innovation variances, which
matters for decimals, so that it runs in percent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from dynamax.linear_gaussian_ssm import lgssm_filter, lgssm_smoother
from dynamax.linear_gaussian_ssm.inference import make_lgssm_params
from work import Work

from peers import Job

jax.config.update("jax_enable_x64", True)
PACKAGE = "dynamax"


def one_asset(kind: str, y: Any, q: Any, r: Any, X: Any, start: Any) -> Any:
    K = X.shape[1]
    params = make_lgssm_params(
        initial_mean=jnp.zeros(K),
        initial_cov=jnp.diag(start),
        dynamics_weights=jnp.eye(K),
        dynamics_cov=jnp.diag(q),
        emissions_weights=X[:, None, :],
        emissions_cov=r[None, None],
    )
    if kind == "smoother":
        posterior = lgssm_smoother(params, y[:, None])
        mean, covariance = posterior.smoothed_means, posterior.smoothed_covariances
    else:
        posterior = lgssm_filter(params, y[:, None])
        mean, covariance = posterior.filtered_means, posterior.filtered_covariances
    kept = None if kind == "loglik" else (mean, jnp.diagonal(covariance, axis1=1, axis2=2))
    return posterior.marginal_loglik, kept


def batched(kind: str, work: Work) -> Callable[[], np.ndarray]:
    percent = work.in_percent()
    in_decimals = work.observed * np.log(100.0)
    run = jax.jit(jax.vmap(partial(one_asset, kind), in_axes=(0, 0, 0, None, None)))
    arrays = [
        jnp.asarray(np.ascontiguousarray(a))
        for a in (percent.Y.T, percent.Q.T, percent.R, percent.X, percent.start_variance)
    ]
    return lambda: np.asarray(jax.block_until_ready(run(*arrays))[0]) + in_decimals


JOBS = {
    "loglik": Job(partial(batched, "loglik"), 1_024, "vmap; no missing values", missing=False),
    "filter": Job(partial(batched, "filter"), 1_024, "vmap; no missing values", missing=False),
    "smoother": Job(partial(batched, "smoother"), 512, "vmap; no missing values", missing=False),
}
