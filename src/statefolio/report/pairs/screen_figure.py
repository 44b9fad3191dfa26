"""All baskets of a screen in one picture: how sure, how fast, and which were confirmed."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.pairs.screening.result import FILTERS, PairScreen
from statefolio.report import style
from statefolio.report.backtest.panels import plain, quiet_title, time_layout
from statefolio.report.fitted import Floats
from statefolio.report.pairs.marks import PAPER_LINE

MOST_OTHERS = 4000
"""Baskets drawn that no filter left: the strongest."""
MOST_NAMED = 12
SMALLEST = 1e-16
LONGEST = 2000.0
"""Half-lives beyond this, in dates, are drawn there."""


def screen_figure(screen: PairScreen, most: int = MOST_OTHERS) -> go.Figure:
    """Draw every basket by half-life and p-value of its test; those that the filters left stand out.

    Parameters
    ----------
    screen : PairScreen
    most : int
        How many of the baskets are drawn that were not left: those of the smallest p-values.

    Raises
    ------
    InputError
        Where no basket could be tested.
    """
    table = screen.table
    if table.empty:
        raise InputError("no basket could be tested; the reasons stand in the table of those.")
    confirmed = table["confirmed"].to_numpy(dtype=bool)
    selected = table[list(FILTERS[:3])].all(axis=1).to_numpy() & ~confirmed
    others = table[~selected & ~confirmed].head(most)
    figure = go.Figure()
    left = "left by the filters" if screen.later is None else "left by the filters, not confirmed"
    for part, name, colour, size in (
        (others, "other baskets", "#b9c3cc", 4.5),
        (table[selected], left, style.OTHER, 8),
        (table[confirmed], "confirmed on the later period", style.ESTIMATE, 9),
    ):
        if len(part):
            _points(figure, part, name, colour, size)
    for basket, row in table[confirmed].head(MOST_NAMED).iterrows():
        _label(figure, str(basket), row)
    passed = table.loc[table["cointegrated"], "p_value"]
    if len(passed):
        figure.add_hline(y=max(float(passed.max()), SMALLEST), line=PAPER_LINE)
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    return figure.update_layout(
        time_layout(
            "",
            height=460,
            hovermode="closest",
            xaxis=style.axis(title=quiet_title("half-life, dates (log axis)"), type="log", tickvals=ticks),
            yaxis=style.axis(
                title=quiet_title("p-value of cointegration (log axis)"),
                type="log",
                autorange="reversed",
                exponentformat="e",
                nticks=8,
            ),
        )
    )


def _points(figure: go.Figure, part: pd.DataFrame, name: str, colour: str, size: float) -> None:
    x, y = _places(part)
    figure.add_scatter(
        x=plain(x),
        y=y,
        text=part.index.astype(str),
        mode="markers",
        name=name,
        marker={"size": size, "color": colour, "line": {"width": 0}},
        hovertemplate="%{text}: half-life %{x:.1f}, p = %{y:.2g}<extra></extra>",
    )


def _places(part: pd.DataFrame) -> tuple[Floats, Floats]:
    half_life = part["half_life"].to_numpy(dtype=float)
    shown = np.where(np.isfinite(half_life) & (half_life > 0.0), np.clip(half_life, 0.5, LONGEST), LONGEST)
    return shown, np.maximum(part["p_value"].to_numpy(dtype=float), SMALLEST)


def _label(figure: go.Figure, basket: str, row: "pd.Series[float]") -> None:
    """The name of a basket beside its point; a log axis places annotations by their logarithms."""
    x = float(np.clip(float(row["half_life"]), 0.5, LONGEST))
    y = max(float(row["p_value"]), SMALLEST)
    figure.add_annotation(
        x=np.log10(x),
        y=np.log10(y),
        text=basket,
        xanchor="left",
        xshift=7,
        showarrow=False,
        font={"size": 11, "color": style.ESTIMATE},
    )
