"""Tests of the factor page."""

import json

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.market import Market
from statefolio.challenge.scoring.factor_page import factor_page
from statefolio.exceptions import InputError


def test_it_sums_each_factor_over_its_last_dates(data):
    market = data.public().market
    page = factor_page(market)
    assert page["as_of"] == str(data.windows.public_last.date())
    assert page["dates"] == {"month": 21, "quarter": 63, "year": 252}
    assert [each["name"] for each in page["factors"]] == ["market", "value", "momentum"]
    for each in page["factors"]:
        for window, count in page["dates"].items():
            found = each["windows"][window]
            assert found["value"] == pytest.approx(market.factors[each["name"]].iloc[-count:].sum())
            assert found["low"] < found["value"] < found["high"]
    assert json.loads(json.dumps(page, allow_nan=False)) == page


def test_bands_hold_the_mean_about_95_times_of_100():
    draw = np.random.default_rng(5)
    dates = pd.bdate_range("2024-01-01", periods=252)
    mean, inside = 0.0004, {"month": [], "quarter": [], "year": []}
    for _ in range(120):
        factors = pd.DataFrame({"f": mean + 0.01 * draw.standard_normal(252)}, index=dates)
        page = factor_page(Market(factors.rename(columns={"f": "A"}), factors))
        for window, found in page["factors"][0]["windows"].items():
            inside[window].append(found["low"] <= mean * page["dates"][window] <= found["high"])
    for window, hits in inside.items():
        assert 0.87 <= np.mean(hits) <= 0.99, window


def test_too_few_dates_are_no_number():
    dates = pd.bdate_range("2024-01-01", periods=30)
    factors = pd.DataFrame({"f": 0.01 * np.random.default_rng(0).standard_normal(30)}, index=dates)
    windows = factor_page(Market(factors.rename(columns={"f": "A"}), factors))["factors"][0]["windows"]
    assert windows["month"]["value"] is not None
    assert set(windows["year"].values()) == {None}
    with pytest.raises(InputError, match="must have factors"):
        factor_page(Market(factors))
