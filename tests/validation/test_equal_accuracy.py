import numpy as np
import pytest
import statsmodels.api as sm
from arch.covariance.kernel import Bartlett
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from statefolio.exceptions import InputError
from statefolio.validation.equal_accuracy import (
    clark_west,
    count_lags,
    diebold_mariano,
    long_run_variance,
    standard_error,
)


def series(dates=400, rho=0.5, seed=0, mean=0.0):
    rng = np.random.default_rng(seed)
    e = rng.standard_t(5, dates + 50)
    x = np.zeros(dates + 50)
    for t in range(1, len(x)):
        x[t] = rho * x[t - 1] + e[t]
    return x[50:] + mean


def slow(x, lags):
    """Newey-West by the double sum over dates."""
    mean, total = sum(x) / len(x), 0.0
    for s in range(len(x)):
        for t in range(len(x)):
            if abs(s - t) <= lags:
                total += (1.0 - abs(s - t) / (lags + 1)) * (x[s] - mean) * (x[t] - mean)
    return mean, np.sqrt(total) / len(x)


@pytest.mark.parametrize("lags", [0, 1, 7, 20])
def test_against_the_double_sum_and_statsmodels(lags):
    x = series(mean=0.2)
    found = diebold_mariano(x, lags)
    mean, error = slow(x, lags)
    np.testing.assert_allclose([found.difference, found.standard_error], [mean, error], rtol=1e-10)
    options = {"maxlags": lags, "use_correction": False, "kernel": "bartlett"}
    peer = sm.OLS(x, np.ones(len(x))).fit(cov_type="HAC", cov_kwds=options)
    np.testing.assert_allclose([found.difference, found.standard_error], [peer.params[0], peer.bse[0]], rtol=1e-10)
    b = (lags + 1) / len(x)
    np.testing.assert_allclose(found.statistic, peer.tvalues[0] * np.sqrt(1 - b), rtol=1e-10)
    np.testing.assert_allclose(found.p_value, 2 * stats.t.sf(abs(found.statistic), min(399, 1.5 / b)), rtol=1e-10)
    assert standard_error(x, lags) == found.standard_error


def test_without_lags_it_is_harvey_leybourne_newbold_and_so_a_t_test():
    """Their factor for one step ahead, root of (T + 1 - 2 + 0)/T, turns the statistic into Student's."""
    x = series(rho=0.0, mean=0.1)
    found, peer = diebold_mariano(x, 0), stats.ttest_1samp(x, 0.0)
    np.testing.assert_allclose([found.statistic, found.p_value], [peer.statistic, peer.pvalue], rtol=1e-10)
    assert found.degrees_of_freedom == len(x) - 1


@pytest.mark.parametrize("b", [0.02, 0.05, 0.1])
def test_critical_values_of_kiefer_and_vogelsang(b):
    """Their table 1, Bartlett kernel: 97.5 % and 95 % points of the fixed-b distribution as polynomials in b."""
    two_sided = 1.9600 + 2.9694 * b + 0.4160 * b**2 - 0.5324 * b**3
    one_sided = 1.6449 + 2.1859 * b + 0.3142 * b**2 - 0.3427 * b**3
    ours = stats.t.ppf([0.975, 0.95], 1.5 / b) / np.sqrt(1 - b)
    np.testing.assert_allclose(ours, [two_sided, one_sided], rtol=0.011)


@pytest.mark.parametrize(("dates", "rho"), [(60, 0.0), (250, 0.3), (400, 0.7), (1500, -0.4)])
def test_automatic_lags_are_those_of_arch(dates, rho):
    x = series(dates, rho, seed=dates)
    peer = Bartlett(x[:, None], bandwidth=None, force_int=False)
    assert count_lags(x - x.mean(), "newey-west") == int(peer.opt_bandwidth)
    assert diebold_mariano(x, "newey-west").lags == int(peer.opt_bandwidth)
    assert diebold_mariano(x).lags == int(np.sqrt(dates))


def test_gaps_are_left_out():
    x = series(100)
    gappy = np.insert(x, [10, 50, 100], np.nan)
    assert diebold_mariano(gappy) == diebold_mariano(x)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-6, 1e6))
def test_scaling_and_sign(seed, scale):
    x = series(80, seed=seed, mean=0.1)
    one, other = diebold_mariano(x), diebold_mariano(-scale * x)
    np.testing.assert_allclose(other.statistic, -one.statistic, rtol=1e-8)
    np.testing.assert_allclose(other.p_value, one.p_value, rtol=1e-8)
    np.testing.assert_allclose(other.standard_error, scale * one.standard_error, rtol=1e-8)


def test_the_variance_is_never_negative():
    rng = np.random.default_rng(1)
    for lags in (0, 3, 30):
        x = rng.standard_normal(64)
        assert long_run_variance(x - x.mean(), lags) > 0.0


def test_a_reason_where_there_is_no_test():
    same = diebold_mariano(np.zeros(50))
    assert same.difference == 0.0
    assert np.isnan(same.p_value)
    assert "the same on every date" in same.reason
    assert "never varies" in diebold_mariano(np.full(50, 0.3)).reason
    short = diebold_mariano(np.arange(19.0))
    assert short.reason == "19 dates, fewer than the 20 needed"
    assert short.difference == 9.0
    assert np.isnan(diebold_mariano([]).difference)
    assert diebold_mariano(series()).reason == ""


@pytest.mark.parametrize("lags", [-1, 1.5, "auto", True, 200])
def test_bad_lags(lags):
    with pytest.raises(InputError, match="lags must be"):
        diebold_mariano(series(), lags)


def test_diebold_mariano_keeps_its_size_and_finds_a_difference():
    x = [series(500, 0.5, seed=seed) for seed in range(600)]
    rejected = np.mean([diebold_mariano(one).p_value < 0.05 for one in x])
    assert 0.03 <= rejected <= 0.08  # 600 replications: 2.6 standard errors around 5.2 %
    assert np.mean([diebold_mariano(one + 0.5).p_value < 0.05 for one in x[:100]]) > 0.9


def test_clark_west_by_its_formula():
    rng = np.random.default_rng(0)
    y, smaller, larger = rng.standard_normal((3, 300)) * [[1.0], [0.1], [0.3]]
    f = (y - smaller) ** 2 - ((y - larger) ** 2 - (smaller - larger) ** 2)
    found = clark_west(f, 0)
    t = f.mean() / (f.std() / np.sqrt(300))
    np.testing.assert_allclose(found.statistic, t * np.sqrt(299 / 300), rtol=1e-12)
    np.testing.assert_allclose(found.p_value, stats.t.sf(found.statistic, 299), rtol=1e-12)


def nested(seed, beta, dates=400, window=120, assets=20):
    """Squared errors of zero and of rolling slopes on one regressor, and squared differences: means over assets."""
    rng = np.random.default_rng(seed)
    x, e = rng.standard_normal((dates + window, 1)), rng.standard_normal((dates + window, assets))
    y = beta * x + e
    xy, xx = (np.cumsum(np.vstack([np.zeros(z.shape[1]), z]), axis=0) for z in (x * y, x * x))
    slope = (xy[window:-1] - xy[: -window - 1]) / (xx[window:-1] - xx[: -window - 1])
    forecast, y = slope * x[window:], y[window:]
    return tuple((z**2).mean(axis=1) for z in (y, y - forecast, forecast))


def test_clark_west_keeps_its_size_where_squared_errors_favour_the_smaller_model():
    null = [nested(seed, 0.0) for seed in range(500)]
    rejected = np.mean([clark_west(a - (b - c)).p_value < 0.05 for a, b, c in null])
    assert 0.025 <= rejected <= 0.075  # 500 replications: 2.6 standard errors around 5 %
    assert np.mean([np.mean(b - a) > 0 for a, b, c in null]) > 0.9
    power = np.mean([clark_west(a - (b - c)).p_value < 0.05 for a, b, c in (nested(s, 0.07) for s in range(100))])
    assert power > 0.8
