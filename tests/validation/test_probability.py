import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from statefolio.validation.probability import coverage_by_column, probabilities, uniformity


def frame(values):
    return pd.DataFrame(np.asarray(values, dtype=float))


def berkowitz_by_search(u):
    """Maximise the conditional Gaussian AR(1) likelihood numerically; compare it with that of white noise."""
    z = stats.norm.ppf(u)
    pairs = [(z[t - 1], z[t]) for t in range(1, len(z)) if np.isfinite(z[t]) and np.isfinite(z[t - 1])]
    before, later = np.array(pairs).T

    def minus(parameters):
        mean, log_deviation, rho = parameters
        expected = mean + rho * (before - mean)
        return -stats.norm.logpdf(later, expected, np.exp(log_deviation)).sum()

    best = optimize.minimize(minus, [0.0, 0.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    statistic = 2.0 * (-best.fun - stats.norm.logpdf(later).sum())
    mean, log_deviation, rho = best.x
    return statistic, mean, np.exp(2 * log_deviation) / (1 - rho**2), rho


@pytest.mark.parametrize("gaps", [False, True])
def test_berkowitz_and_kolmogorov_against_scipy(gaps):
    rng = np.random.default_rng(4)
    z = np.convolve(rng.standard_normal(301), [1.0, 0.4])[1:301] * 1.1 + 0.1
    u = stats.norm.cdf(z)
    if gaps:
        u[rng.random(300) < 0.2] = np.nan
    row = uniformity(frame(u)).iloc[0]
    statistic, mean, variance, rho = berkowitz_by_search(u)
    np.testing.assert_allclose(row.berkowitz_statistic, statistic, rtol=1e-7)
    np.testing.assert_allclose([row["mean"], row["variance"], row.autocorrelation], [mean, variance, rho], rtol=1e-4)
    np.testing.assert_allclose(row.berkowitz_p_value, stats.chi2.sf(statistic, 3), rtol=1e-5)
    peer = stats.kstest(u[np.isfinite(u)], "uniform")
    np.testing.assert_allclose(row.kolmogorov_statistic, peer.statistic, rtol=1e-12)
    np.testing.assert_allclose(row.kolmogorov_p_value, peer.pvalue, rtol=0.05)
    assert row["count"] == np.isfinite(u).sum()


def test_both_keep_their_size_and_berkowitz_finds_what_kolmogorov_does_not():
    rng = np.random.default_rng(5)
    right = uniformity(frame(rng.random((250, 1000))))
    for test in ("berkowitz", "kolmogorov"):
        assert 0.03 <= (right[f"{test}_p_value"] < 0.05).mean() <= 0.07
    some = np.random.default_rng(6).random((250, 10))
    peers = [stats.kstest(column, "uniform").pvalue for column in some.T]
    np.testing.assert_allclose(uniformity(frame(some)).kolmogorov_p_value, peers, atol=5e-4)
    e = rng.standard_normal((251, 200))
    memory = uniformity(frame(stats.norm.cdf((e[1:] + 0.3 * e[:-1]) / np.sqrt(1.09))))
    assert (memory.berkowitz_p_value < 0.05).mean() > 0.9
    assert (memory.kolmogorov_p_value < 0.05).mean() < 0.25


def test_extreme_and_missing_transforms():
    u = np.full((100, 4), np.nan)
    u[:, 0] = np.random.default_rng(0).random(100)
    u[[3, 7], 0] = [0.0, 1.0]
    u[:20, 1] = 0.5
    u[:, 2] = 0.5
    table = uniformity(frame(u))
    assert np.isfinite(table.loc[0, "berkowitz_statistic"])
    assert table.loc[[1, 3]].drop(columns="count").isna().all(axis=None)
    assert list(table["count"]) == [100, 20, 100, 0]


def test_coverage_counts_values_inside_the_central_interval():
    u = np.array([[0.049, 0.5], [0.051, np.nan], [0.96, np.nan], [0.994, np.nan]])
    np.testing.assert_allclose(coverage_by_column(u), [[0.25, 1], [0.75, 1], [1.0, 1]])
    assert np.isnan(coverage_by_column(np.full((3, 1), np.nan))).all()


def test_probabilities_of_distributions():
    v, S = np.array([0.01, -0.03, np.nan, 0.02]), np.array([1e-4, 4e-4, 1e-4, 0.0])
    z = v[:2] / np.sqrt(S[:2])
    np.testing.assert_allclose(probabilities(v, S)[:2], stats.norm.cdf(z))
    np.testing.assert_allclose(probabilities(v, S, 6.0)[:2], stats.t.cdf(z, 6, scale=np.sqrt(4 / 6)))
    assert np.isnan(probabilities(v, S)[2:]).all()
