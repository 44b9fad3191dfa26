"""Draws the loadings of one asset through time, with bands and optionally another estimate.

A figure is made in two steps: `empty_figure` returns the layout and traces without data, and `trace_values` returns the
values of the traces. A report stores the first step once; the page's script fills in the values of the asset chosen.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.fitted_loadings import (
    ALPHA,
    AssetLoadings,
    FittedLoadings,
    Floats,
    asset_loadings,
    view_range,
)

PANEL_HEIGHT = 215
TOP, BOTTOM = 58, 34
ALPHA_UNIT = 1e4
"""Alpha is drawn in basis points, because its values in decimals are too small for an axis."""
PERIODS = (
    (0.9, "period"),
    (4.0, "day"),
    (10.0, "week"),
    (45.0, "month"),
    (120.0, "quarter"),
    (400.0, "year"),
)
"""The most days between dates for each name of a period."""


def loadings_figure(
    model: FittedLoadings,
    asset: str,
    other: FittedLoadings | None = None,
    *,
    other_name: str = "Other estimate",
    columns: int = 2,
) -> go.Figure:
    """Draw the filtered loadings of one asset with their 95 % bands.

    Parameters
    ----------
    model
        A fitted loadings model.
    asset
        The asset's name.
    other
        Another fitted model whose filtered loadings are drawn too, e.g. rolling least squares.
    other_name
        Its name in the legend.
    columns
        Number of panels in a row.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per factor; the constant ("alpha") is in basis points per period.

    Raises
    ------
    UnknownNameError
        If the model does not have the asset.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2020":, ["AAPL", "XOM"]], demo.factors.loc["2020":, ["market", "value"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns, factors)
    >>> figure = sf.report.loadings_figure(model, "XOM")
    >>> [note.text for note in figure.layout.annotations if note.text != "In sample"]
    ['<b>market</b>', '<b>value</b>', '<b>alpha, basis points per day</b>']
    >>> round(float(figure.data[2].y[-1]), 2)  # the last filtered loading on the market
    0.8
    """
    series = asset_loadings(model, asset, other)
    figure = go.Figure(
        empty_figure(
            series.factors,
            series.dates,
            series.tuned_until,
            other_name=None if other is None else other_name,
            columns=columns,
        )
    )
    for position, (values, limits) in enumerate(panels(series)):
        first = position * len(values)
        for trace, y in zip(figure.data[first : first + len(values)], values, strict=True):
            trace.update(x=series.dates, y=y)
        figure.layout[f"yaxis{axis_number(position)}"].range = limits
    return figure.update_layout(title={"text": asset, "x": 0.01, "y": 0.985, "font": {"size": 15}})


def panels(series: AssetLoadings) -> Iterator[tuple[list[Floats], tuple[float, float]]]:
    """Yield the values of the traces and the range of the axis of each factor."""
    scales = factor_scales(series.factors)
    for k, scale in enumerate(scales):
        other = None if series.other is None else series.other[:, k] * scale
        mean, standard_error = series.mean[:, k] * scale, series.standard_error[:, k] * scale
        values = trace_values(mean, standard_error, other)
        yield values, view_range(mean, standard_error, other)


def trace_values(mean: Floats, standard_error: Floats, other: Floats | None) -> list[Floats]:
    """Return the values of one panel's traces in the order of `empty_figure`."""
    band = [mean - HALF_BAND * standard_error, mean + HALF_BAND * standard_error]
    return [*band, mean] if other is None else [*band, other, mean]


def factor_scales(factors: Sequence[str]) -> Floats:
    """Return the factor by which each loading is multiplied for the figure."""
    return np.array([ALPHA_UNIT if factor == ALPHA else 1.0 for factor in factors])


def empty_figure(
    factors: Sequence[str],
    dates: pd.DatetimeIndex,
    tuned_until: pd.Timestamp | None,
    *,
    other_name: str | None,
    columns: int,
) -> dict[str, Any]:
    """Return the figure of one asset without data."""
    rows = -(-len(factors) // columns)
    height = TOP + BOTTOM + rows * PANEL_HEIGHT
    inner = height - TOP - BOTTOM
    page = style.layout(
        height=height,
        margin={"l": 44, "r": 10, "t": TOP, "b": BOTTOM},
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1 + 34 / inner, "yanchor": "bottom", "font": {"size": 12}},
        hovermode="x",
        annotations=[],
        shapes=[],
    )
    data: list[dict[str, Any]] = []
    for position, factor in enumerate(factors):
        row, column = divmod(position, columns)
        x_domain, y_domain = _domains(row, column, rows, columns)
        number = axis_number(position)
        page[f"xaxis{number}"] = style.axis(domain=x_domain, anchor=f"y{number}", type="date", showgrid=False)
        if position:
            page[f"xaxis{number}"]["matches"] = "x"
        page[f"yaxis{number}"] = style.axis(domain=y_domain, anchor=f"x{number}", nticks=6)
        page["annotations"].append(_label(label(factor, dates), number))
        _mark_in_sample(page, number, dates, tuned_until)
        data.extend(_traces(number, other_name, named=position == 0))
    return {"data": data, "layout": page}


def axis_number(position: int) -> str:
    """Return plotly's number of a panel's axes: "", "2", "3", ..."""
    return "" if position == 0 else str(position + 1)


def label(factor: str, dates: pd.DatetimeIndex) -> str:
    """Return the title of a panel."""
    return f"alpha, basis points per {period(dates)}" if factor == ALPHA else factor


def period(dates: pd.DatetimeIndex) -> str:
    """Return the word for the median distance between dates."""
    if len(dates) < 2:
        return "period"
    days = float(np.median(np.diff(dates.to_numpy()) / np.timedelta64(1, "D")))
    return next((word for most, word in PERIODS if days <= most), "period")


def _domains(row: int, column: int, rows: int, columns: int) -> tuple[list[float], list[float]]:
    gap_x, gap_y = 0.07, 52 / (rows * PANEL_HEIGHT)
    width = (1 - gap_x * (columns - 1)) / columns
    height = (1 - gap_y * (rows - 1)) / rows
    left, top = column * (width + gap_x), 1 - row * (height + gap_y)
    return [left, min(1.0, left + width)], [max(0.0, top - height), top]


def _label(text: str, number: str) -> dict[str, Any]:
    return {
        "text": f"<b>{text}</b>",
        "xref": f"x{number} domain",
        "yref": f"y{number} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13},
    }


def _mark_in_sample(
    page: dict[str, Any], number: str, dates: pd.DatetimeIndex, tuned_until: pd.Timestamp | None
) -> None:
    """Shade and label the dates that the hyper-parameters were learned from."""
    if tuned_until is None or not len(dates) or tuned_until < dates[0]:
        return
    end = min(tuned_until, dates[-1])
    where = {"xref": f"x{number}", "yref": f"y{number} domain", "x0": dates[0].isoformat(), "y0": 0, "y1": 1}
    page["shapes"].append(
        {
            **where,
            "type": "rect",
            "x1": end.isoformat(),
            "fillcolor": style.IN_SAMPLE,
            "line": {"width": 0},
            "layer": "below",
        }
    )
    page["annotations"].append(
        {
            "text": "In sample",
            "xref": f"x{number}",
            "yref": f"y{number} domain",
            "x": end.isoformat(),
            "y": 0.01,
            "xanchor": "right",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 10.5, "color": style.MUTED},
        }
    )


def _traces(number: str, other_name: str | None, *, named: bool) -> list[dict[str, Any]]:
    """Return one panel's traces: lower edge, upper edge, the other estimate if there is one, the estimate."""
    shared = {
        "type": "scatter",
        "mode": "lines",
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "x": [],
        "y": [],
    }
    edge = {**shared, "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": "band"}
    band = {"fill": "tonexty", "fillcolor": style.BAND, "name": "95 % band", "showlegend": named}
    traces = [{**edge, "showlegend": False}, {**edge, **band}]
    hover = "%{y:.3g}"
    if other_name is not None:
        line = {"width": 1.2, "color": style.OTHER}
        about = {"name": other_name, "legendgroup": "other", "showlegend": named, "hovertemplate": hover}
        traces.append({**shared, **about, "line": line})
    line = {"width": 1.8, "color": style.ESTIMATE}
    about = {
        "name": "Filtered loading",
        "legendgroup": "estimate",
        "showlegend": named,
        "hovertemplate": hover,
    }
    return [*traces, {**shared, **about, "line": line}]
