"""Limits on weights in the form that the solver Clarabel takes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from statefolio._arrays import Array
from statefolio.portfolio.optimisation.limits import Limits, Row

_TIGHT = 1e-11


@dataclass(frozen=True, eq=False)
class Cones:
    """b - A x in a product of cones; x holds the weights, then what absolute values need."""

    matrix: Any  # sparse (rows, variables)
    bound: Array
    equal: int  # rows that must be zero: they come first
    positive: int  # rows that must not be negative: they follow
    second_order: tuple[int, ...]
    assets: int

    def from_weights(self, w: Array) -> "Cones":
        """The same limits on the change from w."""
        return replace(self, bound=self.bound - self.matrix[:, : self.assets] @ w)


def cones_of(limits: Limits) -> Cones:
    """Translate limits; an absolute sum takes a variable an asset unless no weight may be negative."""
    count = len(limits.lower)
    rows, sums = list(limits.rows), []
    if np.isfinite(limits.gross):
        if (limits.lower >= 0.0).all():
            rows.append(Row("gross", np.ones(count), -np.inf, limits.gross))
        else:
            sums.append((np.zeros(count), limits.gross))
    if np.isfinite(limits.turnover):
        sums.append((limits.previous, limits.turnover))
    width = count * (1 + len(sums))
    eye = sparse.identity(count, format="csc")
    coefficients = np.stack([row.coefficients for row in rows]) if rows else np.zeros((0, count))
    least = np.concatenate([limits.lower, [row.least for row in rows]])
    most = np.concatenate([limits.upper, [row.most for row in rows]])
    linear = _widen(sparse.vstack([eye, sparse.csc_matrix(coefficients)], format="csr"), width)
    same = least == most
    low, high = np.isfinite(least) & ~same, np.isfinite(most) & ~same
    parts = [linear[same], linear[high], -linear[low]]
    bounds = [most[same], most[high], -least[low]]
    for place, (centre, limit) in enumerate(sums, start=1):
        part, bound = _absolute_sum(centre, limit, place, width)
        parts.append(part)
        bounds.append(bound)
    positive = sum(part.shape[0] for part in parts[1:])
    orders = []
    for cone in limits.cones:
        error = sparse.diags(-cone.z * cone.deviation)
        for sign, end in ((1.0, cone.most), (-1.0, -cone.least)):
            if np.isfinite(end):
                parts.append(_widen(sparse.vstack([sign * cone.coefficients[None, :], error], format="csr"), width))
                bounds.append(np.concatenate([[end], np.zeros(count)]))
                orders.append(count + 1)
    matrix = sparse.vstack(parts, format="csc")
    return Cones(matrix, np.concatenate(bounds), int(same.sum()), positive, tuple(orders), count)


def minimise(cones: Cones, quadratic: Any, linear: Array, along: Array | None) -> Array | None:
    """Minimise y'P y / 2 + q'y over y = (weights, z), z = V'weights; None where nothing is within the limits.

    Parameters
    ----------
    cones : Cones
    quadratic : sparse (N + R, N + R)
        P, its upper triangle.
    linear : (N + R,) array
        q.
    along : (N, R) array, optional
        V.
    """
    import clarabel  # takes a moment to load

    rank = 0 if along is None else along.shape[1]
    count, between = cones.assets, cones.matrix.shape[1] - cones.assets
    order = [*range(count), *range(count + between, count + between + rank), *range(count, count + between)]
    P = sparse.block_diag([quadratic, sparse.csc_matrix((between, between))], format="csc")
    q = np.concatenate([linear, np.zeros(between)])
    matrix = sparse.hstack([cones.matrix, sparse.csc_matrix((cones.matrix.shape[0], rank))], format="csc")[:, order]
    bound = cones.bound
    if along is not None:
        link = sparse.hstack([sparse.csc_matrix(along.T), -sparse.identity(rank), sparse.csc_matrix((rank, between))])
        matrix = sparse.vstack([link, matrix], format="csc")
        bound = np.concatenate([np.zeros(rank), bound])
    kinds = [clarabel.ZeroConeT(cones.equal + rank), clarabel.NonnegativeConeT(cones.positive)]
    kinds += [clarabel.SecondOrderConeT(size) for size in cones.second_order]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = _TIGHT
    solution = clarabel.DefaultSolver(sparse.csc_matrix(P), q, matrix, bound, kinds, settings).solve()
    if str(solution.status) not in {"Solved", "AlmostSolved"}:
        return None
    return np.array(solution.x)[: count + rank]


def _absolute_sum(centre: Array, limit: float, place: int, width: int) -> tuple[Any, Array]:
    """Rows for sum |w - centre| <= limit: the variables at `place` are at least w - centre and centre - w."""
    count = len(centre)
    eye = sparse.identity(count, format="csr")
    own = _widen(eye, width)
    size = sparse.hstack([sparse.csr_matrix((count, count * place)), eye], format="csr")
    size = _widen(size, width)
    total = sparse.csr_matrix(np.asarray(size.sum(axis=0)))
    bound = np.concatenate([centre, -centre, [limit]])
    return sparse.vstack([own - size, -own - size, total], format="csr"), bound


def _widen(matrix: Any, width: int) -> Any:
    """Columns of zeros up to `width`."""
    rows, columns = matrix.shape
    return sparse.hstack([matrix, sparse.csr_matrix((rows, width - columns))], format="csr")
