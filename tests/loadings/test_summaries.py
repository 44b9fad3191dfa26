"""Summaries of models: numbers against the results themselves, warnings in whole sentences."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import statefolio as sf
from statefolio._display.numbers import number
from statefolio.loadings.movement import movement


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(5)
    dates = pd.bdate_range("2020-01-01", periods=300, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (300, 2)), dates, ["market", "size"])
    path = np.linspace(0.5, 2.0, 300)[:, None] * factors[["market"]].to_numpy()
    returns = pd.DataFrame(path + rng.normal(0, 0.003, (300, 3)), dates, ["A", "B", "C"])
    return returns, factors


@pytest.fixture(scope="module")
def model(panel):
    return sf.KalmanLoadings(tuning="discount").fit(*panel, tune_until="2020-12-31")


def test_an_assets_loadings_are_tested_against_zero(model):
    table = model.summary("B")
    last = model.loadings_.sel(asset="B").isel(date=-1)
    error = np.sqrt(last["filtered_variance"].to_numpy())
    np.testing.assert_allclose(table["loading"], last["filtered"])
    np.testing.assert_allclose(table["t"], last["filtered"] / error)
    np.testing.assert_allclose(table["p_value"], 2 * norm.sf(np.abs(table["t"])), rtol=1e-10)
    np.testing.assert_allclose(table["upper"] - table["lower"], 2 * norm.ppf(0.975) * error)
    one = model.loadings_.sel(asset="B")
    paths = one["filtered"].to_numpy(), np.sqrt(one["filtered_variance"].to_numpy())
    np.testing.assert_allclose(table["moved"], movement(*paths))


def test_a_summary_says_fit_options_and_what_moved(model):
    text = " ".join(str(model.summary("A")).split())
    quality, likelihood = model.fit_quality_.loc["A"], model.log_likelihood_["A"]
    assert f"R², one step ahead: {quality['r_squared_one_step']:.1%}" in text
    assert f"Log-likelihood: {number(likelihood)}" in text
    assert "Model: KalmanLoadings(tuning='discount')" in text
    assert "Moved by more than 3 standard errors: market by" in text
    assert "Tuned until: 2020-12-31" in text


def test_a_tuning_on_all_dates_and_a_loaded_model_are_said(panel, model, tmp_path):
    inside = sf.KalmanLoadings(tuning="discount").fit(*panel)
    assert "every date is in sample" in " ".join(inside.summary("A").notes)
    assert "in sample" not in " ".join(sf.StaticLoadings().fit(*panel).summary("A").notes)
    model.save(tmp_path / "betas.model")
    loaded = sf.KalmanLoadings.load(tmp_path / "betas.model")
    table = loaded.summary("A")
    np.testing.assert_allclose(table["loading"], model.summary("A")["loading"])
    assert "too few dates for R²" in " ".join(table.notes)
    assert "moved" not in table
    loaded.__dict__.pop("_run_results")  # a file of an earlier version has no results
    loaded.__dict__.pop("dates_", None)
    table = loaded.summary("A")
    assert "loaded from a file" in " ".join(table.notes)
    np.testing.assert_allclose(table["loading"], model.next_["mean"].sel(asset="A"))
    assert "loaded" in repr(loaded)
    assert loaded._repr_html_()
    with pytest.raises(sf.NotFittedError, match="no results"):
        loaded.plot_map()


def test_the_summary_of_a_panel_covers_all_assets(model):
    table = model.summary()
    mean = model.next_["mean"].to_numpy()
    np.testing.assert_allclose(table["median"], np.median(mean, axis=0))
    assert table.index.tolist() == ["alpha", "market", "size"]
    assert table.loc["market", "share_nonzero"] == 1.0
    assert "median moved" in table
    assert "Median R²" in str(table)


def test_frames_by_asset_and_date(model):
    assert model.to_frame("A", "2021-02-01").index.tolist() == ["alpha", "market", "size"]
    whole = model.to_frame()
    assert whole.index.names == ["date", "asset", "factor"]
    assert len(whole) == 300 * 3 * 3
    with pytest.raises(sf.UnknownNameError, match="asset must be one of the model's"):
        model.to_frame("X")
    with pytest.raises(sf.UnknownNameError, match="asset must be one of the model's"):
        model.summary("X")


def test_nothing_is_shown_before_fit():
    with pytest.raises(sf.NotFittedError):
        sf.RollingLoadings().summary()
    with pytest.raises(sf.NotFittedError):
        sf.RollingLoadings().plot_map()
