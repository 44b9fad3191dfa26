import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.exceptions import UnknownNameError

DATES = pd.bdate_range("2024-01-01", periods=42)


@pytest.fixture(scope="module")
def market():
    returns = pd.DataFrame({"late": 0.01, "gap": 0.0, "never": np.nan}, DATES)
    returns.iloc[:10, 0] = np.nan
    returns.iloc[5:9, 1] = np.nan
    return sf.Market(returns, delisted_after=60)


def test_the_table_has_the_dates_and_the_gaps_of_each_asset(market):
    table = market.to_frame()
    assert list(table.loc["late", ["first", "last", "returns", "missing"]]) == [DATES[10], DATES[-1], 32, 0.0]
    assert table.loc["gap", "missing"] == pytest.approx(4 / 42)
    assert table.loc["never", "returns"] == 0
    assert table.loc["never", ["first", "last", "missing"]].isna().all()
    assert repr(market) == "Market(42 dates, 2024-01-01 to 2024-02-27; 3 assets)"
    assert "Missing" in market._repr_html_()


def test_values_begin_with_an_assets_first_return(market):
    (line,) = market.plot_value(["late"]).data
    assert line.x[0] == str(DATES[10].date())
    assert line.y[-1] == pytest.approx(1.01**32, rel=1e-6)
    with pytest.raises(UnknownNameError, match=r"assets must be among the market's .*late.*, got \['no'\]"):
        market.plot_value(["no"])


def test_missing_returns_are_shares_of_months(market):
    map_ = market.plot_missing().data[0]
    shares = dict(zip(map_.y, np.asarray(map_.z), strict=True))
    assert shares["late"] == pytest.approx([100 * 10 / 23, 0.0])
    assert shares["never"] == pytest.approx([100.0, 100.0])
