"""Numbers from elsewhere: Durbin and Koopman's Nile, Kim and Nelson, Berndt's IBM, pykalman's formulas."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.datasets.nile

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.dense import dense_filter
from statefolio.kalman.density import LOG_2PI
from statefolio.kalman.panel import new_filter
from statefolio.kalman.smoother import smooth_panel
from statefolio.kalman.specification import CONSTANT, Specification
from statefolio.kalman.tuning import tune
from statefolio.kalman.tuning_spec import TuningSpec, build

GAUSSIAN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
MAXIMUM = TuningSpec("mle", CONSTANT, gaussian=True, scales=False, reverts=False, common=False)


def one_asset(variances, level, **options):
    return new_filter(GAUSSIAN, np.asarray(variances, float)[:, None], np.array([level]), **options)


def maximum(X, y):
    """Level, state variances and log-likelihood of the maximum."""
    learned = tune(MAXIMUM, X, y[:, None])
    assert learned.converged[0]
    found = build(MAXIMUM, learned).run(X, pad_last(y[:, None], np.nan), store="likelihood").log_likelihood[0]
    return learned.level[0], learned.state_variance[:, 0], found


@pytest.fixture(scope="module")
def nile():
    y = statsmodels.datasets.nile.load_pandas().data["volume"].to_numpy(float)
    return np.ones((100, 1)), y


def test_nile_maximum(nile):
    level, variance, log_likelihood = maximum(*nile)
    assert log_likelihood == pytest.approx(-633.4645636, abs=1e-6)
    assert level == pytest.approx(15098.5181, rel=1e-3)
    assert variance[0] == pytest.approx(1469.1763, rel=1e-3)


def test_nile_smoothed_level(nile):
    X, y = nile
    smoothed = smooth_panel(one_asset([1469.1], 15099.0), X, pad_last(y[:, None], np.nan), np.ones(100))
    assert smoothed.mean[0, 0, 0] == pytest.approx(1111.668319, abs=1e-6)
    assert smoothed.variance[0, 0, 0] == pytest.approx(4032.157942, abs=1e-6)


def test_nile_with_a_known_start(nile):
    X, y = nile
    filter_ = one_asset([1469.1], 15099.0, start=(np.zeros((1, 1)), np.full((1, 1, 1), 1e7)))
    found = filter_.run(X, pad_last(y[:, None], np.nan)).log_likelihood[0]
    assert found == pytest.approx(-641.5855785, abs=1e-7)


def test_kim_and_nelson(shared):
    table = pd.read_csv(shared / "kim_nelson_m1_quarterly.csv")
    X = np.column_stack([np.ones(len(table)), table[["dint", "inf", "surpl", "m1lag"]]])
    y = table["m1"].to_numpy()
    deviations = np.array([0.111236539, 0.017119149, 0.272032325, 0.037753247, 0.022415721])
    filter_ = one_asset(
        deviations**2,
        0.371245817**2,
        start=(np.zeros((1, 5)), 50.0 * np.eye(5)[None]),
        before_prediction=True,
    )
    paths = filter_.run(X, pad_last(y[:, None], np.nan))
    v, S = paths.innovation[10:, 0], paths.innovation_variance[10:, 0]
    assert -0.5 * np.sum(LOG_2PI + np.log(S) + v**2 / S) == pytest.approx(-97.0924231846, abs=1e-9)


def test_ibm(shared):
    table = pd.read_csv(shared / "berndt_ibm_monthly.csv")
    y = (table["ibm"] - table["rkfree"]).to_numpy()
    X = np.column_stack([np.ones(len(y)), table["market"] - table["rkfree"]])
    level, variance, log_likelihood = maximum(X, y)
    assert log_likelihood == pytest.approx(182.5468481, abs=1e-6)
    assert level == pytest.approx(2.3283956e-3, rel=1e-3)
    assert variance == pytest.approx([1.1002e-5, 6.496238e-4], rel=5e-3)
    there = one_asset([1.1002e-5, 6.496238e-4], 2.3283956e-3)
    smoothed = smooth_panel(there, X, pad_last(y[:, None], np.nan), np.ones(len(y)))
    assert smoothed.mean[[59, 119], 1, 0] == pytest.approx([0.447184, 0.637327], abs=1e-5)
    assert np.isnan(smoothed.mean[0]).all()  # one month does not tell alpha from beta
    assert smoothed.mean[1, 1, 0] == pytest.approx(0.400531, abs=0.02)


def pykalman(y, design, level, variance, mean, covariance):
    """pykalman's filter with an identity transition: its formulas, which predict after the first date only."""
    means, covariances = [], []
    for t in range(len(y)):
        if t:
            mean, covariance = mean, covariance + variance
        Z = design[t]
        S = Z @ covariance @ Z.T + level
        gain = covariance @ Z.T @ np.linalg.pinv(S)
        mean = mean + gain @ (y[t] - Z @ mean)
        covariance = covariance - gain @ Z @ covariance
        means.append(mean)
        covariances.append(covariance)
    return np.array(means), np.array(covariances)


def test_factor_returns_as_observation_matrices():
    """Identity transitions, factor returns reshaped to (T, 1, K), no constant, given variances."""
    rng = np.random.default_rng(42)
    factors = rng.normal(0, 0.01, (500, 3))
    y = factors @ [1.0, 0.3, -0.2] + rng.normal(0, 0.01, 500)
    level, variance = 1e-4, 1e-3
    mean, covariance = np.zeros(3), np.eye(3)
    filter_ = one_asset(np.full(3, variance), level, start=(mean[None], covariance[None]))
    paths = filter_.run(factors, pad_last(y[:, None], np.nan))
    design = factors.reshape(500, 1, 3)
    by_formula = pykalman(y[:, None], design, np.full((1, 1), level), variance * np.eye(3), mean, covariance)
    dense = dense_filter(y[:, None], design, np.full((1, 1), level), variance * np.eye(3), mean, covariance)
    for means, covariances in (by_formula, (dense.filtered, dense.filtered_covariance)):
        np.testing.assert_allclose(paths.mean[:, :, 0], means, rtol=1e-10, atol=1e-10)
        variances = np.diagonal(covariances, axis1=1, axis2=2)
        np.testing.assert_allclose(paths.variance[:, :, 0], variances, rtol=1e-10, atol=1e-10)
    assert paths.log_likelihood[0] == pytest.approx(dense.log_likelihood.sum(), rel=1e-11)
