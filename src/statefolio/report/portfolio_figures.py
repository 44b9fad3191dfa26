"""Draws the weights of one decision and a forecast of expected returns."""

import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.layouts import plain
from statefolio.report.fitting import fitted

MOST = 40
ROW = 22


@fitted
def weights_bar_figure(weights: "pd.Series[float]", most: int = MOST) -> go.Figure:
    """Draw the largest weights, in order; those of zero are left out.

    Parameters
    ----------
    weights : Series by asset
        Shares of the value.
    most : int
        The most bars; the others share one.
    """
    held = weights[weights != 0.0].astype(float)
    if held.empty:
        raise InputError("weights must have at least one that is not zero, got none. Pass other weights.")
    chosen = held.abs().sort_values(ascending=False, kind="stable").index[:most]
    shown = held.loc[chosen].sort_values(ascending=False, kind="stable")
    if len(held) > most:
        shown[f"{len(held) - most} others"] = float(held.drop(chosen).sum())
    names = [str(name) for name in shown.index]
    figure = go.Figure(
        go.Bar(
            x=plain(100.0 * shown),
            y=names,
            orientation="h",
            marker={"color": [style.ESTIMATE if value >= 0.0 else style.OTHER for value in shown]},
            hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    )
    return style.lay_out(figure, _rows(len(names), "Weight, % of value"))


@fitted
def forecast_figure(table: pd.DataFrame, most: int = MOST) -> go.Figure:
    """Draw expected returns with 95 % bands in basis points, the largest first.

    Parameters
    ----------
    table : DataFrame by asset
        From `Forecast.to_frame`.
    most : int
        The most assets drawn: those with the largest absolute means.
    """
    chosen = table["mean"].abs().sort_values(ascending=False, kind="stable").index[:most]
    shown = 1e4 * table.loc[chosen].sort_values("mean", ascending=False, kind="stable")
    figure = go.Figure(
        go.Scatter(
            x=plain(shown["mean"]),
            y=[str(name) for name in shown.index],
            mode="markers",
            marker={"size": 7, "color": style.ESTIMATE},
            error_x={
                "array": plain(shown["upper"] - shown["mean"]),
                "color": style.INK,
                "thickness": 1.2,
                "width": 3,
            },
            hovertemplate="%{y}: %{x:.2f} bp<extra></extra>",
        )
    )
    return style.lay_out(figure, _rows(len(shown), "Expected return of the next date, bp, with 95 % band"))


def _rows(count: int, title: str) -> dict[str, object]:
    return style.layout(
        height=90 + ROW * count,
        bargap=0.3,
        xaxis=style.axis(title=style.axis_title(title), zeroline=True),
        yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
    )
