"""Draws the results of combinatorially symmetric cross-validation: overfitting and the best trials in sample."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, keep_extremes
from statefolio.report.backtest.layouts import plain, time_layout
from statefolio.report.fitting import fitted

HEIGHT = 320
BINS = 24
MOST_TRIALS = 12
DASHES = ("solid", "dash", "dot", "dashdot")


@fitted
def overfitting_figure(logits: ArrayLike) -> go.Figure:
    """Draw the distribution of the rank out of sample of the best trial in sample, over all splits of the dates.

    Parameters
    ----------
    logits : (S,) array
        ln(w / (1 - w)), where w is the relative rank out of sample of the trial that is best in sample (Bailey,
        Borwein, Lopez de Prado and Zhu 2017). The share of logits at or below 0, the worse half, is the probability
        of overfitting.

    Raises
    ------
    InputError
        If no logit is finite.
    """
    known = np.asarray(logits, dtype=float)
    known = known[np.isfinite(known)]
    if known.size == 0:
        raise InputError("logits must have at least one finite value, got none. Pass more trials.")
    reach = float(np.abs(known).max()) or 1.0
    width = reach / (BINS // 2)
    edges = np.arange(-BINS // 2, BINS // 2 + 1) * width
    # Bins are open to the left, so that a logit of zero is on the overfit side.
    place = np.clip(np.ceil((known + reach) / width).astype(int) - 1, 0, BINS - 1)
    share = 100.0 * np.bincount(place, minlength=BINS) / known.size
    middle = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure()
    for side, label, colour in (
        (middle <= 0.0, "Worse half: overfit", style.OTHER),
        (middle > 0.0, "Better half", style.ESTIMATE),
    ):
        figure.add_bar(
            x=plain(middle[side]),
            y=plain(share[side]),
            width=0.94 * width,
            name=label,
            marker={"color": colour},
            hovertemplate="About %{x:.2f}: %{y:.1f} %",
        )
    return style.lay_out(
        figure,
        time_layout(
            "",
            height=HEIGHT,
            hovermode="closest",
            xaxis=style.axis(title=style.axis_title("Logit of the rank out of sample")),
            yaxis=style.axis(title=style.axis_title("Splits, %")),
        ),
    )


@fitted
def chosen_figure(chosen: "pd.Series[float]", most: int = MOST_TRIALS) -> go.Figure:
    """Draw the share of splits of the dates in which each trial is the best in sample.

    Parameters
    ----------
    chosen : Series
        Shares by trial, in decimals.
    most : int
        The most trials drawn: those chosen most often.

    Raises
    ------
    InputError
        If no share is above zero.
    """
    known = chosen[chosen > 0.0].sort_values(ascending=False, kind="stable").iloc[:most]
    if known.empty:
        raise InputError("chosen must have at least one share above 0, got none. Pass more trials.")
    figure = go.Figure(
        go.Bar(
            x=plain(100.0 * known),
            y=[str(name) for name in known.index],
            orientation="h",
            marker={"color": style.ESTIMATE},
            hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
        )
    )
    return style.lay_out(
        figure,
        time_layout(
            "",
            height=HEIGHT,
            hovermode="closest",
            showlegend=False,
            bargap=0.3,
            xaxis=style.axis(title=style.axis_title("Best in sample, % of splits")),
            yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
        ),
    )


@fitted
def stitched_figure(
    returns: "pd.Series[float]", benchmarks: "Mapping[str, pd.Series[float]]", starts: Iterable[pd.Timestamp] = ()
) -> go.Figure:
    """Draw the value out of sample of the strategies selected in each window, and of the benchmarks on these dates.

    Parameters
    ----------
    returns : Series by date
        Returns on the test dates.
    benchmarks : mapping of Series by date
        Returns; on a test date without one, 0.
    starts : iterable of dates
        First test dates of the windows, drawn as lines.

    Raises
    ------
    InputError
        If there are no returns.
    """
    if returns.empty:
        raise InputError("returns must have at least one test date, got none. Pass those of nested_selection.")
    figure = go.Figure()
    lines = {"Selected": (returns, {"width": 1.8, "color": style.ESTIMATE})}
    for place, (name, held) in enumerate(benchmarks.items()):
        line = {"width": 1.3, "color": style.MUTED, "dash": DASHES[place % len(DASHES)]}
        lines[name] = (held.reindex(returns.index).fillna(0.0), line)
    for name, (series, line) in lines.items():
        value = (1.0 + series).cumprod()
        kept = keep_extremes(value)
        figure.add_scatter(
            x=date_strings(value.index[kept]),
            y=plain(value.iloc[kept]),
            mode="lines",
            name=name,
            line=line,
            hovertemplate="%{y:.3f}",
        )
    for start in starts:
        figure.add_vline(x=f"{pd.Timestamp(start):%Y-%m-%d}", line={"width": 1, "dash": "dot", "color": style.MUTED})
    return style.lay_out(figure, time_layout("Value, 1 at the start"))
