"""Draws the figures of a tear sheet."""

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio._arrays.text import shown
from statefolio._options import is_whole
from statefolio.backtest.return_series import varies
from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced, keep_extremes
from statefolio.report.backtest.layouts import band, date_axis, plain, time_layout
from statefolio.report.backtest.rolling_sharpe import rolling_sharpe
from statefolio.report.fitting import fitted

BINS = 60
LEAST_WINDOW = 5


@fitted
def value_of_one_figure(series: "Mapping[str, pd.Series[float]]", *, log: bool = False) -> go.Figure:
    """Draw the value of 1 invested at the start of each series.

    Parameters
    ----------
    series : mapping of Series by date
        Returns in decimals; the first is drawn in blue, a benchmark in grey.
    log : bool
        Use a log axis.
    """
    figure = go.Figure()
    ticks: list[float] = []
    for place, (name, returns) in enumerate(series.items()):
        value = (1.0 + returns).cumprod()
        value = value.where(value > 0.0) if log else value
        kept = keep_extremes(value)
        ticks += [float(value.min()), float(value.max())]
        figure.add_scatter(
            x=date_strings(value.index[kept]),
            y=plain(value.iloc[kept]),
            mode="lines" if len(value) > 1 else "markers",
            name=name,
            line=_look(place),
            hovertemplate="%{y:.3f}",
        )
    scale = style.log_ticks(ticks) if log else {}
    axis = style.axis(title=style.axis_title("Value of 1" + (", log axis" if log else "")), **scale)
    return style.lay_out(figure, time_layout("", yaxis=axis, height=380))


@fitted
def drawdowns_figure(series: "Mapping[str, pd.Series[float]]") -> go.Figure:
    """Draw drawdowns in percent; the first series is filled.

    Parameters
    ----------
    series : mapping of Series by date
        Value over its highest so far, minus one.
    """
    figure = go.Figure()
    for place, (name, below) in enumerate(series.items()):
        percent = 100.0 * below
        kept = keep_extremes(percent)
        figure.add_scatter(
            x=date_strings(percent.index[kept]),
            y=plain(percent.iloc[kept]),
            mode="lines" if len(percent) > 1 else "markers",
            name=name,
            line=_look(place),
            fill="tozeroy" if place == 0 else None,
            fillcolor=style.BAND,
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=style.axis_title("Drawdown, %"), rangemode="tozero")
    return style.lay_out(figure, time_layout("", yaxis=axis))


@fitted
def distribution_figure(returns: "pd.Series[float]", value_at_risk: float, cvar: float) -> go.Figure:
    """Draw the density of returns in percent, the normal curve of the same mean and deviation, and the tail.

    Parameters
    ----------
    returns : Series
        In decimals.
    value_at_risk, cvar : float
        In decimals; losses are negative.
    """
    values = 100.0 * np.asarray(returns, dtype=np.float64)
    if not bool(varies(values)):
        raise InputError("returns must vary to have a distribution, got one value. Pass other returns.")
    counts, edges = np.histogram(values, bins=min(BINS, max(5, len(values) // 4)))
    width = edges[1] - edges[0]
    middle = (edges[:-1] + edges[1:]) / 2.0
    figure = go.Figure()
    figure.add_bar(
        x=plain(middle),
        y=plain(100.0 * counts / len(values)),
        width=0.96 * width,
        name="Returns",
        marker={"color": style.ESTIMATE},
        hovertemplate="About %{x:.2f} %: %{y:.1f} % of dates<extra></extra>",
    )
    normal = NormalDist(float(values.mean()), float(values.std(ddof=1)))
    x = np.linspace(edges[0], edges[-1], 120)
    figure.add_scatter(
        x=plain(x),
        y=plain([100.0 * width * normal.pdf(each) for each in x]),
        mode="lines",
        name="Normal distribution",
        line={"width": 1.6, "color": style.OTHER},
        hoverinfo="skip",
    )
    figure.add_vline(x=100.0 * value_at_risk, **style.named_line(f"Value at risk 95 %: {value_at_risk:.2%}"))
    figure.add_vline(x=100.0 * cvar, **style.named_line(f"CVaR 95 %: {cvar:.2%}", dash="dash"))
    return style.lay_out(
        figure,
        style.layout(
            showlegend=True,
            bargap=0.0,
            xaxis=style.axis(title=style.axis_title("Return, %"), showgrid=False),
            yaxis=style.axis(title=style.axis_title("Dates, %"), rangemode="tozero"),
        ),
    )


@fitted
def rolling_figure(
    lines: "Mapping[str, pd.Series[float]]", title: str, window: int, count: int, level: float | None = None
) -> go.Figure:
    """Draw measures over the last `window` dates.

    Parameters
    ----------
    lines : mapping of Series by date
    title : str
        Of the vertical axis.
    window, count : int
        Dates of the window and of the series.
    level : float, optional
        A value to compare with.
    """
    check_window(window, count)
    figure = go.Figure()
    for place, (name, values) in enumerate(lines.items()):
        kept = evenly_spaced(len(values))
        figure.add_scatter(
            x=date_strings(values.index[kept]),
            y=plain(values.iloc[kept]),
            mode="lines" if len(kept) > 1 else "markers",
            name=name,
            line=_look(place),
            hovertemplate="%{y:.2f}",
        )
    if level is not None:
        figure.add_hline(y=level, line=style.REFERENCE_LINE)
    return style.lay_out(figure, time_layout("", yaxis=style.axis(title=style.axis_title(title))))


@fitted
def sharpe_through_time(excess: "pd.Series[float]", window: int, year: float, name: str) -> go.Figure:
    """Draw the rolling Sharpe ratio with the 95 % band of its sampling error; see `rolling_sharpe`."""
    check_window(window, len(excess))
    table = rolling_sharpe(excess, window, year)
    table = table.iloc[evenly_spaced(len(table))]
    x, half = date_strings(table.index), HALF_BAND * table["standard_error"]
    figure = go.Figure(band(x, table["sharpe"] - half, table["sharpe"] + half))
    figure.data[-1].update(name="95 % band of the sampling error", showlegend=True)
    figure.add_scatter(
        x=x,
        y=plain(table["sharpe"]),
        mode="lines" if len(x) > 1 else "markers",
        name=name,
        line={"width": 1.7, "color": style.ESTIMATE},
        customdata=plain(half),
        hovertemplate="%{y:.2f} ± %{customdata:.2f}",
    )
    figure.add_hline(y=0.0, line=style.REFERENCE_LINE)
    axis = style.axis(title=style.axis_title(f"Annualised Sharpe ratio, {window} dates"))
    return style.lay_out(figure, time_layout("", xaxis=date_axis(hoverformat="%Y-%m-%d"), yaxis=axis))


def check_window(window: int, count: int) -> None:
    """Raise InputError unless a window has as many dates as a series, at most."""
    if not is_whole(window) or not LEAST_WINDOW <= window <= count:
        raise InputError(
            f"window must be a whole number of at least {LEAST_WINDOW} and at most the {count:,} dates, got "
            f"{shown(window)}. Pass e.g. window={max(LEAST_WINDOW, min(126, count))}."
        )


def needed(benchmark: "pd.Series[float] | None") -> "pd.Series[float]":
    """Return the benchmark; raise InputError where there is none."""
    if benchmark is None:
        raise InputError("plot_beta needs a benchmark, got none. Pass tear_sheet(returns, benchmark).")
    return benchmark


def _look(place: int) -> dict[str, object]:
    return {"width": 1.7, "color": style.ESTIMATE} if place == 0 else {"width": 1.2, "color": style.MUTED}
