"""The distribution against plain loops, and against skfolio's own numbers where the models coincide."""

import numpy as np
import pandas as pd
import pytest
from skfolio.prior import LoadingMatrixRegression, TimeSeriesFactorModel
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from statefolio.adapters.prior import KalmanFactorPrior
from statefolio.data import load_demo
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings
from statefolio.risk.factor_risk import FactorRisk

HELD = KalmanLoadings(
    tuning="fixed", state_variance=0.001, observation_variance=1e-4, common_volatility=False, tails="gaussian"
)


@pytest.fixture
def risk() -> FactorRisk:
    return FactorRisk(HELD, residual_structure=None)


def sigma_of(factor_model) -> np.ndarray:
    """The covariance that the optimiser uses."""
    root = factor_model.covariance_sqrt
    return sum(part @ part.T for part in root.components) + np.diag(root.diagonal**2)


def plain_distribution(model, omega, mean, D, factors):
    """Mean and covariance of the next date's returns, asset by asset."""
    ahead = model.next_
    beta, P = ahead["mean"].to_numpy(), ahead["covariance"].to_numpy()
    size, K = len(beta), factors.shape[1]
    M = np.empty((K + 1, K + 1))
    M[0, 0], M[0, 1:], M[1:, 0] = 1.0, mean, mean
    M[1:, 1:] = omega + np.outer(mean, mean)
    mu, sigma = np.empty(size), np.empty((size, size))
    for i in range(size):
        mu[i] = beta[i, 0] + sum(beta[i, 1 + k] * mean[k] for k in range(K))
        for j in range(size):
            sigma[i, j] = sum(beta[i, 1 + k] * omega[k, m] * beta[j, 1 + m] for k in range(K) for m in range(K))
        sigma[i, i] += D[i] + np.trace(P[i] @ M)
    return mu, sigma


def test_distribution_is_that_of_plain_loops(full, factors):
    omega = pd.DataFrame([[1e-4, 2e-5], [2e-5, 3e-5]], index=factors.columns, columns=factors.columns)
    D = pd.Series(np.linspace(1e-4, 3e-4, 8), index=full.columns)
    prior = KalmanFactorPrior(FactorRisk(HELD, omega, D, residual_structure=None)).fit(full, factors=factors)
    model = clone(HELD).fit(full, factors)
    mean = factors.to_numpy().mean(axis=0)
    mu, sigma = plain_distribution(model, omega.to_numpy(), mean, D.to_numpy(), factors)
    found = prior.return_distribution_
    np.testing.assert_allclose(found.mu, mu, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, sigma, rtol=1e-10)
    np.testing.assert_allclose(sigma_of(found.factor_model), sigma, rtol=1e-10)


def test_scenarios_are_past_dates_with_the_loadings_of_today(full, factors, risk):
    prior = KalmanFactorPrior(risk).fit(full, factors=factors)
    model = prior.risk_.model_
    beta = model.next_["mean"].to_numpy()
    found = model.innovations_
    v, S = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    own = prior.risk_.covariance_.diagonal
    expected = np.full(full.shape, np.nan)
    for t in range(len(full)):
        for i in range(8):
            z = v[t, i] / np.sqrt(S[t, i])
            expected[t, i] = beta[i] @ [1.0, *factors.to_numpy()[t]] + z * np.sqrt(own[i])
    diffuse = np.isnan(v).all(axis=1)
    assert 0 < diffuse.sum() < 5
    returns = prior.return_distribution_.returns
    np.testing.assert_allclose(returns[~diffuse], expected[~diffuse], rtol=1e-10)
    later = v[~diffuse][: diffuse.sum()] / np.sqrt(S[~diffuse][: diffuse.sum()])
    filled = returns[diffuse] - beta[:, 0] - factors.to_numpy()[diffuse] @ beta[:, 1:].T
    np.testing.assert_allclose(filled, later * np.sqrt(own), rtol=1e-8)


@pytest.fixture(scope="module")
def demo():
    data = load_demo()
    return data.returns, data.factors


def test_constant_loadings_give_skfolios_own_model(demo):
    """Least squares, the sample covariance and no uncertainty: both libraries' numbers, on real data."""
    returns, factors = demo
    theirs = TimeSeriesFactorModel(LoadingMatrixRegression(LinearRegression())).fit(returns, factors=factors)
    expected = theirs.return_distribution_
    omega = pd.DataFrame(expected.factor_model.factor_covariance, factors.columns, factors.columns)
    D = pd.Series(expected.factor_model.idio_covariance, returns.columns)
    risk = FactorRisk(StaticLoadings(), omega, D, residual_structure=None, uncertainty=False)
    found = KalmanFactorPrior(risk, scenarios="factors").fit(returns, factors=factors).return_distribution_
    np.testing.assert_allclose(found.mu, expected.mu, rtol=1e-9)
    np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-9)
    np.testing.assert_allclose(found.returns, expected.returns, atol=1e-13)
    ours, skfolios = found.factor_model, expected.factor_model
    for name in ("loading_matrix", "factor_covariance", "factor_mu", "factor_returns", "idio_covariance"):
        np.testing.assert_allclose(getattr(ours, name), getattr(skfolios, name), rtol=1e-9, atol=1e-16)
    for name in ("asset_names", "factor_names", "observations"):
        assert (np.asarray(getattr(ours, name)) == np.asarray(getattr(skfolios, name))).all()


def test_variances_learned_by_least_squares_differ_by_degrees_of_freedom_only(demo):
    returns, factors = demo
    theirs = TimeSeriesFactorModel(LoadingMatrixRegression(LinearRegression())).fit(returns, factors=factors)
    risk = FactorRisk(StaticLoadings(), idiosyncratic="model", residual_structure=None, uncertainty=False)
    found = KalmanFactorPrior(risk).fit(returns, factors=factors).return_distribution_.factor_model.idio_covariance
    T, K = factors.shape
    expected = theirs.return_distribution_.factor_model.idio_covariance * (T - 1) / (T - K - 1)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_uncertainty_is_in_the_factor_model(full, factors, risk):
    with_it = KalmanFactorPrior(risk).fit(full, factors=factors)
    without = KalmanFactorPrior(clone(risk).set_params(uncertainty=False)).fit(full, factors=factors)
    U = with_it.risk_.loading_uncertainty_.to_numpy()
    D = with_it.risk_.idiosyncratic_variance_.to_numpy()
    assert (U > 1e-3 * D).all()
    model, plain = (p.return_distribution_.factor_model for p in (with_it, without))
    np.testing.assert_allclose(model.idio_covariance, D + U, rtol=1e-12)
    np.testing.assert_allclose(plain.idio_covariance, D, rtol=1e-12)


def test_expected_returns_without_alphas(full, factors, risk):
    prior = KalmanFactorPrior(risk, alpha=False).fit(full, factors=factors)
    found = prior.return_distribution_
    B = prior.risk_.exposures_.to_numpy()
    np.testing.assert_allclose(found.mu, B @ factors.to_numpy().mean(axis=0), rtol=1e-10)
    assert (found.factor_model.idio_mu == 0.0).all()


def test_attribution_by_skfolio_adds_up_to_the_whole(full, factors, risk):
    found = KalmanFactorPrior(risk).fit(full, factors=factors).return_distribution_
    w = np.linspace(0.05, 0.2, 8)
    parts = found.factor_model.predicted_attribution(w, annualization_factor=1.0)
    np.testing.assert_allclose(parts.total.vol, np.sqrt(w @ found.covariance @ w), rtol=1e-10)
    np.testing.assert_allclose(parts.total.mu, w @ found.mu, rtol=1e-10)


def test_residual_factors_are_further_factors(returns, factors, two_blocks):
    risk = FactorRisk(HELD, residual_structure=two_blocks)
    prior = KalmanFactorPrior(risk, factor_families=["equity", "style"]).fit(returns, factors=factors)
    found, held = prior.return_distribution_, prior.risk_
    model = found.factor_model
    assert list(model.factor_names) == ["market", "size", "even", "odd"]
    assert list(model.factor_families) == ["equity", "style", "residual", "residual"]
    mask = found.investable_mask
    investable = returns.columns[mask]
    places = held.assets_.get_indexer(investable)
    expected = held.covariance_.select(places).dense()
    np.testing.assert_allclose(sigma_of(model.select_assets(mask)), expected, rtol=1e-10)
    np.testing.assert_allclose(found.covariance[np.ix_(mask, mask)], expected, rtol=1e-10)
    G = model.loading_matrix[mask][:, 2:]
    v = held.model_.innovations_["innovation"].to_numpy()[:, mask]
    np.testing.assert_allclose(model.idio_returns[:, mask] + model.factor_returns[:, 2:] @ G.T, v, rtol=1e-9)
    D = model.idio_covariance[mask]
    S = held.model_.innovations_["innovation_variance"].to_numpy()[:, mask]
    common = (G**2).sum(axis=1)
    np.testing.assert_allclose(model.idio_variances[:, mask], S * D / (D + common), rtol=1e-9)
    seen = np.isfinite(v)
    systematic = model.idio_mu[mask] + model.factor_returns[:, :2] @ model.loading_matrix[mask][:, :2].T
    scenarios = systematic + v / np.sqrt(S) * np.sqrt(D + common)
    np.testing.assert_allclose(found.returns[:, mask][seen], scenarios[seen], rtol=1e-9, atol=1e-14)
    assert np.isfinite(found.returns[:, mask]).all()
