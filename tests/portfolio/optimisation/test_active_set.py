"""The refinement ends at the conditions of optimality, or returns None."""

import numpy as np
import pytest

from statefolio.portfolio.optimisation.active_set import refine
from statefolio.portfolio.optimisation.clarabel_solver import solve_conic
from statefolio.portfolio.optimisation.conic import conic_form
from statefolio.portfolio.optimisation.limits import limits_of
from statefolio.portfolio.optimisation.program_solver import multipliers_of
from statefolio.portfolio.optimisation.quadratic_program import scaled

LIMITS = [
    {},
    {"turnover": 0.3},
    {"lower": -0.2, "upper": 0.3, "gross": 1.4},
    {"turnover": 0.3, "max_holdings": 3},
    {"factor_limits": {"F0": (0.8, 0.9)}},
]


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("cost", [0.0, 1e-3])
def test_the_refinement_succeeds_and_moves_little(make, limits, cost):
    problem = make(30, 4, seed=4, trade_cost=np.full(30, cost), **limits)
    program = scaled(problem, limits_of(problem), 5.0)
    form = conic_form(program)
    found = solve_conic(form.curvature, form.slope, form.blocks)
    near = np.clip(found.x[:30], program.limits.lower, program.limits.upper)
    polished = refine(program, near, multipliers_of(form, found, program.limits))
    assert polished is not None
    weights, multipliers = polished
    np.testing.assert_allclose(weights, near, atol=1e-6)
    assert program.value(weights) <= program.value(near) + 1e-9
    if cost or "turnover" in limits:
        assert (weights == problem.previous).any()
    if "turnover" in limits:
        assert multipliers[-2] > 0.0
        np.testing.assert_allclose(np.abs(weights - problem.previous).sum(), 0.3, atol=1e-12)
