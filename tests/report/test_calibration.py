import numpy as np
import pytest
from scipy import stats

from statefolio.report import autocorrelation_figure, coverage_figure, innovations_figure
from statefolio.report.calibration import autocorrelation, calibrate, coverage, coverage_by_asset


def test_coverage_of_normal_innovations_is_nominal(make_model):
    found = coverage(calibrate(make_model(n_dates=2000, n_assets=20)))
    assert list(found.columns) == ["In sample", "Out of sample"]
    np.testing.assert_allclose(found["Out of sample"], found.index, atol=0.01)


def test_coverage_counts_returns_within_the_band(make_model):
    model = make_model(n_dates=100, n_assets=2, tuned_until=None, gaps=False)
    z = np.zeros((100, 2))
    z[:10, 0] = [1.95, 1.97, -1.95, -1.97, 9, 9, 9, 9, 9, np.nan]
    model.innovations_["innovation"].to_numpy()[:] = z * 0.01
    calibration = calibrate(model)
    assert coverage(calibration).loc[0.95, "All dates"] == pytest.approx(1 - 7 / 199)
    np.testing.assert_allclose(coverage_by_asset(calibration), [1 - 7 / 99, 1.0])


def test_student_tails_have_variance_one(make_model):
    model = make_model(n_dates=4000, n_assets=10, tuned_until=None, gaps=False)
    rng = np.random.default_rng(5)
    model.innovations_["innovation"].to_numpy()[:] = 0.01 * rng.standard_t(6, (4000, 10)) * np.sqrt(4 / 6)
    model.parameters_ = model.parameters_.assign(degrees_of_freedom=6.0)
    calibration = calibrate(model)
    assert stats.kstest(calibration.probability.ravel(), "uniform").pvalue > 1e-3
    np.testing.assert_allclose(coverage(calibration)["All dates"], coverage(calibration).index, atol=0.01)


def test_autocorrelation_agrees_with_the_textbook_and_counts_pairs_over_gaps():
    rng = np.random.default_rng(2)
    x = np.convolve(rng.standard_normal(5001), [1.0, 0.5])[1:5001, None]
    centred = x[:, 0] - x.mean()
    slow = [np.mean(centred[k:] * centred[:-k]) / np.mean(centred**2) for k in (1, 2, 3)]
    np.testing.assert_allclose(autocorrelation(x, 3)[:, 0], slow)
    gappy = np.where(rng.random(x.shape) < 0.1, np.nan, x)
    assert autocorrelation(gappy, 1)[0, 0] == pytest.approx(0.4, abs=0.05)
    assert np.isnan(autocorrelation(x[:20], 3)).all()


@pytest.mark.parametrize("draw", [coverage_figure, innovations_figure, autocorrelation_figure])
def test_figures_have_bars_for_each_period_or_kind(draw, model):
    assert len(draw(model).data) == 2
    assert all(np.isfinite(bar.y).all() for bar in draw(model).data)
