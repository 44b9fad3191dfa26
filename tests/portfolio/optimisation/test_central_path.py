"""The interior-point method agrees with a general solver, or returns None."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.optimisation import central_path, program_solver
from statefolio.portfolio.optimisation.active_set import refine
from statefolio.portfolio.optimisation.central_path import follow_central_path
from statefolio.portfolio.optimisation.factored import factored_form
from statefolio.portfolio.optimisation.limits import Limits, Row, limits_of
from statefolio.portfolio.optimisation.program_solver import solve_program, solve_with_clarabel
from statefolio.portfolio.optimisation.quadratic_program import QuadraticProgram, scaled

BOXES = [
    {},
    {"lower": -0.3, "upper": 0.4},
    {"lower": -1.0, "upper": 1.0, "net": (-0.5, 0.8)},
    {"lower": -0.2, "upper": 0.3, "net": 0.0},
]
EXPOSURES = [(-0.1, 0.1), (None, 0.8), (0.2, None), (0.3, 0.3), (None, None)]
GROUPS = [{"g0": (0.1, 0.4), "g1": (None, 0.5)}, {"g0": (0.3, 0.3), "g1": (0.3, 0.3), "g2": (0.4, 0.4)}]


def drawn(make, seed, solve=True):
    """Everything that limits may be, some of it contradictory; the program of a utility."""
    rng = np.random.default_rng(seed)
    count, factors = int(rng.choice([1, 2, 5, 12, 30])), int(rng.choice([0, 1, 3, 8]))
    names = [f"A{i}" for i in range(count)]
    options = dict(BOXES[rng.integers(4)])
    if rng.random() < 0.2:
        options["upper"] = max(1.5 / count, 0.05)
    if rng.random() < 0.35:
        options["turnover"] = float(rng.choice([0.02, 0.1, 0.3, 1.0]))
    if rng.random() < 0.3:
        options["gross"] = float(rng.choice([1.0, 1.3, 2.0]))
    if factors and rng.random() < 0.4:
        options["factor_limits"] = {"F0": EXPOSURES[rng.integers(5)]}
    if count > 4 and rng.random() < 0.3:
        options["groups"] = pd.Series([f"g{i % 3}" for i in range(count)], names)
        options["group_limits"] = GROUPS[rng.integers(2)]
    if rng.random() < 0.3:
        lower, upper = np.full(count, options.get("lower", 0.0)), np.full(count, options.get("upper", 1.0))
        options["lower"] = pd.Series(lower, names)
        options["upper"] = pd.Series(np.where(rng.random(count) < 0.3, lower, upper), names)
    if rng.random() < 0.3:
        options["previous"] = np.where(rng.random(count) < 0.5, 0.0, rng.dirichlet(np.ones(count)))
    costs = [
        np.zeros(count),
        np.where(rng.random(count) < 0.5, 0.0, 1e-3),
        np.full(count, rng.choice([1e-3, 0.1, 10.0])),
    ]
    problem = make(count, factors, seed=seed, trade_cost=costs[rng.integers(3)], **options)
    if not solve:
        return problem
    return scaled(problem, limits_of(problem), float(rng.choice([1.0, 5.0, 50.0])))


@pytest.mark.parametrize("block", range(6))
def test_it_agrees_with_a_general_solver(make, block, monkeypatch):
    monkeypatch.setattr(Constraints, "_check_together", lambda _: None)
    found = 0
    for seed in range(25 * block, 25 * block + 25):
        program = drawn(make, seed)
        expected, near = solve_with_clarabel(program), follow_central_path(program)
        if not expected.converged:
            assert not solve_program(program).converged, seed
            continue
        assert near is not None, seed
        np.testing.assert_allclose(near[0], expected.weights, atol=1e-6, err_msg=str(seed))
        weights, multipliers = refine(program, *near)
        np.testing.assert_allclose(weights, expected.weights, atol=1e-9, err_msg=str(seed))
        assert np.isfinite(multipliers).all()
        found += 1
    assert found > 10


@pytest.mark.filterwarnings("ignore:.*cannot hold on a date with all assets")
def test_refused_constraints_have_no_solution(make, monkeypatch):
    """Limits that raise an error where they are made are those that the solver cannot satisfy."""
    refused, check = 0, Constraints._check_together
    for seed in range(150):
        with monkeypatch.context() as patched:
            patched.setattr(Constraints, "_check_together", lambda _: None)
            problem = drawn(make, seed, solve=False)
        try:
            check(problem.constraints)
        except InputError:
            assert not solve_program(scaled(problem, limits_of(problem), 1.0)).converged, seed
            refused += 1
    assert refused > 5


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"turnover": 0.2},
        {"lower": -0.1, "upper": 0.2, "gross": 1.5, "turnover": 0.5, "factor_limits": {"F0": (0, 1)}},
    ],
)
def test_the_general_solver_is_not_needed(make, options, monkeypatch):
    problem = make(60, 5, seed=2, **options)
    program = scaled(problem, limits_of(problem), 5.0)
    expected = solve_with_clarabel(program)
    np.testing.assert_allclose(follow_central_path(program)[1], expected.multipliers, atol=1e-4)
    monkeypatch.setattr(program_solver, "solve_with_clarabel", lambda _: pytest.fail("asked for"))
    outcome = solve_program(program)
    np.testing.assert_allclose(outcome.weights, expected.weights, atol=1e-10)
    np.testing.assert_allclose(outcome.value, expected.value, atol=1e-12)
    np.testing.assert_allclose(outcome.multipliers, expected.multipliers, atol=1e-8)


def test_assets_that_cannot_move_take_their_share_of_every_limit(make):
    """Three must be sold, which takes a part of the turnover, and three are held at a weight, a part of the gross."""
    names = [f"A{i}" for i in range(20)]
    lower, upper = pd.Series(-0.2, names), pd.Series(0.3, names)
    lower.iloc[:3] = upper.iloc[:3] = 0.0
    lower.iloc[3:6] = upper.iloc[3:6] = -0.05
    limits = {"lower": lower, "upper": upper, "turnover": 1.0, "gross": 1.35, "factor_limits": {"F0": (None, 0.8)}}
    problem = make(20, 3, seed=8, **limits)
    program = scaled(problem, limits_of(problem), 1.0)
    expected, (weights, multipliers) = solve_with_clarabel(program), follow_central_path(program)
    assert (np.abs(expected.multipliers[-3:]) > 0.01).all()
    np.testing.assert_allclose(weights, expected.weights, atol=1e-6)
    np.testing.assert_allclose(multipliers, expected.multipliers, atol=1e-4)


def test_few_steps_whatever_the_number_of_assets(make, monkeypatch):
    monkeypatch.setattr(central_path, "STEPS", 16)
    for count in (10, 100, 1000):
        problem = make(count, 10, seed=count)
        assert follow_central_path(scaled(problem, limits_of(problem), 5.0)) is not None


def test_a_step_solves_the_equations_written_out(make):
    """The whole system in w, t, v and l, dense."""
    options = {"lower": -0.5, "upper": 0.5, "turnover": 0.4, "gross": 1.2, "factor_limits": {"F1": (-0.2, None)}}
    problem = make(7, 2, seed=1, **options)
    form = factored_form(scaled(problem, limits_of(problem), 5.0))
    rng, (kinds, count), rows = np.random.default_rng(0), form.centre.shape, len(form.rows)
    assert (kinds, rows) == (2, 6)
    size = count + kinds * count + rows

    def flat(w, t, v):
        return np.concatenate([w, t.ravel(), v])

    def cut(x):
        return x[:count], x[count : count + kinds * count].reshape(kinds, count), x[count + kinds * count :]

    S = np.array([form.change(*cut(unit)) for unit in np.eye(size)]).T
    gathered = np.array([flat(*form.gather(unit)) for unit in np.diag(form.slacks)])
    np.testing.assert_array_equal(gathered, S)
    C = np.hstack([form.rows, *[np.outer(ties, np.ones(count)) for ties in form.sums], -np.eye(rows)])
    q = flat(form.curvature[:count], np.zeros((kinds, count)), form.curvature[count:])
    s, z = rng.uniform(0.5, 2.0, len(S)), form.slacks * rng.uniform(0.5, 2.0, len(S))
    moving = flat(np.ones(count), form.kinked, form.moves)
    C = C * moving
    K = np.diag(q * moving + 1.0 - moving) + S.T @ np.diag(z / s) @ S
    down, gap = rng.normal(size=size) * moving, rng.normal(size=rows)
    whole = np.block([[K, C.T], [C, np.zeros((rows, rows))]])
    expected = np.linalg.solve(whole, np.concatenate([down, -gap]))
    changes = central_path._Newton(form, z / s).solve(central_path._Residuals(list(cut(down)), gap))
    np.testing.assert_allclose(np.concatenate([flat(*changes[:3]), changes[3]]), expected, atol=1e-9)


def bare(count=4, *, rows=(), turnover=np.inf, gross=np.inf, diagonal=1.0, lower=0.0, upper=1.0):
    limits = Limits(
        np.full(count, lower), np.full(count, upper), rows, (), np.full(count, 1.0 / count), turnover, gross, count
    )
    return QuadraticProgram(
        np.full(count, diagonal), np.zeros((0, count)), np.arange(count) * 0.1, np.zeros(count), limits
    )


def test_contradictory_limits_are_left_to_the_general_solver():
    net = Row("net", np.ones(4), 3.0, 3.0)
    for program in (bare(rows=(net,), gross=2.0), bare(rows=(net,), turnover=0.5), bare(rows=(net,), upper=0.5)):
        assert follow_central_path(program) is None
        outcome = solve_program(program)
        assert outcome.infeasible
        assert not outcome.converged
    crossed = bare(rows=(Row("net", np.ones(4), 1.0, 0.5),))
    assert follow_central_path(crossed) is None


def test_limits_without_interior_are_solved():
    """A turnover of 0 leaves one point, and no path to it."""
    outcome = solve_program(bare(turnover=0.0))
    assert outcome.converged
    np.testing.assert_allclose(outcome.weights, 0.25, atol=1e-7)


def test_assets_without_risk_of_their_own_are_left_to_the_general_solver():
    program = bare(rows=(Row("net", np.ones(4), 1.0, 1.0),), diagonal=0.0)
    assert follow_central_path(program) is None
    assert refine(program, np.full(4, 0.25), np.zeros(3)) is None
    outcome = solve_program(program)
    np.testing.assert_allclose(outcome.weights, [0.0, 0.0, 0.0, 1.0], atol=1e-7)


@pytest.mark.parametrize("most", [0.1, 5.0])
def test_a_band_of_error_that_binds_is_left_to_the_general_solver(make, most, monkeypatch):
    variance = np.full((12, 3), 0.01)
    bands = {"factor_limits": {"F1": (-most, most)}, "exposure_confidence": 0.95, "loading_variance": variance}
    problem = make(12, 3, seed=3, **bands)
    program = scaled(problem, limits_of(problem), 5.0)
    expected, asked = solve_with_clarabel(program), []
    monkeypatch.setattr(
        program_solver, "solve_with_clarabel", lambda given: asked.append(given) or solve_with_clarabel(given)
    )
    np.testing.assert_allclose(solve_program(program).weights, expected.weights, atol=1e-9)
    assert len(asked) == (most < 1.0)


def test_nothing_to_choose():
    program = bare(lower=0.25, upper=0.25, rows=(Row("net", np.ones(4), 1.0, 1.0),))
    assert follow_central_path(program) is None
    np.testing.assert_array_equal(solve_program(program).weights, np.full(4, 0.25))


def test_rows_that_repeat_each_other_and_rows_without_coefficients():
    net, empty = Row("net", np.ones(4), 1.0, 1.0), Row("empty", np.zeros(4), -1.0, 1.0)
    once, often = solve_program(bare(rows=(net,))), bare(rows=(net, net, empty, net))
    assert follow_central_path(often) is not None
    np.testing.assert_allclose(solve_program(often).weights, once.weights, atol=1e-12)


def test_free_weights_without_factors_have_a_closed_form():
    """Gain over variance, and where trading costs, only what pays for it."""
    program = bare(lower=-np.inf, upper=np.inf, diagonal=2.0)
    np.testing.assert_allclose(solve_program(program).weights, np.arange(4) * 0.05, atol=1e-12)
    dear = QuadraticProgram(program.diagonal, program.factors, program.gain + 0.5, np.full(4, 0.15), program.limits)
    assert follow_central_path(dear) is not None
    # at 1/4 the slope is 1/2 - gain: the cost of .15 keeps the first two, and takes its part of the others' gain
    np.testing.assert_allclose(solve_program(dear).weights, [0.25, 0.25, 0.275, 0.325], atol=1e-12)
