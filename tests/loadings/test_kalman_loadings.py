"""The contract of KalmanLoadings."""

import pickle
import threading
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

import statefolio as sf
from statefolio.kalman.panel import Filter
from statefolio.risk.attribution import _portfolio
from statefolio.risk.tail_risk import loading_error

DATES, ASSETS = 300, 10
FACTORS = ["market", "value"]
NAMES = ("predicted", "predicted_variance", "filtered", "filtered_variance")


def simulate(seed=1, dates=DATES, assets=ASSETS):
    """Loadings that wander, a late listing, gaps, an asset with two returns, one with none."""
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2015-01-01", periods=dates, name="date")
    factors = pd.DataFrame(rng.normal(0.0, 0.01, (dates, 2)), index, FACTORS)
    beta = 1.0 + np.cumsum(rng.normal(0.0, 0.02, (dates, assets, 2)), axis=0)
    noise = 0.008 * rng.standard_t(6, (dates, assets)) * np.linspace(0.6, 1.4, assets)
    values = np.einsum("tk,tnk->tn", factors.to_numpy(), beta) + noise
    values[rng.random(values.shape) < 0.03] = np.nan
    values[:150, 1] = np.nan
    values[:, 2] = np.nan
    values[:, 3] = np.nan
    values[[10, 20], 3] = 0.01
    return pd.DataFrame(values, index, [f"a{i}" for i in range(assets)]), factors


MODELS = {
    "default": {},
    "gaussian": {"noise": "constant", "tails": "gaussian"},
    "walking": {"dynamics": "random_walk", "noise": "constant", "tails": "gaussian"},
    "mle": {"tuning": "mle", "noise": "constant", "tails": "gaussian"},
    "shrunk": {"tuning": "shrunk", "common_volatility": False},
    "discount": {"tuning": "discount", "noise": "discount", "tails": "gaussian"},
    "reverting": {"dynamics": "mean_reverting", "noise": "constant", "tails": "gaussian"},
    "fixed": {"tuning": "fixed", "state_variance": {"alpha": 0.0, "market": 1e-3, "value": 2e-3}},
}


@pytest.fixture(scope="module")
def data():
    return simulate()


@pytest.fixture(scope="module")
def fitted(data):
    """Every kind of model, fitted on the first 200 dates' hyper-parameters."""
    returns, factors = data
    until = returns.index[199]
    return {
        name: sf.KalmanLoadings(**options).fit(returns, factors, tune_until=until) for name, options in MODELS.items()
    }


@pytest.fixture
def model(fitted):
    return fitted["default"]


def same(one: xr.Dataset, other: xr.Dataset):
    xr.testing.assert_identical(one.drop_attrs(), other.drop_attrs())


# What comes back ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_results_are_labelled(fitted, data, name):
    model, (returns, _) = fitted[name], data
    loadings = model.loadings_
    assert dict(loadings.sizes) == {"date": DATES, "asset": ASSETS, "factor": 3}
    assert list(loadings.data_vars) == list(NAMES)
    assert list(loadings.factor.values) == ["alpha", *FACTORS]
    assert list(loadings.asset.values) == list(returns.columns)
    pd.testing.assert_index_equal(loadings.indexes["date"], returns.index, exact=False, check_names=False)
    assert loadings.attrs["tuned_until"] == returns.index[199].strftime("%Y-%m-%d")
    assert {"innovation", "innovation_variance"} <= set(model.innovations_.data_vars)
    assert set(model.next_.data_vars) == {"mean", "covariance", "observation_variance"}
    assert model.next_["covariance"].shape == (ASSETS, 3, 3)
    parameters = model.parameters_
    columns = ["observation_variance", *(f"state_variance_{f}" for f in ("alpha", *FACTORS))]
    assert list(parameters.columns[:4]) == columns
    assert {f"{c}_standard_error" for c in columns} <= set(parameters)
    assert {"phi_market", "phi_value", "converged", "reason"} <= set(parameters)
    assert list(parameters.index) == list(returns.columns)
    assert list(model.log_likelihood_.index) == list(returns.columns)


@pytest.mark.parametrize("name", MODELS)
def test_predictions_explain_the_innovations(fitted, data, name):
    model, (returns, factors) = fitted[name], data
    X = np.column_stack([np.ones(DATES), factors])
    predicted = np.einsum("tk,tnk->tn", X, model.loadings_["predicted"].to_numpy())
    innovation = model.innovations_["innovation"].to_numpy()
    seen = np.isfinite(innovation)
    assert seen.sum() > 0.7 * DATES * (ASSETS - 3)
    np.testing.assert_allclose(innovation[seen], (returns.to_numpy() - predicted)[seen], rtol=0, atol=1e-13)
    variance = model.loadings_["predicted_variance"].to_numpy()
    assert (variance[np.isfinite(variance)] >= 0.0).all()
    late = model.loadings_["filtered"].sel(asset="a1").to_numpy()
    assert np.isnan(late[:150]).all()
    assert np.isfinite(late[160:]).all()


@pytest.mark.parametrize("name", MODELS)
def test_too_few_observations_give_nan_and_a_reason(fitted, name):
    model = fitted[name]
    for asset in ("a2", "a3"):
        if name == "reverting" and asset == "a3":
            continue  # a stationary start needs no observations
        assert np.isnan(model.loadings_["filtered"].sel(asset=asset)).all()
        assert np.isnan(model.log_likelihood_[asset])
        assert np.isnan(model.next_["mean"].sel(asset=asset)).all()
    if name != "fixed":
        assert "observations" in model.parameters_.loc["a2", "reason"]
        assert not model.parameters_.loc["a2", "converged"]
    assert model.parameters_.loc["a0", "converged"]


@pytest.fixture(scope="module")
def known(fitted, data):
    """The default model and random walks whose state variances are taken for known."""
    until = data[0].index[199]
    return {
        name: clone(fitted[name]).set_params(parameter_uncertainty=False).fit(*data, tune_until=until)
        for name in ("default", "walking")
    }


def test_next_follows_from_the_last_filtered_state(fitted, known):
    for name, model in (("walking", known["walking"]), ("mle", fitted["mle"])):
        last, ahead = model.loadings_.isel(date=-1), model.next_
        np.testing.assert_allclose(ahead["mean"], last["filtered"], rtol=1e-12)
        parameters = model.parameters_
        used = "_expected" if name == "mle" else ""
        q = parameters[[f"state_variance_{f}{used}" for f in ("alpha", *FACTORS)]].to_numpy()
        variance = np.diagonal(ahead["covariance"].to_numpy(), axis1=1, axis2=2)
        np.testing.assert_allclose(variance, last["filtered_variance"] + q, rtol=1e-10)
        seen = np.isfinite(ahead["mean"].to_numpy()[:, 0])
        expected = parameters["observation_variance"].to_numpy()
        np.testing.assert_allclose(ahead["observation_variance"].to_numpy()[seen], expected[seen], rtol=1e-12)


def size_of(x, model):
    """The size of a scenario over that of the factor returns so far, written out."""
    X = np.column_stack([np.ones(len(model.dates_)), simulate()[1].loc[model.dates_]])
    weights = 0.5 ** (np.arange(len(X) - 1, -1, -1) / 60.0)
    C = (X * weights[:, None]).T @ X / weights.sum()
    scale = np.sqrt(np.diagonal(C))
    return x / scale @ np.linalg.inv(C / np.outer(scale, scale) + 1e-6 * np.eye(len(C))) @ (x / scale) / len(C)


def test_predict_is_the_forecast_of_the_returns(model, known):
    """With the filter's own covariance, which innovation variances have."""
    ahead, x = known["default"].next_, np.array([1.0, 0.01, -0.02])
    found = model.predict({"market": 0.01, "value": -0.02})
    np.testing.assert_allclose(found["mean"], ahead["mean"].to_numpy() @ x, rtol=1e-12)
    spread = np.einsum("j,njk,k->n", x, ahead["covariance"].to_numpy(), x)
    noise = ahead["observation_variance"].to_numpy()
    if "factor_moves" in model.parameters_:  # noise rises with the size of the factor returns
        rise = model.parameters_["factor_moves"].iloc[0]
        noise = noise * (1.0 + rise * size_of(x, model)) / (1.0 + rise)
    np.testing.assert_allclose(found["variance"], spread + noise, rtol=1e-12)
    many = model.predict(pd.DataFrame({"value": [-0.02, 0.0], "market": [0.01, 0.0]}, index=["bad", "calm"]))
    assert list(many.scenario.values) == ["bad", "calm"]
    np.testing.assert_allclose(many["mean"].sel(scenario="bad"), found["mean"], rtol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_predict_gives_the_next_innovation(fitted, data, name):
    returns, factors = data
    model = clone(fitted[name]).fit(returns.iloc[:250], factors.iloc[:250], tune_until=returns.index[199])
    expected = model.predict(factors.iloc[250])
    model.partial_fit(returns.iloc[250:251], factors.iloc[250:251])
    judged = model.innovations_.isel(date=0)
    seen = np.isfinite(judged["innovation"].to_numpy())
    assert seen.sum() >= 6
    mean = returns.iloc[250].to_numpy() - judged["innovation"].to_numpy()
    np.testing.assert_allclose(expected["mean"].to_numpy()[seen], mean[seen], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(
        expected["variance"].to_numpy()[seen], judged["innovation_variance"].to_numpy()[seen], rtol=1e-9
    )


def test_contributions_add_up_to_the_return(model, data):
    returns, factors = data
    for which in ("predicted", "filtered"):
        parts = model.contributions(returns, factors, which=which)
        assert list(parts.factor.values) == ["alpha", *FACTORS, "residual"]
        total = parts["contribution"].sum("factor", skipna=False).to_numpy()
        seen = np.isfinite(total)
        assert seen.sum() > 1500
        np.testing.assert_allclose(total[seen], returns.to_numpy()[seen], rtol=0, atol=1e-15)
    assert (parts["upper"] >= parts["lower"]).to_numpy()[..., :-1][seen].all()


def test_fit_quality_says_which_is_in_sample(model):
    quality = model.fit_quality_
    assert {"r_squared_in_sample", "r_squared_one_step", "rmse_in_sample", "rmse_one_step"} <= set(quality)
    good = quality.drop(["a2", "a3"])
    assert (good["r_squared_in_sample"] > good["r_squared_one_step"]).all()
    assert (good["r_squared_one_step"] > 0.2).all()


@pytest.mark.parametrize("name", MODELS)
def test_full_covariances(fitted, data, name):
    model, (returns, factors) = fitted[name], data
    full = model.covariances(returns, factors)
    assert full.predicted_covariance.dims == ("date", "asset", "factor", "factor_other")
    for which in ("predicted", "filtered"):
        covariance = full[f"{which}_covariance"].to_numpy()
        np.testing.assert_array_equal(covariance, covariance.transpose(0, 1, 3, 2))
        of_loadings = model.loadings_[f"{which}_variance"].to_numpy()
        np.testing.assert_array_equal(np.diagonal(covariance, axis1=2, axis2=3), of_loadings)
    cut = 250
    early = sf.KalmanLoadings(**MODELS[name]).fit(returns[:cut], factors[:cut], tune_until=returns.index[199])
    begun = early.loadings_.filtered.notnull().any(["date", "factor"]).to_numpy()
    wide = _variance_of_t(early) if name == "discount" else 1.0
    ahead = (full.predicted_covariance[cut] * wide).to_numpy()[begun]
    np.testing.assert_allclose(ahead, early.next_.covariance.to_numpy()[begun], rtol=1e-12)


@pytest.mark.parametrize("method", ["smooth", "covariances"])
def test_data_that_begin_later_than_the_fit_are_pointed_out(fitted, data, method):
    model, (returns, factors) = fitted["gaussian"], data
    with pytest.warns(sf.StatefolioWarning, match="the first date of the fit, got"):
        getattr(model, method)(returns[50:], factors[50:])


def test_an_observation_variance_of_zero_is_refused(data):
    returns, factors = data
    model = sf.KalmanLoadings(tuning="fixed", state_variance=0.0, observation_variance=0.0)
    with pytest.raises(sf.InputError, match="must be positive, got zeros"):
        model.fit(returns, factors)


def _variance_of_t(model):
    """Variance over squared scale of the first date not yet seen, by asset: `next_` holds variances."""
    filter_ = model._filter
    freedom = filter_.spec.memory * filter_.state.worth[: len(model.assets_)]
    return xr.DataArray(freedom / (freedom - 2.0), dims="asset", coords={"asset": model.assets_})


@pytest.mark.parametrize("name", ["gaussian", "default", "reverting"])
def test_smoothed_loadings(fitted, data, name):
    model = fitted[name]
    smoothed = model.smooth(*data)
    assert {"smoothed", "smoothed_variance"} <= set(smoothed.data_vars)
    assert smoothed["smoothed"].dims == ("date", "asset", "factor")
    last = smoothed.isel(date=-1)
    np.testing.assert_allclose(last["smoothed"], model.loadings_["filtered"].isel(date=-1), rtol=1e-9)
    later = smoothed["smoothed_variance"] <= model.loadings_["filtered_variance"] * (1.0 + 1e-9)
    assert bool(later.where(np.isfinite(smoothed["smoothed"]), True).all())
    shuffled = model.smooth(data[0].iloc[:, [4, 0]], data[1]) if name == "gaussian" else None
    if shuffled is not None:
        xr.testing.assert_allclose(shuffled, smoothed.sel(asset=["a4", "a0"]), rtol=1e-12)


def test_changing_a_forecast_changes_no_later_one(model):
    for forecast in (lambda: model.next_, lambda: model.ahead(5)):
        before = forecast()["mean"].to_numpy().copy()
        forecast()["mean"].to_numpy()[:] = 7.0
        np.testing.assert_array_equal(forecast()["mean"], before)


# Continuing, saving, copying -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("cut", [201, 299])
def test_partial_fit_equals_fit_to_the_last_bit(fitted, data, name, cut):
    returns, factors = data
    whole = fitted[name]
    until = returns.index[199]
    model = clone(whole).fit(returns.iloc[:cut], factors.iloc[:cut], tune_until=until)
    first, first_innovations = model.loadings_.load(), model.innovations_.load()
    model.partial_fit(returns.iloc[cut:], factors.iloc[cut:])
    assert model.loadings_.sizes["date"] == DATES - cut
    same(sf.loadings.concat_results([first, model.loadings_]), whole.loadings_)
    same(sf.loadings.concat_results([first_innovations, model.innovations_]), whole.innovations_)
    same(model.next_, whole.next_)


@pytest.mark.parametrize("name", ["default", "gaussian"])
def test_assets_join_and_leave(fitted, data, name):
    """One joins after tuning; another is left out once; fitting at once gives the same bits."""
    returns, factors = data
    until = returns.index[199]
    options = MODELS[name]
    old = returns.drop(columns="a9")
    late = returns.copy()
    late.loc[late.index[:220], "a9"] = np.nan
    late.loc[late.index[240:260], "a0"] = np.nan
    whole = sf.KalmanLoadings(**options).fit(late, factors, tune_until=until)
    model = sf.KalmanLoadings(**options).fit(old.iloc[:220], factors.iloc[:220], tune_until=until)
    parts = [model.loadings_.load()]
    for a, b, columns in ((220, 240, late.columns), (240, 260, late.columns.drop("a0")), (260, 300, late.columns)):
        model.partial_fit(late[columns].iloc[a:b], factors.iloc[a:b])
        parts.append(model.loadings_.load())
    same(sf.loadings.concat_results(parts), whole.loadings_)
    same(model.next_, whole.next_)


def test_an_asset_that_joins_takes_the_given_start_of_the_others(data):
    returns, factors = data[0].copy(), data[1]
    returns.iloc[:150, -2:] = np.nan
    options = {"tuning": "fixed", "state_variance": 1e-3, "observation_variance": 1e-4, "start": (np.ones(3), 0.5)}
    whole = sf.KalmanLoadings(**options).fit(returns, factors)
    model = sf.KalmanLoadings(**options).fit(returns.iloc[:150, :-2], factors)
    parts = [model.loadings_, model.partial_fit(returns.iloc[150:], factors).loadings_]
    same(sf.loadings.concat_results(parts), whole.loadings_)
    same(model.next_, whole.next_)


@pytest.mark.parametrize("cut", range(1, 6))
def test_partial_fit_inside_the_diffuse_phase(data, cut):
    returns, factors = data
    options = {"tuning": "fixed", "state_variance": 1e-3, "observation_variance": 1e-4}
    whole = sf.KalmanLoadings(**options).fit(returns, factors)
    model = sf.KalmanLoadings(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.StatefolioWarning)  # so few rows of factors are collinear
        model.fit(returns.iloc[:cut], factors.iloc[:cut])
    first = model.loadings_.load()
    model.partial_fit(returns.iloc[cut:], factors.iloc[cut:])
    same(sf.loadings.concat_results([first, model.loadings_]), whole.loadings_)


@pytest.mark.parametrize("name", MODELS)
def test_saved_models_continue_as_if_never_saved(fitted, data, name, tmp_path):
    returns, factors = data
    model = clone(fitted[name]).fit(returns.iloc[:250], factors.iloc[:250], tune_until=returns.index[199])
    model.save(tmp_path / "model")
    loaded = sf.KalmanLoadings.load(tmp_path / "model")
    same(loaded.next_, model.next_)
    pd.testing.assert_frame_equal(loaded.parameters_, model.parameters_)
    assert loaded.get_params() == model.get_params()
    same(loaded.loadings_, model.loadings_.isel(date=[-1]))
    loaded.partial_fit(returns.iloc[250:], factors.iloc[250:])
    same(loaded.next_, fitted[name].next_)
    same(loaded.loadings_, fitted[name].loadings_.isel(date=slice(250, None)))


def test_pickled_models_are_the_same(model, data):
    copy = pickle.loads(pickle.dumps(model))
    same(copy.loadings_, model.loadings_)
    same(copy.innovations_, model.innovations_)
    same(copy.next_, model.next_)


def test_clone_copies_options_and_nothing_learned(model):
    copy = clone(sf.KalmanLoadings(tuning="mle", phi=0.9))
    assert copy.get_params()["tuning"] == "mle"
    assert copy.set_params(noise="constant").noise == "constant"
    with pytest.raises(sf.NotFittedError):
        _ = clone(model).next_


# What may see what ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_cutting_the_future_leaves_every_bit(fitted, data, name):
    returns, factors = data
    cut = clone(fitted[name]).fit(returns.iloc[:230], factors.iloc[:230], tune_until=returns.index[199])
    same(cut.loadings_, fitted[name].loadings_.isel(date=slice(0, 230)))
    same(cut.innovations_, fitted[name].innovations_.isel(date=slice(0, 230)))
    pd.testing.assert_frame_equal(cut.parameters_, fitted[name].parameters_)


def test_hyper_parameters_do_not_see_past_tune_until(data):
    returns, factors = data
    changed = returns.copy()
    changed.iloc[200:] *= 3.0
    one, other = (
        sf.KalmanLoadings().fit(r, factors, tune_until=returns.index[199]).parameters_ for r in (returns, changed)
    )
    pd.testing.assert_frame_equal(one, other)


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(ASSETS)))
def test_order_of_assets_does_not_matter(order):
    returns, factors = DATA
    model = sf.KalmanLoadings(**HELD).fit(returns.iloc[:, order], factors)
    xr.testing.assert_allclose(
        model.loadings_.sel(asset=list(returns.columns)), STRAIGHT.loadings_, rtol=1e-9, atol=1e-12
    )


@settings(max_examples=8, deadline=None)
@given(st.floats(-6, 6), st.floats(-6, 6))
def test_units_of_returns_and_factors_do_not_matter(log_returns, log_factors):
    returns, factors = DATA
    by, of = 10.0**log_returns, 10.0**log_factors
    held = HELD | {
        "observation_variance": HELD["observation_variance"] * by**2,
        "state_variance": {"alpha": 1e-4, "market": 1e-3 / of**2, "value": 1e-3 / of**2},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.StatefolioWarning)  # they look like percent
        model = sf.KalmanLoadings(**held).fit(returns * by, factors * of)
    back = xr.DataArray([1.0 / by, of / by, of / by], {"factor": model.loadings_.factor})
    expected = STRAIGHT.loadings_["filtered"]
    found = model.loadings_["filtered"] * back
    scale = np.abs(expected).max(["date", "asset"])
    xr.testing.assert_allclose(found / scale, expected / scale, rtol=1e-9, atol=1e-9)


DATA = simulate()
HELD = {
    "tuning": "fixed",
    "state_variance": {"alpha": 1e-4, "market": 1e-3, "value": 1e-3},
    "observation_variance": 1e-4,
}
with pytest.warns(sf.StatefolioWarning, match="at least 3 observations"):
    STRAIGHT = sf.KalmanLoadings(**HELD).fit(*DATA)


# Evidence ------------------------------------------------------------------------------------------------------


def test_five_simulated_assets_find_their_market_betas():
    """A textbook chapter's example, whose own filter ends with every market beta at zero."""
    rng = np.random.RandomState(42)
    truth = np.array([[0.001, 1.2, -0.3, 0.1], [0.002, 0.8, 0.5, -0.2], [0.0005, 1.0, 0.1, 0.6],
                      [0.003, 1.1, 0.2, -0.4], [0.001, 1.0, 0.0, 0.0]])  # fmt: skip
    halves = (((0.0004, 0.0, 0.0), (1e-4, 5e-5, 3e-5)), ((-0.001, 0.001, -0.0005), (4e-4, 1e-4, 8e-5)))
    factors, returns = np.empty((252, 3)), np.empty((252, 5))
    for t in range(252):
        mean, variance = halves[t >= 126]
        factors[t] = rng.multivariate_normal(mean, np.diag(variance))
        noise = [rng.normal(0.0, 0.01) for _ in range(5)]
        returns[t] = truth[:, 0] + truth[:, 1:] @ factors[t] + noise
    dates = pd.bdate_range("2020-01-01", periods=252)
    R = pd.DataFrame(returns, dates, [f"asset {i + 1}" for i in range(5)])
    F = pd.DataFrame(factors, dates, ["market", "size", "value"])
    for options in ({}, {"tuning": "mle", "noise": "constant", "tails": "gaussian"}):
        last = sf.KalmanLoadings(**options).fit(R, F).loadings_.isel(date=-1).sel(factor="market")
        errors = (last["filtered"] - truth[:, 1]) / np.sqrt(last["filtered_variance"])
        assert (np.abs(errors) < 2.5).all()
        assert (np.abs(errors) < 2.0).sum() >= 4


def test_bands_cover_on_data_from_the_model():
    rng = np.random.default_rng(3)
    dates, assets = 80, 2048
    index = pd.bdate_range("2020-01-01", periods=dates)
    factors = pd.DataFrame({"market": rng.normal(0.0, 0.01, dates)}, index)
    beta = 1.0 + np.cumsum(rng.normal(0.0, 0.1, (dates, assets)), axis=0)
    values = factors.to_numpy() * beta + rng.normal(0.0, 0.01, (dates, assets))
    model = sf.KalmanLoadings(tuning="fixed", state_variance=0.01, observation_variance=1e-4, noise="constant",
                              tails="gaussian", intercept=False).fit(pd.DataFrame(values, index), factors)  # fmt: skip
    for name, date in (("filtered", 10), ("filtered", -1), ("predicted", -1)):
        at = model.loadings_.isel(date=date, factor=0)
        inside = np.abs(at[name] - beta[date]) < 1.959963984540054 * np.sqrt(at[f"{name}_variance"])
        assert 0.93 < float(inside.mean()) < 0.97


def test_known_parameters_and_start_in_plain_options(data):
    """The forum's example: everything given, no constant."""
    returns, factors = data
    model = sf.KalmanLoadings(tuning="fixed", state_variance=1e-3, observation_variance=1e-4, noise="constant",
                              tails="gaussian", intercept=False, start=([0.0, 0.5], np.eye(2)))  # fmt: skip
    found = model.fit(returns[["a0"]], factors).loadings_.isel(asset=0)
    mean, covariance = np.array([0.0, 0.5]), np.eye(2)
    started = False
    for t, (y, x) in enumerate(zip(returns["a0"], factors.to_numpy(), strict=True)):
        if started:
            covariance = covariance + 1e-3 * np.eye(2)
        started |= np.isfinite(y)
        if started:
            np.testing.assert_allclose(found["predicted"][t], mean, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(found["predicted_variance"][t], np.diag(covariance), rtol=1e-10)
        if np.isfinite(y):
            M = covariance @ x
            S = x @ M + 1e-4
            mean, covariance = mean + M * (y - x @ mean) / S, covariance - np.outer(M, M) / S
        if started:
            np.testing.assert_allclose(found["filtered"][t], mean, rtol=1e-10, atol=1e-12)


def test_a_start_one_prediction_earlier_shows_nothing_before_the_first_return(data):
    returns, factors = data
    options = {"tuning": "fixed", "state_variance": 1e-3, "noise": "constant", "tails": "gaussian"}
    model = sf.KalmanLoadings(**options, start=(np.ones(3), 0.5), before_prediction=True).fit(returns, factors)
    late = model.loadings_.sel(asset="a1")
    first = np.flatnonzero(np.isfinite(returns["a1"]))[0]
    assert np.isnan(late["filtered"][:first]).all()
    np.testing.assert_allclose(late["predicted"][first], 1.0)
    np.testing.assert_allclose(late["predicted_variance"][first], 0.501)


@pytest.mark.parametrize(
    "options",
    [
        {"noise": "constant", "tails": "gaussian"},
        {"noise": "constant", "tails": "student"},
        {"noise": "ewma", "tails": "student"},
        {"noise": "discount", "tails": "gaussian", "memory": 0.95},
    ],
)
def test_log_densities_add_up_to_the_log_likelihood(data, options):
    returns, factors = data
    model = sf.KalmanLoadings(tuning="fixed", state_variance=1e-4, start=(np.ones(3), 0.5), **options)
    for model in (model.fit(returns[:200], factors), model.partial_fit(returns[200:], factors)):  # noqa: B020
        total = model.innovations_["log_density"].sum("date").to_pandas()
        seen = model.log_likelihood_.notna()
        assert seen.sum() >= 8
        np.testing.assert_allclose(total[seen], model.log_likelihood_[seen], rtol=1e-9)


def test_a_start_one_prediction_earlier_is_the_later_one_less_its_step(data):
    returns, factors = data
    options = {"tuning": "fixed", "state_variance": 0.01, "observation_variance": 1e-4}
    later = sf.KalmanLoadings(**options, start=(np.ones(3), 0.5 + 1e-6)).fit(returns, factors)
    earlier = sf.KalmanLoadings(**options, start=(np.ones(3), 0.5), before_prediction=True).fit(returns, factors)
    for name in NAMES:
        np.testing.assert_allclose(earlier.loadings_[name], later.loadings_[name], rtol=1e-9)


# Input ---------------------------------------------------------------------------------------------------------


def test_polars_gives_the_same(data):
    returns, factors = data
    frames = [
        pl.DataFrame({"date": frame.index.to_numpy(), **{c: frame[c].to_numpy() for c in frame}})
        for frame in (returns, factors)
    ]
    same(sf.KalmanLoadings(**HELD).fit(*frames).loadings_, STRAIGHT.loadings_)


def test_progress_is_called(data):
    heard = []
    sf.KalmanLoadings(progress=lambda *news: heard.append(news)).fit(*data)
    assert {"pilot", "pooled"} <= {stage for stage, _, _ in heard}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tuning": "best"}, "'pooled', 'mle'"),
        ({"dynamics": "drunk"}, "'panel_reverting', 'mean_reverting' or 'random_walk'"),
        ({"noise": "loud"}, "'ewma', 'constant'"),
        ({"tails": "fat"}, "'student' or 'gaussian'"),
        ({"tuning": "fixed"}, "state_variance"),
        ({"start": "somewhere"}, "diffuse"),
        ({"degrees_of_freedom": 1.5}, "degrees_of_freedom"),
        ({"memory": 1.5}, "memory"),
        ({"discount_factor": 0.0}, "discount_factor"),
        ({"tuning": "fixed", "state_variance": -1.0}, "negative"),
        ({"tuning": "fixed", "state_variance": {"market": 1.0}}, "no value for"),
        ({"tuning": "fixed", "state_variance": [1.0, 2.0]}, "state_variance"),
        ({"state_variance": 1e-4}, "state_variance must be None with tuning='pooled'"),
        ({"discount_factor": 0.99}, "discount_factor must be None with tuning='pooled'"),
        ({"phi": 0.9, "tuning": "mle"}, "phi must be None with dynamics='random_walk'"),
        ({"noise": "ewma", "fast_weight": 0.1}, "fast_weight must be None with noise='ewma'"),
        ({"fast_weight": 0.6}, "fast_weight must be a finite number of at least 0 and at most 0.5"),
        ({"factor_moves": "yes"}, "factor_moves must be True, False or a number"),
        ({"factor_moves": -1.0}, "factor_moves must be True, False or a number"),
        ({"factor_moves": 0.2, "noise": "ewma"}, "factor_moves must be True or False without noise='multi_speed'"),
        ({"factor_moves": 0.2, "common_volatility": False}, "factor_moves must be True or False without"),
        ({"volatility_exponent": [0.1, 0.2]}, "volatility_exponent must be one number, or 3 for the memories"),
        ({"noise": "ewma", "volatility_exponent": [0.1, 0.2, 0.3]}, "volatility_exponent must be a number"),
        ({"mean": 1.0, "dynamics": "random_walk"}, "mean must be None with dynamics='random_walk'"),
        ({"tails": "gaussian", "degrees_of_freedom": 5.0}, "degrees_of_freedom must be None with tails='gaussian'"),
        ({"dynamics": "mean_reverting", "phi": pd.DataFrame()}, "phi must be .* got a DataFrame"),
        ({"noise": "discount", "memory": 0.5}, "memory"),
        ({"observation_variance": -1.0}, "negative"),
        ({"observation_variance": pd.Series({"a0": 1.0})}, "no value for"),
        ({"dynamics": "mean_reverting", "phi": 1.2}, "phi"),
        ({"start": (np.zeros(2), np.eye(3))}, "start"),
        ({"start": (np.zeros(3), -np.eye(3))}, "negative"),
        ({"start": (np.zeros(3), np.triu(np.ones((3, 3))))}, "symmetric"),
    ],
)
def test_bad_options_are_refused(data, options, message):
    with pytest.raises(sf.InputError, match=message):
        sf.KalmanLoadings(**options).fit(*data)


def test_an_unfitted_model_raises(data):
    for use in (
        lambda model: model.loadings_,
        lambda model: model.next_,
        lambda model: model.partial_fit(*data),
        lambda model: model.smooth(*data),
        lambda model: model.predict({"market": 0.0, "value": 0.0}),
        lambda model: model.save("nowhere"),
    ):
        with pytest.raises(sf.NotFittedError):
            use(sf.KalmanLoadings())


def test_dates_already_seen_are_refused(model, data):
    with pytest.raises(sf.InputError, match="last date of the model"):
        pickle.loads(pickle.dumps(model)).partial_fit(*data)


def test_a_partial_fit_that_fails_changes_nothing(data):
    returns, factors = data
    model = sf.KalmanLoadings(**HELD).fit(returns.iloc[:250], factors.iloc[:250])
    before = model.next_.load()
    with pytest.raises(sf.StatefolioError):
        model.partial_fit(returns.iloc[250:], factors[["market"]].iloc[250:])
    same(model.next_, before)
    model.partial_fit(returns.iloc[250:], factors.iloc[250:])
    same(model.next_, STRAIGHT.next_)


STARTING = {"tuning": "fixed", "state_variance": 1e-3, "observation_variance": 1e-4}


@pytest.mark.parametrize("cut", [3, 155, 250])
@pytest.mark.parametrize("run", [1, 2])
def test_an_interrupt_changes_nothing(data, cut, run, monkeypatch):
    """Also when the filters have moved, diffuse ones among them, and an asset has joined."""
    returns, factors = data[0].drop(columns="a9"), data[1]
    whole = sf.KalmanLoadings(**STARTING).fit(returns, factors)
    model = sf.KalmanLoadings(**STARTING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.StatefolioWarning)  # so few rows of factors are collinear
        model.fit(returns.iloc[:cut], factors.iloc[:cut])
    first, ahead = model.loadings_.copy(deep=True), model.next_.copy(deep=True)
    really_run, runs = Filter.run, []

    def stop(*arguments, **options):
        found = really_run(*arguments, **options)
        runs.append(found)
        if len(runs) == run:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(Filter, "run", stop)
    for new in (returns, data[0]):
        runs.clear()
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(new.iloc[cut:], factors.iloc[cut:])
    monkeypatch.undo()
    same(model.loadings_, first)
    same(model.next_, ahead)
    model.partial_fit(returns.iloc[cut:], factors.iloc[cut:])
    same(sf.loadings.concat_results([first, model.loadings_]), whole.loadings_)
    same(model.next_, whole.next_)


@pytest.mark.parametrize("cut", [3, 155, 250])
def test_results_handed_out_stay_when_the_model_moves_on(data, cut):
    """Predictions are computed when first read, from the state of their own dates."""
    returns, factors = data
    whole = sf.KalmanLoadings(**STARTING).fit(returns, factors)
    model = sf.KalmanLoadings(**STARTING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.StatefolioWarning)  # so few rows of factors are collinear
        model.fit(returns.iloc[:cut], factors.iloc[:cut])
    copy = pickle.loads(pickle.dumps(model))
    parts, innovations = [model.loadings_], [model.innovations_]
    for day in range(cut, cut + 5):
        model.partial_fit(returns.iloc[[day]], factors.iloc[[day]])
        parts.append(model.loadings_)
        innovations.append(model.innovations_)
    same(sf.loadings.concat_results(parts), whole.loadings_.isel(date=slice(0, cut + 5)))
    same(sf.loadings.concat_results(innovations), whole.innovations_.isel(date=slice(0, cut + 5)))
    copy.partial_fit(returns.iloc[cut : cut + 5], factors.iloc[cut : cut + 5])
    same(copy.next_, model.next_)


def test_a_clone_keeps_the_progress_callback():
    class Screen:
        def __init__(self):
            self.lock = threading.Lock()  # cannot be copied

        def hear(self, stage, done, total):
            raise NotImplementedError

    screen = Screen()
    variances = {"alpha": 0.0, "market": 1e-3}
    model = sf.KalmanLoadings(tuning="fixed", state_variance=variances, progress=screen.hear)
    copied = clone(model)
    assert copied.progress.__self__ is screen
    assert copied.state_variance == variances
    assert copied.state_variance is not variances


@pytest.mark.parametrize(("assets", "reverts"), [(7, False), (8, True)])
def test_a_panel_of_eight_assets_reverts_by_default_and_goes_on_so(data, tmp_path, assets, reverts):
    returns, factors = data[0].iloc[:, [0, 1, 4, 5, 6, 7, 8, 9][:assets]], data[1]
    model = sf.KalmanLoadings().fit(returns.iloc[:250], factors.iloc[:250])
    assert (model.parameters_["phi_market"] < 1.0).any() == reverts
    model.save(tmp_path / "m")
    loaded = sf.KalmanLoadings.load(tmp_path / "m")
    for each in (model, loaded):
        each.partial_fit(returns.iloc[250:], factors.iloc[250:])
    assert loaded.next_.equals(model.next_)


@pytest.mark.parametrize(
    ("options", "assets", "settled"),
    [
        ({}, 8, False),
        ({"phi": 0.999}, 8, False),
        ({"phi": 0.99}, 3, True),
        ({"mean": 1.0}, 8, True),
        ({"dynamics": "mean_reverting"}, 8, True),
        ({"dynamics": "panel_reverting"}, 3, False),
    ],
)
def test_how_loadings_revert_is_the_same_after_a_file(data, tmp_path, options, assets, settled):
    returns, factors = data[0].iloc[:, [0, 1, 4, 5, 6, 7, 8, 9][:assets]], data[1]
    model = sf.KalmanLoadings(**options).fit(returns, factors)
    assert (model.parameters_["phi_market"] < 1.0).any()
    model.save(tmp_path / "m")
    for each in (model, sf.KalmanLoadings.load(tmp_path / "m")):
        assert each._options.reverts
        assert each._options.settled == settled
    assert np.isfinite(model.loadings_["predicted"].isel(date=0, asset=0)).all() == settled  # a stationary start


def test_risk_at_a_horizon_has_the_averages_of_the_model(data):
    returns, factors = data[0].iloc[:, 4:], data[1]
    model = sf.KalmanLoadings(dynamics="mean_reverting").fit(returns, factors)
    risk = sf.FactorRisk(model, prefit=True, horizon=63, idiosyncratic="model").fit(returns, factors)
    ahead = model.ahead(63).sel(asset=list(risk.assets_))
    np.testing.assert_allclose(risk.exposures_, ahead["mean"].to_numpy()[:, 1:])
    w = np.full(len(risk.assets_), 1.0 / len(risk.assets_))
    expected = np.einsum("n,njk->jk", w * w, ahead["covariance"].to_numpy())
    np.testing.assert_allclose(loading_error(risk, w), expected)
    np.testing.assert_allclose(_portfolio(risk, w).V, expected[1:, 1:])
    near = sf.FactorRisk(model, prefit=True, idiosyncratic="model").fit(returns, factors)
    assert not np.allclose(near.exposures_, risk.exposures_)
