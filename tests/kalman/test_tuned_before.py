import numpy as np
import pandas as pd
import pytest

from statefolio import KalmanLoadings
from statefolio.kalman import tuned_before
from statefolio.kalman.tuned_before import remembering_tunings


@pytest.fixture
def panel():
    rng = np.random.default_rng(5)
    dates = pd.bdate_range("2020-01-01", periods=300)
    factors = pd.DataFrame({"market": 0.01 * rng.standard_normal(300)}, dates)
    noise = 0.01 * rng.standard_normal((300, 3))
    return pd.DataFrame(factors.to_numpy() + noise, dates, list("abc")), factors


@pytest.fixture
def tunings(monkeypatch):
    seen = []

    def counted(*arguments):
        seen.append(arguments)
        return learn(*arguments)

    learn = tuned_before.tune_identified
    monkeypatch.setattr(tuned_before, "tune_identified", counted)
    return seen


def test_the_same_model_of_the_same_returns_is_tuned_once_inside_the_context_with_the_same_digits(panel, tunings):
    returns, factors = panel
    alone = KalmanLoadings().fit(returns, factors, tune_until=returns.index[199])
    with remembering_tunings():
        first = KalmanLoadings().fit(returns, factors, tune_until=returns.index[199])
        again = KalmanLoadings().fit(returns.iloc[:200], factors)
    assert len(tunings) == 2
    for model in (first, again):
        pd.testing.assert_frame_equal(model.parameters_, alone.parameters_, check_exact=True)
    cut = first.loadings_["filtered"].to_numpy()[:200]
    np.testing.assert_array_equal(again.loadings_["filtered"].to_numpy(), cut)


def test_other_options_or_one_other_return_are_tuned_anew(panel, tunings):
    returns, factors = panel
    other = returns.copy()
    other.iloc[100, 1] += 1e-12
    with remembering_tunings():
        KalmanLoadings().fit(returns, factors)
        KalmanLoadings(memory=0.95).fit(returns, factors)
        KalmanLoadings().fit(other, factors)
        KalmanLoadings().fit(returns, factors, tune_until=returns.index[250])
    assert len(tunings) == 4


def test_nothing_is_remembered_after_the_context(panel, tunings):
    with remembering_tunings():
        KalmanLoadings().fit(*panel)
    KalmanLoadings().fit(*panel)
    assert len(tunings) == 2
