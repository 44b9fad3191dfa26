"""The weights within limits whose risk contributions are nearest to a budget, where none has them exactly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import sparse

from statefolio._arrays import Array
from statefolio.factors.risk.low_rank import LowRankCovariance
from statefolio.portfolio.budgets.feasible import Cones, cones_of, minimise
from statefolio.portfolio.optimisation.limits import Limits

_ITERATIONS = 200
_START_DAMPING = 1e-3
_LEAST_DAMPING = 1e-10
_MOST_DAMPING = 1e6
_STEP = 1e-9
_SMALL = 1e-9
_NOTHING = 1e-18
_SLOW = 3
_MANY = 500


@dataclass(frozen=True, eq=False)
class Gaps:
    """Contributions less their budget at some weights, M lines, and their derivative diag(a) + U V'.

    Where `diagonal` is None there is none; M = N where there is one.
    """

    values: Array  # (M,)
    diagonal: Array | None  # (N,)
    left: Array  # (M, R)
    right: Array  # (N, R)

    @property
    def square(self) -> float:
        """Sum of squared gaps."""
        return float(self.values @ self.values)


class Nearest(NamedTuple):
    """The weights found; None where the limits leave none, with the limits without which there would be some."""

    weights: Array | None
    converged: bool
    at_fault: list[str]


def nearest(gaps: Callable[[Array], Gaps], limits: Limits, candidates: list[Array], risk: LowRankCovariance) -> Nearest:
    """Minimise the sum of squared gaps within limits, from portfolios near those that would have none.

    The sum is not convex; what is found is the lowest of a few minima: from the portfolio within the limits with the
    least tracking error to each candidate, from the one with the closest weights to the first, and from equal weights.
    (Of more than 500 assets, from the first two.) Each step is that of Levenberg and Marquardt within the limits: gaps
    made linear, moves damped, a convex quadratic program solved.

    References
    ----------
    Feng and Palomar (2015), SCRIP: Successive Convex Optimization Methods for Risk Parity Portfolio Design;
    Richard and Roncalli (2019), Constrained Risk Budgeting Portfolios, on why no portfolio need be exact.
    """
    cones, first = cones_of(limits), candidates[0]
    close = _project(cones, first)
    if close is None:
        return Nearest(None, False, _at_fault(limits, first))
    starts = [_track(cones, first, risk), close]
    if len(first) <= _MANY:
        starts += [_track(cones, other, risk) for other in candidates[1:]]
        starts.append(_project(cones, np.full(len(first), np.abs(first).mean())))
    ends = []
    for w in starts:
        if w is None:
            continue
        settled, reached = _descend(gaps, cones, w)
        ends.append((gaps(reached).square, settled, reached))
        if ends[-1][0] <= _NOTHING:
            break
    _, settled, best = min(ends, key=lambda end: end[0])
    return Nearest(best, settled, [])


def _descend(gaps: Callable[[Array], Gaps], cones: Cones, w: Array) -> tuple[bool, Array]:
    """Go down from w; whether the search settled, and where."""
    found, damping, slow = gaps(w), _START_DAMPING, 0
    for _ in range(_ITERATIONS):
        move = _move(cones, w, found, damping)
        if move is None:
            damping *= 10.0
            continue
        tried = gaps(w + move)
        if np.abs(move).max() < _STEP or damping > _MOST_DAMPING:
            return True, w
        if not tried.square < found.square:
            damping *= 10.0
            continue
        slow = slow + 1 if found.square - tried.square < _SMALL * found.square else 0
        w, found, damping = w + move, tried, max(damping * 0.3, _LEAST_DAMPING)
        if found.square <= _NOTHING or slow == _SLOW:
            return True, w
    return False, w


def _move(cones: Cones, w: Array, found: Gaps, damping: float) -> Array | None:
    """Minimise |gaps + J move|^2 / 2 + damping |move|^2 / 2; the variables are the move and z = V'move."""
    count, rank = len(w), found.left.shape[1]
    own = np.full(count, damping)
    along = np.zeros(count)
    crossed = sparse.csc_matrix((count, rank))
    if found.diagonal is not None:
        own = own + found.diagonal**2
        along = found.diagonal * found.values
        crossed = sparse.csc_matrix(found.diagonal[:, None] * found.left)
    square = sparse.csc_matrix(np.triu(found.left.T @ found.left))
    quadratic = sparse.bmat([[sparse.diags(own), crossed], [None, square]], format="csc")
    linear = np.concatenate([along, found.left.T @ found.values])
    moved = minimise(cones.from_weights(w), quadratic, linear, found.right)
    return None if moved is None else moved[:count]


def _project(cones: Cones, start: Array) -> Array | None:
    """The weights within the limits that are nearest to `start`."""
    found = minimise(cones, sparse.identity(len(start), format="csc"), -start, None)
    return None if found is None else found[: len(start)]


def _track(cones: Cones, start: Array, risk: LowRankCovariance) -> Array | None:
    """The weights within the limits with the least tracking error to `start`, in units of the largest variance."""
    scale = float(risk.asset_variance.max())
    root, own = risk.loadings @ risk.factor_root / np.sqrt(scale), risk.diagonal / scale
    quadratic = sparse.block_diag([sparse.diags(own), sparse.identity(root.shape[1])], format="csc")
    found = minimise(cones, quadratic, -np.concatenate([own * start, start @ root]), root)
    return None if found is None else found[: len(start)]


def _at_fault(limits: Limits, start: Array) -> list[str]:
    """Limits each of which, left out alone, would leave a portfolio."""
    free = {name: replace(limits, rows=tuple(r for r in limits.rows if r.name != name)) for name in _names(limits.rows)}
    free |= {
        name: replace(limits, cones=tuple(c for c in limits.cones if c.name != name)) for name in _names(limits.cones)
    }
    unbounded = np.full(len(start), np.inf)
    free["lower"] = replace(limits, lower=-unbounded)
    free["upper"] = replace(limits, upper=unbounded)
    free["gross"] = replace(limits, gross=np.inf)
    free["turnover"] = replace(limits, turnover=np.inf)
    return [name for name, less in free.items() if _project(cones_of(less), start) is not None]


def _names(rows: tuple[object, ...]) -> list[str]:
    return [str(getattr(row, "name")) for row in rows]  # noqa: B009 - rows and cones alike
