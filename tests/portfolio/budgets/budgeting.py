"""Problems with risk budgets, and the definitions that check their solutions."""

import numpy as np
import pandas as pd

from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

CORRELATIONS = {(0, 1): -0.2, (0, 2): 0.6, (0, 3): 0.3, (1, 2): 0.1, (1, 3): -0.1, (2, 3): 0.2}


def low_rank(sigma):
    """A dense covariance as a low rank and a diagonal."""
    least = 0.5 * np.linalg.eigvalsh(sigma)[0]
    count = len(sigma)
    return LowRankCovariance(np.eye(count), sigma - least * np.eye(count), np.full(count, least))


def problem_of(covariance, factors=0, **constraints):
    count = len(covariance)
    return Problem(
        assets=pd.Index([f"a{i}" for i in range(count)]),
        covariance=covariance,
        factors=pd.Index([f"f{k}" for k in range(factors)]),
        previous=np.zeros(count),
        constraints=Constraints(**constraints),
        trade_cost=np.zeros(count),
    )


def simulated(assets=12, factors=3, residual=0, seed=0, **constraints):
    """A factor model whose first factor is the market; `residual` factors of unit variance follow."""
    rng = np.random.default_rng(seed)
    B = rng.normal(0.2, 0.5, (assets, factors + residual))
    B[:, 0] += 1.0
    B[:, factors:] *= 0.004
    root = rng.normal(0.0, 0.004, (factors, factors))
    omega = np.eye(factors + residual)
    omega[:factors, :factors] = root @ root.T + 2e-5 * np.eye(factors)
    omega[0, 0] += 1e-4
    covariance = LowRankCovariance(B, omega, rng.uniform(5e-5, 4e-4, assets))
    return problem_of(covariance, factors, **constraints)


def textbook_covariance():
    """The four assets of the textbook's risk budget."""
    volatility = np.array([0.20, 0.05, 0.15, 0.25]) / np.sqrt(252)
    correlation = np.eye(4)
    for (i, j), value in CORRELATIONS.items():
        correlation[i, j] = correlation[j, i] = value
    return np.outer(volatility, volatility) * correlation


def contributions(sigma, w):
    """The definition."""
    return w * (sigma @ w) / (w @ sigma @ w)
