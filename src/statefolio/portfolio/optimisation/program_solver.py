"""Solves a program: an interior-point method first, then an exact refinement.

`central_path` comes close to the optimum in a fraction of the time of a general solver. It ignores cones (limits on
uncertain exposures); if its optimum satisfies them anyway, it is the optimum of the whole program. If not, or if the
path breaks off or `active_set` cannot refine its end, Clarabel solves the program anew and also detects infeasibility.
"""

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.active_set import refine
from statefolio.portfolio.optimisation.central_path import follow_central_path
from statefolio.portfolio.optimisation.clarabel_solver import ConicResult, solve_conic
from statefolio.portfolio.optimisation.conic import Block, ConicProgram, conic_form
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.quadratic_program import ProgramResult, QuadraticProgram, failed

FEASIBLE = 1e-7


def solve_program(program: QuadraticProgram) -> ProgramResult:
    """Return the best weights of a program, or the reason why there are none."""
    if len(program.diagonal) == 0:
        return failed(0, "there is no asset to hold")
    near = follow_central_path(program)
    best = None if near is None else _refined_or_none(program, *near)
    return solve_with_clarabel(program) if best is None else best


def solve_with_clarabel(program: QuadraticProgram) -> ProgramResult:
    """Solve any program, cones included, with the general solver."""
    form = conic_form(program)
    found = solve_conic(form.curvature, form.slope, form.blocks)
    count = form.columns.assets
    if found.status != "solved":
        return failed(count, reason_of(found), found.status == "infeasible")
    return refined(program, found.x[:count], multipliers_of(form, found, program.limits))


def refined(program: QuadraticProgram, weights: Array, multipliers: Array) -> ProgramResult:
    """Refine nearly optimal weights; if a cone binds, clip them to their bounds."""
    limits = program.limits
    inside = np.clip(weights, limits.lower, limits.upper)
    best = _refined_or_none(program, inside, multipliers)
    if best is not None:
        return best
    if violated := _violations(limits, inside):
        listing = ", ".join(f"{name} (by {miss:.2g})" for name, miss in violated.items())
        return failed(len(inside), f"the solver stopped at weights that violate {listing}")
    return ProgramResult(inside, program.value(inside), multipliers=multipliers)


def _refined_or_none(program: QuadraticProgram, weights: Array, multipliers: Array) -> ProgramResult | None:
    """The exact optimum; None if the refinement fails or its result violates a limit (a cone or a row)."""
    found = refine(program, weights, multipliers)
    if found is None:
        return None
    inside = _put_inside(found[0], program.limits)
    if _violations(program.limits, inside):
        return None
    return ProgramResult(inside, program.value(inside), multipliers=found[1])


def _put_inside(weights: Array, limits: Limits) -> Array:
    """Remove rounding errors: weights on a bound, or nearly zero, become exact."""
    tidy: Array = np.clip(np.where(np.abs(weights) < 1e-14, 0.0, weights), limits.lower, limits.upper)
    return tidy


def _violations(limits: Limits, weights: Array) -> dict[str, float]:
    found = limits.violations(weights)
    return {name: miss for name, miss in found.items() if name != "max_holdings" and miss > FEASIBLE}


def multipliers_of(form: ConicProgram, found: ConicResult, limits: Limits) -> Array:
    """Multipliers of the rows, of turnover and of gross, from the solver's duals."""
    named: dict[str, float] = {}
    seen: set[str] = set()
    for block, dual in zip(form.blocks, found.duals, strict=True):
        if len(dual) == 1 and block.name:
            named[block.name] = named.get(block.name, 0.0) + _sign(block, seen, limits) * float(dual[0])
            seen.add(block.name)
    return np.array([named.get(name, 0.0) for name in [row.name for row in limits.rows] + ["turnover", "gross"]])


def _sign(block: Block, seen: set[str], limits: Limits) -> float:
    """-1 for the block of a row's lower limit: its second block, or its only one without an upper limit."""
    for row in limits.rows:
        if row.name == block.name:
            return -1.0 if block.name in seen or not np.isfinite(row.most) else 1.0
    return 1.0


def reason_of(found: ConicResult) -> str:
    """The reason for a failed status, in words."""
    words = {
        "infeasible": "no weights satisfy all constraints",
        "unbounded": "the objective grows without bound: some weight or the net needs a bound",
    }
    return words.get(found.status, f"the solver stalled ({found.status})")
