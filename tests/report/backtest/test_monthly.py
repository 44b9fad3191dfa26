import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.report.backtest.monthly import monthly_figure, monthly_returns


def test_months_compound_and_years_compound_them():
    returns = pd.Series(
        [0.1, 0.1, -0.5, np.nan, 0.02],
        pd.to_datetime(["2020-01-30", "2020-01-31", "2020-02-03", "2020-03-02", "2021-12-31"]),
    )
    table = monthly_returns(returns)
    assert table.loc[2020, "Jan"] == pytest.approx(0.21)
    assert table.loc[2020, "Feb"] == pytest.approx(-0.5)
    assert np.isnan(table.loc[2020, "Mar"])
    assert table.loc[2020, "year"] == pytest.approx(1.21 * 0.5 - 1)
    assert table.loc[2021, "year"] == pytest.approx(0.02) == table.loc[2021, "Dec"]


def test_cells_are_percentages(long_only):
    table = 100 * monthly_returns(long_only.returns)
    months, years = monthly_figure(long_only.returns).data
    np.testing.assert_allclose(months.z, table.iloc[:, :12], rtol=1e-5)
    np.testing.assert_allclose(np.ravel(years.z), table["year"], rtol=1e-5)
    assert months.text[0][0] == f"{table.iloc[0, 0]:z.1f}".replace("-", "\u2212")
    value = long_only.value
    assert (1 + table["year"] / 100).prod() == pytest.approx(value.iloc[-1] / value.iloc[0])


def test_no_minus_zero_and_no_return():
    small = pd.Series([-0.0001], pd.to_datetime(["2020-01-02"]))
    assert monthly_figure(small).data[0].text[0][:2] == ["0.0", ""]
    large = pd.Series([0.2, -0.3], pd.DatetimeIndex(["2020-01-31", "2020-02-28"]))
    assert monthly_figure(large).data[0].text[0][:2] == ["20", "\u221230"]
    with pytest.raises(InputError, match="returns must have at least one value"):
        monthly_figure(small * np.nan)
