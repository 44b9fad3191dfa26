"""Draws all baskets of a screen by half-life and p-value, with the confirmed ones marked."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.pairs.screening.result import FILTERS, PairScreen
from statefolio.report import style
from statefolio.report.backtest.layouts import plain, time_layout
from statefolio.report.fitted_loadings import Floats
from statefolio.report.fitting import fitted

MOST_OTHERS = 4000
"""The most rejected baskets drawn: those with the smallest p-values."""
MOST_NAMED = 8
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "hexagon")
"""Marks of the confirmed baskets that the legend names: names beside their points would meet."""
SMALLEST = 1e-16
LONGEST = 2000.0
"""Longer half-lives, in dates, are drawn at this value."""


@fitted
def screen_figure(screen: PairScreen, most: int = MOST_OTHERS) -> go.Figure:
    """Draw all baskets by half-life and p-value; those that pass the filters are highlighted.

    Parameters
    ----------
    screen : PairScreen
    most : int
        The most baskets drawn that do not pass the filters: those with the smallest p-values.

    Raises
    ------
    InputError
        If no basket could be tested.
    """
    table = screen.table
    if table.empty:
        raise InputError("No basket could be tested. See the reasons in the table of untested baskets.")
    confirmed = table["confirmed"].to_numpy(dtype=bool)
    selected = table[list(FILTERS[:3])].all(axis=1).to_numpy() & ~confirmed
    others = table[~selected & ~confirmed].head(most)
    figure = go.Figure()
    passed_name = "Passed the filters" if screen.later is None else "Passed the filters, not confirmed"
    for part, name, colour, size in (
        (others, "Other baskets", style.OTHERS, 4.5),
        (table[selected], passed_name, style.OTHER, 8),
        (table[confirmed].iloc[MOST_NAMED:], "Confirmed in the later period", style.ESTIMATE, 9),
    ):
        if len(part):
            _points(figure, part, name, colour, size)
    for place in range(min(MOST_NAMED, int(confirmed.sum()))):
        part = table[confirmed].iloc[[place]]
        _points(figure, part, f"{part.index[0]}, confirmed", style.ESTIMATE, 10, SYMBOLS[place])
    significant = table.loc[table["cointegrated"], "p_value"]
    if len(significant):
        figure.add_hline(y=max(float(significant.max()), SMALLEST), **style.named_line("Limit of cointegration"))
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    return style.lay_out(
        figure,
        time_layout(
            "",
            height=460,
            hovermode="closest",
            xaxis=style.axis(title=style.axis_title("Half-life, dates (log axis)"), type="log", tickvals=ticks),
            yaxis=style.axis(
                title=style.axis_title("p-value of no cointegration (log axis)"),
                type="log",
                autorange="reversed",
                exponentformat="e",
                nticks=8,
            ),
        ),
    )


def _points(figure: go.Figure, part: pd.DataFrame, name: str, colour: str, size: float, symbol: str = "circle") -> None:
    x, y = _places(part)
    figure.add_scatter(
        x=plain(x),
        y=y,
        text=part.index.astype(str),
        mode="markers",
        name=name,
        marker={"size": size, "color": colour, "symbol": symbol, "line": {"width": 0}},
        hovertemplate="%{text}: half-life %{x:.1f}, p = %{y:.2g}<extra></extra>",
    )


def _places(part: pd.DataFrame) -> tuple[Floats, Floats]:
    half_life = part["half_life"].to_numpy(dtype=float)
    shown = np.where(np.isfinite(half_life) & (half_life > 0.0), np.clip(half_life, 0.5, LONGEST), LONGEST)
    return shown, np.maximum(part["p_value"].to_numpy(dtype=float), SMALLEST)
