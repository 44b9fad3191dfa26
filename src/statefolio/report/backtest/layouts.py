"""Provides the colours, axes, bands and panels that figures of back-tests share."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.fitting import short

HEIGHT = 340
ROW = 118
"""Height of one of several stacked panels."""


def colours(names: Iterable[str], benchmark: str | None = None) -> dict[str, str]:
    """Return one colour per name, in order; the benchmark's is grey."""
    others = [name for name in names if name != benchmark]
    found = {name: style.colour(place) for place, name in enumerate(others)}
    return found if benchmark is None else {**found, benchmark: style.MUTED}


def date_axis(**changes: Any) -> dict[str, Any]:
    """Return the style of an axis of dates, updated with `changes`."""
    return style.axis(**{"showgrid": False, "type": "date", "nticks": 7, **changes})


def time_layout(unit: str, **changes: Any) -> dict[str, Any]:
    """Return the layout of one panel through time, with the legend above it and `unit` as the title of its axis."""
    base: dict[str, Any] = {
        "height": HEIGHT,
        "showlegend": True,
        "hovermode": "x unified",
        "xaxis": date_axis(hoverformat="%Y-%m-%d"),
        "yaxis": style.axis(title=style.axis_title(unit)),
    }
    return style.layout(**{**base, **changes})


def stacked_panels(count: int, titles: Sequence[str], **changes: Any) -> go.Figure:
    """Return an empty figure of `count` stacked panels with titles and a common axis of dates."""
    from plotly.subplots import make_subplots

    height = changes.get("height", ROW * count + 60)
    room = 26.0 / (style.ON_PAPER * height - 60.0)  # of the plot on paper, for the title of a panel
    shown = [short(title, 44) for title in titles]
    figure = make_subplots(
        rows=count,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=room,
        subplot_titles=shown,
    )
    margin = {"l": 10, "r": 12, "t": 26, "b": 10}
    style.lay_out(figure, style.layout(**{"height": height, "margin": margin, **changes}))
    figure.update_xaxes(date_axis())
    figure.update_yaxes(style.axis(nticks=4))
    return figure.update_annotations(font={"size": 12, "color": style.INK}, x=0, xanchor="left")


def band(x: Sequence[str], lower: Any, upper: Any, colour: str = style.BAND) -> list[go.Scatter]:
    """Return the two traces of a band."""
    common = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    return [
        go.Scatter(y=plain(lower), **common),
        go.Scatter(y=plain(upper), fill="tonexty", fillcolor=colour, **common),
    ]


def plain(values: Any) -> Any:
    """Return values as 32-bit floats, which suffice for a figure."""
    return np.asarray(values, dtype=np.float32)


def largest(table: pd.DataFrame, most: int) -> tuple[list[Any], list[Any]]:
    """Return the columns with the largest mean absolute values, at most `most`, and the other columns."""
    size = table.abs().mean().fillna(0.0).sort_values(ascending=False, kind="stable")
    known = list(size.index[size > 0.0])
    if len(known) <= most + 1:
        return known, []
    return known[:most], known[most:]


def detail(details: Any, name: str, policy: str) -> pd.DataFrame:
    """Return a table that decisions recorded; raise an error if it is missing or empty."""
    table = details.get(name)
    if table is None or table.empty or not np.isfinite(table.to_numpy(dtype=float)).any():
        raise InputError(f"The decisions of {policy} record no {name!r}. Add it to Decision.details in the policy.")
    return pd.DataFrame(table.dropna(axis=1, how="all").dropna(axis=0, how="all"))
