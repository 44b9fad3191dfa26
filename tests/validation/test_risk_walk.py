import numpy as np
import pandas as pd
import pytest

from statefolio._estimator import clone
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_scores import score_covariances
from statefolio.validation.risk_walk import validate_risk, walk_risk

FROM = "2020-06-01"
RISK = FactorRisk(KalmanLoadings(noise="ewma", dynamics="random_walk"))


@pytest.fixture(scope="module")
def forecasts(stocks):
    return walk_risk(RISK, *stocks, FROM, refit_every=42)


def test_each_forecast_is_that_of_a_fit_to_the_date_before(stocks, forecasts):
    returns, factors = stocks
    dates = returns.loc[FROM:].index
    assert list(forecasts) == list(dates[::42])
    for date in (dates[0], dates[84]):
        until = returns.index < date
        fresh = clone(RISK).fit(returns[until], factors[until], tune_until="2020-05-29")
        assert list(forecasts[date].assets) == list(fresh.assets_)
        assert "NONE" not in fresh.assets_
        np.testing.assert_allclose(forecasts[date].covariance.dense(), fresh.covariance_.dense(), rtol=1e-9)


def test_cutting_the_future_changes_no_forecast_before(stocks, forecasts):
    returns, factors = (table.loc[:"2020-10-15"] for table in stocks)
    cut = walk_risk(RISK, returns, factors, FROM, refit_every=42)
    for date, forecast in cut.items():
        np.testing.assert_array_equal(forecast.covariance.dense(), forecasts[date].covariance.dense())


def test_validation_scores_the_walk(stocks, forecasts):
    mine = {"pair": pd.Series({"JPM": 1.0, "BAC": -1.0})}
    found = validate_risk(RISK, *stocks, FROM, refit_every=42, portfolios=mine, random_portfolios=20)
    expected = score_covariances(forecasts, stocks[0], mine, 20)
    pd.testing.assert_frame_equal(found.by_date, expected.by_date)
    pd.testing.assert_frame_equal(found.portfolios, expected.portfolios)
    assert found.by_date.index[0] == pd.Timestamp(FROM)
    assert found.portfolios.loc["pair", "kind"] == "given"
    assert 0.8 < found.summary().loc["random long-short", "bias"] < 1.2
    assert not RISK.__sklearn_is_fitted__()


def test_frequent_refits_improve_qlike(stocks):
    """In 2020 a covariance that is updated once a quarter is too old."""
    quick = FactorRisk(RollingLoadings(250))
    scores = [validate_risk(quick, *stocks, "2020-01-02", every, random_portfolios=0) for every in (5, 63)]
    daily, quarterly = (one.by_date["qlike"].mean() for one in scores)
    assert daily < quarterly


def test_bad_input(stocks):
    with pytest.raises(DataTypeError, match="risk must be a FactorRisk, got a KalmanLoadings"):
        validate_risk(KalmanLoadings(), *stocks, FROM)
    with pytest.raises(InputError, match="prefit=True"):
        validate_risk(FactorRisk(KalmanLoadings(), prefit=True), *stocks, FROM)
    for wrong in (0, 2.5, True):
        with pytest.raises(InputError, match="refit_every"):
            validate_risk(RISK, *stocks, FROM, refit_every=wrong)
    with pytest.raises(InputError, match=r"test_from must be .* 0 from it on"):
        validate_risk(RISK, *stocks, "2040-01-01")
