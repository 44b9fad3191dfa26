"""Draws a basket's statistic and its distribution under the null hypothesis of no cointegration."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.layouts import plain, time_layout
from statefolio.report.fitting import fitted
from statefolio.report.pairs.plot_elements import add_vertical

BINS = 40


@fitted
def calibration_figure(draws: "pd.Series[float]", observed: float, *, level: float = 0.05, name: str = "") -> go.Figure:
    """Draw the statistic of a basket among those of simulated baskets that are not cointegrated.

    Parameters
    ----------
    draws : Series
        The statistic of each simulated basket, tuned in the same way; smaller means more mean reversion.
    observed : float
        The statistic of the basket.
    level : float
        Share of draws to the left of the dotted line.
    name : str
        Name of the statistic.

    Raises
    ------
    InputError
        If fewer than two draws are finite.
    """
    known = np.asarray(draws, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        raise InputError(f"draws must have at least 2 finite values, got {known.size}. Pass more draws.")
    low, high = float(min(known.min(), observed)), float(max(known.max(), observed))
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    room = 0.04 * (high - low) or 1.0
    share = 100.0 * np.histogram(known, edges)[0] / known.size
    figure = go.Figure()
    figure.add_bar(
        x=plain((edges[:-1] + edges[1:]) / 2.0),
        y=plain(share),
        width=0.94 * float(edges[1] - edges[0]),
        marker={"color": style.OTHER, "opacity": 0.75},
        name="Baskets without cointegration",
        hovertemplate="About %{x:.2f}: %{y:.1f} % of draws<extra></extra>",
    )
    add_vertical(figure, observed, "This basket", style.ESTIMATE, "solid")
    add_vertical(figure, float(np.quantile(known, level)), f"{level:.0%} quantile of draws", style.MUTED, "dot")
    return style.lay_out(
        figure,
        time_layout(
            "",
            height=340,
            hovermode="closest",
            xaxis=style.axis(title=style.axis_title(name or "Statistic"), range=[low - room, high + room]),
            yaxis=style.axis(title=style.axis_title("Draws, %")),
        ),
    )
