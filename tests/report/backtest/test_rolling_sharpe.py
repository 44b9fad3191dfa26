import numpy as np
import pandas as pd
import pytest
from scipy import stats

from statefolio.exceptions import InputError
from statefolio.report.backtest.rolling_sharpe import rolling_sharpe, rolling_sharpe_figure


def test_against_moments_computed_window_by_window(long_only):
    returns = long_only.returns
    table = rolling_sharpe(returns, 60)
    assert list(table.index) == list(returns.index[59:])
    for end in (59, 200, len(returns) - 1):
        seen = returns.iloc[end - 59 : end + 1]
        ratio = seen.mean() / seen.std()
        error = np.sqrt((1 - stats.skew(seen) * ratio + (stats.kurtosis(seen, fisher=False) - 1) / 4 * ratio**2) / 59)
        assert table["sharpe"].iloc[end - 59] == pytest.approx(ratio * np.sqrt(252), rel=1e-10)
        assert table["standard_error"].iloc[end - 59] == pytest.approx(error * np.sqrt(252), rel=1e-10)


def test_the_band_has_its_nominal_coverage():
    draws = np.random.default_rng(0).normal(0.0005, 0.01, (1000, 250))
    table = pd.concat([rolling_sharpe(pd.Series(window), 250) for window in draws])
    inside = (table["sharpe"] - 0.05 * np.sqrt(252)).abs() < 1.96 * table["standard_error"]
    assert 0.935 < inside.mean() < 0.965


def test_windows_without_variance_or_with_a_gap_are_missing():
    still = pd.Series(np.r_[np.full(30, 0.001), 0.0, 0.02, np.nan, np.full(30, 0.01)])
    table = rolling_sharpe(still, 10)
    assert table["sharpe"].iloc[:21].isna().all()
    assert table["sharpe"].iloc[22] > 0
    assert table["sharpe"].iloc[-21:].isna().all()


@pytest.mark.parametrize("window", [2, 61])
def test_invalid_windows(window):
    with pytest.raises(InputError, match="at least 3 and at most the 60 dates"):
        rolling_sharpe(pd.Series(np.zeros(60)), window)


def test_the_figure_has_the_line_its_band_and_the_benchmark(long_only, long_short):
    lower, upper, other, line = rolling_sharpe_figure(long_only, long_short, window=300).data
    table = rolling_sharpe(long_only.returns, 300)
    np.testing.assert_allclose(line.y, table["sharpe"], rtol=1e-5)
    np.testing.assert_allclose(upper.y - line.y, 1.959964 * table["standard_error"], rtol=1e-4)
    np.testing.assert_allclose(line.y - lower.y, upper.y - line.y, rtol=1e-3)
    np.testing.assert_allclose(other.y, rolling_sharpe(long_short.returns, 300)["sharpe"], rtol=1e-5)
    cash = rolling_sharpe_figure(long_only, window=300, cash_rate=pd.Series(0.0004, long_only.returns.index))
    assert (cash.data[-1].y < line.y).all()
