"""How much of a back-test is the choice of the best of many, drawn."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.panels import plain, quiet_title, time_layout

HEIGHT = 320
BINS = 24
MOST_TRIALS = 12


def overfitting_figure(logits: ArrayLike) -> go.Figure:
    """Draw where the best in sample ranked out of sample, over all the ways to halve the dates.

    Parameters
    ----------
    logits : (S,) array
        ln(w / (1 - w)), w the relative rank out of sample of the configuration that was best in sample (Bailey,
        Borwein, Lopez de Prado and Zhu 2017). 0 and less is the worse half; the share of those is the probability
        of overfitting.

    Raises
    ------
    InputError
        Where no logit is finite.
    """
    known = np.asarray(logits, dtype=float)
    known = known[np.isfinite(known)]
    if known.size == 0:
        raise InputError("no finite logit came; one for each way to halve the dates was expected. Try more trials.")
    reach = float(np.abs(known).max()) or 1.0
    width = reach / (BINS // 2)
    edges = np.arange(-BINS // 2, BINS // 2 + 1) * width
    # A bin is open to the left, so that a logit of zero stands on the overfit side.
    place = np.clip(np.ceil((known + reach) / width).astype(int) - 1, 0, BINS - 1)
    share = 100.0 * np.bincount(place, minlength=BINS) / known.size
    middle = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure()
    for side, label, colour in (
        (middle <= 0.0, "worse half: overfit", style.OTHER),
        (middle > 0.0, "better half", style.ESTIMATE),
    ):
        figure.add_bar(
            x=plain(middle[side]),
            y=plain(share[side]),
            width=0.94 * width,
            name=label,
            marker={"color": colour},
            hovertemplate="about %{x:.2f}: %{y:.1f} %",
        )
    return figure.update_layout(
        time_layout(
            "",
            height=HEIGHT,
            hovermode="closest",
            xaxis=style.axis(title=quiet_title("logit of the rank out of sample of the best in sample")),
            yaxis=style.axis(title=quiet_title("ways to halve the dates, %")),
        )
    )


def chosen_figure(chosen: "pd.Series[float]", most: int = MOST_TRIALS) -> go.Figure:
    """Draw how often each trial was the best in sample, over all the ways to halve the dates.

    Parameters
    ----------
    chosen : Series
        By trial, in decimals.
    most : int
        How many trials are drawn: those chosen most often.

    Raises
    ------
    InputError
        Where no trial was ever chosen.
    """
    known = chosen[chosen > 0.0].sort_values(ascending=False, kind="stable").iloc[:most]
    if known.empty:
        raise InputError("no trial was ever the best in sample; a share for each trial was expected. Try more trials.")
    figure = go.Figure(
        go.Bar(
            x=plain(100.0 * known),
            y=[str(name) for name in known.index],
            orientation="h",
            marker={"color": style.ESTIMATE},
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        )
    )
    return figure.update_layout(
        time_layout(
            "",
            height=HEIGHT,
            hovermode="closest",
            showlegend=False,
            bargap=0.3,
            xaxis=style.axis(title=quiet_title("best in sample, % of the ways to halve the dates")),
            yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
        )
    )
