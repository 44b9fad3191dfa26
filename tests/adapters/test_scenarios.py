import numpy as np
import pytest

from statefolio.adapters.scenarios import History, fill_gaps, residual_factor_returns


def plain_fill(z):
    z = z.copy()
    whole = [t for t in range(len(z)) if not np.isnan(z[t]).all()]
    empty = [t for t in range(len(z)) if np.isnan(z[t]).all()]
    for place, t in enumerate(empty):
        z[t] = z[whole[place % len(whole)]]
    for i in range(z.shape[1]):
        own = [value for value in z[:, i] if not np.isnan(value)]
        used = 0
        for t in range(len(z)):
            if np.isnan(z[t, i]) and own:
                z[t, i] = own[used % len(own)]
                used += 1
    return z


@pytest.fixture
def z():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(50, 6))
    z[:4] = np.nan
    z[:30, 1] = np.nan
    z[rng.random(z.shape) < 0.1] = np.nan
    z[:, 3] = np.nan
    return z


def test_gaps_are_filled_with_an_assets_own(z):
    np.testing.assert_array_equal(fill_gaps(z.copy()), plain_fill(z))


def test_observed_values_stay(z):
    seen = ~np.isnan(z)
    assert (fill_gaps(z.copy())[seen] == z[seen]).all()


def test_an_asset_never_observed_stays_unknown(z):
    found = fill_gaps(z.copy())
    assert np.isnan(found[:, 3]).all()
    assert np.isfinite(np.delete(found, 3, axis=1)).all()


def test_nothing_observed_stays_nothing():
    assert np.isnan(fill_gaps(np.full((3, 2), np.nan))).all()


def test_late_listings_keep_their_variance(z):
    own = z[~np.isnan(z[:, 1]), 1]
    np.testing.assert_allclose(fill_gaps(z.copy())[:, 1].std(), own.std(), rtol=0.2)


def test_residual_factor_returns_are_the_conditional_mean():
    rng = np.random.default_rng(1)
    G, D = rng.normal(size=(7, 2)), rng.uniform(0.5, 2, 7)
    v = rng.normal(size=(5, 7))
    v[0, 2], v[3] = np.nan, np.nan
    found = residual_factor_returns(v, G, D)
    for t in range(5):
        seen = ~np.isnan(v[t])
        covariance = G[seen] @ G[seen].T + np.diag(D[seen])
        expected = G[seen].T @ np.linalg.solve(covariance, v[t, seen]) if seen.any() else np.zeros(2)
        np.testing.assert_allclose(found[t], expected, atol=1e-12)


def test_a_history_keeps_its_last_dates():
    def part(first, last):
        rows = np.arange(first, last)
        return History(rows, *(np.tile(rows[:, None] + 0.5, (1, n)) for n in (2, 3, 3)))

    both = part(0, 4).followed_by(part(4, 9))
    assert list(both.observations) == list(range(9))
    kept = both.last(3)
    assert list(kept.observations) == [6, 7, 8]
    assert kept.innovation.shape == (3, 3)
    assert both.last(None) is both


def test_innovations_without_a_variance_are_unknown():
    history = History(
        np.arange(2), np.zeros((2, 1)), np.array([[1.0, 2.0], [np.nan, 1.0]]), np.array([[4.0, 0.0], [1, 1]])
    )
    np.testing.assert_array_equal(history.standardised(), [[0.5, np.nan], [np.nan, 1.0]])
