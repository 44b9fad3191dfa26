"""Draws the attribution of a portfolio's return to factors."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from statefolio.report import style

HEIGHT = 340
MOST_DATES = 1000


def return_attribution_figure(earned: xr.Dataset) -> go.Figure:
    """Draw the contribution of each factor to a portfolio's return, summed through time.

    Parameters
    ----------
    earned : Dataset
        From `attribute_return`. Of long histories only some dates are drawn, always with the last one.
    """
    summed = 100.0 * earned["contribution"].to_numpy().cumsum(axis=0)
    dates, names = earned.indexes["date"], [str(name) for name in earned.indexes["factor"]]
    step = -(-len(dates) // MOST_DATES)
    kept = np.arange(len(dates) - 1, -1, -step)[::-1]
    figure = go.Figure()
    for place, name in enumerate(names):
        if not np.any(summed[:, place]):
            continue
        figure.add_scatter(
            x=dates[kept],
            y=summed[kept, place].round(4),
            mode="lines",
            name=name,
            line={"width": 1.5, "color": style.COLOURS[place % len(style.COLOURS)]},
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} %<extra>" + name + "</extra>",
        )
    title = style.axis_title("Sum of contributions, %")
    return figure.update_layout(
        style.layout(
            height=HEIGHT,
            showlegend=True,
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            xaxis=style.axis(showgrid=False),
            yaxis=style.axis(title=title, zeroline=True, zerolinecolor=style.MUTED),
        )
    )
