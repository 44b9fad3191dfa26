import numpy as np
import pandas as pd
import polars as pl
import pytest

from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.validation.confidence_set import model_confidence_set
from statefolio.validation.equal_accuracy import diebold_mariano
from statefolio.validation.losses import LOSSES, date_series
from statefolio.validation.validation import validate

QUICK = {"rolling": RollingLoadings(120), "static": StaticLoadings()}


def test_moving_loadings_predict_twenty_stocks_best(validation):
    summary = validation.summary()
    assert list(summary.index) == ["rolling", "static", "kalman"]
    for loss in LOSSES:
        assert summary[loss].idxmin() == "kalman"
        assert summary.loc["kalman", f"{loss}_included"]
        assert summary.loc["kalman", f"{loss}_p_value"] < 0.1
        assert np.isnan(summary.loc["rolling", f"{loss}_p_value"])
    assert validation.nested.loc[0, ["model", "benchmark"]].tolist() == ["kalman", "static"]
    assert validation.nested.loc[0, "p_value"] < 1e-3
    assert validation.benchmark == "rolling"
    assert validation.tuned_until == pd.Timestamp("2018-12-31")


def test_the_tables_agree_with_the_losses(validation):
    for loss in LOSSES:
        series = date_series(validation.losses, loss)
        table = validation.mean_losses.loc[loss]
        np.testing.assert_allclose(table["mean"], series.mean(), rtol=1e-12)
        error = diebold_mariano(series["static"]).standard_error
        assert table.loc["static", "standard_error"] == error
        pd.testing.assert_series_equal(table["p_value"], model_confidence_set(series)["p_value"])
    u = validation.losses["probability"].sel(model="static", asset="JPM").to_numpy()
    u = u[np.isfinite(u)]
    covered = validation.coverage.loc[("static", "JPM")]
    np.testing.assert_allclose(covered, [np.mean(np.abs(u - 0.5) <= level / 2) for level in covered.index])
    everything = validation.losses["probability"].sel(model="kalman").to_numpy()
    everything = everything[np.isfinite(everything)]
    assert validation.summary().loc["kalman", "coverage_95%"] == np.mean(np.abs(everything - 0.5) <= 0.475)


def test_gaps_and_assets_never_observed(validation, stocks):
    counts = np.isfinite(validation.losses["squared_error"]).sum("date")
    assert (counts == counts.isel(model=0)).all()
    assert counts.sel(asset="NONE").sum() == 0
    assert 0 < counts.sel(model="static", asset="AMD") < 110
    assert validation.coverage.xs("NONE", level="asset").isna().all(axis=None)
    assert validation.uniformity.xs("NONE", level="asset")["berkowitz_p_value"].isna().all()
    missing = stocks[0].loc["2019":].isna().to_numpy()
    assert np.isnan(validation.losses["qlike"].sel(model="kalman").to_numpy()[missing]).all()


def test_cutting_the_future_changes_nothing_before(stocks):
    returns, factors = stocks
    whole, cut = (validate(QUICK, returns.loc[:last], factors, "2018-06-01") for last in ("2020-12-31", "2019-06-28"))
    same = whole.losses.sel(date=cut.losses.date)
    for name in (*LOSSES, "innovation", "probability"):
        np.testing.assert_array_equal(same[name], cut.losses[name])
    pd.testing.assert_series_equal(whole.stress.stressed.loc[: cut.losses.date.values[-1]], cut.stress.stressed)


def test_permuting_assets_and_scaling_returns(stocks):
    returns, factors = stocks[0].drop(columns="NONE"), stocks[1]
    one = validate(QUICK, returns, factors, "2019-01-01", replications=200)
    other = validate(QUICK, returns.iloc[:, ::-1] * 0.5, factors * 0.5, "2019-01-01", replications=200)
    np.testing.assert_allclose(
        other.losses["squared_error"].sel(asset=one.losses.asset), 0.25 * one.losses["squared_error"], rtol=1e-9
    )
    np.testing.assert_allclose(other.against_benchmark.p_value, one.against_benchmark.p_value, rtol=1e-6)
    np.testing.assert_allclose(
        other.mean_losses.loc["qlike", "mean"], one.mean_losses.loc["qlike", "mean"] - 2 * np.log(2.0), rtol=1e-9
    )


def test_the_same_call_gives_the_same_result_and_polars_too(stocks):
    returns, factors = stocks
    first = validate(QUICK, returns, factors, "2019-01-01", replications=200)
    tables = (pl.from_pandas(table.rename_axis("date").reset_index()) for table in (returns, factors))
    again = validate(QUICK, *tables, "2019-01-01", replications=200)
    pd.testing.assert_frame_equal(first.summary(), again.summary())


def test_one_model_and_one_asset(stocks):
    returns, factors = stocks
    result = validate([StaticLoadings()], returns[["JPM"]], factors, "2019-01-01")
    assert result.summary().shape[0] == 1
    assert len(result.against_benchmark) == len(result.pairwise) == len(result.nested) == 0
    assert result.mean_losses["included"].all()
    np.testing.assert_array_equal(
        date_series(result.losses, "squared_error")["StaticLoadings"],
        result.losses["squared_error"].sel(model="StaticLoadings", asset="JPM").dropna("date"),
    )


def test_models_with_equal_predictions(stocks):
    result = validate({"a": StaticLoadings(), "b": StaticLoadings()}, *stocks, "2019-01-01")
    assert result.against_benchmark["p_value"].isna().all()
    assert result.against_benchmark["reason"].str.contains("same on every date").all()
    assert result.mean_losses["included"].all()
    assert (result.mean_losses["p_value"] == 1.0).all()


def test_a_short_test_gives_a_reason(stocks):
    returns, factors = (table.loc[:"2019-01-15"] for table in stocks)
    with pytest.warns(StatefolioWarning, match="test_from must leave at least 20 dates with scored returns.*got 10"):
        result = validate(QUICK, returns, factors, "2019-01-02")
    assert result.against_benchmark["reason"].str.startswith("10 dates, fewer").all()
    assert result.mean_losses["p_value"].isna().all()
    assert result.summary()["squared_error"].notna().all()


def test_bad_input(stocks):
    returns, factors = stocks
    with pytest.raises(InputError, match="got 'rolling', which predicts none from 2019-01-02 on"):
        validate({"rolling": RollingLoadings(5000, 5000)}, returns, factors, "2019-01-01")
    with pytest.raises(InputError, match=r"test_from must be .* 0 from it on"):
        validate(QUICK, returns, factors, "2030-01-01")
    with pytest.raises(InputError, match="after the burn-in"):
        validate(QUICK, returns, factors, "2020-12-01", burn_in=100)
    with pytest.raises(UnknownNameError, match=r"benchmark must be one of the models .* got 'kalman'"):
        validate(QUICK, returns, factors, "2020-12-01", benchmark="kalman")
    with pytest.raises(InputError, match="which predicts none"):
        validate(QUICK, returns[["NONE"]], factors, "2019-01-01")


def test_industries(shared):
    """Real panel of the README's table, in small: 49 industries, tested 2015 to 2018."""
    table = pd.read_parquet(shared / "ff5_mom_daily.parquet").loc["2010":"2018"]
    returns = pd.read_parquet(shared / "industry49_daily.parquet").loc["2010":"2018"].sub(table["RF"], axis=0)
    models = {
        "rolling": RollingLoadings(250),
        "static": StaticLoadings(),
        "exponential": ExponentialLoadings(120),
        "kalman": KalmanLoadings(),
    }
    result = validate(models, returns, table.drop(columns="RF"), "2015-01-01")
    summary = result.summary()
    for loss in LOSSES:
        assert summary[loss].idxmin() == "kalman"
    best = result.mean_losses.loc["negative_log_score"]
    assert best.index[best.included].tolist() == ["kalman"]
    assert (
        result.pairwise.set_index(["loss", "model", "benchmark"]).loc[("squared_error", "rolling", "kalman"), "p_value"]
        < 1e-3
    )
    assert result.nested.set_index("benchmark").loc["static", "p_value"] < 1e-6
