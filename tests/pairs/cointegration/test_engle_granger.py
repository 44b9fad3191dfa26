"""Engle and Granger's test against statsmodels' `coint`, number by number."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.stattools import coint

import statefolio as sf
from statefolio.pairs.cointegration.engle_granger import FEWEST_ROWS, engle_granger_statistics

SP500 = Path(__file__).resolve().parents[4] / "shared" / "data" / "sp500_close_2013_2018.parquet"
MEMBERS = {k: np.array([np.random.default_rng(n).permutation(12)[:k] for n in range(12)]) for k in (2, 3, 4)}


def random_walks(dates, count, seed):
    return 50.0 + np.cumsum(np.random.default_rng(seed).standard_normal((dates, count)), axis=0)


def prices_of_all_kinds(dates, seed):
    """Random walks, cointegrated ones, autocorrelated changes and stationary series."""
    rng = np.random.default_rng(seed)
    walks = random_walks(dates, 12, seed)
    walks[:, 3] = 0.7 * walks[:, 4] + rng.standard_normal(dates)
    walks[:, 5] = 1.3 * walks[:, 6] - 0.4 * walks[:, 7] + np.convolve(rng.standard_normal(dates), [1, 0.8, 0.5])[:dates]
    walks[:, 8] = np.cumsum(np.convolve(rng.standard_normal(dates + 5), [1, 0.5, 0, -0.6])[:dates]) * 1e-3
    walks[:, 9] = 1e4 + rng.standard_normal(dates)
    return walks


def by_statsmodels(prices, members, **options):
    found = [coint(prices[:, basket[0]], prices[:, basket[1:]], **options)[:2] for basket in members]
    return np.array(found).T


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("dates", [40, 250, 1000])
def test_chosen_lags(dates, k):
    prices = prices_of_all_kinds(dates, seed=dates + k)
    found = engle_granger_statistics(prices, MEMBERS[k])
    statistic, p_value = by_statsmodels(prices, MEMBERS[k])
    np.testing.assert_allclose(found.statistic, statistic, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.p_value, p_value, rtol=0, atol=1e-8)
    assert len(set(found.lags.tolist())) > 2
    assert (found.rows == dates).all()


@pytest.mark.parametrize("lags", [0, 1, 7])
def test_given_lags(lags):
    prices = prices_of_all_kinds(300, seed=lags)
    found = engle_granger_statistics(prices, MEMBERS[2], lags)
    statistic, p_value = by_statsmodels(prices, MEMBERS[2], maxlag=lags, autolag=None)
    np.testing.assert_allclose(found.statistic, statistic, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.p_value, p_value, rtol=0, atol=1e-8)
    assert (found.lags == lags).all()


def test_real_pairs():
    prices = (1.0 + sf.load_demo().returns).cumprod().to_numpy()
    pairs = np.array([(i, j) for i in range(20) for j in range(20) if (i + 3 * j) % 23 == 0 and i != j])
    found = engle_granger_statistics(prices, pairs)
    statistic, p_value = by_statsmodels(prices, pairs)
    np.testing.assert_allclose(found.statistic, statistic, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.p_value, p_value, rtol=0, atol=1e-8)


@pytest.mark.skipif(not SP500.is_file(), reason=f"{SP500.name} is not beside the project")
def test_real_pairs_of_the_sp500():
    prices = pd.read_parquet(SP500).astype(float).dropna(axis=1).to_numpy()
    pairs = np.random.default_rng(0).permutation(prices.shape[1])[:24].reshape(-1, 2)
    found = engle_granger_statistics(prices, pairs)
    statistic, p_value = by_statsmodels(prices, pairs)
    np.testing.assert_allclose(found.statistic, statistic, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.p_value, p_value, rtol=0, atol=1e-8)


def test_a_basket_is_tested_on_its_common_rows():
    prices = prices_of_all_kinds(300, seed=2)
    prices[:60, 1] = np.nan
    prices[[100, 150], 2] = np.nan
    prices[299, 0] = np.nan
    found = engle_granger_statistics(prices, np.array([[1, 2], [0, 1], [3, 4], [2, 1]]))
    for n, basket in enumerate([[1, 2], [0, 1], [3, 4], [2, 1]]):
        known = prices[np.isfinite(prices[:, basket]).all(axis=1)]
        assert found.rows[n] == len(known)
        assert found.statistic[n] == pytest.approx(coint(known[:, basket[0]], known[:, basket[1]])[0], abs=1e-8)


def test_coefficients_deviation_and_half_life():
    prices = prices_of_all_kinds(200, seed=5)
    found = engle_granger_statistics(prices, np.array([[5, 6, 7]]))
    X = np.column_stack([np.ones(200), prices[:, [6, 7]]])
    expected = np.linalg.lstsq(X, prices[:, 5])[0]
    e = prices[:, 5] - X @ expected
    slope = np.linalg.lstsq(np.column_stack([np.ones(199), e[:-1]]), np.diff(e))[0][1]
    np.testing.assert_allclose(found.coefficients[0], expected, rtol=1e-10)
    assert found.deviation[0] == pytest.approx(e.std(), rel=1e-10)
    assert found.half_life[0] == pytest.approx(-np.log(2) / slope, rel=1e-9)


def test_collinear_prices_have_the_statistic_of_statsmodels():
    prices = random_walks(200, 2, seed=1)
    noise = np.random.default_rng(2).standard_normal(200) * prices[:, 0].std() * 3e-4  # 1 - R^2 of about 1e-7
    prices = np.column_stack([prices, 3.0 + 2.0 * prices[:, 0], prices[:, 0] + noise])
    found = engle_granger_statistics(prices, np.array([[0, 2], [0, 1], [0, 3]]))
    assert found.statistic[0] == found.statistic[2] == -np.inf
    assert found.p_value[0] == 0.0
    assert np.isfinite(found.statistic[1])


def test_nearly_collinear_prices():
    rng = np.random.default_rng(3)
    walk = random_walks(1250, 1, seed=4)[:, 0]
    noise = np.cumsum(rng.standard_normal(1250)) * 1e-2
    prices = np.column_stack([walk, 2.0 * walk + noise])
    found = engle_granger_statistics(prices, np.array([[0, 1], [1, 0]]))
    statistic, _ = by_statsmodels(prices, [[0, 1], [1, 0]])
    np.testing.assert_allclose(found.statistic, statistic, rtol=0, atol=1e-8)


def test_baskets_that_cannot_be_tested_are_nan():
    prices = random_walks(100, 5, seed=1)
    prices[:, 1] = 7.0
    prices[: 100 - FEWEST_ROWS, 2] = np.nan
    prices[:, 4] = prices[:, 3]
    found = engle_granger_statistics(prices, np.array([[0, 1, 3], [1, 0, 3], [0, 2, 3], [0, 3, 4]]))
    assert np.isnan(found.statistic).all()
    assert np.isnan(found.p_value).all()


def test_neighbours_and_threads_change_nothing():
    prices = random_walks(120, 60, seed=9)
    pairs = np.array([(i, j) for i in range(60) for j in range(i)])
    together = engle_granger_statistics(prices, pairs)
    alone = engle_granger_statistics(prices, pairs[-1:])
    assert alone.statistic[0] == together.statistic[-1]
    heard = []
    again = engle_granger_statistics(prices, pairs, report=lambda done, total: heard.append((done, total)))
    np.testing.assert_array_equal(again.statistic, together.statistic)
    assert heard[-1][0] == heard[-1][1] > 1


def test_no_baskets():
    assert engle_granger_statistics(random_walks(50, 2, 0), np.empty((0, 2), dtype=int)).statistic.shape == (0,)
