"""The Sharpe ratio over a moving window, and how far from the truth chance alone may put it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.panels import HALF_BAND, band, plain, quiet_title, time_layout
from statefolio.report.backtest.tested import Tested
from statefolio.report.backtest.thinning import days, every_few

WINDOW = 252


def rolling_sharpe(returns: "pd.Series[float]", window: int = WINDOW, periods_per_year: float = 252.0) -> pd.DataFrame:
    """Return annualised Sharpe ratios over the last `window` dates, with standard errors.

    With SR the ratio a date (mean over standard deviation, divisor n - 1), g its skewness and k its kurtosis,
    the error a date is sqrt((1 - g SR + (k - 1) SR^2 / 4) / (n - 1)) (Mertens 2002; Bailey and Lopez de Prado 2012,
    equation 8): returns independent, of any law with four moments. Both are multiplied by sqrt(`periods_per_year`).

    Parameters
    ----------
    returns : Series
        Excess of cash, in decimals; windows with a missing return, or without variance, have NaN.
    window : int
        Dates.
    periods_per_year : float
        For annualisation.

    Returns
    -------
    DataFrame (date x sharpe, standard_error)
        From the first date with a full window.

    Raises
    ------
    InputError
        Where the window has fewer than 3 dates or more than there are.
    """
    if not 3 <= window <= len(returns):
        raise InputError(
            f"a window of {window} dates came; 3 to the {len(returns)} dates there are was expected. Choose another."
        )
    seen = np.lib.stride_tricks.sliding_window_view(returns.to_numpy(dtype=float), window)
    mean = seen.mean(axis=1)
    centred = seen - mean[:, None]
    spread = np.sqrt((centred**2).mean(axis=1))
    still = ~(spread > 1e-12 * np.maximum(1.0, np.abs(seen).max(axis=1)))
    spread = np.where(still, np.nan, spread)
    ratio = mean / (spread * np.sqrt(window / (window - 1)))
    skewness, kurtosis = ((centred**power).mean(axis=1) / spread**power for power in (3, 4))
    error = np.sqrt((1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2) / (window - 1))
    year = np.sqrt(periods_per_year)
    columns = {"sharpe": year * ratio, "standard_error": year * error}
    return pd.DataFrame(columns, index=returns.index[window - 1 :])


def rolling_sharpe_figure(
    result: Tested,
    benchmark: Tested | None = None,
    *,
    window: int = WINDOW,
    cash_rate: "pd.Series[float] | float" = 0.0,
) -> go.Figure:
    """Draw a back-test's rolling Sharpe ratio, net of costs, in the 95 % band of its sampling error.

    Parameters
    ----------
    result, benchmark : BacktestResult
        The benchmark is a thin line without a band.
    window : int
        Dates.
    cash_rate : Series or float
        What cash earned a date, taken off returns.
    """
    figure = go.Figure()
    table = _of(result, window, cash_rate)
    x = days(table.index)
    half = HALF_BAND * table["standard_error"]
    figure.add_traces(band(x, table["sharpe"] - half, table["sharpe"] + half))
    if benchmark is not None:
        other = _of(benchmark, window, cash_rate)
        figure.add_scatter(
            x=days(other.index),
            y=plain(other["sharpe"]),
            mode="lines",
            name=benchmark.name,
            line={"width": 1.2, "color": style.MUTED},
            hovertemplate="%{y:.2f}",
        )
    figure.add_scatter(
        x=x,
        y=plain(table["sharpe"]),
        mode="lines",
        name=result.name,
        line={"width": 1.7, "color": style.ESTIMATE},
        customdata=plain(half),
        hovertemplate="%{y:.2f} ± %{customdata:.2f}",
    )
    axis = style.axis(title=quiet_title(f"Sharpe ratio a year, {window} dates"))
    return figure.update_layout(time_layout("", yaxis=axis)).add_hline(0.0, line={"width": 1, "color": style.MUTED})


def _of(result: Tested, window: int, cash_rate: "pd.Series[float] | float") -> pd.DataFrame:
    cash = cash_rate.reindex(result.returns.index).fillna(0.0) if isinstance(cash_rate, pd.Series) else cash_rate
    table = rolling_sharpe(result.returns - cash, window, result.periods_per_year)
    return table.iloc[every_few(len(table))]
