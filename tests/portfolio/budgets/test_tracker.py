import numpy as np
import pandas as pd
import pytest
from budgeting import contributions, textbook_covariance
from sklearn.base import clone

from statefolio.exceptions import StatefolioError
from statefolio.portfolio.budgets.realised import realised_shares, shrink_to_full_rank
from statefolio.portfolio.budgets.share_filter import ShareDynamics, ShareFilter, Windows
from statefolio.portfolio.budgets.tracker import RiskContributionTracker

NAMES = list("abcd")
BUDGET = pd.Series([0.4, 0.3, 0.2, 0.1], index=NAMES)
WEIGHTS = np.array([0.16, 0.68, 0.10, 0.06])


def data(dates=210, seed=0, tails=None):
    rng = np.random.default_rng(seed)
    values = rng.multivariate_normal(np.zeros(4), textbook_covariance(), dates)
    if tails is not None:
        values *= np.sqrt((tails - 2.0) / rng.chisquare(tails, dates))[:, None]
    index = pd.bdate_range("2020-01-01", periods=dates)
    returns = pd.DataFrame(values, index, NAMES)
    return returns, pd.DataFrame(np.tile(WEIGHTS, (dates, 1)), index, NAMES)


def test_realised_shares_are_those_of_the_window_covariance():
    returns, _ = data(30)
    shares, error = realised_shares(returns.to_numpy() * WEIGHTS)
    np.testing.assert_allclose(shares, contributions(np.cov(returns.T), WEIGHTS), atol=1e-12)
    np.testing.assert_allclose(error.sum(axis=0), 0.0, atol=1e-15)
    assert shares.sum() == pytest.approx(1.0)


def test_sampling_error_is_that_of_statsmodels():
    from statsmodels.api import OLS, add_constant

    returns, _ = data(30)
    earned = returns.to_numpy() * WEIGHTS
    shares, error = realised_shares(earned)
    for i in range(4):
        theirs = OLS(earned[:, i], add_constant(earned.sum(axis=1))).fit(cov_type="HC2")
        assert shares[i] == pytest.approx(theirs.params[1])
        assert np.sqrt(error[i, i]) == pytest.approx(theirs.bse[1])


@pytest.mark.parametrize(("tails", "tolerance"), [(None, 0.05), (6, 0.12)])
def test_sampling_error_is_the_spread_over_many_windows(tails, tolerance):
    returns, _ = data(21 * 4000, tails=tails)
    earned = (returns.to_numpy() * WEIGHTS).reshape(4000, 21, 4)
    found = [realised_shares(window) for window in earned]
    spread = np.cov(np.array([shares for shares, _ in found]).T)
    expected = np.mean([error for _, error in found], axis=0)
    np.testing.assert_allclose(np.diag(expected), np.diag(spread), rtol=tolerance)
    true = contributions(textbook_covariance(), WEIGHTS)
    np.testing.assert_allclose(np.mean([shares for shares, _ in found], axis=0), true, atol=0.01)


def test_two_assets_are_a_textbook_local_level():
    returns, weights = data(210)
    two, held = returns[["a", "b"]], weights[["a", "b"]]
    tracker = RiskContributionTracker(signal_to_noise=0.3, noise_half_life=np.inf).fit(two, held)
    level, variance, pooled = None, None, []
    for t in range(10):
        shares, error = realised_shares((two * held).to_numpy()[21 * t : 21 * (t + 1)])
        pooled.append(error[0, 0])
        noise = np.mean(pooled)
        if level is None:
            level, variance = shares[0], noise
        else:
            gain = variance / (variance + noise)
            level, variance = level + gain * (shares[0] - level), (1.0 - gain) * variance
        row = tracker.tracking_.isel(date=t)
        assert row["filtered"].sel(line="a").item() == pytest.approx(level, abs=1e-12)
        assert row["filtered_error"].sel(line="a").item() == pytest.approx(np.sqrt(variance), rel=1e-9)
        assert row["filtered"].sum().item() == pytest.approx(1.0)
        variance += 0.3 * noise


@pytest.mark.parametrize("phi", [1.0, 0.8])
def test_bands_cover_what_the_model_simulates(phi):
    rng = np.random.default_rng(5)
    total, noise = 2500, realised_shares(data(21)[0].to_numpy() * WEIGHTS)[1]
    dynamics = ShareDynamics(BUDGET.to_numpy(), phi, 0.4)
    steps = rng.multivariate_normal(np.zeros(4), dynamics.signal_to_noise * noise, total)
    true = np.empty((total, 4))
    state = dynamics.mean
    for t in range(total):
        state = dynamics.mean + phi * (state - dynamics.mean) + steps[t]
        true[t] = state
    observed = true + rng.multivariate_normal(np.zeros(4), noise, total)
    days = pd.bdate_range("1990-01-01", periods=total)
    windows = Windows(observed, np.tile(noise, (total, 1, 1)), days, days, 21, 24.0, noise)
    found, _ = ShareFilter.start(dynamics).run(windows)
    inside = np.abs(found.mean - true) < 1.96 * np.sqrt(found.variance)
    assert inside.mean() == pytest.approx(0.95, abs=0.012)
    np.testing.assert_allclose(found.mean.sum(axis=1), 1.0)


@pytest.mark.parametrize(("move", "tails"), [(0.0, None), (0.1, None), (0.3, 6)])
def test_bands_cover_true_contributions_of_simulated_portfolios(move, tails):
    inside = []
    for seed in range(4):
        returns, weights = data(21 * 40, seed, tails)
        walk = np.exp(np.random.default_rng(seed).normal(0.0, move, (40, 4)).cumsum(axis=0)) * WEIGHTS
        walk /= walk.sum(axis=1, keepdims=True)
        weights[:] = np.repeat(walk, 21, axis=0)
        found = RiskContributionTracker().fit(returns, weights).tracking_
        true = np.array([contributions(textbook_covariance(), w) for w in walk])
        inside.append((found["lower"].to_numpy() < true) & (true < found["upper"].to_numpy()))
    assert 0.92 <= np.mean(inside) <= 0.975


def test_filtering_comes_nearer_the_truth_than_a_window():
    returns, weights = data(21 * 60)
    found = RiskContributionTracker(BUDGET).fit(returns, weights).tracking_
    true = contributions(textbook_covariance(), WEIGHTS)
    errors = {name: np.abs(found[name].to_numpy()[10:] - true).mean() for name in ("observed", "filtered")}
    assert errors["filtered"] < 0.5 * errors["observed"]
    assert found["observed_tracking_error"].mean() > found["tracking_error"].mean()
    assert found["observed_tracking_error"].mean() == pytest.approx(found["noise"].mean(), rel=0.25)
    assert found.attrs == {"window": 21, "tuned_until": "2024-10-29"}


def test_continuing_equals_fitting_at_once_and_the_future_changes_nothing():
    returns, weights = data(300)
    cut = returns.index[99]
    whole = RiskContributionTracker(BUDGET).fit(returns, weights, tune_until=cut)
    parts = RiskContributionTracker(BUDGET).fit(returns[:100], weights)
    assert parts.signal_to_noise_ == whole.signal_to_noise_
    pieces = [parts.tracking_]
    for first in range(100, 300, 37):
        before = len(pieces[-1]["date"]), pieces[-1]["date"].to_numpy()[-1]
        parts.partial_fit(returns[first : first + 37], weights)
        if (len(parts.tracking_["date"]), parts.tracking_["date"].to_numpy()[-1]) != before:
            pieces.append(parts.tracking_)
    import xarray as xr

    joined = xr.concat(pieces, "date")
    for name in ("observed", "observed_error", "filtered", "filtered_error"):
        np.testing.assert_array_equal(joined[name], whole.tracking_[name])
    assert parts.last_date_ == whole.last_date_ == returns.index[-1]


def test_groups_add_up_and_missing_returns_count_as_nothing():
    returns, weights = data(63)
    groups = pd.Series(["x", "y", "x", "y"], index=NAMES)
    found = RiskContributionTracker({"x": 0.6, "y": 0.4}, groups=groups).fit(returns, weights).tracking_
    single = RiskContributionTracker().fit(returns, weights).tracking_["observed"]
    np.testing.assert_allclose(found["observed"].sel(line="x"), single.sel(line="a") + single.sel(line="c"), atol=1e-12)
    holes = returns.copy()
    holes.iloc[3, 1] = np.nan
    filled = RiskContributionTracker().fit(holes.fillna(0.0), weights).tracking_
    assert RiskContributionTracker().fit(holes, weights).tracking_.equals(filled)


def test_a_window_that_stands_still_is_not_seen_and_more_lines_than_dates_do():
    returns, weights = data(105)
    weights.iloc[21:42] = 0.0
    found = RiskContributionTracker(signal_to_noise=0.1).fit(returns, weights).tracking_
    assert np.isnan(found["observed"][1]).all()
    np.testing.assert_allclose(found["filtered"][1], found["filtered"][0])
    assert (found["filtered_error"][1] > found["filtered_error"][0]).all()
    weights.iloc[:21] = 0.0
    late = RiskContributionTracker(signal_to_noise=0.1).fit(returns, weights).tracking_
    assert np.isnan(late["filtered"][:2]).all()
    assert np.isfinite(late["filtered"][2:]).all()
    rng = np.random.default_rng(0)
    many = pd.DataFrame(rng.normal(0, 0.01, (63, 40)), returns.index[:63], [f"s{i}" for i in range(40)])
    wide = RiskContributionTracker().fit(many, pd.Series(1 / 40, index=many.columns)).tracking_
    assert np.isfinite(wide["filtered_error"]).all()
    np.testing.assert_allclose(wide["filtered"].sum("line"), 1.0)


def test_filling_up_keeps_the_size_of_the_errors():
    _, error = realised_shares(np.random.default_rng(0).normal(size=(10, 30)))
    filled = shrink_to_full_rank(error, 8)
    assert np.linalg.matrix_rank(filled) == 29
    np.testing.assert_allclose(filled.sum(axis=0), 0.0, atol=1e-12)
    assert np.trace(filled) == pytest.approx(np.trace(error), rel=0.05)
    assert shrink_to_full_rank(error, 58) is error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"window": 2}, "window must be a whole number of at least 5, got 2"),
        ({"window": 20.0}, "whole number"),
        ({"phi": 1.2}, "phi must be .* at most 1, got 1.2"),
        ({"signal_to_noise": -1}, "signal_to_noise must be .* got -1"),
        ({"budget": {"a": 1.0}}, "budget must have a share for each of the assets"),
        ({"groups": ["x"]}, "groups must be a Series"),
        ({"groups": pd.Series(["x"], index=["a"])}, "groups must have every asset of returns"),
        ({"window": 300}, "at least window=300 dates, got 210"),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(StatefolioError, match=words):
        RiskContributionTracker(**options).fit(*data())


def test_bad_data():
    returns, weights = data()
    with pytest.raises(StatefolioError, match="every date of returns, got 210 missing"):
        RiskContributionTracker().fit(returns, weights.shift(400, freq="B"))
    with pytest.raises(StatefolioError, match="must be fitted"):
        RiskContributionTracker().tracking_  # noqa: B018
    tracker = RiskContributionTracker().fit(returns, weights)
    with pytest.raises(StatefolioError, match="must start after"):
        tracker.partial_fit(returns, weights)
    with pytest.raises(StatefolioError, match="same order, got a difference"):
        tracker.partial_fit(returns.rename(columns={"a": "z"}), weights.rename(columns={"a": "z"}))
    with pytest.raises(StatefolioError, match=r"tune_until must not be before .* the end of the first window"):
        RiskContributionTracker().fit(returns, weights, tune_until=returns.index[3])
    with pytest.raises(StatefolioError, match="at least 2 assets or groups, got 1"):
        RiskContributionTracker().fit(returns[["a"]], weights[["a"]])
    assert clone(tracker).window == 21
