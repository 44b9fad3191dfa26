"""Calls Clarabel, a general interior-point solver, for programs in standard form (Goulart and Chen 2024)."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.conic import CONE, EQUAL, LESS, Block

TOLERANCE = 1e-10
_SOLVED = ("Solved", "AlmostSolved")
_INFEASIBLE = ("PrimalInfeasible", "AlmostPrimalInfeasible")
_UNBOUNDED = ("DualInfeasible", "AlmostDualInfeasible")


class ConicResult(NamedTuple):
    """The solver's answer.

    Attributes
    ----------
    status : str
        "solved", "infeasible", "unbounded", or the solver's own word where it stalled.
    x : (n,) array
    duals : list of arrays
        Of each block.
    """

    status: str
    x: Array
    duals: list[Array]


def solve_conic(curvature: Array, slope: Array, blocks: list[Block], tolerance: float = TOLERANCE) -> ConicResult:
    """Minimise 1/2 x' diag(curvature) x + slope'x over blocks of rows.

    One thread and a fixed order of elimination: the same problem gives the same bits. Each problem is set up anew: an
    interior-point method gains nothing from a warm start, and a solver kept and updated would keep the scaling of its
    first problem, so that a decision would depend on earlier ones.

    Parameters
    ----------
    curvature, slope : (n,) array
    blocks : list of Block
        In the order equal, less, cone.
    tolerance : float
        Of feasibility and of the duality gap.
    """
    import clarabel

    rows = sparse.vstack([block.rows for block in blocks], format="csc")
    bounds = np.concatenate([block.bounds for block in blocks])
    solver = clarabel.DefaultSolver(
        sparse.diags_array(curvature, format="csc"), slope, rows, bounds, _cones(blocks), _settings(tolerance)
    )
    found = solver.solve()
    ends = np.cumsum([len(block.bounds) for block in blocks])[:-1]
    return ConicResult(_word(str(found.status)), np.array(found.x), np.split(np.array(found.z), ends))


def _cones(blocks: list[Block]) -> list[Any]:
    import clarabel

    sizes = {kind: sum(len(block.bounds) for block in blocks if block.kind == kind) for kind in (EQUAL, LESS)}
    cones: list[Any] = []
    if sizes[EQUAL]:
        cones.append(clarabel.ZeroConeT(sizes[EQUAL]))
    if sizes[LESS]:
        cones.append(clarabel.NonnegativeConeT(sizes[LESS]))
    return cones + [clarabel.SecondOrderConeT(len(block.bounds)) for block in blocks if block.kind == CONE]


def _settings(tolerance: float) -> Any:
    import clarabel

    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.direct_solve_method = "qdldl"
    settings.presolve_enable = False
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = tolerance
    settings.reduced_tol_feas = settings.reduced_tol_gap_abs = settings.reduced_tol_gap_rel = 1e-7
    return settings


def _word(status: str) -> str:
    if status in _SOLVED:
        return "solved"
    if status in _INFEASIBLE:
        return "infeasible"
    return "unbounded" if status in _UNBOUNDED else status
