"""Finds and dates structural breaks of loadings, and estimates the loadings before and after.

    W = max over dates of  (RSS_0 - RSS_1) (n - 2K) / RSS_1        sup-Wald (Andrews 1993, Econometrica 61)

RSS_0 is the residual sum of squares of constant loadings, RSS_1 that of separate loadings before and after the date,
with at least `trim` of the observations on each side. The null distribution is simulated with the asset's regressors
(the fixed regressors of Hansen 2000, Journal of Econometrics 97). The parts on both sides of a significant break are
searched in turn (Bai 1997, Econometric Theory 13). The 95 % interval of a date k is k +- 11 / (d'Q d) + 1 (Bai 1997,
Review of Economics and Statistics 79), where d is the change and Q the mean of x x' / sigma^2 around it.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from statefolio._arrays.types import Array
from statefolio.diagnostics.change.drawn_scores import DrawnScores
from statefolio.diagnostics.change.walk_spectrum import exceedance

TRIM = 0.15
INTERVAL = 11.0


@dataclass(frozen=True)
class Break:
    """A block edge at which the loadings of one asset break."""

    first: int  # blocks [first, last) of the part that was searched
    last: int
    at: int  # first block after the break
    statistic: float
    p_value: float


def largest_break(scores: DrawnScores, first: int, last: int, trim: float = TRIM) -> Break | None:
    """Return the sup-Wald break of the blocks [first, last); None where they are too few."""
    S, states = scores.moments[first:last], scores.sums.shape[1]
    full = scores.full[first:last]
    blocks = np.count_nonzero(full)
    rows = blocks * states
    total = S.sum(axis=0)
    before = np.cumsum(full)
    least = max(trim * blocks, 2.0)
    at = np.flatnonzero((before >= least) & (before <= blocks - least) & (full > 0.0))
    if at.size == 0:
        return None
    A = np.cumsum(S, axis=0)[at]
    share = A @ np.linalg.inv(total)
    between = np.asarray(np.linalg.inv(_symmetric(np.asarray(A - share @ A))), dtype=np.float64)
    weight = np.asarray(np.linalg.cholesky(_symmetric(between)))

    def gains(so_far: Array) -> Array:
        u = so_far[at] - share @ so_far[-1]
        return np.asarray(((weight.swapaxes(1, 2) @ u) ** 2).sum(axis=1))

    def statistic(gain: Array, square: Array, whole: Array) -> Array:
        rest = square - np.einsum("kd,kd->d", whole, np.linalg.solve(total, whole))
        best = gain.max(axis=0)
        return np.asarray(best * (rows - 2 * states) / (rest - best))

    sums = np.cumsum(scores.sums[first:last, :, None], axis=0)
    gain = gains(sums)
    found = float(statistic(gain, scores.square[first:last].sum(), sums[-1])[0])
    drawn = scores.drawn_so_far[first:last]
    drawn = drawn - scores.drawn_so_far[first - 1] if first else drawn
    null = statistic(gains(drawn), scores.drawn_square[first:last].sum(axis=0), drawn[-1])
    after = first + int(at[np.argmax(gain[:, 0])]) + 1
    return Break(first, last, after, found, exceedance(null, found, 1.0, float(states)))


def all_breaks(scores: DrawnScores, found: Break, level: float, most: int) -> list[Break]:
    """Return the break and significant breaks of the parts around it, at most `most`, in the order of dates."""
    kept, parts = [found], [(found.first, found.at), (found.at, found.last)]
    while len(kept) < most and parts:
        candidates = [other for a, b in parts if (other := largest_break(scores, a, b)) and other.p_value <= level]
        if not candidates:
            break
        best = min(candidates, key=lambda other: (other.p_value, -other.statistic))
        kept.append(best)
        parts = [(c.first, c.last) for c in candidates if c is not best]
        parts += [(best.first, best.at), (best.at, best.last)]
    return sorted(kept, key=lambda other: other.at)


@dataclass(frozen=True, eq=False)
class Change:
    """Loadings before and after a break, and its date."""

    row: int  # first date after the break
    earliest: int  # 95 % interval
    latest: int
    before: Array  # (K,)
    after: Array
    before_error: Array
    after_error: Array


def estimate_changes(X: Array, y: Array, sigma: Array, places: list[int], slack: int) -> list[Change]:
    """Date breaks to the day, within `slack` dates of the rows `places`, and estimate the loadings between them."""
    h = np.where(np.isfinite(y) & np.isfinite(sigma), 1.0 / sigma**2, 0.0)
    Z, r = X * np.sqrt(h)[:, None], np.nan_to_num(y) * np.sqrt(h)
    edges = [0, *places, len(y)]
    refined = [
        _refine(Z, r, a, c, max(a + 1, b - slack), min(c, b + slack + 1))
        for a, b, c in zip(edges[:-2], edges[1:-1], edges[2:], strict=True)
    ]
    edges = [0, *refined, len(y)]
    parts = [_regression(Z[a:b], r[a:b]) for a, b in pairwise(edges)]
    found = []
    for row, (before, before_error), (after, after_error) in zip(refined, parts[:-1], parts[1:], strict=True):
        near = Z[max(row - slack, 0) : row + slack]
        strength = float(np.mean((near @ (after - before)) ** 2))
        half = min(int(INTERVAL / max(strength, 1e-12)) + 1, len(y))
        span = max(row - half, 0), min(row + half, len(y) - 1)
        found.append(Change(row, *span, before, after, before_error, after_error))
    return found


def _refine(Z: Array, r: Array, first: int, last: int, low: int, high: int) -> int:
    """Return the first row after the best-fitting break of rows [first, last), among rows [low, high)."""
    A, c = Z[first:low].T @ Z[first:low], Z[first:low].T @ r[first:low]
    B, d = Z[low:last].T @ Z[low:last], Z[low:last].T @ r[low:last]
    inner = Z[low : high - 1]
    steps = np.concatenate([np.zeros((1, *A.shape)), np.cumsum(inner[:, :, None] * inner[:, None, :], axis=0)])
    sums = np.concatenate([np.zeros((1, c.size)), np.cumsum(inner * r[low : high - 1, None], axis=0)])
    return low + int(np.argmax(_explained(A + steps, c + sums) + _explained(B - steps, d - sums)))


def _explained(A: Array, c: Array) -> Array:
    """c'A^-1 c for each matrix."""
    scale = np.sqrt(np.maximum(A.diagonal(axis1=1, axis2=2), 1e-300))
    inner = A / (scale[:, :, None] * scale[:, None, :]) + 1e-10 * np.eye(A.shape[1])
    u = (c / scale)[:, :, None]
    return np.asarray((u * np.linalg.solve(inner, u)).sum(axis=(1, 2)))


def _regression(Z: Array, r: Array) -> tuple[Array, Array]:
    """Coefficients and their heteroscedasticity-robust standard errors."""
    inverse = np.linalg.pinv(Z.T @ Z, hermitian=True)
    mean = inverse @ (Z.T @ r)
    scores = Z * (r - Z @ mean)[:, None]
    return mean, np.sqrt(np.maximum((inverse @ (scores.T @ scores) @ inverse).diagonal(), 0.0))


def _symmetric(A: Array) -> Array:
    return np.asarray(0.5 * (A + A.swapaxes(-1, -2)))
