"""The top of a report on loadings: numbers out of sample, and lights."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.report.calibration import calibrate
from statefolio.report.loadings_overview import (
    counted_since,
    loadings_answer,
    loadings_lights,
    loadings_tiles,
)


@pytest.fixture(scope="module")
def fitted():
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:500, :4], demo.factors.iloc[:500, :2]
    return sf.KalmanLoadings(tuning="discount").fit(returns, factors, tune_until=returns.index[299]), returns


def test_the_share_explained_is_that_of_the_dates_after_tuning(fitted):
    model, returns = fitted
    tiles = loadings_tiles(model, calibrate(model))
    r = returns.iloc[300:].to_numpy()
    error = model.innovations_["innovation"].to_numpy()[300:]
    share = 1 - (error**2).sum(axis=0) / ((r - r.mean(axis=0)) ** 2).sum(axis=0)
    assert tiles["R², out of sample (median)"] == f"{np.median(share):.0%}"
    assert tiles["Counted from"] == f"{returns.index[300]:%Y-%m-%d}"
    assert f"{np.median(share):.0%}" in loadings_answer(model, None)


def test_without_a_tuning_date_the_first_weeks_are_left_out(fitted):
    _, returns = fitted
    model = sf.RollingLoadings(window=120).fit(returns, sf.load_demo().factors.iloc[:500, :2])
    assert counted_since(model) > returns.index[5]
    assert np.isnan(calibrate(model).standardised[:6]).all()


@pytest.mark.parametrize(("others", "state"), [([2.0, 3.0], "good"), ([0.99, 3.0], "watch"), ([0.5, 3.0], "bad")])
def test_a_model_behind_its_alternatives_shows(fitted, others, state):
    model, _ = fitted
    table = pd.DataFrame({"error_variance": [1.0, *others]}, index=["Kalman", "static", "rolling"])
    lights = {light.name: light for light in loadings_lights(model, calibrate(model), table)}
    assert lights["Forecasts"].state == state
    assert "static" in lights["Forecasts"].sentence


def test_suspicious_cells_are_a_light(fitted):
    model, _ = fitted
    cells = pd.DataFrame({"asset": ["AAPL"], "kind": ["split"]})
    lights = {light.name: light for light in loadings_lights(model, calibrate(model), suspicious=cells)}
    assert lights["Input data"].state == "watch"
    assert lights["Input data"].sentence.startswith("1 suspicious cell (AAPL)")
