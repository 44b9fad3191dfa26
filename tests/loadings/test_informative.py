from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.loadings.informative import counted_from, find_informative
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.risk import attribute_return

MODELS = [KalmanLoadings(tuning="discount"), ExponentialLoadings(), RollingLoadings(60, min_observations=8)]


def panel(start=0, dates=500):
    demo = load_demo()
    return demo.returns.iloc[start : start + dates], demo.factors.iloc[start : start + dates]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("start", [0, 600])
def test_the_first_days_earn_no_factor_anything(model, start):
    returns, factors = panel(start)
    model = model.fit(returns, factors)
    weights = pd.Series(1.0 / returns.shape[1], index=returns.columns)
    found = attribute_return(model, weights, returns, factors)
    first = found.indexes["date"].get_indexer(found["counted_from"].to_numpy())
    assert (first >= 14).all()
    assert (first <= 100).all()
    parts = found["contribution"].to_pandas()
    np.testing.assert_allclose(parts.sum(axis=1), found["portfolio_return"], rtol=0, atol=1e-15)
    before = parts.iloc[: first.min()]
    assert (before.drop(columns="unattributed") == 0.0).all(axis=None)
    assert (parts["unattributed"].iloc[first.max() :] == 0.0).all()
    assert parts.drop(columns=["market", "residual", "unattributed"]).abs().max(axis=None) < 0.03


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_r_squared_counts_informative_predictions_only(model):
    returns, factors = panel()
    returns = returns.copy()
    returns.iloc[:250, 0] = np.nan
    model = model.fit(returns, factors)
    quality, informative = model.fit_quality_, model.informative_
    assert (quality["r_squared_one_step"] > -0.1).all()
    assert quality["returns_scored"].tolist() == (informative & returns.notna()).sum().tolist()
    counted = quality.attrs["counted_from"]
    assert counted["AAPL"] == informative.index[informative["AAPL"]][0]
    assert 264 <= returns.index.get_loc(counted["AAPL"]) < 330


def test_a_long_gap_begins_again():
    returns, factors = panel(dates=600)
    returns = returns.copy()
    returns.iloc[200:400, 3] = np.nan
    informative = ExponentialLoadings(8).fit(returns, factors).informative_.iloc[:, 3].to_numpy()
    assert informative[150]
    assert not informative[401:414].any()
    assert informative[500]


def test_later_dates_of_a_continued_model_count_at_once():
    returns, factors = panel()
    model = KalmanLoadings(tuning="discount").fit(returns.iloc[:300], factors.iloc[:300])
    model.partial_fit(returns.iloc[300:303], factors.iloc[300:303])
    assert model.informative_.all(axis=None)


@pytest.mark.parametrize("scale", [1e-9, 8.0])
@pytest.mark.filterwarnings("ignore:returns should be above -100 %")
def test_units_do_not_matter(scale):
    returns, factors = panel(dates=150)
    model = StaticLoadings()
    plain = model.fit(returns, factors).informative_
    pd.testing.assert_frame_equal(model.fit(returns * scale, factors * scale).informative_, plain)


def judged(spread, returns, states, noise=None):
    """Where predictions with variance `spread` of the fitted part, one column per asset, are informative."""
    spread, returns = np.array(spread, dtype=float), np.array(returns, dtype=float)
    noise = None if noise is None else np.full(returns.shape, noise)
    variance = spread if noise is None else spread + noise
    run = SimpleNamespace(innovation_variance=variance, observation_variance=noise)
    return find_informative(run, returns, states).T.astype(int).tolist()


ONES = np.ones((8, 1))


def test_an_asset_counts_from_the_last_of_2k_informative_predictions_in_a_row():
    spread = np.array([9, 1, 1, 1, 9, 1, 1, 1, 1, 1])[:, None]
    assert judged(spread, np.ones((10, 1)), 2) == [[0, 0, 0, 0, 0, 0, 0, 0, 1, 1]]  # as large as the returns: counts
    assert judged(spread, np.ones((10, 1)), 1) == [[0, 0, 1, 1, 1, 1, 1, 1, 1, 1]]  # one wide prediction stops nothing


def test_predictions_are_informative_below_the_noise_or_the_size_of_the_returns():
    spread = np.full((8, 1), 3.0)
    assert judged(spread, ONES, 1) == [[0] * 8]
    assert judged(spread, ONES, 1, noise=3.0) == [[1] * 8]
    assert judged(spread, ONES, 1, noise=2.9) == [[0] * 8]
    assert judged(spread, 1.8 * ONES, 1, noise=0.1) == [[1] * 8]


def test_an_asset_that_starts_informative_counts_at_once_and_without_predictions_never():
    assert judged([[1, np.nan], [9, np.nan], [1, np.nan]], np.ones((3, 2)), 2) == [[1, 1, 1], [0, 0, 0]]
    assert judged(np.zeros((0, 2)), np.zeros((0, 2)), 2) == [[], []]


def test_an_asset_without_any_return_has_no_size_to_judge_by():
    assert judged(np.ones((4, 1)), np.full((4, 1), np.nan), 1) == [[0] * 4]


@pytest.mark.parametrize(
    ("bad", "stops"), [(2, False), (3, True), (4, True), (5, False)], ids=["before", "on", "right after", "later"]
)
def test_only_a_wide_prediction_on_or_right_after_a_missing_return_stops_an_asset(bad, stops):
    spread, returns = np.ones((8, 1)), np.ones((8, 1))
    spread[bad], returns[3] = 9.0, np.nan
    found = judged(spread, returns, 1)[0]
    off = [bad, bad + 1] if stops else []  # it counts again after two informative predictions
    assert [date for date, on in enumerate(found) if not on] == off


def test_counted_from_is_the_first_informative_date():
    dates = pd.bdate_range("2020-01-01", periods=3)
    found = counted_from(pd.DataFrame({"A": [False, True, True], "B": False}, index=dates))
    pd.testing.assert_series_equal(found, pd.Series([dates[1], pd.NaT], ["A", "B"], name="counted_from"))
