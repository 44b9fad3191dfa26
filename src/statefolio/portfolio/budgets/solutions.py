"""Turns the weights found for a risk budget into a `Solution`: contributions, budget, and the gap in words."""

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.portfolio.budgets.nearest import Nearest
from statefolio.portfolio.problem import Solution

EXACT = 1e-6
NO_ASSET = "no asset can be held on this date"


def exact(weights: Array, contribution: Array, budget: Array, names: pd.Index, reason: str = "") -> Solution:
    """A solution that meets the budget to 1e-6; it is not converged, with a reason, if it does not."""
    worst = float(np.abs(contribution - budget).max())
    if worst > EXACT:
        reason = f"Newton's method stopped with contributions off by up to {worst:.2g}. {reason}".strip()
    return Solution(weights, worst <= EXACT, reason, _details(contribution, budget, names))


def nearest_found(
    found: Nearest, contribution: Array, budget: Array, names: pd.Index, violated: list[str], why: str = ""
) -> Solution:
    """A solution with the nearest weights, whose reason describes the gap; without a reason if there is no gap."""
    if found.weights is None:
        return failed(len(contribution), found.reason)
    gap = contribution - budget
    details = _details(contribution, budget, names)
    worst = int(np.argmax(np.abs(gap)))
    if abs(gap[worst]) <= EXACT:
        return Solution(found.weights, True, "", details)
    because = why or f"as the weights with the exact budget violate {listed(violated)}"
    reason = (
        f"the weights nearest to the budget were taken, {because}: gap {np.sqrt(np.mean(gap**2)):.2g} (root mean "
        f"square), {gap[worst]:+.2g} at most ({names[worst]!r}, {contribution[worst]:.4g} against {budget[worst]:.4g})"
    )
    if not found.converged:
        reason += "; the search stopped before it converged"
    return Solution(found.weights, True, reason, details)


def failed(count: int, reason: str) -> Solution:
    """A solution without weights."""
    return Solution(np.full(count, np.nan), False, reason)


def _details(contribution: Array, budget: Array, names: pd.Index) -> "dict[str, pd.Series[float]]":
    return {
        "risk_contribution": pd.Series(contribution, index=names, name="risk_contribution"),
        "risk_budget": pd.Series(budget, index=names, name="risk_budget"),
    }
