"""Chooses the size of a portfolio within limits; scaling all weights leaves risk contributions unchanged."""

import numpy as np

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.limits import Limits

TOLERANCE = 1e-9
_HALVINGS = 60


def scale_within(weights: Array, limits: Limits) -> tuple[float, list[str]]:
    """Find c > 0 with c w within the limits.

    A fixed net weight determines c. Otherwise the gross weight comes as close as possible to its limit, or to one
    without a limit. If only c = 0 satisfies a limit, c violates it.

    Returns
    -------
    c : float
        0 if no positive one has the net weight, or all weights are 0.
    violated : list of str
        The limits that c w violates.
    """
    least, most = _largest_interval(weights, limits)
    size = float(np.abs(weights).sum())
    if size == 0.0:
        return 0.0, []
    wanted = (limits.gross if 0.0 < limits.gross < np.inf else 1.0) / size
    for row in limits.rows:
        if row.name == "net" and row.least == row.most:
            total = float(row.coefficients @ weights)
            if not row.most * total > TOLERANCE * size * abs(row.most):
                return 0.0, ["net"]
            wanted = row.most / total
            least, most = wanted, wanted
    c = float(np.clip(wanted, least, most)) if least <= most and most > TOLERANCE * wanted else wanted
    c = _towards_less_turnover(weights, limits, c, (least, most))
    return c, [name for name, miss in limits.violations(c * weights).items() if miss > TOLERANCE]


def _largest_interval(weights: Array, limits: Limits) -> tuple[float, float]:
    """All c that satisfy bounds, rows and cones; each is linear in c."""
    values, least, most = [weights], [limits.lower], [limits.upper]
    for row in limits.rows:
        values.append(np.array([row.coefficients @ weights]))
        least.append(np.array([row.least]))
        most.append(np.array([row.most]))
    for cone in limits.cones:
        value = cone.coefficients @ weights
        error = cone.z * float(np.linalg.norm(cone.deviation * weights))
        values.append(np.array([value - error, value + error]))
        least.append(np.array([cone.least, -np.inf]))
        most.append(np.array([np.inf, cone.most]))
    v, low, high = np.concatenate(values), np.concatenate(least), np.concatenate(most)
    v, low, high = v[v != 0.0], low[v != 0.0], high[v != 0.0]
    ends = np.sort(np.stack([low / v, high / v]), axis=0)
    gross = limits.gross / float(np.abs(weights).sum())
    return float(ends[0].max(initial=0.0)), float(min(ends[1].min(initial=np.inf), gross))


def _towards_less_turnover(weights: Array, limits: Limits, c: float, between: tuple[float, float]) -> float:
    """The c nearest to the preferred one that satisfies the turnover limit, if the interval has one."""

    def excess(size: float) -> float:
        return float(np.abs(size * weights - limits.previous).sum() - limits.turnover)

    if not between[0] < between[1] or excess(c) <= 0.0:
        return c
    held = weights != 0.0
    corners = np.clip(limits.previous[held] / weights[held], *between)
    inside = float(min(corners, key=excess))
    if excess(inside) > 0.0:
        return c
    outside = c
    for _ in range(_HALVINGS):
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if excess(middle) <= 0.0 else (inside, middle)
    return inside
