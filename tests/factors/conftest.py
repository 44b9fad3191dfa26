import numpy as np
import pandas as pd
import pytest

DATES = 260


@pytest.fixture
def factors() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    dates = pd.bdate_range("2010-01-04", periods=DATES, name="date")
    return pd.DataFrame(rng.normal(0, 0.01, (DATES, 2)), index=dates, columns=["market", "size"])


@pytest.fixture
def returns(factors) -> pd.DataFrame:
    """Gaps everywhere, a late listing, an asset that leaves, one never observed, one observed too little."""
    rng = np.random.default_rng(12)
    loadings = rng.normal(1.0, 0.3, (2, 40))
    values = factors.to_numpy() @ loadings + rng.normal(0, 0.01, (DATES, 40))
    values[rng.random(values.shape) < 0.05] = np.nan
    values[:150, 1] = np.nan
    values[120:, 2] = np.nan
    values[:, 3] = np.nan
    values[2:, 4] = np.nan
    return pd.DataFrame(values, index=factors.index, columns=[f"A{i}" for i in range(40)])
