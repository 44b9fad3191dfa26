"""Simulated baskets."""

import numpy as np
import pandas as pd


def simulate(seed: int, dates: int = 400, a: float = 0.9, moving: float = 1e-4, noise: float = 0.05) -> pd.DataFrame:
    """Three prices, the first of which is 5 + spread + ratios times the others; with |a| < 1 the spread reverts."""
    draw = np.random.default_rng(seed)
    others = 30.0 + np.cumsum(draw.normal(scale=0.4, size=(dates, 2)), axis=0)
    ratios = np.array([0.8, 0.4]) + np.cumsum(draw.normal(scale=moving, size=(dates, 2)), axis=0)
    spread = np.zeros(dates)
    for t in range(1, dates):
        spread[t] = a * spread[t - 1] + draw.normal(scale=0.3)
    first = 5.0 + spread + (ratios * others).sum(axis=1) + draw.normal(scale=noise, size=dates)
    index = pd.bdate_range("2010-01-04", periods=dates)
    return pd.DataFrame(np.column_stack([first, others]), index=index, columns=["ONE", "TWO", "SIX"])


def walks(seed: int, dates: int = 300) -> pd.DataFrame:
    """Three independent random walks."""
    draw = np.random.default_rng([7, seed])
    values = 50.0 + np.cumsum(draw.normal(scale=0.5, size=(dates, 3)), axis=0)
    return pd.DataFrame(values, pd.bdate_range("2010-01-04", periods=dates), ["ONE", "TWO", "SIX"])
