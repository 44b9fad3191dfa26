"""A small panel with everything that couples assets or hides data: 70 assets, in a block of 64 and one of 6."""

import numpy as np
import pandas as pd
import pytest

BLOCK = 64


def panel(collinear=False):
    rng, dates, assets = np.random.default_rng(3), 90, 70
    index = pd.bdate_range("2015-01-01", periods=dates)
    factors = pd.DataFrame(0.01 * rng.standard_normal((dates, 2)), index, ["market", "size"])
    beta = 1.0 + 0.3 * rng.standard_normal((assets, 2)) + np.cumsum(0.02 * rng.standard_normal((dates, assets, 2)), 0)
    values = np.einsum("tk,tnk->tn", factors.to_numpy(), beta) + 0.02 * rng.standard_normal((dates, assets))
    values[rng.random(values.shape) < 0.03] = np.nan
    for i in range(0, assets, 9):
        values[: rng.integers(5, dates - 10), i] = np.nan  # listed late
    values[:, 4], values[3:, 65] = np.nan, np.nan  # never listed; three returns
    values[:, 11], values[30:75, 66] = 0.0, 0.0  # constant; stale
    values[20, 33], values[40, 67] = 5.0, 7.0  # one date alone
    values[:, 55] = 1.3 * factors["size"]  # a fund on a factor
    values[:, 68] = values[:, 2] * (1.0 + 1e-7)  # a twin in the other block
    if collinear:
        factors.iloc[:60, 1] = 2.0 * factors.iloc[:60, 0]
        values[70:, ::7] = np.nan
    return pd.DataFrame(values, index, [f"A{i:02d}" for i in range(assets)]), factors


@pytest.fixture(scope="session")
def data():
    return panel()


@pytest.fixture(scope="session")
def collinear():
    return panel(collinear=True)
