import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statefolio.exceptions import DataTypeError, InputError
from statefolio.risk.low_rank import LowRankCovariance


def make(assets=30, factors=4, rank=None, seed=0, tiny=False):
    rng = np.random.default_rng(seed)
    B = rng.normal(0.3, 1.0, (assets, factors))
    root = rng.normal(0.0, 0.01, (factors, factors if rank is None else rank))
    d = 10.0 ** rng.uniform(-5, -3, assets)
    if tiny:
        d[::3] = 1e-9
    return LowRankCovariance(B, root @ root.T, d)


def plain(c):
    sigma = c.loadings @ c.factor_covariance @ c.loadings.T
    return sigma + np.diag(c.diagonal)


def exactness(sigma):
    """Tolerance that dense algebra itself can reach."""
    return max(1e-10, 100 * np.finfo(float).eps * np.linalg.cond(sigma))


CASES = {
    "ordinary": {},
    "singular": {"rank": 2},
    "no factor earns anything": {"rank": 0},
    "more factors than assets": {"assets": 3, "factors": 9},
    "one asset": {"assets": 1},
    "no factors": {"factors": 0},
    "tiny diagonal": {"tiny": True},
}


@pytest.fixture(params=CASES, ids=lambda name: name)
def covariance(request):
    return make(**CASES[request.param])


def test_dense_is_the_sum(covariance):
    np.testing.assert_allclose(covariance.dense(), plain(covariance), rtol=1e-12, atol=1e-18)


def test_algebra_against_dense(covariance):
    sigma, n = plain(covariance), len(covariance)
    rng = np.random.default_rng(1)
    for x in (rng.normal(size=n), rng.normal(size=(5, n))):
        solved = np.linalg.solve(sigma, x.T).T
        np.testing.assert_allclose(
            covariance.solve(x), solved, rtol=exactness(sigma), atol=1e-10 * np.abs(solved).max()
        )
        np.testing.assert_allclose(covariance.multiply(x), x @ sigma, rtol=1e-10, atol=1e-15)
        variance = np.diag(np.atleast_2d(x) @ sigma @ np.atleast_2d(x).T)
        np.testing.assert_allclose(np.atleast_1d(covariance.variance(x)), variance, rtol=1e-10)
        np.testing.assert_allclose(np.atleast_1d(covariance.volatility(x)), np.sqrt(variance), rtol=1e-10)
        marginal = np.atleast_2d(x @ sigma) / np.sqrt(variance)[:, None]
        np.testing.assert_allclose(np.atleast_2d(covariance.marginal_risk(x)), marginal, rtol=1e-10, atol=1e-15)
    assert covariance.log_determinant == pytest.approx(np.linalg.slogdet(sigma)[1], rel=1e-10)
    np.testing.assert_allclose(covariance.asset_variance, np.diag(sigma), rtol=1e-10)
    assert isinstance(covariance.variance(np.ones(n)), float)


def test_whitened_returns_are_uncorrelated(covariance):
    W = covariance.whiten(np.eye(len(covariance))).T
    sigma = plain(covariance)
    np.testing.assert_allclose(W @ sigma @ W.T, np.eye(len(covariance)), atol=exactness(sigma))


def test_whitened_squares_are_the_distance():
    covariance = make()
    x = np.random.default_rng(3).normal(size=(4, 30)) * 0.01
    distance = np.einsum("tn,tn->t", x, np.linalg.solve(plain(covariance), x.T).T)
    np.testing.assert_allclose((covariance.whiten(x) ** 2).sum(axis=1), distance, rtol=1e-10)


def test_density_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    covariance = make()
    x = np.random.default_rng(3).normal(size=(4, 30)) * 0.01
    distance = np.einsum("tn,tn->t", x, covariance.solve(x))
    density = -0.5 * (distance + covariance.log_determinant + 30 * np.log(2 * np.pi))
    np.testing.assert_allclose(
        density, stats.multivariate_normal(np.zeros(30), plain(covariance)).logpdf(x), rtol=1e-10
    )


def test_marginal_risk_is_the_derivative_and_adds_up():
    covariance, w = make(), np.random.default_rng(2).normal(size=30)
    marginal = covariance.marginal_risk(w)
    assert marginal @ w == pytest.approx(covariance.volatility(w), rel=1e-12)
    for i in (0, 7):
        step = np.zeros(30)
        step[i] = 1e-5
        slope = (covariance.volatility(w + step) - covariance.volatility(w - step)) / 2e-5
        assert marginal[i] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("degrees_of_freedom", [None, 6.0])
def test_simulated_returns_have_the_covariance(degrees_of_freedom):
    covariance = make(assets=6)
    drawn = covariance.simulate(200_000, 5, degrees_of_freedom)
    scale = np.sqrt(np.outer(np.diag(plain(covariance)), np.diag(plain(covariance))))
    assert np.abs((np.cov(drawn.T) - plain(covariance)) / scale).max() < 0.015
    assert np.abs(drawn.mean(axis=0) / np.sqrt(np.diag(plain(covariance)))).max() < 0.01
    kurtosis = np.mean(drawn**4, axis=0) / np.mean(drawn**2, axis=0) ** 2
    expected = 3.0 if degrees_of_freedom is None else 6.0
    np.testing.assert_allclose(kurtosis, expected, rtol=0.03 if degrees_of_freedom is None else 0.35)


def test_simulated_dates_are_independent_and_repeat_with_the_seed():
    covariance = make(assets=3)
    drawn = covariance.simulate(100, 9)
    np.testing.assert_array_equal(drawn, covariance.simulate(100, np.random.SeedSequence(9)))
    np.testing.assert_array_equal(drawn[:64], covariance.simulate(64, 9))
    assert len(np.unique(drawn)) == drawn.size
    assert not np.array_equal(drawn, covariance.simulate(100, 10))
    assert covariance.simulate(0, 1).shape == (0, 3)


def test_shrinking_keeps_variances_and_draws_correlations_to_zero(covariance):
    sigma, shrunk = plain(covariance), covariance.shrink(0.3)
    np.testing.assert_allclose(shrunk.dense(), 0.7 * sigma + 0.3 * np.diag(np.diag(sigma)), rtol=1e-10, atol=1e-18)
    np.testing.assert_allclose(covariance.shrink(1.0).dense(), np.diag(np.diag(sigma)), rtol=1e-10, atol=1e-18)


def test_selecting_is_a_block():
    covariance, places = make(), [4, 2, 9]
    np.testing.assert_allclose(covariance.select(places).dense(), plain(covariance)[np.ix_(places, places)], rtol=1e-12)
    mask = np.arange(30) % 2 == 0
    np.testing.assert_allclose(covariance.select(mask).dense(), plain(covariance)[np.ix_(mask, mask)], rtol=1e-12)


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3), assets=st.integers(1, 12), factors=st.integers(0, 15))
@settings(max_examples=40, deadline=None)
def test_permuting_permutes_and_scaling_scales(seed, scale, assets, factors):
    covariance = make(assets, factors, seed=seed)
    order = np.random.default_rng(seed).permutation(assets)
    x = np.random.default_rng(seed + 1).normal(size=assets)
    permuted = covariance.select(order)
    solved = covariance.solve(x)
    tolerance = 1e-9 * np.abs(solved).max()
    np.testing.assert_allclose(permuted.solve(x[order]), solved[order], rtol=1e-9, atol=tolerance)
    assert permuted.log_determinant == pytest.approx(covariance.log_determinant, rel=1e-9)
    B, omega, d = covariance.loadings, covariance.factor_covariance, covariance.diagonal
    scaled = LowRankCovariance(B, omega * scale**2, d * scale**2)
    np.testing.assert_allclose(scaled.solve(x) * scale**2, solved, rtol=1e-9, atol=tolerance)
    np.testing.assert_allclose(
        scaled.whiten(x) * scale, covariance.whiten(x), rtol=1e-9, atol=1e-9 * np.abs(x).max() * 1e3
    )


def test_arrays_are_copied():
    B, omega, d = np.ones((2, 1)), np.eye(1), np.ones(2)
    covariance = LowRankCovariance(B, omega, d)
    B[0, 0] = np.nan
    assert np.isfinite(covariance.dense()).all()
    with pytest.raises(ValueError):
        covariance.diagonal[0] = -1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"diagonal": np.array([1.0, 0.0])}, "not positive .smallest: 0, place 1"),
        ({"diagonal": np.array([1.0, -2.0])}, "not positive"),
        ({"diagonal": np.array([1.0, np.nan])}, "NaN"),
        ({"loadings": np.array([[np.inf, 0.0], [0.0, 0.0]])}, "infinite"),
        ({"diagonal": np.ones(3)}, "must have shapes"),
        ({"loadings": np.ones(2)}, "must have shapes"),
        ({"factor_covariance": np.array([[1.0, 2.0], [2.0, 1.0]])}, "negative eigenvalue"),
        ({"factor_covariance": np.array([[-1.0, 0.0], [0.0, 0.0]])}, "negative eigenvalue"),
        ({"factor_covariance": np.array([[1.0, 0.5], [0.1, 1.0]])}, "not symmetric"),
    ],
)
def test_invalid_covariances(change, message):
    parts = {"loadings": np.ones((2, 2)), "factor_covariance": np.eye(2), "diagonal": np.ones(2)} | change
    with pytest.raises(InputError, match=message):
        LowRankCovariance(**parts)


def test_arguments_that_do_not_fit():
    covariance = make(assets=3)
    with pytest.raises(InputError, match=r"weights must have shape \(3,\) .* got shape \(2,\)"):
        covariance.variance(np.ones(2))
    with pytest.raises(InputError, match="along the last axis"):
        covariance.solve(np.ones((3, 2)))
    with pytest.raises(InputError, match="all zero"):
        covariance.marginal_risk(np.zeros(3))
    for intensity in (-0.1, 1.1, np.nan):
        with pytest.raises(InputError, match="intensity"):
            covariance.shrink(intensity)
    with pytest.raises(InputError, match="degrees_of_freedom"):
        covariance.simulate(3, 1, degrees_of_freedom=2.0)
    with pytest.raises(InputError, match="count"):
        covariance.simulate(-1)


@pytest.mark.parametrize("method", ["solve", "multiply", "whiten", "variance", "volatility", "marginal_risk"])
def test_labelled_arguments_are_refused(method):
    c = make(assets=3)
    with pytest.raises(DataTypeError, match=r"Series, whose labels would be ignored.*to_numpy"):
        getattr(c, method)(pd.Series([0.2, 0.3, 0.5], list("cba")))
