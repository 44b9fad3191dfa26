"""Explains infeasible constraints: which are violated at best, by how much, and which others prevent them."""

import numpy as np
from scipy import sparse

from statefolio.portfolio.optimisation.clarabel_solver import solve_conic
from statefolio.portfolio.optimisation.conic import CONE, EQUAL, Block, conic_form
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.quadratic_program import QuadraticProgram

BOUNDS = ("lower", "upper", "lower and upper")
_REPORTED = 1e-6
_APART = 0.01
_NET_PRICE = 100.0  # the sum of the weights defines a portfolio: other limits are violated first


def explain_infeasibility(limits: Limits) -> str:
    """Say which constraints are violated, by how much at best, and which others prevent them from holding.

    Bounds hold, and net too where it can; every other constraint gets a slack, and the sum of slacks is minimised (an
    elastic program). A constraint with a slack cannot hold; one with a multiplier prevents it.

    Returns
    -------
    str
        Empty if all constraints can hold.
    """
    count = len(limits.lower)
    nothing = np.zeros(count)
    form = conic_form(QuadraticProgram(nothing, np.empty((0, count)), nothing, nothing, limits))
    elastic = [place for place, block in enumerate(form.blocks) if block.name and block.name not in BOUNDS]
    columns = form.columns.count
    width = columns + 2 * len(elastic)
    blocks = [_with_slack(block, columns, width, None) for block in form.blocks]
    for order, place in enumerate(elastic):
        blocks[place] = _with_slack(form.blocks[place], columns, width, columns + 2 * order)
    slacks = sparse.csr_array(-np.eye(width)[columns:]) if width > columns else None
    if slacks is not None:
        place = next((at for at, block in enumerate(blocks) if block.kind == CONE), len(blocks))
        blocks.insert(place, Block("", "less", slacks, np.zeros(width - columns)))
    price = np.zeros(width)
    for order, place in enumerate(elastic):
        # slightly different prices: among equally cheap violations, the fewest constraints are violated
        dear = _NET_PRICE if form.blocks[place].name == "net" else 1.0
        price[columns + 2 * order : columns + 2 * order + 2] = dear * (1.0 + _APART * order)
    found = solve_conic(np.zeros(width), price, blocks)
    if found.status != "solved":
        return ""
    missed: dict[str, float] = {}
    for order, place in enumerate(elastic):
        miss = float(found.x[columns + 2 * order : columns + 2 * order + 2].max())
        name = form.blocks[place].name
        missed[name] = max(miss, missed.get(name, 0.0))
    missed = {name: miss for name, miss in missed.items() if miss > _REPORTED}
    against = {
        block.name
        for block, dual in zip(blocks, found.duals, strict=True)
        if block.name and block.name not in missed and np.abs(dual).max(initial=0.0) > _REPORTED
    }
    return _explanation(missed, sorted(against), limits) if missed else ""


def _with_slack(block: Block, columns: int, width: int, slack: int | None) -> Block:
    """A block with columns for all slacks, and its own slack in two of them: below and, for an equality, above."""
    rows = sparse.csr_array(block.rows, copy=True)
    wide = sparse.hstack([rows, sparse.csr_array((rows.shape[0], width - columns))], format="lil")
    if slack is not None:
        wide[0, slack] = -1.0
        if block.kind == EQUAL:
            wide[0, slack + 1] = 1.0
    return Block(block.name, block.kind, wide.tocsr(), block.bounds)


def _explanation(missed: dict[str, float], against: list[str], limits: Limits) -> str:
    violated = ", ".join(f"{name} is missed by {miss:.3g}" for name, miss in missed.items())
    if limits.by_volume and set(BOUNDS) & set(against):
        against = [*against, "volume_share"]
    others = f", with {', '.join(against)} kept" if against else ""
    return f"no weights satisfy all constraints: {violated} at best{others}"
