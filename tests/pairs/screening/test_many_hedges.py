"""Hedges of many pairs against the joint density of all prices, and derivatives against a slow filter."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import statefolio as sf
from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError
from statefolio.kalman.quasi_newton import CONVERGED
from statefolio.pairs.screening.many_hedges import hedge_pairs, moving_ratio_likelihoods
from statefolio.pairs.screening.scaling import scale_pairs
from statefolio.pairs.screening.scoring import LARGE, Pairs, log_likelihoods
from statefolio.pairs.screening.searches import new_searches, run_searches

VARIANCES = ["observation_variance", "level_variance", "ratio_variance"]
STATE = ["level", "level_deviation", "hedge_ratio", "hedge_ratio_deviation"]


def simulate(seed, dates=150, noise=0.3, level=0.05, ratio=0.01, pairs=1):
    rng = np.random.default_rng(seed)
    columns = {}
    for pair in range(pairs):
        x = 50.0 + np.cumsum(rng.standard_normal(dates))
        b1, b2 = (np.cumsum(np.sqrt(v) * rng.standard_normal(dates)) for v in (level, ratio**2))
        columns[f"X{pair}"] = x
        columns[f"Y{pair}"] = 5.0 + b1 + (1.0 + b2) * x + np.sqrt(noise) * rng.standard_normal(dates)
    return pd.DataFrame(columns, index=pd.bdate_range("2015-01-01", periods=dates))


def density(y, x, R, V1, V2):
    """Exact diffuse log-likelihood of all prices at once, and level and ratio on the last date with deviations."""
    seen = np.isfinite(y) & np.isfinite(x)
    t, y, x, last = np.flatnonzero(seen), y[seen], x[seen], len(seen) - 1
    t, last = t - t[0], last - t[0]
    both = np.minimum.outer(t, t)
    C = np.linalg.inv(R * np.eye(len(t)) + V1 * both + V2 * both * np.outer(x, x))
    X = np.column_stack([np.ones(len(t)), x])
    information = X.T @ C @ X
    b = np.linalg.solve(information, X.T @ C @ y)
    e = y - X @ b
    logs = np.linalg.slogdet(information)[1] - np.linalg.slogdet(C)[1]
    value = -0.5 * (len(t) * np.log(2 * np.pi) + logs + e @ C @ e)
    with_state = np.array([V1 * t, V2 * t * x])
    mean = b + with_state @ C @ e
    gap = np.eye(2) - with_state @ C @ X
    variance = np.diag([V1, V2]) * last - with_state @ C @ with_state.T + gap @ np.linalg.inv(information) @ gap.T
    deviation = np.sqrt(np.diag(variance))
    return value, [mean[0], deviation[0], mean[1], deviation[1]]


@pytest.mark.parametrize(("seed", "noise"), [(0, 0.3), (1, 0.0), (2, 3.0)])
def test_against_the_density_of_all_prices(seed, noise):
    prices = simulate(seed, noise=noise)
    prices.iloc[[0, 1, 40, 41, 90], [1, 0, 0, 1, 1]] = np.nan
    row = hedge_pairs(prices, [("Y0", "X0")]).iloc[0]
    y, x = prices["Y0"].to_numpy(), prices["X0"].to_numpy()
    assert row["dates"] == 145
    assert row["converged"]
    own = np.maximum(row[VARIANCES].astype(float), 1e-10)
    value, state = density(y, x, *own)
    assert row["log_likelihood"] == pytest.approx(value, abs=1e-4)
    assert row[STATE].tolist() == pytest.approx(state, rel=1e-4)
    start = np.log(own.to_numpy() + np.array([0.01, 0.001, 1e-6])) + 0.5
    best = minimize(lambda z: -density(y, x, *np.exp(np.clip(z, -23, 9)))[0], start, method="Nelder-Mead")
    assert row["log_likelihood"] > -best.fun - 1e-3


def slow_filter(pairs, column, theta):
    """Innovations and their variances, date by date, of a pair in its scaled."""
    R, V1, V2 = pairs.scale[:, column] * np.expm1(theta)
    origin = pairs.origin[column]
    Q = np.array([[V1 + V2 * origin**2, V2 * origin], [V2 * origin, V2]])
    a, P, found = np.zeros(2), np.diag(LARGE), []
    for x, y in zip(pairs.x[:, column], pairs.y[:, column], strict=True):
        row = np.array([1.0, x])
        F, v = row @ P @ row + R, y - row @ a
        if np.isfinite(y):
            found.append((v, F))
            a, P = a + P @ row * v / F, P - np.outer(P @ row, P @ row) / F
        P = P + Q
    return np.array(found).T


def test_gradient_and_information_are_those_of_a_slow_filter():
    prices = simulate(3, pairs=3).to_numpy().copy()
    prices[[5, 60], 1] = np.nan
    scaled = scale_pairs(prices[:, ::2], prices[:, 1::2])
    theta = scaled.start(0.1, 0.6) + np.random.default_rng(0).normal(size=(3, 3)) * 0.2
    values, slopes, information = log_likelihoods(scaled.pairs, theta)
    for pair in range(3):
        v, F = slow_filter(scaled.pairs, pair, theta[pair])
        assert values[pair] == pytest.approx(-0.5 * np.sum(np.log(F) + v * v / F), abs=1e-5)
        by = []
        for i in range(3):
            step = 1e-3 * np.eye(3)[i]
            up, down = (slow_filter(scaled.pairs, pair, theta[pair] + sign * step) for sign in (1, -1))
            by.append((up - down) / 2e-3)
        by_v, by_F = np.array(by)[:, 0], np.array(by)[:, 1]
        gradient = (by_F / F * (v * v / F - 1.0) / 2.0 - v * by_v / F).sum(axis=1)
        np.testing.assert_allclose(slopes[pair], gradient, rtol=1e-4, atol=1e-3)
        expected = (by_F / F) @ (by_F / F).T / 2.0 + (by_v / F) @ by_v.T
        np.testing.assert_allclose(information[pair], expected, rtol=1e-4, atol=1e-3)


def test_no_pair_depends_on_its_neighbours():
    prices = simulate(4, pairs=70)
    pairs = [(f"Y{i}", f"X{i}") for i in range(70)]
    together = hedge_pairs(prices, pairs)
    alone = hedge_pairs(prices, [pairs[66]])
    pd.testing.assert_frame_equal(together.iloc[[66]], alone, check_exact=True)
    assert together.index[66] == "Y66 ~ X66"
    assert together["converged"].all()
    np.testing.assert_allclose(together["ratio_variance"].median(), 1e-4, rtol=0.5)
    np.testing.assert_allclose(together["observation_variance"].median(), 0.3, rtol=0.3)


def test_scaling_prices_scales_the_parameters():
    prices = simulate(5)
    one = hedge_pairs(prices, [("Y0", "X0")]).iloc[0]
    other = hedge_pairs(prices * [0.01, 7.0], [("Y0", "X0")]).iloc[0]
    scale = pd.Series([49.0, 49.0, 49e4, 7.0, 7.0, 700.0, 700.0], [*VARIANCES, *STATE])
    assert (other[scale.index] / scale).tolist() == pytest.approx(one[scale.index].tolist(), rel=1e-3)


def test_one_start_is_enough_on_real_prices():
    prices = 100.0 * (1.0 + sf.load_demo().returns.iloc[-750:, :12].fillna(0.0)).cumprod()
    rows, columns = np.triu_indices(12, 1)
    scaled = scale_pairs(prices.to_numpy()[:, columns], prices.to_numpy()[:, rows])
    maxima = []
    for start in ((0.02, 0.5), (0.02, 0.95), (0.02, 0.05), (0.4, 0.5)):
        searches = new_searches(np.arange(66), scaled.start(*start))
        run_searches(scaled.pairs, searches, 0, 66)
        assert (searches.reason == CONVERGED).all()
        maxima.append(searches.value)
    assert np.mean(maxima[0] > np.max(maxima, axis=0) - 1e-3) >= 0.99
    heard = []
    table = hedge_pairs(prices, progress=lambda *step: heard.append(step))
    assert len(table) == 66
    assert heard == [(66, 66)]
    assert (table["asset_1"] < table["asset_2"]).all()
    assert table.iloc[:, 2:].notna().all().all()


def test_a_fixed_ratio_does_not_move():
    prices = simulate(6, ratio=0.1) + np.array([0.0, 500.0])
    values = prices.to_numpy()
    scaled = scale_pairs(values[:, [0]], values[:, [1]])
    searches = new_searches(np.arange(1), scaled.start(0.02, 0.5), fixed=2)
    run_searches(scaled.pairs, searches, 0, 1)
    assert searches.theta[0, 2] == 0.0
    free = hedge_pairs(prices, [("Y0", "X0")])["log_likelihood"].iloc[0]
    R, V1, _ = scaled.variances(searches.theta)[:, 0]
    constant = density(values[:, 1], values[:, 0], max(R, 1e-9), V1, 0.0)[0]
    ratio = moving_ratio_likelihoods(values, np.array([[1, 0]]))[0]
    assert ratio == pytest.approx(2.0 * (free - constant), abs=1e-3)
    assert ratio > 5.0


def test_pairs_that_cannot_be_fitted():
    prices = simulate(7)
    prices["STILL"], prices["SAME"] = 3.0, 2.0 * prices["X0"] + 1.0
    prices["SHORT"] = prices["Y0"].where(np.arange(150) < 20)
    prices["NEVER"] = np.nan
    with pytest.warns(StatefolioWarning, match="got 13 that could not be fitted: "):
        found = hedge_pairs(prices)
    lost = found["log_likelihood"].isna()
    hopeless = found.index.str.contains("STILL|SHORT|NEVER") | (found.index == "SAME ~ X0")
    assert (lost == hopeless).all()
    assert (found[VARIANCES].isna().all(axis=1) == lost).all()
    assert not found.loc[lost, "converged"].any()
    assert found.loc["SHORT ~ X0", "dates"] == 20
    assert np.isnan(moving_ratio_likelihoods(prices.to_numpy(), np.array([[0, 2], [0, 3]]))).all()


def test_logarithms_and_invalid_prices():
    prices = simulate(8)
    logs = hedge_pairs(prices, [("Y0", "X0")], logs=True)
    pd.testing.assert_frame_equal(logs, hedge_pairs(np.log(prices), [("Y0", "X0")]))
    with pytest.raises(InputError, match="must be positive"):
        hedge_pairs(prices - 60.0, logs=True)
    with pytest.raises(UnknownNameError, match="'Z'"):
        hedge_pairs(prices, [("Y0", "Z")])
    with pytest.raises(InputError, match="at least two assets, got 'X0'"):
        hedge_pairs(prices[["X0"]])
    with pytest.raises(InputError, match="pairs must name at least one pair"):
        hedge_pairs(prices, [])
    assert isinstance(scale_pairs(prices.to_numpy()[:, :1], prices.to_numpy()[:, 1:]).pairs, Pairs)
