"""A program solved: by an interior-point method first, then exactly.

`central_path` comes near the optimum in a fraction of a general solver's time. It leaves bands of error aside: an
optimum that keeps to them all the same is the one looked for. Where it does not, or the path is lost, or `polish`
cannot finish from there, the program is done anew by Clarabel, which also tells whether there is a solution.
"""

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.central_path import follow
from statefolio.portfolio.optimisation.conic import Block, Conic, conic_form
from statefolio.portfolio.optimisation.interior import Found, solve
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.polish import polish
from statefolio.portfolio.optimisation.program import Outcome, Program, failed

FEASIBLE = 1e-7


def solve_program(program: Program) -> Outcome:
    """Return the best weights of a program, or why there are none."""
    if len(program.diagonal) == 0:
        return failed(0, "there is no asset to hold")
    near = follow(program)
    best = None if near is None else _polished(program, *near)
    return by_clarabel(program) if best is None else best


def by_clarabel(program: Program) -> Outcome:
    """Return the same for any program, cones included, by a general solver."""
    form = conic_form(program)
    found = solve(form.curvature, form.slope, form.blocks)
    count = form.columns.assets
    if found.status != "solved":
        return failed(count, reason_of(found), found.status == "infeasible")
    return exact(program, found.x[:count], multipliers_of(form, found, program.limits))


def exact(program: Program, weights: Array, multipliers: Array) -> Outcome:
    """Nearly optimal weights, polished where no band of error binds, else put within their boxes."""
    limits = program.limits
    inside = np.clip(weights, limits.lower, limits.upper)
    best = _polished(program, inside, multipliers)
    if best is not None:
        return best
    if missed := _misses(limits, inside):
        told = ", ".join(f"{name} (by {miss:.2g})" for name, miss in missed.items())
        return failed(len(inside), f"the solver stopped at weights that miss {told}")
    return Outcome(inside, program.value(inside), multipliers=multipliers)


def _polished(program: Program, weights: Array, multipliers: Array) -> Outcome | None:
    """The exact optimum; None where polishing does not end, or ends outside of some limit (a band's, or a row's)."""
    polished = polish(program, weights, multipliers)
    if polished is None:
        return None
    inside = _put_inside(polished[0], program.limits)
    if _misses(program.limits, inside):
        return None
    return Outcome(inside, program.value(inside), multipliers=polished[1])


def _put_inside(weights: Array, limits: Limits) -> Array:
    """Rounding undone: weights that lie on a bound, or nearly on zero, to the last bit."""
    tidy: Array = np.clip(np.where(np.abs(weights) < 1e-14, 0.0, weights), limits.lower, limits.upper)
    return tidy


def _misses(limits: Limits, weights: Array) -> dict[str, float]:
    found = limits.violations(weights)
    return {name: miss for name, miss in found.items() if name != "max_holdings" and miss > FEASIBLE}


def multipliers_of(form: Conic, found: Found, limits: Limits) -> Array:
    """Multipliers of the rows, of turnover and of gross, from the solver's duals."""
    named: dict[str, float] = {}
    seen: set[str] = set()
    for block, dual in zip(form.blocks, found.duals, strict=True):
        if len(dual) == 1 and block.name:
            named[block.name] = named.get(block.name, 0.0) + _sign(block, seen, limits) * float(dual[0])
            seen.add(block.name)
    return np.array([named.get(name, 0.0) for name in [row.name for row in limits.rows] + ["turnover", "gross"]])


def _sign(block: Block, seen: set[str], limits: Limits) -> float:
    """A row's second block, or its only one where it has no most, is its least side."""
    for row in limits.rows:
        if row.name == block.name:
            return -1.0 if block.name in seen or not np.isfinite(row.most) else 1.0
    return 1.0


def reason_of(found: Found) -> str:
    """A failed status in words."""
    words = {
        "infeasible": "no weights keep to all constraints",
        "unbounded": "the objective grows without bound: some weight or the net needs a bound",
    }
    return words.get(found.status, f"the solver stalled ({found.status})")
