"""Searches for many baskets at once find the same maxima as each alone."""

import numpy as np
import pytest
from baskets import simulate

from statefolio.pairs.design import design
from statefolio.pairs.hedges.maximum_likelihood import maximise, maximise_all


@pytest.mark.parametrize("reverts", [True, False])
def test_weeks_of_one_basket(reverts: bool) -> None:
    x = simulate(3).to_numpy()
    X, y = design(x)
    ends = np.arange(200, 400, 8)
    Y = np.where(np.arange(400)[:, None] < ends, y[:, None], np.nan)
    together = maximise_all(X, Y, reverts)
    for place in (0, 13, 24):
        alone = maximise(x[: ends[place]], reverts)
        assert together[place].log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-6)
        assert together[place].observation_variance == pytest.approx(alone.observation_variance, rel=1e-3, abs=1e-8)


def test_baskets_with_different_regressors() -> None:
    tables = [simulate(seed, dates=300).to_numpy(copy=True) for seed in range(18)]
    tables[2][40:60, 1] = np.nan
    pairs = [design(table) for table in tables]
    X = np.stack([X for X, _ in pairs], axis=2)
    Y = np.stack([np.where(np.isnan(X).any(axis=1), np.nan, y) for X, y in pairs], axis=1)
    together = maximise_all(X, Y, True)
    assert sum(found.converged for found in together) >= 17
    for place in (0, 2, 17):
        alone = maximise(np.where(np.isnan(tables[place]).any(axis=1)[:, None], np.nan, tables[place]), True)
        assert together[place].log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-6)
        assert together[place].persistence == pytest.approx(alone.persistence, abs=1e-4)


def test_more_searches_than_lanes_change_no_bit_of_a_basket() -> None:
    pairs = [design(simulate(seed, dates=250).to_numpy()) for seed in range(40)]
    X, Y = np.stack([X for X, _ in pairs], axis=2), np.stack([y for _, y in pairs], axis=1)
    together = maximise_all(X, Y, True)
    assert len(together) == 40
    for place in (0, 17, 39):
        alone = maximise_all(X[:, :, [place]], Y[:, [place]], True)[0]
        for name in ("persistence", "spread_mean", "observation_variance", "log_likelihood", "reason"):
            assert getattr(together[place], name) == getattr(alone, name)
        np.testing.assert_array_equal(together[place].state_variance, alone.state_variance)
