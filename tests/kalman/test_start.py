"""The exact diffuse start: against statsmodels on real stocks, and where rows are collinear."""

import numpy as np
import pytest
import textbook
from peer import Regression

from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.smoother import smooth_panel
from statefolio.kalman.specification import CONSTANT, EWMA, Specification
from statefolio.kalman.start import begin_block

GAUSSIAN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
LEARNING = Specification(EWMA, scales=True, reverts=False, tails=6.0, memory=0.97, discount=1.0)
RATIO = np.array([1e-4, 1e-4, 3e-4, 3e-4])


@pytest.fixture(scope="module")
def on_stocks(stocks):
    """Ours and statsmodels' results, all stocks, at plausible variances."""
    level = np.nanvar(stocks.Y, axis=0) * 0.7
    variance = RATIO[:, None] * level
    Y = pad_last(stocks.Y, np.nan)
    paths = new_filter(GAUSSIAN, variance, level).run(stocks.X, Y)
    smoothed = smooth_panel(new_filter(GAUSSIAN, variance, level), stocks.X, Y, np.ones(len(Y)))
    theirs = []
    for i in range(stocks.Y.shape[1]):
        model = Regression(stocks.Y[:, i], stocks.X)
        model.update(np.sqrt(np.append(level[i], variance[:, i])))
        theirs.append(model.ssm.smooth())
    return paths, smoothed, theirs


def begun(paths, i):
    return np.isfinite(paths.mean[:, 0, i])


def test_stocks_have_gaps_and_late_listings(stocks):
    missing = np.isnan(stocks.Y)
    assert missing[0].sum() >= 3
    assert (missing.sum(axis=0) > 3).sum() >= 5


def test_log_likelihood_is_statsmodels(on_stocks):
    paths, _, theirs = on_stocks
    expected = [result.llf for result in theirs]
    np.testing.assert_allclose(paths.log_likelihood[: len(theirs)], expected, rtol=0, atol=1e-8)


def test_filtered_loadings_are_statsmodels(on_stocks):
    paths, _, theirs = on_stocks
    for i, result in enumerate(theirs):
        rows = begun(paths, i)
        assert rows.sum() >= (result.nmissing == 0).sum() - 3
        np.testing.assert_allclose(paths.mean[rows, :, i], result.filtered_state.T[rows], rtol=1e-8, atol=1e-8)
        variance = np.diagonal(result.filtered_state_cov).copy()[rows]
        np.testing.assert_allclose(paths.variance[rows, :, i], variance, rtol=1e-8, atol=1e-8)


def test_innovations_are_statsmodels(on_stocks):
    paths, _, theirs = on_stocks
    for i, result in enumerate(theirs):
        rows = np.isfinite(paths.innovation[:, i])
        np.testing.assert_allclose(paths.innovation[rows, i], result.forecasts_error[0, rows], rtol=1e-8, atol=1e-8)
        variance = result.forecasts_error_cov[0, 0, rows]
        np.testing.assert_allclose(paths.innovation_variance[rows, i], variance, rtol=1e-8, atol=1e-8)


def test_smoothed_loadings_are_statsmodels(on_stocks):
    paths, smoothed, theirs = on_stocks
    for i, result in enumerate(theirs):
        rows = begun(paths, i)
        np.testing.assert_array_equal(np.isfinite(smoothed.mean[:, 0, i]), rows)
        np.testing.assert_allclose(smoothed.mean[rows, :, i], result.smoothed_state.T[rows], rtol=1e-8, atol=1e-8)
        variance = np.diagonal(result.smoothed_state_cov).copy()[rows]
        np.testing.assert_allclose(smoothed.variance[rows, :, i], variance, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("spec", [GAUSSIAN, LEARNING], ids=["gaussian", "learning"])
def test_collinear_early_rows_wait_for_one_that_is_not(spec):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((60, 4))
    X[0] = 0.0
    X[1:9, 3] = 2.0 * X[1:9, 1] - X[1:9, 2]  # the fourth cannot be told from the second and third
    X[9:12] = X[8]
    y = X @ np.array([1.0, 0.5, -0.5, 2.0]) + rng.standard_normal(60)
    q, level = np.full((4, 1), 1e-3), np.array([1.3])
    if not spec.scales:
        q *= level
    q[3] = 0.0  # what moves not at all stays collinear
    q[1:3] = 0.0
    paths = new_filter(spec, q, level).run(X, pad_last(y[:, None], np.nan))
    noise = textbook.EWMA if spec.noise == EWMA else textbook.CONSTANT
    model = textbook.Model(q[:, 0], level[0], noise=noise, scales=spec.scales, tails=spec.tails, memory=spec.memory)
    expected = textbook.run(model, X, y)
    assert np.isnan(paths.mean[:12, :, 0]).all()
    np.testing.assert_allclose(paths.mean[:, :, 0], expected.mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(paths.variance[:, :, 0], np.diagonal(expected.covariance, axis1=1, axis2=2), rtol=1e-9)
    assert paths.log_likelihood[0] == pytest.approx(expected.log_likelihood, rel=1e-10)


def test_an_asset_always_collinear_never_begins():
    X = np.ones((50, 2))
    filter_ = new_filter(GAUSSIAN, np.full((2, 1), 1e-3), np.ones(1))
    paths = filter_.run(X, pad_last(np.ones((50, 1)), np.nan))
    assert np.isnan(paths.mean[:, :, 0]).all()
    assert np.isnan(paths.innovation[:, 0]).all()
    assert not filter_.begun[0]


@pytest.mark.parametrize("spec", [GAUSSIAN, LEARNING], ids=["gaussian", "learning"])
@pytest.mark.parametrize("returns_by", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("factors_by", [1e-6, 1.0, 1e6])
def test_units_do_not_matter(made, spec, returns_by, factors_by):
    panel = made(4)
    by = np.array([1.0, factors_by, factors_by, factors_by])

    def run(returns_by, by):
        q = panel.state_variance / by[:, None] ** 2 * (1.0 if spec.scales else returns_by**2)
        filter_ = new_filter(spec, q, panel.level * returns_by**2)
        return filter_.run(panel.X * by, pad_last(panel.Y * returns_by, np.nan), panel.common)

    plain, scaled = run(1.0, np.ones(4)), run(returns_by, by)
    back = by[:, None] / returns_by
    for found, expected in ((scaled.mean * back, plain.mean), (scaled.variance * back**2, plain.variance)):
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        found, expected = np.nan_to_num(found), np.nan_to_num(expected)
        size = np.maximum(np.abs(expected).max(axis=0), 1e-300)
        np.testing.assert_allclose(found / size, expected / size, rtol=1e-9, atol=1e-9)


def test_diffuse_is_the_limit_of_an_ever_wider_start(made):
    panel = made(4)
    Y = pad_last(panel.Y, np.nan)
    diffuse = new_filter(GAUSSIAN, panel.state_variance, panel.level).run(panel.X, Y, panel.common)
    apart = []
    for wide in (1e4, 1e6):
        start = np.zeros((70, 4)), np.tile(wide * np.eye(4), (70, 1, 1))
        given = new_filter(GAUSSIAN, panel.state_variance, panel.level, start=start)
        paths = given.run(panel.X, Y, panel.common)
        apart.append(np.nanmax(np.abs(paths.mean[100:, :, :70] - diffuse.mean[100:, :, :70])))
        gained = (paths.log_likelihood + 2.0 * np.log(wide))[:3]
        np.testing.assert_allclose(gained, diffuse.log_likelihood[:3], atol=20.0 / np.sqrt(wide))
    assert apart[1] < 2e-2 * apart[0]


def test_each_series_starts_on_its_own_regressors(made):
    panel = made(3)
    Y, rng = pad_last(panel.Y, np.nan), np.random.default_rng(6)
    own = rng.standard_normal((len(Y), 3, Y.shape[1]))

    def begin(X):
        filter_ = new_filter(LEARNING, panel.state_variance, panel.level)
        log_likelihood = np.zeros(filter_.count)
        begin_block(LEARNING, X, panel.common, Y, filter_.assets, filter_.start, filter_.state, log_likelihood, 0, 70)
        state = filter_.state
        return state.mean, state.covariance, state.began, log_likelihood

    found = begin(own)
    for i in (0, 7, 45, 69):
        for part, expected in zip(found, begin(own[:, :, i].copy()), strict=True):
            np.testing.assert_array_equal(part[..., i], expected[..., i])


@pytest.mark.parametrize("level", [1e-2, 1e-10, 1e-14, 1e-18])
def test_states_are_identified_without_any_noise(level):
    draw = np.random.default_rng(1)
    X = np.column_stack([np.ones(60), 30.0 + np.cumsum(draw.normal(size=60))])
    y = 5.0 + np.cumsum(draw.normal(size=60)) + 0.8 * X[:, 1]
    variances = np.array([1.0, 1e-4])
    filter_ = new_filter(GAUSSIAN, variances[:, None], np.array([level]))
    found = filter_.run(X, pad_last(y[:, None], np.nan)).log_likelihood[0]
    theirs = Regression(y, X)
    theirs.update(np.sqrt(np.append(level, variances)))
    assert filter_.begun[0]
    assert found == pytest.approx(theirs.ssm.loglike(), abs=1e-6)
