"""Divides the capital among baskets: equally, by inverse risk, or by a risk budget, from past returns alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Kind, Number, OneOf, Whole
from statefolio.portfolio.budgets.risk_budget import RiskBudget
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

RULES = {
    "by": OneOf("equal", "inverse_risk") | Kind(RiskBudget, "a RiskBudget", "RiskBudget()"),
    "window": Whole(at_least=20, example=126),
    "gross": Number(above=0.0, example=1.0),
}
SHRINKAGE = 0.1
"""Share of the sample covariance that a risk budget replaces by its diagonal, so that it can be inverted."""


@dataclass(frozen=True, eq=False)
class Capital:
    """How the capital is divided; `shares` sums to the gross weight where a basket can be held, else to 0."""

    by: "str | RiskBudget"
    window: int
    gross: float

    def shares(self, past: Array, names: Sequence[str]) -> Array:
        """Return shares of the capital (n,) from returns of whole units (T, n) up to the date of the decision.

        A basket whose unit has not moved on half of the last `window` dates gets nothing.
        """
        last = past[-self.window :]
        known = (last != 0.0).sum(axis=0) >= max(2, min(self.window, len(past)) // 2)
        found = np.zeros(past.shape[1])
        if not known.any():
            return found
        if self.by == "equal":
            found[known] = 1.0
        elif isinstance(self.by, str):
            found[known] = 1.0 / last[:, known].std(axis=0, ddof=1)
        else:
            kept = [name for name, there in zip(names, known, strict=True) if there]
            found[known] = _by_budget(self.by, last[:, known], kept)
        shares: Array = self.gross * found / found.sum()
        return shares


def _by_budget(budget: RiskBudget, returns: Array, names: list[str]) -> Array:
    """Return the long positions in whole units whose contributions to the risk are those of the budget."""
    sample = np.atleast_2d(np.cov(returns, rowvar=False))
    count = len(names)
    covariance = LowRankCovariance(np.eye(count), (1.0 - SHRINKAGE) * sample, SHRINKAGE * np.diag(sample))
    problem = Problem(
        pd.Index(names), covariance, pd.Index([]), np.zeros(count), Constraints(), np.zeros(count), holding_period=1.0
    )
    return np.abs(np.asarray(budget.solve(problem).weights, dtype=np.float64))
