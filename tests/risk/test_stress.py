"""Stress: exposures times factor returns, with the expected move of the other factors; past episodes."""

import numpy as np
import pytest

import statefolio as sf
from statefolio.exceptions import InputError, UnknownNameError

WEIGHTS = {"AAPL": 0.5, "JNJ": 0.5}


@pytest.fixture(scope="module")
def demo():
    return sf.load_demo()


@pytest.fixture(scope="module")
def risk(demo):
    return sf.risk.FactorRisk(sf.RollingLoadings(120)).fit(demo.returns.iloc[:500, :10], demo.factors.iloc[:500])


def test_a_scenario_moves_its_factors_alone_or_with_the_others(risk):
    found = risk.stress(WEIGHTS, {"two": {"market": -0.1, "value": 0.02}}).iloc[0]
    x, omega = risk.exposures_.loc[["AAPL", "JNJ"]].mean(), risk.factor_covariance_
    assert found["return"] == pytest.approx(-0.1 * x["market"] + 0.02 * x["value"])
    moved = ["market", "value"]
    others = [name for name in omega if name not in moved]
    shocks = np.array([-0.1, 0.02])
    expected = omega.loc[others, moved].to_numpy() @ np.linalg.solve(omega.loc[moved, moved].to_numpy(), shocks)
    assert found["return_conditional"] == pytest.approx(found["return"] + x[others] @ expected)
    P = [risk.model_.next_["covariance"].sel(asset=name).to_numpy()[1:, 1:] for name in WEIGHTS]
    f = np.array([{"market": -0.1, "value": 0.02}.get(name, 0.0) for name in omega])
    error = np.sqrt(sum(0.25 * f @ one @ f for one in P))
    assert found["return_upper"] - found["return"] == pytest.approx(1.959964 * error, rel=1e-6)


def test_by_default_each_factor_falls_by_one_and_by_three_deviations(risk):
    table = risk.stress(WEIGHTS)
    assert len(table) == 2 * len(risk.factors_)
    name = "market -3 standard deviations"
    deviation = np.sqrt(risk.factor_covariance_.loc["market", "market"])
    assert table.loc[name, "return"] == pytest.approx(3 * table.loc["market -1 standard deviation", "return"])
    assert table.loc[name, "return"] == pytest.approx(
        -3 * deviation * risk.exposures_.loc[list(WEIGHTS), "market"].mean()
    )


def test_the_worst_episode_is_the_worst_of_all_windows(risk, demo):
    table = risk.episodes(WEIGHTS, demo.factors, count=3, window=10)
    x = risk.exposures_.loc[list(WEIGHTS)].mean()[demo.factors.columns]
    earned = ((1 + demo.factors).rolling(10).apply(np.prod, raw=True) - 1).dropna() @ x
    assert table["return"].iloc[0] == pytest.approx(earned.min())
    assert table["last"].iloc[0] == earned.idxmin()
    assert table["return"].is_monotonic_increasing
    rows = demo.factors.index.get_indexer(table["first"])
    assert np.abs(np.subtract.outer(rows, rows))[~np.eye(len(rows), dtype=bool)].min() >= 10


@pytest.mark.parametrize(
    ("scenarios", "error"),
    [
        ({"x": {"gold": -0.1}}, UnknownNameError),
        ({"x": {"market": -10}}, InputError),
        ({}, InputError),
        ({"x": {}}, TypeError),
        ({"x": {"market": float("nan")}}, InputError),
    ],
)
def test_wrong_scenarios_are_refused(risk, scenarios, error):
    with pytest.raises(error, match="scenarios must"):
        risk.stress(WEIGHTS, scenarios)


def test_active_risk_is_the_risk_of_the_difference(risk):
    equal = dict.fromkeys(risk.assets_, 0.1)
    found = sf.risk.active_risk(risk, WEIGHTS, equal)
    sigma = risk.covariance_frame().to_numpy()
    w, b = risk.align_weights(WEIGHTS), risk.align_weights(equal)
    assert float(found["volatility"]) == pytest.approx(np.sqrt((w - b) @ sigma @ (w - b)))
    assert float(found["beta"]) == pytest.approx(w @ sigma @ b / (b @ sigma @ b))
    assert float(found["contribution"].sum()) == pytest.approx(float(found["volatility"]))
    with pytest.raises(InputError, match="must differ from weights"):
        sf.risk.active_risk(risk, WEIGHTS, WEIGHTS)
