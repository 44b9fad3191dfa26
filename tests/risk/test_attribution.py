import numpy as np
import pandas as pd
import pytest
import xarray as xr

from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings
from statefolio.risk.attribution import attribute_return, attribute_risk
from statefolio.risk.factor_risk import FactorRisk


class Common:
    """One residual factor of all assets."""

    def __init__(self, size=0.4):
        self.size = size

    def get_params(self, deep=True):
        return {"size": self.size}

    def fit(self, residuals, tune_until=None):
        self.loadings_ = pd.DataFrame(self.size, residuals.columns, ["residual 1"])
        return self


def rebuilt(risk, w, B):
    """Contributions to volatility of loadings B (N, K), by factor and by asset, from dense matrices."""
    omega = risk.factor_covariance_.to_numpy()
    G, D = risk.residual_loadings_.to_numpy(), risk.idiosyncratic_variance_.to_numpy()
    U = risk.loading_uncertainty_.to_numpy()
    sigma = B @ omega @ B.T + G @ G.T + np.diag(D + U)
    volatility = np.sqrt(w @ sigma @ w)
    x, g = B.T @ w, G.T @ w
    by_factor = [x[k] * sum(omega[k, j] * x[j] for j in range(len(x))) for k in range(len(x))]
    by_factor += [g[r] ** 2 for r in range(len(g))] + [w**2 @ D, w**2 @ U]
    return np.array(by_factor) / volatility, w * (sigma @ w) / volatility, volatility


@pytest.fixture(scope="module")
def structured(demo, demo_model):
    return FactorRisk(demo_model, residual_structure=Common(), prefit=True).fit(demo.returns, demo.factors)


@pytest.mark.parametrize("which", ["demo_risk", "structured"])
def test_parts_add_up_and_are_those_of_dense_algebra(request, weights, which):
    risk = request.getfixturevalue(which)
    found = attribute_risk(risk, weights, 1.0)
    w = weights[risk.assets_].to_numpy()
    by_factor, by_asset, volatility = rebuilt(risk, w, risk.exposures_.to_numpy())
    np.testing.assert_allclose(found["contribution"], by_factor, rtol=1e-10, atol=1e-16)
    np.testing.assert_allclose(found["asset_contribution"], by_asset, rtol=1e-10)
    assert float(found["volatility"]) == pytest.approx(volatility, rel=1e-12)
    for name in ("contribution", "asset_contribution"):
        assert float(found[name].sum()) == pytest.approx(volatility, abs=1e-12 * volatility)
    for name in ("share", "asset_share"):
        assert float(found[name].sum()) == pytest.approx(1.0, abs=1e-12)
    both = found["contribution_of_asset"]
    np.testing.assert_allclose(both.sum("asset"), found["contribution"], rtol=0, atol=1e-12 * volatility)
    np.testing.assert_allclose(both.sum("factor"), found["asset_contribution"], rtol=0, atol=1e-12 * volatility)
    np.testing.assert_allclose(found["asset_contribution"], w * risk.covariance_.marginal_risk(w), rtol=1e-10)
    assert list(found.indexes["factor"])[-2:] == ["residual", "loading uncertainty"]
    x = (risk.exposures_.mul(weights, axis=0)).sum()
    np.testing.assert_allclose(found["exposure"].to_series()[x.index], x, rtol=1e-10)


@pytest.mark.parametrize("which", ["demo_risk", "structured"])
def test_delta_method_against_simulated_loadings(request, weights, which):
    """Simulate loadings from N(mean, P_i / 25), small enough for first order to hold."""
    risk, shrink = request.getfixturevalue(which), 5.0
    w = weights[risk.assets_].to_numpy()
    found = attribute_risk(risk, weights)
    P = risk.model_.next_["covariance"].sel(asset=risk.assets_).to_numpy()[:, 1:, 1:] / shrink**2
    mean, rng = risk.exposures_.to_numpy(), np.random.default_rng(8)
    roots = np.linalg.cholesky(P)
    draws = [rebuilt(risk, w, mean + (roots @ rng.standard_normal((*mean.shape, 1)))[..., 0]) for _ in range(4000)]
    by_factor, by_asset, volatility = (np.array(part) for part in zip(*draws, strict=True))
    simulated = {
        "contribution": by_factor,
        "asset_contribution": by_asset,
        "share": by_factor / volatility[:, None],
        "asset_share": by_asset / volatility[:, None],
        "volatility": volatility,
    }
    for name, values in simulated.items():
        error = shrink * values.std(axis=0)
        np.testing.assert_allclose(found[f"{name}_standard_error"], error, rtol=0.06, err_msg=name)
    x_error = np.sqrt(np.einsum("n,nkk->k", w**2, P)) * shrink
    np.testing.assert_allclose(found["exposure_standard_error"][: len(x_error)], x_error, rtol=1e-10)
    np.testing.assert_allclose(
        found["share_upper"] - found["share_lower"], 2 * 1.959963984540054 * found["share_standard_error"]
    )


def test_bands_cover_simulated_loadings(demo_risk, weights):
    """The 95 % band of the market's contribution covers about 95 % of simulated loadings."""
    found = attribute_risk(demo_risk, weights)
    w, rng = weights[demo_risk.assets_].to_numpy(), np.random.default_rng(9)
    P = demo_risk.model_.next_["covariance"].sel(asset=demo_risk.assets_).to_numpy()[:, 1:, 1:]
    mean, roots = demo_risk.exposures_.to_numpy(), np.linalg.cholesky(P)
    market = np.array(
        [
            rebuilt(demo_risk, w, mean + (roots @ rng.standard_normal((*mean.shape, 1)))[..., 0])[0][0]
            for _ in range(2000)
        ]
    )
    lower, upper = (float(found[f"contribution_{side}"].sel(factor="market")) for side in ("lower", "upper"))
    assert 0.92 < np.mean((market > lower) & (market < upper)) < 0.98


def test_without_uncertainty_there_is_no_line_for_it(demo, demo_model, weights):
    risk = FactorRisk(demo_model, uncertainty=False, prefit=True).fit(demo.returns, demo.factors)
    found = attribute_risk(risk, weights)
    assert found.indexes["factor"][-1] == "residual"
    assert float(found["contribution"].sum()) == pytest.approx(risk.portfolio_volatility(weights), rel=1e-12)


def test_portfolios_that_cannot_be_attributed(demo_risk, weights):
    with pytest.raises(UnknownNameError, match="'NOBODY'"):
        attribute_risk(demo_risk, {"NOBODY": 1.0})
    with pytest.raises(InputError, match="must sum to 0, got a sum of 1"):
        attribute_risk(demo_risk, weights, 0.0)
    with pytest.raises(InputError, match="all zero"):
        attribute_risk(demo_risk, 0.0 * weights)


def test_invalid_input(demo, demo_risk, weights):
    with pytest.raises(DataTypeError, match="risk must be a FactorRisk, got a KalmanLoadings"):
        attribute_risk(demo_risk.model_, weights)
    with pytest.raises(DataTypeError, match=r"risk\.model_"):
        attribute_return(demo_risk, weights, demo.returns, demo.factors)


def test_reserved_names_of_factors(returns, factors):
    for taken, attribute in (
        ("loading uncertainty", lambda risk, _: attribute_risk(risk, {"A0": 1.0})),
        ("unattributed", lambda risk, called: attribute_return(risk.model_, {"A0": 0.0}, returns, called)),
    ):
        called = factors.rename(columns={"size": taken})
        risk = FactorRisk(RollingLoadings(60), residual_structure=None).fit(returns, called)
        with pytest.raises(InputError, match=f"factors must not be called '{taken}'"):
            attribute(risk, called)


@pytest.mark.parametrize("model", [KalmanLoadings(tuning="fixed", state_variance=1e-4), RollingLoadings(60)])
def test_returns_add_up_with_gaps_and_late_listings(returns, factors, model):
    model = model.fit(returns, factors)
    observed = returns.notna()
    drawn = pd.DataFrame(np.random.default_rng(1).normal(size=returns.shape), returns.index, returns.columns)
    weights = drawn.where(observed, 0.0)
    found = attribute_return(model, weights, returns, factors)
    whole = (weights * returns.fillna(0.0)).sum(axis=1)
    np.testing.assert_allclose(found["portfolio_return"], whole, rtol=0, atol=1e-14)
    for name, other in (("contribution", "factor"), ("asset_contribution", "asset")):
        np.testing.assert_allclose(found[name].sum(other), whole, rtol=0, atol=1e-12)
    both = found["contribution_of_asset"]
    np.testing.assert_allclose(both.sum("asset"), found["contribution"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(both.sum("factor"), found["asset_contribution"], rtol=0, atol=1e-12)
    assert not any(bool(found[name].isnull().any()) for name in found.data_vars if name != "counted_from")
    unattributed = found["contribution"].sel(factor="unattributed").to_series()
    unknown = model.loadings_["predicted"].isnull().any("factor").to_pandas()
    late = (unknown | ~model.informative_) & observed
    np.testing.assert_allclose(unattributed, (weights * returns)[late].sum(axis=1), rtol=0, atol=1e-14)
    assert unattributed.abs().max() > 0.0


def test_a_date_of_returns_by_hand(demo, demo_model, weights):
    found = attribute_return(demo_model, weights, demo.returns[-5:], demo.factors)
    date = demo.returns.index[-2]
    ahead = demo_model.loadings_.sel(date=date)
    earned, error = 0.0, 0.0
    for asset in demo.returns.columns:
        f = demo.factors.loc[date, "value"]
        earned += weights[asset] * float(ahead["predicted"].sel(asset=asset, factor="value")) * f
        error += weights[asset] ** 2 * float(ahead["predicted_variance"].sel(asset=asset, factor="value")) * f**2
    value = found.sel(date=date, factor="value")
    assert float(value["contribution"]) == pytest.approx(earned, rel=1e-10)
    assert float(value["contribution_standard_error"]) == pytest.approx(np.sqrt(error), rel=1e-10)
    assert float(value["contribution_upper"]) == pytest.approx(earned + 1.959963984540054 * np.sqrt(error), rel=1e-10)
    frame = pd.DataFrame([weights] * 5, demo.returns.index[-5:])
    xr.testing.assert_allclose(attribute_return(demo_model, frame, demo.returns[-5:], demo.factors), found)


def test_returns_that_cannot_be_attributed(returns, factors):
    model = RollingLoadings(60).fit(returns, factors)
    with pytest.raises(InputError, match="without their return"):
        attribute_return(model, {"A3": 1.0}, returns, factors)
    with pytest.raises(UnknownNameError, match="'Q'"):
        attribute_return(model, {"Q": 1.0}, returns, factors)
    later = returns.set_axis(returns.index + pd.Timedelta(days=4000))
    with pytest.raises(UnknownNameError, match="dates that the model's results lack"):
        attribute_return(model, {"A0": 0.0}, later, factors.set_axis(later.index))
