import numpy as np

from statefolio.risk.uncertainty import loading_uncertainty, second_moment


def parts(assets=4, factors=3, seed=0, intercept=True):
    rng = np.random.default_rng(seed)
    states = factors + intercept
    root = rng.normal(size=(assets, states, states)) * 0.2
    omega = rng.normal(size=(factors, factors)) * 0.01
    return root @ root.transpose(0, 2, 1), omega @ omega.T, rng.normal(size=factors) * 0.01


def test_trace_written_out():
    for intercept in (True, False):
        P, omega, mu = parts(intercept=intercept)
        found = loading_uncertainty(P, omega, mu, intercept)
        first = int(intercept)
        for i in range(4):
            M = np.zeros((3 + first, 3 + first))
            if intercept:
                M[0, 0] = 1.0
                M[0, 1:] = M[1:, 0] = mu
            for j in range(3):
                for k in range(3):
                    M[j + first, k + first] = omega[j, k] + mu[j] * mu[k]
            np.testing.assert_allclose(found[i], sum(P[i, j] @ M[:, j] for j in range(3 + first)), rtol=1e-12)


def test_simulated_returns_with_random_loadings_have_this_covariance():
    """Returns B f + e with B and f drawn: covariance mean(B) Omega mean(B)' + D + U, U on the diagonal alone."""
    P, omega, mu = parts(seed=2)
    mu = 10.0 * mu
    rng, draws = np.random.default_rng(3), 400_000
    mean = rng.normal(size=(4, 4))
    f = rng.multivariate_normal(mu, omega, draws)
    x = np.column_stack([np.ones(draws), f])
    returns = np.empty((draws, 4))
    for i in range(4):
        returns[:, i] = np.einsum("dj,dj->d", rng.multivariate_normal(mean[i], P[i], draws), x)
    U = loading_uncertainty(P, omega, mu)
    sigma = mean[:, 1:] @ omega @ mean[:, 1:].T + np.diag(U)
    scale = np.sqrt(np.outer(np.diag(sigma), np.diag(sigma)))
    assert np.abs((np.cov(returns.T) - sigma) / scale).max() < 0.01
    forgotten = U - loading_uncertainty(P, omega, 0.0 * mu)
    assert np.abs(forgotten / np.diag(sigma)).max() > 0.02


def test_second_moment_is_that_of_the_regressors():
    _, omega, mu = parts()
    x = np.column_stack([np.ones(400_000), np.random.default_rng(1).multivariate_normal(mu, omega, 400_000)])
    np.testing.assert_allclose(second_moment(omega, mu), x.T @ x / len(x), atol=4e-4)
