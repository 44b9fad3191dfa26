"""A simulated basket with gaps, and prices of exchange-traded funds if the shared data are present."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from baskets import simulate


@pytest.fixture
def prices() -> pd.DataFrame:
    """A cointegrated basket with gaps, also on its first and its last date."""
    table = simulate(3)
    table.iloc[[0, 57, 58, 200, 399], [0, 1, 2, 0, 1]] = np.nan
    return table


@pytest.fixture(scope="session")
def etfs(shared: Path) -> pd.DataFrame:
    """Closing prices of sixty-seven exchange-traded funds, 2006 to 2012."""
    return pd.read_parquet(shared / "chan_etf_close_2006_2012.parquet")
