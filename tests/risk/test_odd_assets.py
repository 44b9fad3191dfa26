"""One odd asset, or other units, must not change the covariance of the other assets."""

import warnings

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.risk import FactorRisk, LowRankCovariance, ResidualFactors, SectorBlocks

SQUARES = [RollingLoadings(250), ExponentialLoadings(), StaticLoadings()]
MODELS = [*SQUARES, KalmanLoadings(tuning="discount")]


def name(value):
    return type(value).__name__


@pytest.fixture(scope="module")
def panel(demo):
    return demo.returns.iloc[:600, :8], demo.factors.iloc[:600]


def covariance(returns, factors, model, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)  # large returns are taken for percent
        return FactorRisk(model, **options).fit(returns, factors)


def still_price(demo):
    prices = (1.0 + demo.returns.iloc[:600, 8]).cumprod()
    return prices.iloc[::20].reindex(prices.index, method="ffill").pct_change().fillna(0.0)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e12])
@pytest.mark.parametrize("model", MODELS, ids=name)
@pytest.mark.parametrize("both", [False, True])
def test_sigma_scales_with_the_returns(panel, model, scale, both):
    returns, factors = panel
    plain = covariance(returns, factors, model)
    scaled = covariance(returns * scale, factors * (scale if both else 1.0), model)
    assert scaled.assets_.equals(plain.assets_)
    np.testing.assert_allclose(scaled.covariance_.dense() / scale**2, plain.covariance_.dense(), rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
@pytest.mark.parametrize("options", ["regime", "given", "sectors", "count"])
def test_sigma_scales_with_other_options(panel, scale, options):
    returns, factors = panel
    sectors = pd.Series(["a"] * 4 + ["b"] * 4, index=returns.columns)
    found = []
    for unit in (1.0, scale):
        chosen = {
            "regime": {"factor_covariance": "regime"},
            "given": {"factor_covariance": (factors * unit).cov()},
            "sectors": {"residual_structure": SectorBlocks(sectors)},
            "count": {"residual_structure": ResidualFactors(count=2), "idiosyncratic": "model"},
        }[options]
        risk = covariance(returns * unit, factors * unit, RollingLoadings(250), **chosen)
        found.append(risk.covariance_.dense() / unit**2)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_factors_in_different_units(scale):
    rng = np.random.default_rng(0)
    B, root = rng.normal(size=(6, 3)), rng.normal(size=(3, 3))
    omega, units = root @ root.T, np.array([1.0, scale, 1.0])
    plain = LowRankCovariance(B, omega, np.ones(6))
    scaled = LowRankCovariance(B / units, omega * np.outer(units, units), np.ones(6))
    np.testing.assert_allclose(scaled.dense(), plain.dense(), rtol=1e-9)
    assert scaled.log_determinant == pytest.approx(plain.log_determinant, rel=1e-9)


def test_residuals_in_other_units():
    rng = np.random.default_rng(1)
    z = 0.6 * rng.standard_normal((300, 1)) + 0.8 * rng.standard_normal((300, 9))
    plain = ResidualFactors(count=1).fit(pd.DataFrame(np.clip(z, -3, 3))).loadings_
    small = ResidualFactors(count=1).fit(pd.DataFrame(1e-9 * np.clip(z, -3, 3))).loadings_
    pd.testing.assert_frame_equal(small, plain, rtol=1e-9)
    with pytest.raises(InputError, match="residuals must be standardised"):
        ResidualFactors(count=1).fit(pd.DataFrame(1e9 * z))


@pytest.mark.parametrize("model", SQUARES, ids=name)
def test_a_twin_of_a_factor_stays_and_moves_nobody(panel, model):
    returns, factors = panel
    plain = covariance(returns, factors, model)
    twins = returns.assign(FUND=factors["market"], HALVES=0.5 * factors["market"] + 0.5 * factors["value"])
    risk = covariance(twins, factors, model)
    assert risk.excluded_.empty
    others = risk.covariance_frame().loc[returns.columns, returns.columns]
    np.testing.assert_allclose(others, plain.covariance_.dense(), rtol=1e-9)
    assert risk.portfolio_volatility({"FUND": 1.0}) == pytest.approx(
        np.sqrt(risk.factor_covariance_.loc["market", "market"]), rel=1e-4
    )
    assert risk.idiosyncratic_variance_["FUND"] == pytest.approx(1e-8 * factors["market"].var(ddof=0), rel=1e-9)


@pytest.mark.parametrize("model", SQUARES, ids=name)
@pytest.mark.parametrize("value", [0.0, 1e-4, -0.3])
def test_a_constant_is_left_out_and_moves_nobody(panel, model, value):
    returns, factors = panel
    plain = covariance(returns, factors, model)
    risk = covariance(returns.assign(CASH=value), factors, model)
    assert risk.excluded_["reason"].to_dict() == {"CASH": "no idiosyncratic variance: its returns are constant"}
    np.testing.assert_allclose(risk.covariance_.dense(), plain.covariance_.dense(), rtol=1e-9)


def test_a_stock_that_died_within_the_window_is_left_out_by_name(demo, panel):
    returns, factors = panel
    plain = covariance(returns, factors, RollingLoadings(120))
    dead = returns.copy()
    dead["DEAD"] = demo.returns["XOM"].iloc[:600].where(returns.index < returns.index[400], 0.0)
    with (
        pytest.warns(StatefolioWarning, match="FactorRisk leaves out 'DEAD'"),
        pytest.warns(StatefolioWarning, match="'DEAD' that stands still on 195 of 600 dates"),
    ):
        risk = FactorRisk(RollingLoadings(120)).fit(dead, factors)
    assert "far below its own forecast errors" in risk.excluded_.loc["DEAD", "reason"]
    np.testing.assert_allclose(risk.covariance_.asset_variance, plain.covariance_.asset_variance, rtol=0.02)


@pytest.mark.parametrize("model", MODELS, ids=name)
def test_a_price_that_stands_still_has_no_small_variance(demo, panel, model):
    returns, factors = panel
    risk = covariance(returns.assign(STILL=still_price(demo)), factors, model)
    if "STILL" in risk.assets_:
        true = np.sqrt(still_price(demo).var())
        assert 0.5 * true < risk.portfolio_volatility({"STILL": 1.0}) < 2.0 * true
    else:
        assert "stands still" in risk.excluded_.loc["STILL", "reason"]


@pytest.mark.parametrize("odd", ["dead", "twin"])
def test_continuing_finds_what_one_fit_finds(panel, odd):
    returns, factors = panel
    died = returns["AMD"].where(returns.index < returns.index[400], 0.0)
    table = returns.assign(ODD=died if odd == "dead" else factors["market"])
    whole = covariance(table, factors, RollingLoadings(120), residual_structure=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        risk = FactorRisk(RollingLoadings(120), residual_structure=None).fit(table.iloc[:300], factors.iloc[:300])
        risk.partial_fit(table.iloc[300:450], factors.iloc[300:450])
        risk.partial_fit(table.iloc[450:], factors.iloc[450:])
    pd.testing.assert_frame_equal(risk.excluded_, whole.excluded_)
    np.testing.assert_allclose(risk.covariance_.dense(), whole.covariance_.dense(), rtol=1e-7)


def test_the_rank_of_omega_is_judged_by_its_largest_eigenvalue():
    rng = np.random.default_rng(2)
    rounding = []
    for _ in range(20):
        root = rng.normal(size=(5, 2))
        omega = root @ root.T
        rounding.append(np.linalg.eigvalsh(omega)[2])
        assert LowRankCovariance(np.ones((3, 5)), omega, np.ones(3)).factor_root.shape == (5, 2)
    assert max(rounding) > 0.0, "no eigenvalue of rounding is positive, so nothing was tested"


def test_a_negative_eigenvalue_is_judged_by_the_largest():
    slight = np.ones((8, 8)) - 4e-10 * np.eye(8)
    assert LowRankCovariance(np.ones((2, 8)), slight, np.ones(2)).factor_root.shape == (8, 1)
    with pytest.raises(InputError, match="positive semidefinite"):
        LowRankCovariance(np.ones((2, 8)), np.ones((8, 8)) - 1e-8 * np.eye(8), np.ones(2))
