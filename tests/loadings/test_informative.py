import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
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
