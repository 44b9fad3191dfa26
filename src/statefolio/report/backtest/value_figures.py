"""What back-tests came to: their values, gross and net of costs, and how far below their highest."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.panels import colours, date_axis, plain, quiet_title, time_layout
from statefolio.report.backtest.tested import Tested
from statefolio.report.backtest.thinning import days, with_extremes

STEPS = [step * 10.0**power for power in range(-3, 15) for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)]
"""Values that a log axis names."""


def value_figure(
    results: Mapping[str, Tested],
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
        By the name to show.
    benchmark : str, optional
        Which of them is drawn in grey.
    log : bool
        Whether equal steps are equal ratios; values of zero and less are then left out.
    gross : bool
        Whether the dotted lines are drawn: `capital` compounded at `gross_returns`.
    currency : str
        What to call the unit.

    Raises
    ------
    InputError
        Where there is no result.
    """
    colour = colours(_some(results), benchmark)
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
        told = "%{y:,.0f}" + (f" {currency}" if currency else "")
        figure.add_scatter(**_points(result.value, log), name=name, line=line, hovertemplate=told, **group)
    if gross:
        dotted = {"width": 1.1, "dash": "dot", "color": style.MUTED}
        figure.add_scatter(x=[None], y=[None], mode="lines", name="before costs and fees", line=dotted)
    unit = f"value, {currency}" if currency else "value"
    scale = {"type": "log", "tickvals": STEPS} if log else {}
    axis = style.axis(title=quiet_title(unit + (", log axis" if log else "")), tickformat="~s", **scale)
    return figure.update_layout(time_layout(unit, yaxis=axis, height=400))


def drawdown_figure(results: Mapping[str, Tested], benchmark: str | None = None) -> go.Figure:
    """Draw how far below its highest value so far each back-test stood, in percent; lows are never thinned away."""
    colour = colours(_some(results), benchmark)
    figure = go.Figure()
    for name, result in results.items():
        below = 100.0 * result.drawdown
        kept = with_extremes(below)
        figure.add_scatter(
            x=days(below.index[kept]),
            y=plain(below.iloc[kept]),
            mode="lines",
            name=name,
            line={"width": 1.2, "color": colour[name]},
            fill="tozeroy" if len(results) == 1 else None,
            fillcolor=style.BAND,
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=quiet_title("below the highest value so far, %"), rangemode="tozero")
    return figure.update_layout(time_layout("", yaxis=axis, xaxis=date_axis(hoverformat="%Y-%m-%d")))


def gross_value(result: Tested) -> "pd.Series[float]":
    """Return the capital compounded at the returns before costs and fees; the start stands first."""
    grown = result.capital * (1.0 + result.gross_returns.fillna(0.0)).cumprod()
    start = result.value.index[:1].difference(grown.index)
    return pd.concat([pd.Series(result.capital, start, dtype=float), grown]).sort_index()


def _points(value: "pd.Series[float]", log: bool) -> dict[str, object]:
    kept = with_extremes(value)
    shown = value.iloc[kept]
    return {"x": days(shown.index), "y": plain(shown.where(shown > 0.0, np.nan) if log else shown)}


def _some(results: Mapping[str, Tested]) -> Mapping[str, Tested]:
    if not results:
        raise InputError("no result came; at least one back-test was expected. Run one first.")
    return results
