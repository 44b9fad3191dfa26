"""Simulated and real panels with gaps, late listings and unobserved assets."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # textbook.py and peer.py


@dataclass(frozen=True)
class Made:
    """A simulated panel."""

    X: np.ndarray  # (T, K)
    Y: np.ndarray  # (T, N) with gaps
    common: np.ndarray  # (T,)
    state_variance: np.ndarray  # (K, N)
    level: np.ndarray  # (N,)
    phi: np.ndarray
    mean: np.ndarray


NEVER, ONCE, LATE, GAPPED_START = 3, 5, 7, 9
"""Assets never observed, observed once, listed late, with gaps in their first dates."""


def make_panel(states, dates=160, assets=70, seed=0) -> Made:
    """Loadings that wander, noise of two scales, one return in ten missing, late listings."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((dates, states))
    X[:, 0] = 1.0
    state_variance = 10.0 ** rng.uniform(-4, -2, (states, assets))
    state_variance[0, ::4] = 0.0
    level = 10.0 ** rng.uniform(-1, 1, assets)
    steps = rng.standard_normal((dates, states, assets)) * np.sqrt(state_variance * level)
    beta = rng.normal(0.5, 1, (states, assets)) + np.cumsum(steps, axis=0)
    noise = rng.standard_t(5, (dates, assets)) * np.sqrt(0.6 * level)
    Y = np.einsum("tk,tkn->tn", X, beta) + noise
    Y[rng.random(Y.shape) < 0.1] = np.nan
    Y[:, NEVER] = np.nan
    Y[: dates // 2, LATE] = np.nan
    Y[:, ONCE] = np.nan
    Y[dates // 3, ONCE] = 1.0
    Y[[0, 2, 3, 5], GAPPED_START] = np.nan
    Y[:1, 40:50] = np.nan
    phi = rng.uniform(0.8, 0.99, (states, assets))
    common = np.exp(0.5 * np.sin(np.arange(dates) / 9.0))
    return Made(X, Y, common, state_variance, level, phi, rng.normal(0.5, 0.5, (states, assets)))


@pytest.fixture(scope="session")
def made():
    """A function that makes a panel."""
    return make_panel


@dataclass(frozen=True)
class Stocks:
    """Ten US stocks on three factors, in percent."""

    X: np.ndarray  # (T, 4) constant first
    Y: np.ndarray  # (T, 10)
    names: list[str]


@pytest.fixture(scope="session")
def stocks(shared) -> Stocks:
    """Excess returns of 2013 to 2018: four late listings, two with gaps of their own, one with more made."""
    names = ["AAPL", "XOM", "JPM", "JNJ", "DHR", "ES", "HPQ", "WLTW", "HLT", "FTV"]
    prices = pd.read_parquet(shared / "sp500_close_2013_2018.parquet")[names]
    table = pd.read_parquet(shared / "ff3_mom_daily_1926.parquet")
    returns = prices.pct_change(fill_method=None).iloc[1:]
    factors = table.loc[returns.index, ["Mkt-RF", "SMB", "HML"]]
    returns = 100.0 * returns.sub(table.loc[returns.index, "RF"], axis=0)
    Y = returns.to_numpy().copy()
    Y[[1, 2, 4, 200, 201, 202], 0] = np.nan
    return Stocks(np.column_stack([np.ones(len(Y)), 100.0 * factors.to_numpy()]), Y, names)
