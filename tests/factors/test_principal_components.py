import numpy as np
import pytest
from scipy.optimize import minimize

from statefolio.factors.orientation import align_to, positive_signs
from statefolio.factors.principal_components import principal_components


def gappy(T=40, N=9, K=2, missing=0.25, seed=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(T, K)) @ rng.normal(size=(K, N)) + 0.4 * rng.normal(size=(T, N)) + 0.3
    x[rng.random(x.shape) < missing] = np.nan
    x[: T // 2, 2] = np.nan
    return x[np.count_nonzero(~np.isnan(x), axis=1) > K + 1]


def test_a_complete_panel_is_numpys_decomposition():
    x = gappy(missing=0.0)
    x[np.isnan(x)] = 0.1
    found = principal_components(x, 3)
    centred = x - x.mean(axis=0)
    u, s, v = np.linalg.svd(centred, full_matrices=False)
    common = (u[:, :3] * s[:3]) @ v[:3]
    assert np.allclose(found.scores @ found.loadings.T, common, atol=1e-12)
    assert np.allclose(found.mean, x.mean(axis=0), atol=1e-14)
    assert np.allclose(np.abs(found.loadings), np.sqrt(9) * np.abs(v[:3].T), atol=1e-12)
    assert found.residual == pytest.approx(np.sum(s[3:] ** 2) / x.size, rel=1e-12)
    assert found.iterations == 0


def test_weights_are_those_of_a_weighted_decomposition():
    x = np.random.default_rng(1).normal(size=(60, 50)) @ np.diag(np.linspace(1, 4, 50))
    w = 0.97 ** np.arange(60)[::-1]
    found = principal_components(x, 4, w)
    mean = np.average(x, axis=0, weights=w)
    v = np.linalg.svd(np.sqrt(w)[:, None] * (x - mean), full_matrices=False)[2][:4]
    assert np.allclose(found.loadings @ found.loadings.T / 50, v.T @ v, atol=1e-10)


def test_gaps_give_the_error_of_a_plain_search_over_the_observed_cells():
    x = gappy()
    T, N, K = *x.shape, 2
    known = ~np.isnan(x)

    def cost(theta):
        F, rest = theta[: T * K].reshape(T, K), theta[T * K :]
        L, m = rest[: N * K].reshape(N, K), rest[N * K :]
        e = np.where(known, x - m - F @ L.T, 0.0)
        return np.sum(e * e), np.concatenate([(-2 * e @ L).ravel(), (-2 * e.T @ F).ravel(), -2 * e.sum(axis=0)])

    rng = np.random.default_rng(0)
    searches = [
        minimize(
            cost,
            rng.normal(size=T * K + N * K + N),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 20000, "maxfun": 40000, "ftol": 1e-15, "gtol": 1e-11},
        )
        for _ in range(4)
    ]
    best = min(search.fun for search in searches)
    found = principal_components(x, K, tolerance=1e-11, max_iterations=5000)
    assert found.converged
    assert found.residual * known.sum() == pytest.approx(best, rel=1e-8)
    assert np.allclose(found.loadings.T @ found.loadings / N, np.eye(K), atol=1e-12)
    assert np.allclose(np.cov(found.scores.T)[0, 1], 0.0, atol=1e-12)


def test_a_fixed_point_satisfies_both_regressions_on_the_observed_cells():
    x = gappy(T=80, N=20, K=3, missing=0.3)
    found = principal_components(x, 3, tolerance=1e-12, max_iterations=5000)
    e = x - found.mean - found.scores @ found.loadings.T
    known = np.nan_to_num(e)
    assert np.abs(known @ found.loadings).max() < 1e-8
    assert np.abs(known.T @ np.column_stack([np.ones(len(x)), found.scores])).max() < 1e-8


def test_a_start_changes_the_way_not_the_end():
    x = gappy(T=80, N=20, K=2)
    first = principal_components(x, 2, tolerance=1e-11, max_iterations=5000)
    start = first.loadings.copy()
    start[5] = np.nan
    again = principal_components(x, 2, start=start, tolerance=1e-11, max_iterations=5000)
    assert again.iterations < first.iterations
    assert np.allclose(again.scores @ again.loadings.T, first.scores @ first.loadings.T, atol=1e-8)


def test_failure_to_converge_is_reported():
    found = principal_components(gappy(), 2, tolerance=1e-14, max_iterations=2)
    assert (found.converged, found.iterations) == (False, 2)


def test_rotations_and_assignments_bring_loadings_back():
    rng = np.random.default_rng(5)
    old = np.linalg.qr(rng.normal(size=(30, 4)))[0]
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert np.allclose(old @ turn @ align_to(old @ turn, old, "rotation"), old, atol=1e-13)
    shuffled = old[:, [2, 0, 3, 1]] * np.array([1.0, -1.0, -1.0, 1.0])
    assert np.allclose(shuffled @ align_to(shuffled, old, "assignment"), old, atol=1e-15)
    assert np.allclose((-old) @ align_to(-old, old, "none"), old)
    assert ((old @ positive_signs(old)).sum(axis=0) >= 0).all()
