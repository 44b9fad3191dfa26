"""Value at risk and expected shortfall: closed forms against scipy's integrals, the simulation against both."""

import numpy as np
import pytest
from scipy import integrate, stats

import statefolio as sf
from statefolio.exceptions import InputError
from statefolio.risk.tail_risk import gaussian_tail, simulate_portfolio, student_tail

WEIGHTS = {"AAPL": 0.5, "JNJ": 0.3, "XOM": -0.2}


@pytest.fixture(scope="module")
def risk():
    demo = sf.load_demo()
    model = sf.KalmanLoadings(tuning="discount")
    return sf.risk.FactorRisk(model).fit(demo.returns.iloc[:400], demo.factors.iloc[:400])


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("nu", [2.5, 4.0, 30.0, np.inf])
def test_the_closed_forms_are_those_of_the_distribution(level, nu):
    sigma = 0.013
    law = stats.norm(scale=sigma) if np.isinf(nu) else stats.t(nu, scale=sigma * np.sqrt((nu - 2) / nu))
    quantile = law.ppf(level)
    mean = integrate.quad(lambda x: x * law.pdf(x), quantile, np.inf)[0] / (1 - level)
    assert student_tail(sigma, level, nu) == pytest.approx((quantile, mean), rel=1e-6)
    if np.isinf(nu):
        assert gaussian_tail(sigma, level) == pytest.approx((quantile, mean), rel=1e-6)


def test_the_table_has_a_row_for_each_distribution(risk):
    table = risk.value_at_risk(WEIGHTS)
    volatility = risk.portfolio_volatility(WEIGHTS)
    nu = float(risk.model_.parameters_["degrees_of_freedom"].iloc[0])
    assert table.attrs["degrees_of_freedom"] == nu
    assert table.loc["Gaussian", "value_at_risk_99%"] == pytest.approx(volatility * stats.norm.ppf(0.99))
    assert table.loc["Student-t"].to_list() == pytest.approx(
        [*student_tail(volatility, 0.95, nu), *student_tail(volatility, 0.99, nu)]
    )
    assert (table["expected_shortfall_99%"] > table["value_at_risk_99%"]).all()
    assert table.equals(risk.value_at_risk(WEIGHTS))  # the same seed, the same numbers


def test_gaussian_draws_have_the_volatility_of_the_covariance(risk):
    w = risk.align_weights(WEIGHTS)
    drawn = simulate_portfolio(risk, w, np.inf, 200_000, 3)
    assert drawn.std() == pytest.approx(risk.portfolio_volatility(WEIGHTS), rel=0.01)
    table = risk.value_at_risk(WEIGHTS, degrees_of_freedom=np.inf, draws=200_000)
    assert table.loc["simulated"].to_numpy() == pytest.approx(table.loc["Gaussian"].to_numpy(), rel=0.05)


def test_draws_agree_with_a_slow_simulation_of_loadings_factors_and_residuals(risk):
    rng, nu, count = np.random.default_rng(1), 5.0, 100_000
    w = risk.align_weights(WEIGHTS)
    held = np.flatnonzero(w)
    ahead = risk.model_.next_.sel(asset=risk.assets_[held])
    beta = np.stack(
        [rng.multivariate_normal(m, c, count) for m, c in zip(ahead["mean"], ahead["covariance"], strict=True)], 1
    )
    beta[:, :, 0] -= ahead["mean"].to_numpy()[:, 0]
    fluctuation = stats.multivariate_t(
        shape=risk.factor_covariance_ * (nu - 2) / nu, df=nu, seed=np.random.default_rng(2)
    ).rvs(count)
    f = np.column_stack([np.ones(count), fluctuation + risk.factor_mean_.to_numpy()])
    expected = ahead["mean"].to_numpy()[:, 1:] @ risk.factor_mean_.to_numpy()
    D, G = risk.idiosyncratic_variance_.to_numpy()[held], risk.residual_loadings_.to_numpy()[held]
    noise = rng.standard_t(nu, (count, len(held))) * np.sqrt(D * (nu - 2) / nu)
    r = np.einsum("mnk,mk->mn", beta, f) - expected + noise + rng.standard_normal((count, G.shape[1])) @ G.T
    slow, fast = -(r @ w[held]), -simulate_portfolio(risk, w, nu, count, 0)
    for level in (0.5, 0.95, 0.99):
        assert np.quantile(fast, level) == pytest.approx(np.quantile(slow, level), rel=0.03, abs=3e-4)


@pytest.mark.parametrize("options", [{"levels": 0.4}, {"levels": ()}, {"degrees_of_freedom": 2.0}, {"draws": 10}])
def test_wrong_options_are_refused(risk, options):
    with pytest.raises(InputError, match=next(iter(options))):
        risk.value_at_risk(WEIGHTS, **options)
