"""One step of Levenberg and Marquardt towards a risk budget, within limits."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.clarabel_solver import solve_conic
from statefolio.portfolio.optimisation.conic import EQUAL, Block, ConicProgram, conic_form
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.quadratic_program import QuadraticProgram

_TIGHT = 1e-11


@dataclass(frozen=True, eq=False)
class Gaps:
    """Contributions minus their budget, for M assets or factors, and their derivative J = diag(a) + U V' by weights.

    `diagonal` is None without a diagonal; with one, M = N.
    """

    values: Array  # (M,)
    diagonal: Array | None  # a (N,)
    left: Array  # U (M, R)
    right: Array  # V (N, R)

    @property
    def square(self) -> float:
        """Sum of squared gaps."""
        return float(self.values @ self.values)

    def moved(self, move: Array) -> Array:
        """J times a change of weights, (M,)."""
        along: Array = self.left @ (move @ self.right)
        return along if self.diagonal is None else along + self.diagonal * move


def damped_step(gaps: Gaps, w: Array, limits: Limits, damping: float) -> Array | None:
    """Minimise |gaps + J (v - w)|^2 / 2 + damping |v - w|^2 / 2 over weights v within the limits; None if that fails.

    Neither J nor J'J is formed: V'v are variables, and so are the M remaining gaps.
    """
    size = np.linalg.norm(gaps.right, axis=0)
    size[size == 0.0] = 1.0
    own = np.full(len(w), damping)
    form = conic_form(QuadraticProgram(own, (gaps.right / size).T, damping * w, np.zeros(len(w)), limits))
    form = _with_gaps(form, gaps, gaps.left * size, w)
    found = solve_conic(form.curvature, form.slope, form.blocks, _TIGHT)
    return found.x[: len(w)] if found.status == "solved" else None


def _with_gaps(form: ConicProgram, gaps: Gaps, left: Array, w: Array) -> ConicProgram:
    """Add J v - e = J w - gaps, and |e|^2 / 2 in place of the variance."""
    count, (gap_count, rank), width = len(w), left.shape, form.columns.count
    own = np.zeros(0) if gaps.diagonal is None else gaps.diagonal
    diagonal = sparse.csr_array((own, (np.arange(len(own)), np.arange(len(own)))), shape=(gap_count, count))
    others = sparse.csr_array((gap_count, width - count - rank))
    rows = sparse.hstack([diagonal, sparse.csr_array(left), others, -sparse.eye_array(gap_count)], format="csr")
    blocks = [
        replace(one, rows=sparse.hstack([one.rows, sparse.csr_array((one.rows.shape[0], gap_count))], format="csr"))
        for one in form.blocks
    ]
    curvature = np.concatenate([form.curvature, np.ones(gap_count)])
    curvature[count : count + rank] = 0.0
    slope = np.concatenate([form.slope, np.zeros(gap_count)])
    blocks.insert(0, Block("", EQUAL, rows, gaps.moved(w) - gaps.values))
    return ConicProgram(curvature, slope, blocks, form.columns)
