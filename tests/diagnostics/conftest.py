import numpy as np
import pandas as pd
import pytest

SECTORS = ("tech", "oil", "food")


@pytest.fixture(scope="session")
def stocks(shared) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Eighty US stocks of 2013 to 2018 with late listings, three factors, and sectors."""
    prices = pd.read_parquet(shared / "sp500_close_2013_2018.parquet").astype(float)
    sectors = pd.read_csv(shared / "sp500_sector_map.csv", index_col=0).iloc[:, 0]
    late = prices.columns[prices.iloc[0].isna()][:10]
    chosen = prices[[*prices.columns[prices.notna().all()][::6][:70], *late]]
    table = pd.read_parquet(shared / "ff5_mom_daily.parquet")
    returns = chosen.pct_change(fill_method=None).iloc[1:]
    returns = returns.sub(table.loc[returns.index, "RF"], axis=0)
    return returns, table.loc[returns.index, ["Mkt-RF", "SMB", "HML"]], sectors


@pytest.fixture(scope="session")
def sectored() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Thirty assets of three sectors, one of which has a hidden factor; gaps and a late listing."""
    rng = np.random.default_rng(21)
    dates = pd.bdate_range("2012-01-02", periods=400, name="date")
    names = [f"A{i:02d}" for i in range(30)]
    sectors = {name: SECTORS[i % 3] for i, name in enumerate(names)}
    factors = pd.DataFrame(rng.normal(0, 0.01, (400, 2)), dates, ["market", "size"])
    hidden = rng.normal(0, 0.006, (400, 1)) * np.array([sectors[name] == "oil" for name in names])
    values = factors.to_numpy() @ rng.normal(1.0, 0.4, (2, 30)) + rng.standard_t(5, (400, 30)) * 0.006 + hidden
    values[rng.random(values.shape) < 0.03] = np.nan
    values[:150, 4] = np.nan
    return pd.DataFrame(values, dates, names), factors, sectors
