import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from statefolio.exceptions import InputError
from statefolio.risk.factor_covariance import ExponentialCovariance, FactorMean, GivenCovariance


def slow_omega(u, half_lives, shrinkage):
    """Compute every weight explicitly, for every date."""
    dates, factors = u.shape

    def volatility(t):
        w = 0.5 ** (np.arange(t, -1, -1) / half_lives[0])
        return np.sqrt((w[:, None] * u[: t + 1] ** 2).sum(axis=0) / w.sum())

    z = np.array([u[t] / volatility(t) for t in range(dates)])
    omega = np.zeros((factors, factors))
    for i in range(factors):
        for j in range(factors):
            w = 0.5 ** (np.arange(dates - 1, -1, -1) / half_lives[1])
            correlation = (w * z[:, i] * z[:, j]).sum() / np.sqrt((w * z[:, i] ** 2).sum() * (w * z[:, j] ** 2).sum())
            correlation = 1.0 if i == j else (1 - shrinkage) * correlation
            omega[i, j] = volatility(dates - 1)[i] * volatility(dates - 1)[j] * correlation
    return omega


@pytest.fixture
def returns():
    rng = np.random.default_rng(0)
    return 0.001 + rng.normal(size=(90, 3)) @ rng.normal(size=(3, 3)) * 0.01


def test_against_every_weight_written_out(returns):
    found = ExponentialCovariance.empty(3, (7.0, 20.0), 0.1).updated(returns).covariance()
    np.testing.assert_allclose(found, slow_omega(returns, (7.0, 20.0), 0.1), rtol=1e-10)


def test_volatility_is_that_of_weighted_statistics(returns):
    weights = 0.5 ** (np.arange(89, -1, -1) / 7.0)
    found = ExponentialCovariance.empty(3, (7.0, 20.0), 0.0).updated(returns).covariance()
    np.testing.assert_allclose(np.diag(found), (DescrStatsW(returns**2, weights).mean), rtol=1e-12)
    pandas = (pd.DataFrame(returns) ** 2).ewm(halflife=7.0).mean().iloc[-1]
    np.testing.assert_allclose(np.diag(found), pandas, rtol=1e-12)


def test_deviations_of_equal_weight_give_the_sample_variance(returns):
    deviations, mean = FactorMean(np.zeros(3)).updated(returns)
    np.testing.assert_allclose(mean.mean(), returns.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviations.T @ deviations, 89 * np.cov(returns.T), rtol=1e-10)
    endless = ExponentialCovariance.empty(3, (np.inf, np.inf), 0.0).updated(deviations).covariance()
    np.testing.assert_allclose(np.diag(endless), returns.var(axis=0, ddof=1), rtol=1e-12)


@pytest.mark.parametrize("cut", [0, 1, 2, 60, 90])
def test_in_two_parts_is_the_same_to_the_last_bit(returns, cut):
    whole_u, whole_mean = FactorMean(np.zeros(3)).updated(returns)
    first_u, mean = FactorMean(np.zeros(3)).updated(returns[:cut])
    second_u, mean = mean.updated(returns[cut:])
    np.testing.assert_array_equal(np.vstack([first_u, second_u]), whole_u)
    np.testing.assert_array_equal(mean.mean(), whole_mean.mean())
    start = ExponentialCovariance.empty(3, (7.0, 20.0), 0.05)
    parts = start.updated(first_u).updated(second_u)
    np.testing.assert_array_equal(parts.covariance(), start.updated(whole_u).covariance())


def test_a_factor_that_does_not_move_has_no_variance_and_no_nan(returns):
    returns[:, 1] = 0.0
    omega = ExponentialCovariance.empty(3, (7.0, 20.0), 0.05).updated(returns).covariance()
    assert (omega[1] == 0.0).all()
    assert (omega[:, 1] == 0.0).all()
    assert np.isfinite(omega).all()
    assert np.linalg.eigvalsh(omega)[0] >= 0.0


def test_more_factors_than_dates_is_positive_semidefinite():
    u = np.random.default_rng(1).normal(size=(5, 12)) * 0.01
    values = np.linalg.eigvalsh(ExponentialCovariance.empty(12, (7.0, 20.0), 0.0).updated(u).covariance())
    assert values[0] > -1e-15
    assert (values > 1e-9).sum() == 5


def test_no_covariance_without_dates():
    deviations, mean = FactorMean(np.zeros(2)).updated(np.ones((1, 2)))
    assert len(deviations) == 0
    np.testing.assert_array_equal(mean.mean(), [1.0, 1.0])
    with pytest.raises(InputError, match="at least 2 known dates"):
        ExponentialCovariance.empty(2, (7.0, 20.0), 0.0).updated(deviations).covariance()


def test_a_given_covariance_does_not_change(returns):
    given = GivenCovariance(np.eye(3))
    assert given.updated(returns) is given
    np.testing.assert_array_equal(given.covariance(), np.eye(3))
