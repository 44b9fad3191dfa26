"""Leaning of forecasts over several dates: the slow way, simulated panels, files, blocks, and where nothing leans."""

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.kalman.horizon_weights import HORIZONS, _lean, weights_at
from statefolio.kalman.slow_average import average_after, averages_at, no_average

PRIOR = {21: (0.12, 0.0), 63: (0.25, 0.05), 252: (0.35, 0.1)}


def simulate(fast, dates=1000, assets=9):
    """Betas with a constant level, and a fast part of this size per date."""
    rng = np.random.default_rng(7)
    index, names = pd.bdate_range("2010-01-04", periods=dates), [f"a{i}" for i in range(assets)]
    moves, beta = 0.01 * rng.standard_normal(dates), np.zeros((dates, assets))
    steps = fast * rng.standard_normal((dates, assets))
    for t in range(1, dates):
        beta[t] = 0.97 * beta[t - 1] + steps[t]
    beta += 1.0 + 0.3 * rng.standard_normal(assets)
    returns = beta * moves[:, None] + 0.008 * rng.standard_normal((dates, assets))
    return pd.DataFrame(returns, index, names), pd.DataFrame({"market": moves}, index), beta


@pytest.fixture(scope="module")
def panel():
    return simulate(0.12)


@pytest.fixture(scope="module")
def model(panel):
    return sf.KalmanLoadings().fit(*panel[:2])


def test_averages_are_those_of_pandas_and_continue_to_the_last_bit():
    rng = np.random.default_rng(3)
    mean = rng.standard_normal((700, 2, 3))
    mean[:100, :, 1], mean[:, 1, 2] = np.nan, np.nan
    part = average_after(average_after(no_average(2, 3), mean[:301]), mean[301:])
    whole = average_after(no_average(2, 3), mean)
    for a, b in zip(part, whole, strict=True):
        np.testing.assert_array_equal(a, b)
    for k, i in np.ndindex(2, 3):
        known = pd.Series(mean[:, k, i])
        known = known.where(known.notna().cumsum() > 63)
        expected = known.ewm(halflife=252).mean()
        np.testing.assert_allclose(whole.value()[k, i], expected.iloc[-1], rtol=1e-12)
        np.testing.assert_allclose(averages_at(mean, np.array([50, 200, 699]))[:, k, i], expected.iloc[[50, 200, 699]])


def slow_lean(model, returns, market, horizon):
    """One asset, one month and one number at a time."""
    a = model.loadings_["filtered"].sel(factor="market").to_pandas()
    phi, m = model.parameters_["phi_market"].to_numpy(), model.parameters_["mean_market"].to_numpy()
    s, f = (
        a.where(a.notna().cumsum() > 63).ewm(halflife=252).mean(),
        m + np.mean([phi**k for k in range(1, horizon + 1)], axis=0) * (a - m),
    )
    rows, prior = [], np.array(PRIOR[horizon])
    for start in range(len(returns) % 21, len(returns) - horizon + 1, 21):
        if start < 252:
            continue
        each = []
        x = np.column_stack([np.ones(horizon), market[start : start + horizon]])
        for i in range(returns.shape[1]):
            y = returns.iloc[start : start + horizon, i]
            if y.isna().any() or np.isnan(s.iloc[start - 1, i]):
                continue
            b, left, *_ = np.linalg.lstsq(x, y, rcond=None)
            noise = left[0] / (horizon - 2) * np.linalg.inv(x.T @ x)[1, 1]
            u, v = s.iloc[start - 1, i] - f.iloc[start - 1, i], m[i] - f.iloc[start - 1, i]
            each.append((u, v, b[1] - f.iloc[start - 1, i], noise))
        rows.append(np.array(each))
    span, total, product = max(horizon, 63) // 21, np.zeros((2, 2)), np.zeros(2)
    scores = np.zeros((-(-len(rows) // span), 2))
    for n, each in enumerate(rows):
        U, y = each[:, :2], each[:, 2]
        total, product = total + U.T @ U, product + U.T @ y
        scores[n // span] += U.T @ (y - U @ prior)
    if len(scores) < 5:
        return 0.0, 0.0, 1.0
    H, V = np.linalg.inv(total), np.diag([0.01, 0.04])
    robust = H @ (scores.T @ scores) @ H * len(scores) / (len(scores) - 1)
    c = np.clip(prior + V @ np.linalg.inv(V + robust) @ H @ scores.sum(axis=0), 0.0, None)
    c = c / max(c.sum(), 1.0)
    gain = 2.0 * c @ product - c @ total @ c
    every = np.concatenate(rows)
    return (*c, max(0.5, 1.0 - gain / (every[:, 2] ** 2 - every[:, 3]).sum())) if gain > 0 else (0.0, 0.0, 1.0)


def test_weights_are_those_of_the_slow_way(panel):
    returns, market, _ = panel
    returns = returns.copy()
    returns.iloc[400:430, 2] = np.nan
    returns.iloc[:500, 5] = np.nan
    model = sf.KalmanLoadings().fit(returns, market)
    found = model.ahead_weights_.xs("market", level="factor")
    for horizon in HORIZONS:
        np.testing.assert_allclose(found.loc[horizon], slow_lean(model, returns, market["market"], horizon), rtol=1e-6)
    assert found.loc[63, "past_year"] > 0.2
    assert found.loc[252].tolist() == [0.0, 0.0, 1.0]  # fewer than five spans of a year
    assert (model.ahead_weights_.xs("alpha", level="factor") == [0.0, 0.0, 1.0]).all(axis=None)


def test_a_slow_level_is_forecast_better_and_nothing_else_changes(panel):
    returns, market, beta = panel
    errors = {}
    for leans in (True, False):
        model = sf.KalmanLoadings(slow_average=leans).fit(returns.iloc[:937], market.iloc[:937])
        errors[leans] = model.ahead(63)["mean"].sel(factor="market").to_numpy() - beta[937:].mean(axis=0)
        errors[leans, 1] = model
    assert np.mean(errors[True] ** 2) < 0.9 * np.mean(errors[False] ** 2)
    with_it, without = errors[True, 1], errors[False, 1]
    for name in ("loadings_", "innovations_", "next_"):
        assert getattr(with_it, name).equals(getattr(without, name))
    assert with_it.ahead(1).equals(with_it.next_)
    near, far = with_it.ahead(63)["covariance"], without.ahead(63)["covariance"]
    left = with_it.ahead_weights_.loc[(63, "market"), "error_left"]
    np.testing.assert_allclose(*(c.sel(factor="market", factor_other="market") for c in (near, left * far)))
    np.testing.assert_allclose(*(c.sel(factor="market", factor_other="alpha") for c in (near, np.sqrt(left) * far)))


def test_weights_between_horizons(model):
    lean = model._learned.lean
    for part, one in zip(weights_at(lean, 1), (0.0, 0.0, 1.0), strict=True):
        assert (part == one).all()
    np.testing.assert_array_equal(weights_at(lean, 63), lean[1])
    np.testing.assert_array_equal(weights_at(lean, 2000), lean[2])
    middle = (np.log(40) - np.log(21)) / np.log(3)
    np.testing.assert_allclose(weights_at(lean, 40), lean[0] + middle * (lean[1] - lean[0]))


def test_continued_saved_and_by_blocks(panel, model, tmp_path):
    returns, market, _ = panel
    first = sf.KalmanLoadings().fit(returns.iloc[:800], market.iloc[:800])
    first.save(tmp_path / "m")
    loaded = sf.KalmanLoadings.load(tmp_path / "m")
    assert loaded.ahead(63).equals(first.ahead(63))
    for each in (first, loaded):
        for rows in (slice(800, 801), slice(801, 1000)):
            each.partial_fit(returns.iloc[rows], market.iloc[rows])
    once = sf.KalmanLoadings().fit(returns, market, tune_until=returns.index[799])
    assert loaded.ahead(63).equals(first.ahead(63))
    assert first.ahead(63).equals(once.ahead(63))
    learned = sf.loadings.learn_panel(sf.KalmanLoadings(), returns, market, tune_until=returns.index[799])
    part = learned.fit(returns.iloc[:, [2, 7]], market)
    assert part.ahead(63).equals(once.ahead(63).isel(asset=[2, 7]))


def test_an_asset_that_joins_has_an_average_after_a_quarter(panel):
    returns, market, _ = panel
    model = sf.KalmanLoadings(common_volatility=False).fit(returns.iloc[:800, :8], market.iloc[:800])
    alone = sf.KalmanLoadings(common_volatility=False, slow_average=False).fit(
        returns.iloc[:800, :8], market.iloc[:800]
    )
    for rows in (slice(800, 863), slice(863, 900)):
        for each in (model, alone):
            each.partial_fit(returns.iloc[rows], market.iloc[rows])
        same = (model.ahead(63)["mean"] == alone.ahead(63)["mean"]).sel(factor="market").to_numpy()
        assert same.tolist() == [False] * 8 + [rows.stop == 863]


def test_forecasts_that_do_not_lean(panel):
    returns, market, _ = panel
    few = sf.KalmanLoadings(dynamics="panel_reverting").fit(returns.iloc[:, :7], market)
    month = pd.date_range("1930-01-31", periods=len(returns), freq="ME")
    months = sf.KalmanLoadings().fit(returns.set_axis(month), market.set_axis(month))
    short = sf.KalmanLoadings().fit(returns.iloc[:500], market.iloc[:500])
    walks = sf.KalmanLoadings(dynamics="random_walk").fit(returns, market)
    for model in (few, months, short, walks):
        assert model._learned.lean is None
        assert (model.ahead_weights_ == [0.0, 0.0, 1.0]).all(axis=None)


def test_collinear_factors(panel, model):
    returns, market, _ = panel
    with pytest.warns(sf.StatefolioWarning, match="collinear"):
        twice = sf.KalmanLoadings().fit(returns, market.assign(again=2.0 * market["market"]))
    weights = twice.ahead_weights_
    assert weights.xs("market", level="factor").equals(model.ahead_weights_.xs("market", level="factor"))
    assert (weights.xs("again", level="factor") == [0.0, 0.0, 1.0]).all(axis=None)


def sums_of(count, uy, vy):
    """Sums of months whose regressors are orthogonal and of size one."""
    ones, zeros = np.ones(count), np.zeros(count)
    return np.column_stack([ones, zeros, ones, uy, vy, 10.0 * ones, ones])


def test_weights_that_would_have_cost_are_left_out():
    """Noisy months leave the prior's .12: it is taken where it helps, and nothing leans where it costs."""
    one, other = (5.0 * np.where(np.arange(60) // span % 2, 1.0, -1.0) for span in (3, 6))
    assert _lean(sums_of(60, 0.01 + one, other), 0).tolist() == [0.0, 0.0, 1.0]
    c, d, left = _lean(sums_of(60, 0.3 + one, other), 0)
    assert (c, d) == pytest.approx((0.12, 0.0), abs=0.01)
    assert left == pytest.approx(1.0 - (2.0 * 0.3 * c - c**2) / 10.0)


def test_weights_sum_to_one_at_most():
    c, d, left = _lean(sums_of(6000, np.full(6000, 0.9), np.full(6000, 0.6)), 0)
    assert c + d == pytest.approx(1.0)
    assert min(c, d) > 0.3
    assert left == pytest.approx(1.0 - (2.0 * (0.9 * c + 0.6 * d) - c**2 - d**2) / 10.0)
