"""Computes and draws rolling Sharpe ratios with their sampling error."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio._arrays.text import shown
from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced
from statefolio.report.backtest.layouts import band, plain, time_layout
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.fitting import fitted

WINDOW = 252


def rolling_sharpe(returns: "pd.Series[float]", window: int = WINDOW, periods_per_year: float = 252.0) -> pd.DataFrame:
    """Return annualised Sharpe ratios over the last `window` dates, with standard errors.

    SR is the ratio per date (mean over standard deviation with divisor n - 1), g the skewness and k the kurtosis. The
    standard error per date is sqrt((1 - g SR + (k - 1) SR^2 / 4) / (n - 1)) (Mertens 2002; Bailey and Lopez de Prado
    2012, equation 8), for independent returns with four finite moments. Both are multiplied by
    sqrt(`periods_per_year`).

    Parameters
    ----------
    returns : Series
        In excess of cash, in decimals; windows with a missing return or without variance give NaN.
    window : int
        Number of dates.
    periods_per_year : float
        Dates per year, for annualisation.

    Returns
    -------
    DataFrame (date x sharpe, standard_error)
        From the first date with a full window.

    Raises
    ------
    InputError
        If the window has fewer than 3 dates or more dates than `returns`.
    """
    if not 3 <= window <= len(returns):
        raise InputError(
            f"window must be a whole number of at least 3 and at most the {len(returns)} dates of returns, got "
            f"{shown(window)}. Pass e.g. window={max(3, min(WINDOW, len(returns)))}."
        )
    seen = np.lib.stride_tricks.sliding_window_view(returns.to_numpy(dtype=float), window)
    mean = seen.mean(axis=1)
    centred = seen - mean[:, None]
    spread = np.sqrt((centred**2).mean(axis=1))
    constant = ~(spread > 1e-12 * np.maximum(1.0, np.abs(seen).max(axis=1)))
    spread = np.where(constant, np.nan, spread)
    ratio = mean / (spread * np.sqrt(window / (window - 1)))
    skewness, kurtosis = ((centred**power).mean(axis=1) / spread**power for power in (3, 4))
    error = np.sqrt((1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2) / (window - 1))
    year = np.sqrt(periods_per_year)
    columns = {"sharpe": year * ratio, "standard_error": year * error}
    return pd.DataFrame(columns, index=returns.index[window - 1 :])


@fitted
def rolling_sharpe_figure(
    result: Backtest,
    benchmark: Backtest | None = None,
    *,
    window: int = WINDOW,
    cash_rate: "pd.Series[float] | float" = 0.0,
) -> go.Figure:
    """Draw a back-test's rolling Sharpe ratio, net of costs, with the 95 % band of its sampling error.

    Parameters
    ----------
    result, benchmark : BacktestResult
        The benchmark is drawn as a thin line without a band.
    window : int
        Number of dates.
    cash_rate : Series or float
        Return of cash per date, subtracted from returns.
    """
    figure = go.Figure()
    table = _rolling(result, window, cash_rate)
    x = date_strings(table.index)
    half = HALF_BAND * table["standard_error"]
    figure.add_traces(band(x, table["sharpe"] - half, table["sharpe"] + half))
    if benchmark is not None:
        other = _rolling(benchmark, window, cash_rate)
        figure.add_scatter(
            x=date_strings(other.index),
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
    axis = style.axis(title=style.axis_title(f"Annualised Sharpe ratio, {window} dates"))
    return style.lay_out(figure, time_layout("", yaxis=axis)).add_hline(0.0, line={"width": 1, "color": style.MUTED})


def _rolling(result: Backtest, window: int, cash_rate: "pd.Series[float] | float") -> pd.DataFrame:
    cash = cash_rate.reindex(result.returns.index).fillna(0.0) if isinstance(cash_rate, pd.Series) else cash_rate
    table = rolling_sharpe(result.returns - cash, window, result.periods_per_year)
    return table.iloc[evenly_spaced(len(table))]
