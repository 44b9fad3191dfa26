"""A statistic against its law on baskets that do not revert."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.panels import plain, quiet_title, time_layout

BINS = 40


def calibration_figure(draws: "pd.Series[float]", observed: float, *, level: float = 0.05, name: str = "") -> go.Figure:
    """Draw the statistic of a basket, and those of draws that were tuned in the same way and do not revert.

    Parameters
    ----------
    draws : Series
        A statistic that is smaller where there is more reversion, by draw.
    observed : float
        The basket's.
    level : float
        Share of the draws to the left of the dotted line.
    name : str
        What to call the statistic.

    Raises
    ------
    InputError
        Where fewer than two draws are finite.
    """
    known = np.asarray(draws, dtype=float)
    known = known[np.isfinite(known)]
    if known.size < 2:
        raise InputError(f"{known.size} finite draws came; two at least were expected. Draw more.")
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
        name="baskets that do not revert, tuned alike",
        hovertemplate="about %{x:.2f}: %{y:.1f} % of draws<extra></extra>",
    )
    _line(figure, observed, "this basket", style.ESTIMATE, "solid")
    _line(figure, float(np.quantile(known, level)), f"{level:.0%} of draws are to the left", style.MUTED, "dot")
    return figure.update_layout(
        time_layout(
            "",
            height=340,
            hovermode="closest",
            xaxis=style.axis(title=quiet_title(name or "statistic"), range=[low - room, high + room]),
            yaxis=style.axis(title=quiet_title("draws, %")),
        )
    )


def _line(figure: go.Figure, at: float, name: str, colour: str, dash: str) -> None:
    """A vertical line that the legend names."""
    line = {"width": 2.0, "color": colour, "dash": dash}
    figure.add_vline(x=at, line=line)
    figure.add_scatter(x=[None], y=[None], mode="lines", name=name, line=line)
