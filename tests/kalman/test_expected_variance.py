"""Expected state variances: the theorem behind them, their integral, and their posterior, against plain NumPy."""

import numpy as np
import pandas as pd
import pytest
import textbook
from scipy.integrate import quad

import statefolio as sf
from statefolio.kalman.errors import robustness
from statefolio.kalman.expected_variance import LEAST_MEMORY, expected_ratio, points_about, prior_rate

DATES, ASSETS = 400, 9
PLAIN = {"noise": "constant", "tails": "gaussian", "intercept": False}


def test_covariance_at_the_mean_is_the_error_averaged_over_variances():
    """Of one filter, with the gains of the mean variance; its mean squared error is computed for each variance."""
    rng = np.random.default_rng(3)
    X, R, P0 = rng.standard_normal((60, 2)), 0.7, 0.4 * np.eye(2)
    variances = np.array([[0.0, 0.0], [0.02, 0.0], [0.01, 0.3]])
    chance = np.array([0.5, 0.2, 0.3])
    model = textbook.Model(chance @ variances, R, start=(np.zeros(2), P0))
    path = textbook.run(model, X, rng.standard_normal(60))
    errors = np.repeat(P0[None], 3, axis=0)
    for t, x in enumerate(X):
        if t:
            errors += np.stack([np.diag(q) for q in variances])
        gain = path.predicted_covariance[t] @ x / (x @ path.predicted_covariance[t] @ x + R)
        kept = np.eye(2) - np.outer(gain, x)
        errors = kept @ errors @ kept.T + R * np.outer(gain, gain)
        np.testing.assert_allclose(np.einsum("q,qij->ij", chance, errors), path.covariance[t], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("mode", "width"), [(0.0, 0.6), (0.4, 0.3), (2.0, 0.5)])
@pytest.mark.parametrize("strength", [0.0, 3.0])
def test_integral_of_a_normal_likelihood(mode, width, strength):
    rate, anchor = 0.05, 1.0
    z = points_about(np.array([mode]))
    found = expected_ratio(z, -0.5 * ((z - mode) / width) ** 2, (mode - z) / width**2, rate, strength, anchor)

    def density(at):
        log = -0.5 * ((at - mode) / width) ** 2 - rate * np.expm1(at) - 0.5 * strength * (at - anchor) ** 2
        return np.exp(log)

    end = mode + 3.5
    total = quad(density, 0.0, end)[0]
    expected = quad(lambda at: np.expm1(at) * density(at), 0.0, end)[0] / total
    assert found[0] == pytest.approx(expected, rel=2e-2)


def test_steep_likelihoods_do_not_overshoot():
    """A slope of hundreds at zero, as of an asset whose loading surely moves, leaves the mass at the maximum."""
    z = points_about(np.array([2.7]))
    value = -40.0 * np.exp(-3.0 * z) - 2.0 * (z - 2.7) ** 2
    slope = 120.0 * np.exp(-3.0 * z) - 4.0 * (z - 2.7)
    assert np.log1p(expected_ratio(z, value, slope, 0.0)[0]) == pytest.approx(2.8, abs=0.15)


def test_values_that_are_not_numbers_carry_no_weight():
    z = points_about(np.array([1.0]))
    value, slope = -((z - 1.0) ** 2), 2.0 * (1.0 - z)
    value[-1], slope[-1] = np.nan, np.nan
    assert np.isfinite(expected_ratio(z, value, slope, 0.1)).all()
    value[:] = -np.inf
    assert np.isnan(expected_ratio(z, value, slope, 0.1)).all()  # the estimate itself is taken then


def test_short_histories_expect_slow_loadings():
    """With a flat likelihood, the expected memory is not far below `LEAST_MEMORY` dates."""
    observations = np.array([12.0, 60.0])
    z = points_about(np.zeros(2))
    ratio = expected_ratio(z, np.zeros_like(z), np.zeros_like(z), prior_rate(observations))
    memory = observations / 5.0 / np.sqrt(ratio)
    assert (memory > 0.8 * LEAST_MEMORY).all()


@pytest.fixture(scope="module")
def data():
    """Loadings that stand still, and some that move; a gap, and a late listing."""
    rng = np.random.default_rng(5)
    dates = pd.bdate_range("2018-01-01", periods=DATES)
    factors = pd.DataFrame(rng.normal(0.0, 0.01, (DATES, 2)), dates, ["market", "value"])
    steps = rng.normal(0.0, 1.0, (DATES, ASSETS, 2)) * np.linspace(0.0, 0.06, ASSETS)[:, None]
    values = np.einsum("tk,tnk->tn", factors.to_numpy(), 1.0 + np.cumsum(steps, axis=0))
    values += 0.01 * rng.standard_normal((DATES, ASSETS))
    values[100:140, 2], values[:150, 3] = np.nan, np.nan
    return pd.DataFrame(values, dates, [f"a{i}" for i in range(ASSETS)]), factors


@pytest.fixture(scope="module")
def fitted(data):
    return sf.KalmanLoadings(tuning="mle", **PLAIN).fit(*data)


def log_likelihoods(q, level, X, y):
    """Filters of several state variances (n, K) from a vast start, in plain NumPy; up to a constant."""
    a, P = np.zeros(q.shape), np.repeat(1e6 * np.eye(q.shape[1])[None], len(q), axis=0)
    total = np.zeros(len(q))
    for t, x in enumerate(X):
        P = P + q[:, :, None] * np.eye(q.shape[1]) * (t > 0)
        if np.isfinite(y[t]):
            M = P @ x
            v, S = y[t] - a @ x, M @ x + level
            total -= 0.5 * (np.log(S) + v**2 / S)
            a, P = a + M * (v / S)[:, None], P - M[:, :, None] * M[:, None] / S[:, None, None]
    return total


def test_expectation_agrees_with_a_plain_filter_on_a_fine_grid(data, fitted):
    """One filter for each of many variances, weighted by its likelihood and the prior."""
    returns, factors = data
    X = factors.to_numpy()
    for asset in returns:
        row, y = fitted.parameters_.loc[asset], returns[asset].to_numpy()
        q = row[["state_variance_market", "state_variance_value"]].to_numpy(dtype=float)
        level, seen = row["observation_variance"], np.isfinite(y)
        moderate = 25.0 / (seen.sum() / np.linalg.inv(X[seen].T @ X[seen])[0, 0])
        z = np.linspace(0.0, np.log1p(q[0] / level / moderate) + 3.5, 400)
        grid = np.column_stack([moderate * np.expm1(z) * level, np.full(z.size, q[1])])
        log = log_likelihoods(grid, level, X, y) - (5.0 * LEAST_MEMORY / seen.sum()) ** 2 * np.expm1(z)
        weight = np.exp(log - log.max())
        weight[[0, -1]] *= 0.5
        assert row["state_variance_market_expected"] == pytest.approx(weight @ grid[:, 0] / weight.sum(), rel=0.02)


def test_estimates_are_those_taken_for_known(data, fitted):
    """The option changes what the filter takes, not the estimates; a variance of zero is uncertain."""
    known = sf.KalmanLoadings(tuning="mle", parameter_uncertainty=False, **PLAIN).fit(*data)
    names = list(known.parameters_.columns)
    assert not any("expected" in name for name in names)
    pd.testing.assert_frame_equal(known.parameters_, fitted.parameters_[names])
    expected = fitted.parameters_.filter(like="_expected")
    assert (expected > 0.0).all(axis=None)
    assert (known.parameters_[["state_variance_market", "state_variance_value"]] == 0.0).any(axis=None)


def test_expectations_are_saved_and_passed_to_newcomers(data, fitted, tmp_path):
    returns, factors = data
    early = sf.KalmanLoadings(tuning="mle", **PLAIN).fit(returns.iloc[:300], factors.iloc[:300])
    early.save(tmp_path / "model")
    loaded = sf.KalmanLoadings.load(tmp_path / "model")
    assert loaded.parameter_uncertainty is True
    pd.testing.assert_frame_equal(loaded.parameters_, early.parameters_)
    later = returns.iloc[300:].assign(new=np.random.default_rng(1).normal(0.0, 0.01, DATES - 300))
    for model in (loaded, early):
        model.partial_fit(later, factors.iloc[300:])
    assert loaded.loadings_.equals(early.loadings_)
    column = "state_variance_market_expected"
    median = early.parameters_.loc[list(returns.columns), column].median()
    assert early.parameters_.loc["new", column] == pytest.approx(median)
    new = ("learned_likeliest", "learned_error_variance", "filter_error")
    of_earlier_version = {name: values for name, values in early._state().items() if name not in new}
    loaded._restore(of_earlier_version)
    assert loaded.parameter_uncertainty is False
    assert not any("expected" in name for name in loaded.parameters_)


@pytest.mark.parametrize(
    ("tuning", "taken_for_known"), [("mle", 0.8), ("shrunk", 1.0), ("pooled", 0.95), ("discount", 0.95)]
)
def test_bands_cover(tuning, taken_for_known):
    """Loadings that break once: the estimates alone are too sure of themselves, and so is what a panel shares."""
    rng = np.random.default_rng(8)
    dates = pd.bdate_range("2018-01-01", periods=800)
    factors = pd.DataFrame(rng.normal(0.0, 0.01, (800, 1)), dates, ["market"])
    beta = np.ones((800, 24))
    for i, when in enumerate(rng.integers(100, 700, 24)):
        beta[when:, i] += rng.normal(0.0, 0.4)
    values = factors.to_numpy() * beta + 0.01 * rng.standard_normal((800, 24))
    returns = pd.DataFrame(values, dates, [f"a{i}" for i in range(24)])
    covered, found = {}, {}
    for uncertain in (True, False):
        model = sf.KalmanLoadings(tuning=tuning, parameter_uncertainty=uncertain, **PLAIN)
        found[uncertain] = model.fit(returns, factors, tune_until=dates[399])
        later = found[uncertain].loadings_.isel(factor=0, date=slice(400, None))
        error = np.abs(later["predicted"].to_numpy() - beta[400:])
        covered[uncertain] = np.mean(error < 1.96 * np.sqrt(later["predicted_variance"].to_numpy()))
    assert 0.925 < covered[True] < 0.985
    assert covered[False] <= covered[True]
    assert covered[False] < taken_for_known
    if tuning in ("pooled", "discount"):  # nothing else changes
        first, second = found[True], found[False]
        assert first.loadings_["filtered"].equals(second.loadings_["filtered"])
        assert first.innovations_.equals(second.innovations_)
        assert first.log_likelihood_.equals(second.log_likelihood_)
        assert not any("expected" in name for name in first.parameters_)


def test_errors_of_a_panel_are_saved_continued_and_carried_everywhere(data, tmp_path):
    """Cut and continued from a file, bit for bit; the forecasts and full covariances have what `loadings_` has."""
    returns, factors = data
    model = sf.KalmanLoadings(parameter_uncertainty=True, noise="ewma", common_volatility=False)
    model.fit(returns, factors, tune_until=returns.index[250])
    early = sf.KalmanLoadings(**model.get_params()).fit(returns.iloc[:300], factors.iloc[:300], returns.index[250])
    early.save(tmp_path / "model")
    loaded = sf.KalmanLoadings.load(tmp_path / "model")
    assert loaded.parameter_uncertainty is True
    loaded.partial_fit(returns.iloc[300:], factors.iloc[300:])
    whole = model.loadings_.isel(date=slice(300, None))
    assert loaded.loadings_.equals(whole)
    assert loaded.next_.equals(model.next_)
    full = model.covariances(returns, factors)
    diagonal = np.diagonal(full["predicted_covariance"], axis1=2, axis2=3)
    np.testing.assert_array_equal(diagonal, model.loadings_["predicted_variance"].transpose("date", "asset", "factor"))
    np.testing.assert_allclose(model.ahead(1)["covariance"], model.next_["covariance"], rtol=1e-12)
    known = sf.KalmanLoadings(**{**model.get_params(), "parameter_uncertainty": False})
    known.fit(returns, factors, tune_until=returns.index[250])
    assert model.next_["mean"].equals(known.next_["mean"])
    variances = [np.diagonal(each.next_["covariance"], axis1=1, axis2=2) for each in (model, known)]
    assert (variances[0] > variances[1]).mean() > 0.8
    forecasts = [each.predict(factors.iloc[-1]) for each in (model, loaded, known)]
    assert forecasts[0].equals(forecasts[1])
    assert forecasts[0].equals(forecasts[2])
    smoothed = [each.smooth(returns, factors) for each in (model, known)]
    assert smoothed[0]["smoothed"].equals(smoothed[1]["smoothed"])
    more = model.loadings_["filtered_variance"] / known.loadings_["filtered_variance"]
    found = smoothed[0]["smoothed_variance"] / smoothed[1]["smoothed_variance"]
    np.testing.assert_allclose(found, more, rtol=1e-9)
    assert (found != 1.0).mean() > 0.9
    lagged = smoothed[0]["lag_one_covariance"] / smoothed[1]["lag_one_covariance"]
    np.testing.assert_allclose(lagged[1:], np.sqrt(more.to_numpy()[1:] * more.to_numpy()[:-1]), rtol=1e-9)
    last = smoothed[0]["smoothed_variance"].isel(date=-1)
    np.testing.assert_allclose(last, model.loadings_["filtered_variance"].isel(date=-1), rtol=1e-9)


@pytest.mark.parametrize("tuning", ["pooled", "discount", "shrunk"])
def test_what_an_asset_may_differ_from_its_panel(data, tuning):
    """Half of the ratio at which a loading remembers a fifth of the history comes to the panel's, or to that shrunk
    towards it; not for alpha.
    """
    returns, factors = data
    options = {"dynamics": "random_walk", "common_volatility": False, "noise": "ewma", "parameter_uncertainty": True}
    model = sf.KalmanLoadings(tuning=tuning, **options).fit(returns, factors)
    of = model if tuning == "shrunk" else sf.KalmanLoadings(tuning="pooled", **options).fit(returns, factors)
    shared = of._learned.state_variance
    found, X = model._learned.error_variance, np.column_stack([np.ones(DATES), factors.to_numpy()])
    for column, asset in enumerate(returns):
        seen = returns[asset].notna().to_numpy()
        moderate = 25.0 * np.diag(np.linalg.inv(X[seen].T @ X[seen])) / seen.sum()
        np.testing.assert_allclose(found[:, column], shared[:, column] + [0.0, 0.5, 0.5] * moderate, rtol=1e-6)
    taken = model._filter.assets.error_variance[:, : returns.shape[1]]
    steps = robustness(float(model.parameters_["degrees_of_freedom"].iloc[0])).steps
    np.testing.assert_allclose(taken, found[:, :-1] * steps, rtol=1e-12)
