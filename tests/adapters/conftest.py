import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator


@pytest.fixture(scope="session")
def stocks(shared) -> tuple[pd.DataFrame, pd.DataFrame]:
    """505 stocks, 29 of them listed late, and six factors, 2013 to 2018."""
    prices = pd.read_parquet(shared / "sp500_close_2013_2018.parquet").astype(np.float64)
    returns = prices.pct_change(fill_method=None).iloc[1:]
    factors = pd.read_parquet(shared / "ff5_mom_daily.parquet").loc[returns.index]
    return returns.sub(factors.pop("RF"), axis=0), factors


@pytest.fixture
def full(returns, factors) -> pd.DataFrame:
    """Eight assets without missing returns."""
    rng = np.random.default_rng(5)
    loadings = rng.normal(1.0, 0.4, (2, 8))
    values = factors.to_numpy() @ loadings + rng.normal(0.0004, 0.01, (len(factors), 8)) * rng.uniform(0.5, 2, 8)
    return pd.DataFrame(values, index=factors.index, columns=[f"B{i}" for i in range(8)])


class TwoBlocks(BaseEstimator):
    """Residual structure for tests: two residual factors with given loadings."""

    def fit(self, residuals, tune_until=None):
        size = residuals.shape[1]
        first = np.where(np.arange(size) % 2 == 0, 0.5, 0.0)
        second = np.where(np.arange(size) % 2 == 1, -0.4, 0.0)
        self.loadings_ = pd.DataFrame({"even": first, "odd": second}, index=residuals.columns)
        return self

    def partial_fit(self, residuals):
        return self


@pytest.fixture
def two_blocks() -> TwoBlocks:
    return TwoBlocks()
