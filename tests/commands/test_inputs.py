from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from statefolio.commands.inputs import demo_panel, read_panel
from statefolio.commands.shared_options import PanelFiles
from statefolio.exceptions import InputError, UnknownNameError


def panel(files, **options):
    return PanelFiles(returns=files[0], factors=[files[1]], **options)


def test_the_risk_free_rate_is_subtracted_and_is_not_a_factor(files, tables):
    returns, factors = tables
    read = read_panel(panel(files, risk_free="rf"))
    assert list(read.factors.columns) == ["market", "value"]
    np.testing.assert_allclose(read.returns, returns.sub(factors["rf"], axis=0), atol=1e-15)
    assert read.facts["assets"] == 6
    assert str(read.facts["missing returns"]).endswith("%)")


def test_prices_become_returns(files, tables, tmp_path):
    returns, _ = tables
    prices = 100 * (1 + returns.fillna(0.0)).cumprod()
    prices.to_csv(tmp_path / "prices.csv")
    read = read_panel(panel((tmp_path / "prices.csv", files[1]), prices=True))
    np.testing.assert_allclose(read.returns, returns.fillna(0.0).iloc[1:], atol=1e-12)


def test_dates_are_cut(files):
    read = read_panel(panel(files, first=datetime(2018, 3, 1), last=datetime(2019, 3, 1)))
    assert (read.returns.index[0], read.returns.index[-1]) == (
        pd.Timestamp("2018-03-01"),
        pd.Timestamp("2019-03-01"),
    )
    with pytest.raises(InputError, match="--from 2030-01-01 must leave dates"):
        read_panel(panel(files, first=datetime(2030, 1, 1)))


def test_suspicious_cells_are_found_and_kept(files, tables):
    returns, _ = tables
    changed = returns.copy()
    changed.iloc[300, 2], changed.iloc[301, 2] = 1.0, -0.5
    changed.to_csv(files[0])
    read = read_panel(panel(files))
    assert list(read.suspicious["asset"]) == ["s2"]
    assert read.returns.iloc[300, 2] == 1.0


def test_an_unknown_risk_free_column_is_named_with_the_known_ones(files):
    with pytest.raises(UnknownNameError, match=r"--risk-free must be a column of .*'market', 'value', 'rf', got 'RF'"):
        read_panel(panel(files, risk_free="RF"))


def test_the_bundled_data_describe_themselves():
    demo = demo_panel()
    assert demo.returns.shape == (2263, 20)
    assert demo.facts["assets"] == 20


@pytest.mark.parametrize("times", [252.0, 100.0])
def test_a_yearly_or_percent_risk_free_rate_is_refused(files, tables, times):
    _, factors = tables
    factors.assign(rf=0.0002 * times).to_csv(files[1])
    with pytest.raises(InputError, match="--risk-free must be the return of cash on one date in decimals"):
        read_panel(panel(files, risk_free="rf"))


@pytest.mark.parametrize("prices", [False, True])
def test_weekly_factors_with_daily_returns_are_refused(files, tables, tmp_path, prices):
    returns, factors = tables
    ((1.0 + factors).resample("W-FRI").prod() - 1.0).to_csv(tmp_path / "weekly.csv")
    table = 100 * (1 + returns.fillna(0.0)).cumprod() if prices else returns
    table.to_csv(tmp_path / "table.csv")
    with pytest.raises(InputError, match=r"same frequency, got daily returns .* and weekly factors"):
        read_panel(panel((tmp_path / "table.csv", tmp_path / "weekly.csv"), prices=prices))
