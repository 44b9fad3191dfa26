"""A step towards a budget: gaps made linear, moves damped, within limits."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.conic import EQUAL, Block, Conic, conic_form
from statefolio.portfolio.optimisation.interior import solve
from statefolio.portfolio.optimisation.limits import Limits
from statefolio.portfolio.optimisation.program import Program

_TIGHT = 1e-11


@dataclass(frozen=True, eq=False)
class Gaps:
    """Contributions less their budget at some weights, M lines, and their derivative J = diag(a) + U V'.

    Where `diagonal` is None there is none; M = N where there is one.
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


def step(gaps: Gaps, w: Array, limits: Limits, damping: float) -> Array | None:
    """Weights v within the limits of least |gaps + J (v - w)|^2 / 2 + damping |v - w|^2 / 2; None where none are found.

    Neither J nor J'J is formed: V'v are variables, and so are the gaps that are left, one a line.
    """
    size = np.linalg.norm(gaps.right, axis=0)
    size[size == 0.0] = 1.0
    own = np.full(len(w), damping)
    form = conic_form(Program(own, (gaps.right / size).T, damping * w, np.zeros(len(w)), limits))
    form = _with_gaps(form, gaps, gaps.left * size, w)
    found = solve(form.curvature, form.slope, form.blocks, _TIGHT)
    return found.x[: len(w)] if found.status == "solved" else None


def _with_gaps(form: Conic, gaps: Gaps, left: Array, w: Array) -> Conic:
    """J v - e = J w - gaps, and |e|^2 / 2 in place of the variance."""
    count, (lines, rank), width = len(w), left.shape, form.columns.count
    own = np.zeros(0) if gaps.diagonal is None else gaps.diagonal
    diagonal = sparse.csr_array((own, (np.arange(len(own)), np.arange(len(own)))), shape=(lines, count))
    others = sparse.csr_array((lines, width - count - rank))
    rows = sparse.hstack([diagonal, sparse.csr_array(left), others, -sparse.eye_array(lines)], format="csr")
    blocks = [
        replace(one, rows=sparse.hstack([one.rows, sparse.csr_array((one.rows.shape[0], lines))], format="csr"))
        for one in form.blocks
    ]
    curvature = np.concatenate([form.curvature, np.ones(lines)])
    curvature[count : count + rank] = 0.0
    slope = np.concatenate([form.slope, np.zeros(lines)])
    blocks.insert(0, Block("", EQUAL, rows, gaps.moved(w) - gaps.values))
    return Conic(curvature, slope, blocks, form.columns)
