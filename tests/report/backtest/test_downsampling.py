import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from statefolio.report.backtest.downsampling import evenly_spaced, keep_extremes


@given(st.integers(1, 5000), st.integers(2, 400))
def test_positions_are_few_and_keep_the_last(n, most):
    kept = evenly_spaced(n, most)
    assert kept[-1] == n - 1
    assert len(kept) <= most
    assert (np.diff(kept) > 0).all()


@given(st.integers(0, 10_000), st.integers(2, 3000))
def test_extremes_are_kept(seed, n):
    values = pd.Series(np.random.default_rng(seed).standard_normal(n))
    values[values > 1.5] = np.nan
    kept = keep_extremes(values, 100)
    assert values.iloc[kept].min() == values.min() or values.isna().all()
    assert values.iloc[kept].max() == values.max() or values.isna().all()
    assert {0, n - 1} <= set(kept)
    assert len(kept) <= 104
    assert len(np.unique(kept)) == len(kept)


def test_stretches_without_values_remain_gaps():
    values = pd.Series(np.r_[np.ones(500), np.full(500, np.nan), np.ones(500)])
    assert values.iloc[keep_extremes(values, 60)].isna().sum() >= 5
