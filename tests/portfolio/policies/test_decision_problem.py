from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from past_gate import Gate, nothing_held

from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.policies.decision_details import decision_details
from statefolio.portfolio.policies.decision_problem import expected_holding_period, make_problem, trade_cost
from statefolio.portfolio.policy import Holdings
from statefolio.risk.attribution import attribute_risk
from statefolio.risk.factor_risk import FactorRisk

ASSETS = pd.Index(["a", "b", "c"])


@pytest.fixture(scope="module")
def risk(panel):
    returns, factors = panel
    return FactorRisk(KalmanLoadings()).fit(returns.iloc[:301], factors.iloc[:301])


def problem_of(risk, history, holdings=None, constraints=None, **options):
    given = {"costs": None, "holding_period": None, "volume_window": 60, **options}
    return make_problem(risk, None, history, holdings or nothing_held(history), constraints or Constraints(), **given)


def test_the_problem_is_that_of_active_assets_with_a_covariance(gate, risk):
    history = gate.at(gate.returns.index[300])
    weights = pd.Series(np.arange(9) / 36, index=gate.returns.columns)
    found = problem_of(risk, history, Holdings(history.date, weights, 1e6, 5), costs=0.002)
    delisted = gate.returns.columns[2]
    assert delisted in risk.assets_
    assert set(found.assets) == set(risk.assets_) - {delisted}
    np.testing.assert_array_equal(found.covariance.dense(), risk.covariance_frame().loc[found.assets, found.assets])
    np.testing.assert_array_equal(found.previous, weights[found.assets])
    np.testing.assert_array_equal(found.trade_cost, 0.002)
    assert (found.dates_since, found.holding_period) == (5, 5.0)
    assert list(found.factors) == list(gate.factors.columns)
    assert found.most_held is None


def test_variances_of_loadings_are_those_of_the_model(gate, risk):
    found = problem_of(risk, gate.at(gate.returns.index[300]))
    covariance = risk.model_.next_["covariance"]
    first, second = covariance.dims[1:]
    for place, asset in enumerate(found.assets):
        for k, factor in enumerate(found.factors):
            expected = covariance.sel({"asset": asset, first: factor, second: factor}).item()
            assert found.loading_variance[place, k] == expected


def test_bounds_on_unknown_assets_raise_an_error(gate, risk):
    history = gate.at(gate.returns.index[300])
    for options in ({"upper": {"nonesuch": 0.1}}, {"lower": pd.Series({"nonesuch": 0.1})}):
        with pytest.raises(UnknownNameError, match=r"must name assets of the market .* got 'nonesuch'"):
            problem_of(risk, history, constraints=Constraints(**options))
    absent_now = gate.returns.columns[2]
    assert absent_now not in problem_of(risk, history, constraints=Constraints(upper={absent_now: 0.1})).assets


def test_volumes_bound_positions(gate, risk):
    rng = np.random.default_rng(0)
    volumes = gate.returns * np.nan
    volumes.iloc[:, :7] = rng.uniform(1e5, 2e5, (360, 7))
    history = Gate(gate.returns, gate.factors, dollar_volumes=volumes).at(gate.returns.index[300])
    found = problem_of(risk, history, constraints=Constraints(volume_share=0.1), volume_window=11)
    for place, name in enumerate(found.assets):
        usual = sorted(volumes[name].iloc[290:301])[5]
        expected = 0.1 * usual / 1e6 if usual == usual else 0.0
        assert found.most_held[place] == pytest.approx(expected)
    assert found.most_held.min() == 0.0


def test_volumes_that_are_missing_are_named(gate, risk):
    with pytest.raises(InputError, match="dollar_volumes must be part of the market"):
        problem_of(risk, gate.at(gate.returns.index[300]), constraints=Constraints(volume_share=0.1))


def test_costs_are_what_trading_a_unit_costs():
    spread = pd.Series({"c": 0.003, "b": 0.002, "a": 0.001, "d": 9.0})
    given = SimpleNamespace(proportional=0.001, half_spread=spread, impact=0.7)
    np.testing.assert_allclose(trade_cost(given, ASSETS), [0.002, 0.003, 0.004])
    np.testing.assert_allclose(trade_cost(spread, ASSETS), [0.001, 0.002, 0.003])
    np.testing.assert_allclose(trade_cost(0.001, ASSETS), 0.001)
    assert not trade_cost(None, ASSETS).any()


@pytest.mark.parametrize(
    ("costs", "error", "message"),
    [
        (-0.1, InputError, "costs must be .* got -0.1 for 'a', 'b', 'c'"),
        (pd.Series({"a": 0.1, "b": 0.1}), UnknownNameError, "costs must have every asset, got none for 'c'"),
        (pd.Series({"a": 0.1, "b": np.nan, "c": 0.1}), InputError, "got nan for 'b'"),
        ("ten", DataTypeError, "got 'ten'"),
        (True, DataTypeError, "got True"),
        (SimpleNamespace(proportional=0.0, half_spread=-1.0), InputError, "half_spread"),
    ],
)
def test_invalid_costs_are_named(costs, error, message):
    with pytest.raises(error, match=message):
        trade_cost(costs, ASSETS)


def test_the_holding_period_is_given_or_the_last_one():
    def after(dates):
        return Holdings(pd.Timestamp("2020-01-01"), pd.Series(dtype=float), 1.0, dates)

    assert expected_holding_period(None, after(0)) == 21.0
    assert expected_holding_period(None, after(4)) == 4.0
    assert expected_holding_period(63, after(4)) == 63.0
    for wrong in (0, -1.0, np.inf, "month", True):
        with pytest.raises(InputError, match="holding_period"):
            expected_holding_period(wrong, after(4))


def test_details_agree_with_the_attribution_of_risk(gate, risk):
    found = problem_of(risk, gate.at(gate.returns.index[300]))
    w = np.linspace(-0.2, 0.5, len(found.assets))
    details = decision_details(found, w)
    expected = attribute_risk(risk, pd.Series(w, index=found.assets))
    factors = list(found.factors)
    np.testing.assert_allclose(details["exposure"], expected["exposure"].sel(factor=factors))
    np.testing.assert_allclose(details["exposure_error"], expected["exposure_standard_error"].sel(factor=factors))
    share = expected["asset_share"].to_series()[found.assets]
    np.testing.assert_allclose(details["risk_contribution"], share, atol=1e-12)
    assert details["risk_contribution"].sum() == pytest.approx(1.0)
    assert details["forecast"]["volatility"] == pytest.approx(expected["volatility"].item())
    assert "expected_return" not in details


def test_details_of_nothing_held(gate, risk):
    found = problem_of(risk, gate.at(gate.returns.index[300]))
    details = decision_details(found, np.zeros(len(found.assets)))
    assert not any(details[name].any() for name in details)
