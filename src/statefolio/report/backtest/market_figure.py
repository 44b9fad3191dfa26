"""Draws which returns of a market are missing."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.report import style
from statefolio.report.backtest.layouts import date_axis
from statefolio.report.fitting import fitted

TALLEST = 900
ROW = 17


@fitted
def missing_figure(returns: pd.DataFrame) -> go.Figure:
    """Draw the share of returns that are missing, by asset and month, in percent.

    Parameters
    ----------
    returns : DataFrame (date x asset)
        NaN where not observed.
    """
    months = pd.DatetimeIndex(returns.index).to_period("M")
    share = 100.0 * returns.isna().groupby(months).mean()
    bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 10.5, "color": style.MUTED}}
    figure = go.Figure(
        go.Heatmap(
            z=share.to_numpy(dtype=np.float32).T,
            x=[f"{month}-15" for month in share.index],
            y=[str(name) for name in share.columns],
            zmin=0.0,
            zmax=100.0,
            colorscale=style.SEQUENTIAL,
            colorbar={**bar, "ticksuffix": " %"},
            hovertemplate="%{y}, %{x|%Y-%m}: %{z:.0f} % missing<extra></extra>",
        )
    )
    row = min(float(ROW), TALLEST / max(1, len(share.columns)))
    return style.lay_out(
        figure,
        style.layout(
            height=int(90 + row * max(4, len(share.columns))),
            xaxis=date_axis(),
            yaxis=style.axis(type="category", showgrid=False, autorange="reversed"),
        ),
    )
