import numpy as np
import pytest
from statsmodels.tsa.statespace.mlemodel import MLEModel

from statefolio.kalman.dense import dense_filter
from statefolio.pairs.adaptive.basket_filter import Parameters, filter_basket
from statefolio.pairs.adaptive.estimates import observe


def case(k, seed=0, dates=200):
    draw = np.random.default_rng(seed)
    prices = 30.0 + np.cumsum(draw.normal(size=(dates, k)), axis=0)
    parameters = Parameters(0.9, 0.7, draw.uniform(1e-4, 1e-2, k), draw.normal(size=k), draw.uniform(0.1, 1.0, k))
    return prices, parameters


def run(prices, parameters, mean=0.0):
    path = np.empty(prices.shape)
    basket = observe(prices, tuple(range(prices.shape[1])), mean)
    return filter_basket(basket, parameters, path), path


def textbook(prices, parameters, m=0.0):
    """The dense filter on raw prices: its start is after the first prediction, its level reverts to m."""
    k = prices.shape[1]
    A = np.diag([parameters.persistence] + [1.0] * (k - 1))
    offset = np.r_[(1.0 - parameters.persistence) * m, np.zeros(k - 1)]
    missing = np.isnan(prices).any(axis=1)
    design = np.column_stack([np.ones(len(prices)), np.nan_to_num(prices[:, 1:])])[:, None, :]
    start = parameters.start_mean + np.r_[m, np.zeros(k - 1)]
    V = np.diag(parameters.state_variance)
    return dense_filter(
        np.where(missing, np.nan, prices[:, 0])[:, None],
        design,
        np.array([[parameters.observation_variance]]),
        V,
        offset + A @ start,
        A @ np.diag(parameters.start_variance) @ A.T + V,
        transition=A,
        offset=offset,
    )


@pytest.mark.parametrize("k", [2, 3, 5])
def test_equals_the_dense_filter(k):
    prices, parameters = case(k)
    fit, path = run(prices, parameters)
    other = textbook(prices, parameters)
    np.testing.assert_allclose(path, other.filtered, rtol=1e-9, atol=1e-10)
    assert fit.log_likelihood == pytest.approx(other.log_likelihood.sum(), rel=1e-11)


def test_missing_dates_are_predictions():
    prices, parameters = case(3)
    prices[7, 0] = prices[40:43, 2] = prices[-1] = np.nan
    fit, path = run(prices, parameters, mean=2.0)
    other = textbook(prices, parameters, m=2.0)
    np.testing.assert_allclose(path + np.array([2.0, 0.0, 0.0]), other.filtered, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(path[41], path[40] * np.array([0.9, 1.0, 1.0]), rtol=1e-14)
    assert fit.log_likelihood == pytest.approx(other.log_likelihood.sum(), rel=1e-11)


def test_log_likelihood_of_statsmodels():
    prices, parameters = case(3)
    fit, path = run(prices, parameters)
    model = MLEModel(prices[:, 0], k_states=3)
    A = np.diag([parameters.persistence, 1.0, 1.0])
    model["design"] = np.column_stack([np.ones(len(prices)), prices[:, 1:]]).T[None]
    model["transition"], model["selection"], model["state_cov"] = A, np.eye(3), np.diag(parameters.state_variance)
    model["obs_cov"] = np.array([[parameters.observation_variance]])
    model.ssm.initialize_known(
        A @ parameters.start_mean, A @ np.diag(parameters.start_variance) @ A + model["state_cov"]
    )
    found = model.ssm.filter()
    assert fit.log_likelihood == pytest.approx(found.llf, rel=1e-10)
    np.testing.assert_allclose(path, found.filtered_state.T, rtol=1e-8, atol=1e-9)


def test_shares_of_noise_and_of_the_start():
    prices, parameters = case(2)
    fit, _ = run(prices, parameters)
    other = textbook(prices, parameters)
    x = np.column_stack([np.ones(len(prices)), prices[:, 1]])
    S = np.einsum("ti,tij,tj->t", x, other.predicted_covariance, x) + parameters.observation_variance
    assert fit.noise_share == pytest.approx(np.mean(parameters.observation_variance / S), rel=1e-10)
    moved = x[0] * [parameters.persistence, 1.0]
    assert fit.start_share == pytest.approx(moved @ np.diag(parameters.start_variance) @ moved / S[0], rel=1e-12)


def test_very_large_and_very_small_variances_have_a_likelihood():
    prices, parameters = case(2, dates=400)
    plain, _ = run(prices, parameters)
    for scale in (1e-8, 1e8):
        scaled = parameters._replace(
            observation_variance=parameters.observation_variance * scale**2,
            state_variance=parameters.state_variance * [scale**2, 1.0],
            start_mean=parameters.start_mean * [scale, 1.0],
            start_variance=parameters.start_variance * [scale**2, 1.0],
        )
        fit, _ = run(prices * scale, scaled)
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood - 400 * np.log(scale), rel=1e-8)
