"""The search over selections of assets: ties, the number of solves, and assets that must be held."""

import numpy as np
import pytest

from statefolio.portfolio.optimisation import cardinality
from statefolio.portfolio.optimisation.cardinality import limit_holdings
from statefolio.portfolio.optimisation.limits import limits_of
from statefolio.portfolio.optimisation.objectives import MinimumVariance
from statefolio.portfolio.optimisation.program_solver import solve_program
from statefolio.portfolio.optimisation.quadratic_program import scaled
from statefolio.risk.low_rank import LowRankCovariance


def searched(problem):
    """The result of a search, and the assets allowed at each solve."""
    limits, allowed = limits_of(problem), []

    def best(within):
        allowed.append(tuple(np.flatnonzero((within.lower != 0.0) | (within.upper != 0.0))))
        return solve_program(scaled(problem, within, 1.0, gain=False, cost=False))

    relaxed = best(limits)
    allowed.clear()
    return limit_holdings(limits, best, relaxed)[0], allowed


def uncorrelated(make, variance, **options):
    count = len(variance)
    covariance = LowRankCovariance(np.zeros((count, 0)), np.zeros((0, 0)), np.array(variance))
    return make(count, 0, covariance=covariance, **options)


def test_of_equally_good_selections_the_first_found_is_kept(make):
    found, _ = searched(uncorrelated(make, [1e-4, 1e-4], max_holdings=1))
    assert found.weights.tolist() == [0.0, 1.0]
    assert found.reason == ""


def test_a_full_selection_is_solved_and_not_searched_further(make):
    """The relaxed answers of undecided assets, and each full selection at once: 13 solves here."""
    _, allowed = searched(make(8, seed=1, max_holdings=3))
    assert len(allowed) <= 15


@pytest.mark.parametrize("work", [16, 20, 21, 30])
def test_the_search_stops_at_its_limit(make, work, monkeypatch):
    monkeypatch.setattr(cardinality, "_LEAST", 1)
    monkeypatch.setattr(cardinality, "WORK", work * 200)
    found, allowed = searched(make(200, 5, max_holdings=10))
    assert work <= len(allowed) <= work + 1  # two solves a step
    assert found.reason == f"max_holdings: the best found in {len(allowed)} solves, not proven to be the optimum"


def test_as_many_assets_as_must_be_held_may_be_held(make):
    problem = make(6, lower={"A1": 0.02, "A4": 0.02}, max_holdings=2)
    weights = MinimumVariance().solve(problem).weights
    assert np.flatnonzero(weights).tolist() == [1, 4]
