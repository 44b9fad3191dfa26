"""A small fitted model made of arrays, so that the report is tested without an estimator."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import xarray as xr


@dataclass
class MadeUp:
    loadings_: xr.Dataset
    innovations_: xr.Dataset
    fit_quality_: pd.DataFrame
    parameters_: pd.DataFrame
    log_likelihood_: pd.Series


def made_up(n_dates=600, n_assets=5, n_factors=3, seed=0, tuned_until="2016-06-30", gaps=True) -> MadeUp:
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2015-01-01", periods=n_dates, name="date")
    assets = [f"asset {i}" for i in range(n_assets)]
    factors = ["alpha", "market", *[f"factor {k}" for k in range(2, n_factors + 1)]][: n_factors + 1]
    shape = (n_dates, n_assets, n_factors + 1)
    start = rng.normal(0.0, 0.4, shape[1:])
    start[:, 1] += 1.0
    beta = start + np.cumsum(rng.normal(0.0, 0.012, shape), axis=0)
    variance = np.broadcast_to((0.05 + 2.0 / (1 + np.arange(n_dates)))[:, None, None] ** 2, shape).copy()
    beta[:, :, 0] *= 1e-4
    variance[:, :, 0] *= 1e-8
    if gaps:
        beta[: n_dates // 5, 0], variance[: n_dates // 5, 0] = np.nan, np.nan
    innovation = rng.standard_normal(shape[:2]) * 0.01
    if gaps:
        innovation[rng.random(shape[:2]) < 0.02] = np.nan
    dims = ("date", "asset", "factor")
    coords = {"date": dates, "asset": assets, "factor": factors}
    fields = {
        "predicted": beta,
        "predicted_variance": variance,
        "filtered": beta,
        "filtered_variance": variance,
    }
    attrs = {} if tuned_until is None else {"tuned_until": tuned_until}
    loadings = xr.Dataset({k: (dims, v) for k, v in fields.items()}, coords, attrs)
    of_returns = {"date": dates, "asset": assets}
    innovations = xr.Dataset(
        {
            "innovation": (dims[:2], innovation),
            "innovation_variance": (dims[:2], np.full(shape[:2], 1e-4)),
        },
        of_returns,
        attrs,
    )
    names = ("r_squared_in_sample", "rmse_in_sample", "r_squared_one_step", "rmse_one_step")
    quality = pd.DataFrame({name: rng.random(n_assets) / 2 for name in names}, index=assets)
    parameters = pd.DataFrame({"observation_variance": 1e-4, "converged": True, "reason": "pooled"}, index=assets)
    return MadeUp(loadings, innovations, quality, parameters, pd.Series(rng.random(n_assets), index=assets))


@pytest.fixture(scope="session")
def model() -> MadeUp:
    return made_up()


@pytest.fixture(scope="session")
def rolling() -> MadeUp:
    return made_up(seed=1)


@pytest.fixture(scope="session")
def make_model():
    return made_up
