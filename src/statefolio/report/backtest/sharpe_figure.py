"""Draws Sharpe ratios of many trials with their sampling errors, and choices by window."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio._display.headings import heading
from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.fitting import fitted

ROW = 22
MOST = 40


@fitted
def sharpe_figure(
    sharpe: "pd.Series[float]", dates: "pd.Series[int]", years: "pd.Series[float]", most: int = MOST
) -> go.Figure:
    """Draw annual Sharpe ratios with 95 % bands, the best first.

    Parameters
    ----------
    sharpe : Series
        Annual Sharpe ratios by trial.
    dates, years : Series
        Number of dates and years of each trial. The standard error is sqrt((1 + SR^2 / 2) / dates), per date, of
        Gaussian independent returns (Lo 2002).
    most : int
        The most trials drawn.

    Raises
    ------
    InputError
        If no ratio is known.
    """
    known = sharpe.astype(float).dropna().sort_values(ascending=False, kind="stable").iloc[:most]
    if known.empty:
        raise InputError("trials must have at least one Sharpe ratio, got none. Add returns that vary.")
    count, length = (part.reindex(known.index).astype(float) for part in (dates, years))
    year = np.sqrt(count / length)
    half = HALF_BAND * year * np.sqrt((1.0 + (known / year) ** 2 / 2.0) / count)
    figure = go.Figure(
        go.Scatter(
            x=known.to_numpy(),
            y=[str(name) for name in known.index],
            mode="markers",
            marker={"size": 8, "color": style.ESTIMATE},
            error_x={"array": half.to_numpy(), "color": style.MUTED, "thickness": 1.2, "width": 3},
            customdata=half.to_numpy(),
            hovertemplate="%{y}: %{x:.2f} ± %{customdata:.2f}<extra></extra>",
        )
    )
    return style.lay_out(
        figure,
        style.layout(
            height=90 + ROW * len(known),
            xaxis=style.axis(title=style.axis_title("Annual Sharpe ratio, with 95 % band"), zeroline=True),
            yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
        ),
    )


@fitted
def choices_figure(choices: pd.DataFrame, measure: str) -> go.Figure:
    """Draw the score of each window's choice in sample and out of sample.

    Parameters
    ----------
    choices : DataFrame (window)
        From `Selection.choices`.
    measure : str
        Name of the score.
    """
    if choices.empty:
        raise InputError("choices must have at least one window, got none. Pass more dates.")
    x = [str(window) for window in choices.index]
    figure = go.Figure()
    for place, (name, label) in enumerate((("in_sample", "In sample"), ("out_of_sample", "Out of sample"))):
        figure.add_bar(
            x=x,
            y=choices[name],
            name=label,
            marker={"color": (style.PALE, style.ESTIMATE)[place]},
            customdata=[str(chosen) for chosen in choices["chosen"]],
            hovertemplate="Window %{x}: %{y:.3g} (%{customdata})<extra>" + label + "</extra>",
        )
    return style.lay_out(
        figure,
        style.layout(
            showlegend=True,
            xaxis=style.axis(title=style.axis_title("Window"), type="category", showgrid=False),
            yaxis=style.axis(title=style.axis_title(heading(measure).replace("_", " ")), zeroline=True),
        ),
    )
