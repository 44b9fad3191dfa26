"""A small panel with late listings, in two blocks of assets, and its store."""

import shutil
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.loadings.stores.store import LoadingsStore

WHOLE, FIRST = 262, 245
OPTIONS = {"tuning": "fixed", "state_variance": 1e-3, "observation_variance": 4e-4, "common_volatility": False}


def make_panel():
    rng = np.random.default_rng(5)
    dates = pd.bdate_range("2020-01-01", periods=WHOLE)
    factors = pd.DataFrame(rng.normal(0, 0.01, (WHOLE, 2)), dates, ["market", "value"])
    loadings = rng.normal(0.5, 0.5, (2, 70))
    noise = rng.normal(0, 0.02, (WHOLE, 70))
    returns = pd.DataFrame(factors.to_numpy() @ loadings + noise, dates, [f"a{i}" for i in range(70)])
    returns.iloc[:150, 3] = np.nan
    returns.iloc[:243, 66] = np.nan
    returns.iloc[:250, 69] = np.nan
    return returns, factors


def fit(returns, factors, **options):
    return sf.KalmanLoadings(**{**OPTIONS, **options}).fit(returns, factors)


@pytest.fixture(scope="session")
def case(tmp_path_factory):
    """The panel, the model of all assets on the first dates, and a finished store of it."""
    returns, factors = make_panel()
    early = returns[:FIRST].drop(columns="a69")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = fit(early, factors[:FIRST])
        identity = {"model": "KalmanLoadings", "options": model.get_params(), "data": "d"}
        store = LoadingsStore.create(
            tmp_path_factory.mktemp("stores") / "all.zarr",
            dates=model.dates_,
            assets=model.assets_,
            factors=model.factors_,
            block_assets=64,
            identity={**identity, "tune_until": model.tuned_until_},
        )
        with store.writing():
            for number, block in enumerate(store.blocks):
                store.write_block(number, fit(early.iloc[:, block], factors[:FIRST]))
            store.finish()
    return SimpleNamespace(returns=returns, factors=factors, model=model, path=store.path)


@pytest.fixture
def store(case, tmp_path):
    """A copy of the finished store."""
    shutil.copytree(case.path, tmp_path / "copy.zarr")
    return LoadingsStore.open(tmp_path / "copy.zarr")
