"""Draws the values of back-tests, net and gross of costs, and their drawdowns."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, keep_extremes
from statefolio.report.backtest.layouts import colours, date_axis, plain, time_layout
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.fitting import fitted

STEPS = [step * 10.0**power for power in range(-3, 15) for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)]
"""Tick values of a log axis."""


@fitted
def value_figure(
    results: Mapping[str, Backtest],
    benchmark: str | None = None,
    *,
    log: bool = False,
    gross: bool = True,
    currency: str = "",
) -> go.Figure:
    """Draw the values of back-tests, net of costs and fees (solid) and gross of them (dotted).

    Parameters
    ----------
    results : mapping of str to BacktestResult
        By name.
    benchmark : str, optional
        The back-test to draw in grey.
    log : bool
        Whether to use a log axis; values at or below zero are then left out.
    gross : bool
        Whether to draw the dotted lines: `capital` compounded at `gross_returns`.
    currency : str
        Name of the unit.

    Raises
    ------
    InputError
        If there is no result.
    """
    colour = colours(_not_empty(results), benchmark)
    figure = go.Figure()
    for name, result in results.items():
        group = {"legendgroup": name, "mode": "lines"}
        if gross:
            before = gross_value(result)
            line = {"width": 1.1, "dash": "dot", "color": colour[name]}
            figure.add_scatter(
                **_points(before, log), name=f"{name}, gross", line=line, showlegend=False, hoverinfo="skip", **group
            )
        line = {"width": 1.3 if name == benchmark else 1.8, "color": colour[name]}
        hover = "%{y:,.0f}" + (f" {currency}" if currency else "")
        figure.add_scatter(**_points(result.growth, log), name=name, line=line, hovertemplate=hover, **group)
    if gross:
        dotted = {"width": 1.1, "dash": "dot", "color": style.MUTED}
        figure.add_scatter(x=[None], y=[None], mode="lines", name="Before costs and fees", line=dotted)
    unit = f"Value, {currency}" if currency else "Value"
    scale = {"type": "log", "tickvals": STEPS} if log else {}
    axis = style.axis(title=style.axis_title(unit + (", log axis" if log else "")), tickformat="~s", **scale)
    return style.lay_out(figure, time_layout(unit, yaxis=axis, height=400))


@fitted
def drawdown_figure(results: Mapping[str, Backtest], benchmark: str | None = None) -> go.Figure:
    """Draw the drawdown of each back-test in percent; its lows are always drawn."""
    colour = colours(_not_empty(results), benchmark)
    figure = go.Figure()
    for name, result in results.items():
        below = 100.0 * result.drawdown
        kept = keep_extremes(below)
        figure.add_scatter(
            x=date_strings(below.index[kept]),
            y=plain(below.iloc[kept]),
            mode="lines",
            name=name,
            line={"width": 1.2, "color": colour[name]},
            fill="tozeroy" if len(results) == 1 else None,
            fillcolor=style.BAND,
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=style.axis_title("Drawdown, %"), rangemode="tozero")
    return style.lay_out(figure, time_layout("", yaxis=axis, xaxis=date_axis(hoverformat="%Y-%m-%d")))


def gross_value(result: Backtest) -> "pd.Series[float]":
    """Return the capital compounded at the returns before costs and fees, from the start on."""
    grown = result.capital * (1.0 + result.gross_returns.fillna(0.0)).cumprod()
    start = result.value.index[:1].difference(grown.index)
    return pd.concat([pd.Series(result.capital, start, dtype=float), grown]).sort_index()


def _points(value: "pd.Series[float]", log: bool) -> dict[str, object]:
    kept = keep_extremes(value)
    shown = value.iloc[kept]
    return {"x": date_strings(shown.index), "y": plain(shown.where(shown > 0.0, np.nan) if log else shown)}


def _not_empty(results: Mapping[str, Backtest]) -> Mapping[str, Backtest]:
    if not results:
        raise InputError("results must have at least one back-test, got none. Run run_backtest first.")
    return results
