"""Builds the chapter on the latest loadings of one asset."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.report import style
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.fitted_loadings import ALPHA

ROW = 30


def asset_chapter(asset: str, table: pd.DataFrame) -> Chapter:
    """Return the chapter on one asset.

    Parameters
    ----------
    asset : str
    table : DataFrame
        One row per factor: factor, loading, standard_error, lower, upper, t.
    """
    moved = table.loc[table["factor"] != ALPHA]
    shown = pd.DataFrame(
        {
            "Factor": table["factor"],
            "Loading": table["loading"],
            "Standard error": table["standard_error"],
            "Lower 95 % limit": table["lower"],
            "Upper 95 % limit": table["upper"],
            "t": table["t"],
        }
    )
    clear = moved.loc[np.abs(moved["t"]) > 1.96, "factor"]
    lead = f"Loadings that differ from zero at 5 %: {', '.join(clear) if len(clear) else 'none'}."
    exhibits = (
        Exhibit("Loadings with 95 % bands", "Without the constant.", figure=_bars(moved), wide=True),
        Exhibit("", table=shown, formats={"t": ".1f"}, wide=True, why_missing="\u2013: the loading is not determined."),
    )
    return Chapter(asset, lead, exhibits)


def _bars(table: pd.DataFrame) -> go.Figure:
    value = table["loading"].to_numpy()
    figure = go.Figure(
        go.Scatter(
            x=value,
            y=table["factor"],
            mode="markers",
            marker={"size": 9, "color": style.ESTIMATE},
            error_x={"array": table["upper"].to_numpy() - value, "color": style.ESTIMATE, "thickness": 1.6, "width": 5},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    )
    return style.lay_out(
        figure,
        style.layout(
            height=90 + ROW * len(table),
            xaxis=style.axis(zeroline=True, zerolinecolor=style.MUTED, title=style.axis_title("Loading")),
            yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
        ),
    )
