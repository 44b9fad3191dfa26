"""Draws forecast and realised volatility of a portfolio through time."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio._arrays.frames import read_values
from statefolio._options import Kind, Whole, check
from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced
from statefolio.report.backtest.layouts import band, date_axis, plain
from statefolio.report.fitting import fitted
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.weights import match_weights
from statefolio.validation.covariance_forecast import CovarianceForecast
from statefolio.validation.risk_walk import walk_risk


def forecast_vs_realised_figure(
    risk: FactorRisk,
    returns: Any,
    factors: Any,
    weights: Any = None,
    *,
    test_from: Any = None,
    refit_every: int = 21,
    window: int = 63,
) -> go.Figure:
    """Walk a risk model through a test and draw forecast and realised volatility; see `FactorRisk`.

    Parameters
    ----------
    risk, returns, factors, weights, test_from, refit_every, window
        As for `FactorRisk.plot_forecast_vs_realised`.
    """
    check("risk", risk, Kind(FactorRisk, "a FactorRisk", "FactorRisk()"))
    check("window", window, Whole(at_least=5, example=63))
    values, dates, assets = read_values(returns, "returns")
    start = dates[len(dates) // 2] if test_from is None else test_from
    forecasts = walk_risk(risk, returns, factors, start, refit_every)
    table = _forecasts(forecasts, pd.DataFrame(values, index=dates, columns=assets), weights)
    return volatility_figure(table, window)


def _forecasts(forecasts: Mapping[Any, CovarianceForecast], returns: pd.DataFrame, weights: Any) -> pd.DataFrame:
    """Return the forecast volatility and the return of a portfolio by date; missing returns count as 0."""
    parts = []
    for date, after in pairwise([*forecasts, None]):
        forecast = forecasts[date]
        rows = returns[returns.index >= date]
        rows = rows if after is None else rows[rows.index < after]
        equal = pd.Series(1.0 / len(forecast.assets), index=forecast.assets)
        w = match_weights(equal if weights is None else weights, forecast.assets, pd.DataFrame())
        volatility = float(np.sqrt(forecast.covariance.variance(w)))
        earned = rows[forecast.assets].fillna(0.0).to_numpy() @ w
        parts.append(pd.DataFrame({"forecast": volatility, "return": earned}, index=rows.index))
    return pd.concat(parts)


@fitted
def volatility_figure(table: pd.DataFrame, window: int = 63) -> go.Figure:
    """Draw forecast and realised volatility, and below them the bias with its 95 % limits.

    Parameters
    ----------
    table : DataFrame (date x "forecast", "return")
        Forecast volatility and return of a portfolio on each date, in decimals per date.
    window : int
        Dates over which the realised volatility and the bias are measured. The bias is the standard deviation of the
        returns over their forecast volatility: above 1, risk was underestimated.
    """
    if len(table) < window:
        raise InputError(
            f"window must be at most the {len(table):,} dates of the test, got {window}. Pass e.g. "
            f"window={max(5, len(table) // 2)}."
        )
    realised = table["return"].rolling(window).std()
    bias = (table["return"] / table["forecast"]).rolling(window).std()
    kept = evenly_spaced(len(table))
    x = date_strings(table.index[kept])
    figure = go.Figure()
    for values, name, place in (
        (table["forecast"], "Forecast", 0),
        (realised, f"Realised, {window} dates", 1),
    ):
        figure.add_scatter(
            x=x,
            y=plain(100.0 * values.iloc[kept]),
            mode="lines",
            name=name,
            line=style.line(place),
            hovertemplate="%{y:.2f} %",
        )
    half = np.full(len(kept), HALF_BAND / np.sqrt(2.0 * window))
    for trace in band(x, 1.0 - half, 1.0 + half, style.IN_SAMPLE):
        figure.add_trace(trace.update(xaxis="x2", yaxis="y2"))
    figure.data[-1].update(name="95 % under a correct Gaussian forecast", showlegend=True)
    figure.add_scatter(
        x=x,
        y=plain(bias.iloc[kept]),
        mode="lines",
        name=f"Bias, {window} dates",
        line=style.line(2),
        hovertemplate="%{y:.2f}",
        xaxis="x2",
        yaxis="y2",
    )
    return style.lay_out(
        figure,
        style.layout(
            height=460,
            showlegend=True,
            hovermode="x unified",
            xaxis=date_axis(anchor="y", matches="x2", showticklabels=False),
            xaxis2=date_axis(anchor="y2"),
            yaxis=style.axis(domain=[0.46, 1.0], title=style.axis_title("Volatility, % per date"), rangemode="tozero"),
            yaxis2=style.axis(domain=[0.0, 0.38], title=style.axis_title("Realised / forecast"), anchor="x2"),
        ),
    )
