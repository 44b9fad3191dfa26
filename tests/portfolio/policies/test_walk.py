from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from past_gate import Gate
from sklearn.base import BaseEstimator, clone

from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.policies.walk import ModelWalk
from statefolio.risk.factor_risk import FactorRisk


class Counting(BaseEstimator):
    """A model that writes down what it is given."""

    calls: ClassVar[list] = []

    def __init__(self, option=0, groups=None):
        self.option = option
        self.groups = groups

    def fit(self, returns, factors, tune_until=None):
        self.calls.append(("fit", self.option, returns.index[0], returns.index[-1], tune_until))
        self.rows_ = [*returns.index]
        assert returns.index.equals(factors.index)
        return self

    def partial_fit(self, returns, factors):
        self.calls.append(("partial_fit", self.option, returns.index[0], returns.index[-1], None))
        assert returns.index.equals(factors.index)
        self.rows_ += [*returns.index]
        return self


class Seeing(BaseEstimator):
    """A view that writes down which dates the results of the risk model hold."""

    def __init__(self, option=0):
        self.option = option

    def fit(self, X, y=None, *, risk=None, tune_until=None):
        assert risk.last_date_ == X.index[-1] == tune_until
        self.innovations_ = [risk.model_.innovations_["innovation"].to_pandas()]
        return self

    def partial_fit(self, X, y=None, *, risk=None):
        assert risk.last_date_ == X.index[-1]
        held = risk.model_.innovations_["innovation"].to_pandas()
        self.innovations_.append(held.loc[X.index])
        return self


@pytest.fixture(autouse=True)
def counted():
    Counting.calls.clear()
    return Counting.calls


def sigma(risk):
    return risk.covariance_frame()


@pytest.mark.parametrize("residuals", [None, "factors"])
def test_steps_equal_one_fit_to_the_last_bit(gate, residuals):
    dates = gate.returns.index
    model = FactorRisk(KalmanLoadings(), residual_structure=residuals)
    walk = ModelWalk(model)
    for row in (120, 121, 139, 260, 300, 359):
        risk = walk.at(gate.at(dates[row]))
    fresh = FactorRisk(KalmanLoadings(), residual_structure=residuals)
    fresh.fit(gate.returns, gate.factors, tune_until=dates[120])
    assert list(risk.assets_) == list(fresh.assets_)
    assert "NEVER" in risk.excluded_.index
    assert gate.returns.columns[1] in risk.assets_
    pd.testing.assert_frame_equal(sigma(risk), sigma(fresh), check_exact=True)


def test_the_future_is_absent(gate, small_risk):
    dates = gate.returns.index
    found = ModelWalk(small_risk)
    found.at(gate.at(dates[100]))
    found = sigma(found.at(gate.at(dates[150])))
    spoiled = Gate(gate.returns.copy(), gate.factors.copy())
    spoiled.returns.iloc[151:] = 0.123
    spoiled.factors.iloc[151:] *= -7.0
    again = ModelWalk(small_risk)
    again.at(spoiled.at(dates[100]))
    pd.testing.assert_frame_equal(found, sigma(again.at(spoiled.at(dates[150]))), check_exact=True)


def test_unseen_rows_are_given_once_each(gate, counted):
    dates = gate.returns.index
    walk = ModelWalk(Counting())
    for row in (99, 99, 104, 109, 110):
        model = walk.at(gate.at(dates[row]))
    assert model.rows_ == [*dates[:111]]
    assert [call[0] for call in counted] == ["fit"] + 3 * ["partial_fit"]
    assert counted[0][4] == dates[99]


def test_equal_models_compute_once_and_share(gate, counted):
    history = gate.at(gate.returns.index[99])
    groups = pd.Series("a", index=gate.returns.columns)
    one = ModelWalk(Counting(groups=groups)).at(history)
    other = ModelWalk(Counting(groups=groups.copy()), name="another").at(history)
    assert one is other
    assert len(counted) == 1


def test_models_that_differ_do_not_share(gate, counted):
    history = gate.at(gate.returns.index[99])
    models = [ModelWalk(Counting(option)).at(history) for option in (0, 1)]
    models.append(ModelWalk(Counting(), retune_every=50).at(history))
    assert len({id(model) for model in models}) == len(counted) == 3


def test_nothing_goes_from_run_to_run(gate, counted):
    date = gate.returns.index[99]
    walk = ModelWalk(Counting())
    assert walk.at(gate.at(date)) is not walk.at(gate.until(date).at(date))
    assert len(counted) == 2
    assert not hasattr(walk.model, "rows_")


def test_retuning_fits_all_that_is_known(gate, counted):
    dates = gate.returns.index
    walk = ModelWalk(Counting(), retune_every=30)
    for row in range(99, 180, 10):
        model = walk.at(gate.at(dates[row]))
    fits = [call[4] for call in counted if call[0] == "fit"]
    assert fits == [dates[99], dates[129], dates[159]]
    assert model.rows_ == [*dates[:180]]


def test_too_little_history_has_a_reason_before_and_raises_after(gate):
    walk = ModelWalk(Counting(), min_dates=80, name="risk model")
    early, late = gate.at(gate.returns.index[78]), gate.at(gate.returns.index[79])
    assert walk.not_yet(early) == (
        "no risk model yet: 80 returns of an asset are needed on dates with factors, 79 are known"
    )
    with pytest.raises(InputError, match="no risk model yet"):
        walk.at(early)
    assert walk.not_yet(late) == ""
    assert walk.at(late).rows_


def test_an_empty_universe_is_not_yet(gate):
    empty = Gate(gate.returns * np.nan, gate.factors)
    assert "0 are known" in ModelWalk(Counting()).not_yet(empty.at(gate.returns.index[-1]))


def test_dates_before_the_factors_are_left_aside(gate, counted):
    factors = gate.factors.copy()
    factors.iloc[:30, 1] = np.nan
    late = Gate(gate.returns, factors)
    dates = gate.returns.index
    ModelWalk(Counting()).at(late.at(dates[99]))
    assert counted[0][2] == dates[30]
    factors.iloc[:, 1] = np.nan
    assert "0 are known" in ModelWalk(Counting()).not_yet(Gate(gate.returns, factors).at(dates[99]))


def test_dates_without_factors_are_skipped(gate, small_risk):
    gate.factors = gate.factors.copy()
    gate.factors.iloc[[105, 109, 110], 0] = np.nan
    walk, dates = ModelWalk(small_risk), gate.returns.index
    for row in (100, 104, 105, 108, 110):
        model = walk.at(gate.at(dates[row]))
    known = np.r_[0:105, 106:109]
    plain = clone(small_risk).fit(gate.returns.iloc[known], gate.factors.iloc[known], tune_until=dates[100])
    np.testing.assert_array_equal(model.covariance_.asset_variance, plain.covariance_.asset_variance)


def test_a_market_without_factors_is_named(gate):
    history = Gate(gate.returns).at(gate.returns.index[99])
    with pytest.raises(InputError, match="factors must be part of the market"):
        ModelWalk(FactorRisk(), name="risk model").at(history)


def test_time_does_not_run_backwards(gate):
    dates = gate.returns.index
    walk = ModelWalk(Counting())
    walk.at(gate.at(dates[99]))
    with pytest.raises(InputError, match="Decide on increasing dates"):
        walk.at(gate.at(dates[98]))


def test_assets_may_join(gate, small_risk):
    dates, columns = gate.returns.index, gate.returns.columns
    walk = ModelWalk(small_risk)
    walk.at(Gate(gate.returns[columns[:4]], gate.factors, shared=gate.shared).at(dates[120]))
    risk = walk.at(gate.at(dates[300]))
    assert set(risk.model_.assets_) == set(columns)


@pytest.mark.parametrize("factory", [lambda: FactorRisk(residual_structure=None)])
def test_a_view_is_given_the_risk_model_of_its_own_dates(gate, factory):
    dates = gate.returns.index
    risk, view = ModelWalk(factory()), None
    view = ModelWalk(Seeing(), risk=risk)
    view.at(gate.at(dates[100]))
    risk.at(gate.at(dates[103]))
    view.at(gate.at(dates[110]))
    seen = pd.concat(view.at(gate.at(dates[112])).innovations_)
    whole = factory().fit(gate.returns[:113], gate.factors[:113], tune_until=dates[100])
    expected = whole.model_.innovations_["innovation"].to_pandas()
    pd.testing.assert_frame_equal(seen, expected, check_exact=True, check_freq=False)


def test_a_view_that_begins_later_is_given_all_dates(gate):
    dates = gate.returns.index
    risk = ModelWalk(FactorRisk(residual_structure=None))
    view = ModelWalk(Seeing(), risk=risk)
    risk.at(gate.at(dates[100]))
    risk.at(gate.at(dates[105]))
    assert list(view.at(gate.at(dates[110])).innovations_[0].index) == [*dates[:111]]


def test_views_on_different_risk_models_do_not_share(gate):
    history = gate.at(gate.returns.index[99])
    risks = [FactorRisk(residual_structure=None, uncertainty=uncertainty) for uncertainty in (True, False)]
    views = [ModelWalk(Seeing(), risk=ModelWalk(risk)).at(history) for risk in risks]
    assert views[0] is not views[1]


@pytest.mark.parametrize(
    ("model", "options", "error", "message"),
    [
        (Counting, {}, DataTypeError, "the class Counting"),
        (3, {}, DataTypeError, "got 3"),
        (FactorRisk(prefit=True), {}, InputError, "prefit=False"),
        (Counting(), {"retune_every": 0}, InputError, "retune_every must be .* got 0"),
        (Counting(), {"retune_every": 2.5}, InputError, "retune_every must be .* got 2.5"),
        (Counting(), {"min_dates": None}, InputError, "min_dates must be .* got None"),
    ],
)
def test_invalid_models_and_options_raise_an_error(model, options, error, message):
    with pytest.raises(error, match=message):
        ModelWalk(model, **options)
