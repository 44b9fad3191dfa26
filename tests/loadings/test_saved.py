"""Files and pickles of fitted models: what they hold, and files of earlier versions."""

import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from statefolio.loadings import storage
from statefolio.loadings.kalman_loadings import KalmanLoadings

NEXT = ("mean", "covariance", "observation_variance")


@pytest.fixture(scope="module")
def case():
    """A model with assets that wait, begin, are constant, and have collinear factors, and its data."""
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2020-01-01", periods=160)
    factors = pd.DataFrame(rng.normal(0, 0.01, (160, 2)), dates, ["market", "value"])
    factors.iloc[:120, 1] = 2 * factors.iloc[:120, 0]
    returns = factors.to_numpy() @ rng.normal(0.5, 0.5, (2, 8)) + rng.normal(0, 0.02, (160, 8))
    returns = pd.DataFrame(returns, dates, [f"a{i}" for i in range(8)])
    returns.iloc[:150, 0] = np.nan
    returns.iloc[:98, 1] = np.nan
    returns.iloc[:, 2] = 0.0001
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = KalmanLoadings(tuning="fixed", state_variance=1e-3, observation_variance=4e-4)
        model.fit(returns[:100].drop(columns="a7"), factors[:100])
    return SimpleNamespace(returns=returns, factors=factors, model=model)


def continued(model, case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pickle.loads(pickle.dumps(model)).partial_fit(case.returns[100:], case.factors[100:])


def check(model, case):
    assert model.next_.identical(case.model.next_)
    pd.testing.assert_frame_equal(model.parameters_, case.model.parameters_)
    found, wanted = continued(model, case), continued(case.model, case)
    assert found.loadings_.identical(wanted.loadings_)
    assert found.innovations_.identical(wanted.innovations_)
    assert found.next_.identical(wanted.next_)


def test_a_file_has_the_start_of_assets_whose_start_goes_on(case, tmp_path):
    case.model.save(tmp_path / "m")
    arrays = storage.read(tmp_path / "m", lambda *_: None)[1]
    assert arrays["state/filter_U"].shape == (6, 3, 4)  # five with collinear factors, and one that has just begun
    assert not any("covariance" in name for name in arrays if name.startswith("next/"))
    check(KalmanLoadings.load(tmp_path / "m"), case)


def test_files_of_earlier_versions_have_a_row_for_every_asset(case, tmp_path, monkeypatch):
    model = case.model
    contents, arrays = model._saved()
    for name, filter_ in (("filter", model._filter), ("pilot", model._pilot)):
        arrays |= {f"state/{name}_{part}": getattr(filter_.start, part) for part in ("a", "P", "A", "U")}
    del arrays["next/alpha"], arrays["state/tuned_assets"]
    arrays |= {f"next/{name}": values for name, values in zip(NEXT, model._next_date(), strict=True)}
    arrays |= {f"state/tuned_{name}": values for name, values in model._tuned._asdict().items()}
    monkeypatch.setattr(storage, "VERSION", 2)
    monkeypatch.setattr(storage.first_line, "__defaults__", (2,))
    storage.write(tmp_path / "m", contents, arrays)
    monkeypatch.undo()
    assert (tmp_path / "m").read_bytes().startswith(b"statefolio model 2 ")
    check(KalmanLoadings.load(tmp_path / "m"), case)


def test_files_from_before_noise_had_several_speeds(case, tmp_path):
    """They have one number for the common level and for its exponent, and no fast part."""
    options = {"dynamics": "random_walk", "noise": "ewma"}
    returns, factors = case.returns.iloc[:, 3:7], case.factors[["market"]]
    model = KalmanLoadings(**options).fit(returns.iloc[:100], factors.iloc[:100])
    contents, arrays = model._saved()
    arrays["state/level"] = np.array(arrays.pop("state/levels").item())
    arrays["state/learned_exponent"] = np.array(arrays.pop("state/learned_exponents").item())
    later = ("learned_rise", "law_fast_memory", "law_fast_weight", "law_surprise_scale", "filter_fast", "pilot_fast")
    for name in later:
        del arrays[f"state/{name}"]
    storage.write(tmp_path / "m", contents, arrays)
    loaded = KalmanLoadings.load(tmp_path / "m")
    for each in (model, loaded):
        each.partial_fit(returns.iloc[100:], factors.iloc[100:])
    assert loaded.next_.equals(model.next_)
    assert loaded.loadings_.equals(model.loadings_)


def test_a_pickle_has_each_array_once(case):
    returns, factors = case.returns.iloc[:, 3:7], case.factors[["market"]]
    wide = pd.DataFrame(np.tile(returns.to_numpy(), (1, 16)), returns.index, [f"a{i}" for i in range(64)])
    wide += np.random.default_rng(1).normal(0, 0.02, wide.shape)
    model = KalmanLoadings(tuning="fixed", state_variance=1e-3).fit(wide, factors)
    results = 8 * 64 * 160 * (2 * 2 + 3)  # means and variances, innovations with their variances and the levels
    assert len(pickle.dumps(model)) < 1.5 * results
