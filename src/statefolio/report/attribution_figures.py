"""Draws the attribution of a portfolio's return to factors."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from statefolio.report import style
from statefolio.report.fitting import fitted

HEIGHT = 340
MOST_DATES = 1000


@fitted
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
            line=style.line(place),
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} %<extra>" + name + "</extra>",
        )
    title = style.axis_title("Sum of contributions, %")
    return style.lay_out(
        figure,
        style.layout(
            height=HEIGHT,
            showlegend=True,
            xaxis=style.axis(showgrid=False),
            yaxis=style.axis(title=title, zeroline=True, zerolinecolor=style.MUTED),
        ),
    )
