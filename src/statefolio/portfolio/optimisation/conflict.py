"""Which constraint cannot be kept: each may be missed at a price, and the cheapest misses are told."""

import numpy as np
from scipy import sparse

from statefolio.portfolio.optimisation.conic import CONE, EQUAL, Block, conic_form
from statefolio.portfolio.optimisation.interior import solve
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program import Program

BOXES = ("lower", "upper", "lower and upper")
_TOLD = 1e-6
_APART = 0.01
_NET_PRICE = 100.0  # what weights sum to is what makes them a portfolio: others are missed first


def conflict(limits: Limits) -> str:
    """Say which constraints are missed, by how much at best, and which ones stand in their way.

    Boxes are kept, and net too where it can be; every other constraint gets a slack, and the sum of slacks is as small
    as can be (an elastic program). A constraint with a slack cannot be kept; one with a multiplier prevents it.

    Returns
    -------
    str
        Empty where all can be kept.
    """
    count = len(limits.lower)
    nothing = np.zeros(count)
    form = conic_form(Program(nothing, np.empty((0, count)), nothing, nothing, limits))
    elastic = [place for place, block in enumerate(form.blocks) if block.name and block.name not in BOXES]
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
        # prices that differ a little: among equally cheap misses, the fewest constraints are missed
        dear = _NET_PRICE if form.blocks[place].name == "net" else 1.0
        price[columns + 2 * order : columns + 2 * order + 2] = dear * (1.0 + _APART * order)
    found = solve(np.zeros(width), price, blocks)
    if found.status != "solved":
        return ""
    missed: dict[str, float] = {}
    for order, place in enumerate(elastic):
        miss = float(found.x[columns + 2 * order : columns + 2 * order + 2].max())
        name = form.blocks[place].name
        missed[name] = max(miss, missed.get(name, 0.0))
    missed = {name: miss for name, miss in missed.items() if miss > _TOLD}
    against = {
        block.name
        for block, dual in zip(blocks, found.duals, strict=True)
        if block.name and block.name not in missed and np.abs(dual).max(initial=0.0) > _TOLD
    }
    return _told(missed, sorted(against), limits) if missed else ""


def _with_slack(block: Block, columns: int, width: int, slack: int | None) -> Block:
    """A block with columns for all slacks, and with its own in two of them: below and, of an equality, above."""
    rows = sparse.csr_array(block.rows, copy=True)
    wide = sparse.hstack([rows, sparse.csr_array((rows.shape[0], width - columns))], format="lil")
    if slack is not None:
        wide[0, slack] = -1.0
        if block.kind == EQUAL:
            wide[0, slack + 1] = 1.0
    return Block(block.name, block.kind, wide.tocsr(), block.bounds)


def _told(missed: dict[str, float], against: list[str], limits: Limits) -> str:
    told = ", ".join(f"{name} is missed by {miss:.3g}" for name, miss in missed.items())
    if limits.by_volume and set(BOXES) & set(against):
        against = [*against, "volume_share"]
    others = f", with {', '.join(against)} kept" if against else ""
    return f"no weights keep to all constraints: {told} at best{others}"
