"""Baskets: simulated ones that are cointegrated and ones that are not, and real ones where the data are there."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from baskets import simulate


@pytest.fixture
def prices() -> pd.DataFrame:
    """A cointegrated basket with gaps, its first dates and its last one among them."""
    table = simulate(3)
    table.iloc[[0, 57, 58, 200, 399], [0, 1, 2, 0, 1]] = np.nan
    return table


@pytest.fixture(scope="session")
def etfs(shared: Path) -> pd.DataFrame:
    """Closes of sixty-seven exchange-traded funds, 2006 to 2012."""
    return pd.read_parquet(shared / "chan_etf_close_2006_2012.parquet")
