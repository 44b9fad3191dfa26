"""Tests of the forecast track against plain NumPy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small_round import FORECAST

from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.forecast_track import NOT_PREDICTED
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.risk.factor_risk import FactorRisk

OPTIONS = [{}, {"tails": "gaussian", "noise": "constant", "tuning": "mle"}, {"tuning": "discount", "tails": "gaussian"}]


def slow_log_score(model, returns, first, scored):
    """Mean log density of the scored returns, one at a time, from innovations, their variances and the tails."""
    found = model.innovations_
    nu = model.parameters_.get("degrees_of_freedom")
    densities = []
    for date in returns.index[returns.index >= first]:
        for place, asset in enumerate(returns.columns):
            if not scored[place] or np.isnan(returns.at[date, asset]):
                continue
            error = float(found["innovation"].sel(date=date, asset=asset))
            variance = float(found["innovation_variance"].sel(date=date, asset=asset))
            if nu is None or np.isinf(nu[asset]):
                densities.append(stats.norm.logpdf(error, scale=np.sqrt(variance)))
            else:
                freedom = nu[asset]
                scale = np.sqrt(variance * (freedom - 2.0) / freedom)
                densities.append(stats.t.logpdf(error, freedom, scale=scale))
    return np.mean(densities), len(densities)


@pytest.mark.parametrize("options", OPTIONS, ids=["default", "gaussian mle", "discount"])
def test_the_value_is_the_mean_log_density_of_one_step_predictions(options, data, rules, submit):
    window = data.windows.validation
    returns, factors = data.market.until(window.last).model_data()
    model = KalmanLoadings(**options).fit(returns, factors, tune_until=window.tune_until)
    scored = (returns.loc[: window.tune_until].notna().sum() >= 126).to_numpy()
    expected, count = slow_log_score(model, returns, window.first, scored)
    found = score(submit({**FORECAST, "loadings": options}), data, rules)
    assert found.value == pytest.approx(expected, rel=1e-10)
    assert found.details["returns_scored"] == count
    assert scored.sum() == 9  # the late listing has too few public returns
    assert found.series.mean() == pytest.approx(expected, rel=1e-12)
    assert len(found.series) == found.details["dates"] == window.dates


def test_qlike_is_that_of_covariances_forecast_every_21_dates(data, rules, submit):
    window = data.windows.validation
    returns, factors = data.market.until(window.last).model_data()
    names = returns.columns[:9]
    found = score(submit(FORECAST), data, rules)
    losses = []
    rows = np.flatnonzero(returns.index >= window.first)
    for start in rows[::21]:
        risk = FactorRisk().fit(returns.iloc[:start], factors.iloc[:start], tune_until=window.tune_until)
        sigma = risk.covariance_frame().loc[names, names].to_numpy()
        for row in range(start, min(start + 21, len(returns))):
            r = returns[names].iloc[row].to_numpy()
            losses.append((np.linalg.slogdet(sigma)[1] + r @ np.linalg.solve(sigma, r)) / len(r))
    assert found.details["qlike"] == pytest.approx(np.mean(losses), rel=1e-8)


def test_the_standard_error_is_robust_to_autocorrelation(data, rules, submit):
    found = score(submit(FORECAST), data, rules)
    x = found.series.to_numpy()
    T, L = len(x), int(np.sqrt(len(x)))
    d = x - x.mean()
    variance = sum((1 - abs(k) / (L + 1)) * (d[abs(k) :] @ d[: T - abs(k)]) / T for k in range(-L, L + 1))
    assert found.standard_error == pytest.approx(np.sqrt(variance / T), rel=1e-12)


def test_a_model_that_does_not_predict_a_scored_return_has_no_score(data, rules, submit):
    """A variance of zero that never grows gives densities that are not finite."""
    fixed = {"tuning": "fixed", "state_variance": 0.0, "observation_variance": 0.0, "noise": "constant"}
    found = score(submit({**FORECAST, "loadings": {**fixed, "start": {"mean": 0.0, "covariance": 0.0}}}), data, rules)
    assert found.value is None
    assert found.series.empty
    assert len(found.reasons) == 1


def test_every_submission_is_scored_on_the_same_returns(data, rules, submit):
    counts = {score(submit({**FORECAST, "loadings": each}), data, rules).details["returns_scored"] for each in OPTIONS}
    assert len(counts) == 1


def test_undefined_densities_are_no_score():
    from statefolio.challenge.scoring.forecast_track import _by_date

    returns = pd.DataFrame([[0.01, np.nan], [0.02, 0.0]], index=pd.bdate_range("2020", periods=2))
    density = np.array([[1.0, np.nan], [2.0, np.nan]])
    assert _by_date(density, returns, np.array([True, True])) == (None, 3)
    series, count = _by_date(density, returns, np.array([True, False]))
    assert count == 2
    assert series.tolist() == [1.0, 2.0]
    assert "every scored return" in NOT_PREDICTED
