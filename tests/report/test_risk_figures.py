import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.loadings.least_squares import RollingLoadings
from statefolio.report.risk_figures import asset_risk_figure, factor_correlation_figure, factor_risk_figure
from statefolio.risk.attribution import attribute_risk
from statefolio.risk.factor_risk import FactorRisk


@pytest.fixture(scope="module")
def risk():
    demo = load_demo()
    return FactorRisk(RollingLoadings()).fit(demo.returns, demo.factors)


@pytest.fixture(scope="module")
def attribution(risk):
    return attribute_risk(risk, pd.Series(np.linspace(-1, 2, 20), risk.assets_))


def test_factors_in_their_order_with_bands(attribution):
    [bars] = factor_risk_figure(attribution).data
    assert list(bars.y) == list(attribution.indexes["factor"])
    np.testing.assert_allclose(bars.x, 100 * attribution["contribution"])
    np.testing.assert_allclose(np.add(bars.x, bars.error_x.array), 100 * attribution["contribution_upper"])
    np.testing.assert_allclose(np.subtract(bars.x, bars.error_x.arrayminus), 100 * attribution["contribution_lower"])


def test_the_largest_assets_of_either_sign(attribution):
    [bars] = asset_risk_figure(attribution, most=7).data
    sizes = attribution["asset_contribution"].to_series().abs().sort_values(ascending=False)
    assert list(bars.y) == list(sizes.index[:7])
    assert len(asset_risk_figure(attribution).data[0].y) == 20


def test_correlations(risk):
    omega = risk.factor_covariance_
    [heat] = factor_correlation_figure(omega).data
    expected = omega.loc["market", "value"] / np.sqrt(omega.loc["market", "market"] * omega.loc["value", "value"])
    row, column = list(heat.y).index("market"), list(heat.x).index("value")
    assert heat.z[row][column] == pytest.approx(expected, abs=1e-4)
    still = omega.copy()
    still.loc["size"] = still["size"] = 0.0
    drawn = factor_correlation_figure(still).data[0]
    assert np.isnan(drawn.z[list(heat.y).index("size")]).all()
    assert drawn.text[list(heat.y).index("size")][0] == ""
