"""A gate that lets only the past through, and a loop over decision dates."""

from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from statefolio.portfolio.policy import Decision, Holdings
from statefolio.portfolio.problem import Solution


@dataclass(frozen=True, eq=False)
class Known:
    """`History` cut out of whole frames."""

    date: pd.Timestamp
    returns: pd.DataFrame
    excess_returns: pd.DataFrame
    factors: pd.DataFrame | None
    cash_rate: pd.Series
    dollar_volumes: pd.DataFrame | None
    active: pd.Index
    others: object
    shared: dict


@dataclass
class Gate:
    """Cuts frames at a date; an asset is active from its first return until 21 dates without one."""

    returns: pd.DataFrame
    factors: pd.DataFrame | None = None
    cash_rate: float = 0.0
    dollar_volumes: pd.DataFrame | None = None
    shared: dict = field(default_factory=dict)

    def at(self, date):
        date = pd.Timestamp(date)
        cut = self.returns.loc[:date].copy()
        active = cut.columns[cut.iloc[-21:].notna().any().to_numpy()]
        rate = pd.Series(self.cash_rate, index=cut.index)
        factors, volumes = (None if f is None else f.loc[:date].copy() for f in (self.factors, self.dollar_volumes))
        others = MappingProxyType({})
        return Known(cut.index[-1], cut, cut.sub(rate, axis=0), factors, rate, volumes, active, others, self.shared)

    def until(self, date):
        cut = {
            name: None if getattr(self, name) is None else getattr(self, name).loc[:date]
            for name in ("returns", "factors", "dollar_volumes")
        }
        return replace(self, shared={}, **cut)


def nothing_held(history, value=1e6):
    return Holdings(history.date, pd.Series(0.0, index=history.returns.columns), value)


def walk_through(policies, gate, dates):
    """Decisions of policies by date, in lockstep; what was wanted is what is held at the next decision."""
    rows = {date: row for row, date in enumerate(gate.returns.index)}
    wanted = {name: [] for name in policies}
    held = {}
    for place, date in enumerate(dates):
        history = gate.at(date)
        for name, policy in policies.items():
            since = rows[date] - rows[dates[place - 1]] if place else 0
            weights = held.get(name, pd.Series(0.0, index=gate.returns.columns))
            decision = policy.decide(history, Holdings(history.date, weights, 1e6, since))
            if not isinstance(decision, Decision):
                decision = Decision(decision)
            if decision.weights is not None:
                held[name] = decision.weights.reindex(gate.returns.columns).fillna(0.0)
            wanted[name].append(decision)
    return wanted


class LeastVariance:
    """Minimum variance with the net weight alone: Sigma^-1 1 over its sum."""

    def __init__(self):
        self.problems = []

    def solve(self, problem):
        self.problems.append(problem)
        pull = problem.risk.solve(np.ones(len(problem.assets)))
        return Solution(pull / pull.sum())
