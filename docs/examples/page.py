"""Draws the charts that the examples share, and writes them to one page."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from statefolio.report import style

STYLE = (
    f"html {{overflow-y: scroll}} body {{font: 15px {style.FONT}; color: {style.INK}; max-width: 1000px; "
    "margin: 24px auto; padding: 0 16px} h1 {font-size: 26px} h2 {font-size: 16px; margin: 28px 0 0}"
)
QUIET = {"displayModeBar": False, "responsive": True}
ABOVE = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}


def line_chart(frame: pd.DataFrame) -> go.Figure:
    """Draw one line per column."""
    figure = go.Figure(layout=style.layout(height=300, showlegend=True, legend=ABOVE))
    for color, (name, values) in zip(style.COLOURS, frame.items(), strict=False):
        figure.add_scatter(x=frame.index, y=values, name=str(name), mode="lines", line={"color": color, "width": 1.4})
    figure.update_xaxes(style.axis())
    return figure.update_yaxes(style.axis())


def add_band(figure: go.Figure, low: "pd.Series[float]", high: "pd.Series[float]", color: str) -> None:
    """Add a band around an existing line."""
    shared = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    figure.add_scatter(x=low.index, y=low, **shared)
    fill = f"rgba({int(color[1:3], 16)}, {int(color[3:5], 16)}, {int(color[5:], 16)}, 0.12)"
    figure.add_scatter(x=high.index, y=high, fill="tonexty", fillcolor=fill, **shared)


def stacked_areas(frame: pd.DataFrame) -> go.Figure:
    """Draw the columns stacked through time."""
    figure = go.Figure(layout=style.layout(height=300, showlegend=True, legend=ABOVE))
    for color, (name, values) in zip(style.COLOURS, frame.items(), strict=False):
        line = {"width": 0, "color": color, "shape": "hv"}
        figure.add_scatter(x=frame.index, y=values, name=str(name), mode="lines", stackgroup="one", line=line)
    figure.update_xaxes(style.axis())
    return figure.update_yaxes(style.axis())


def stacked_bars(frame: pd.DataFrame) -> go.Figure:
    """Draw one bar per row, with the columns stacked."""
    figure = go.Figure(layout=style.layout(height=300, showlegend=True, legend=ABOVE, barmode="relative"))
    for color, (name, values) in zip(style.COLOURS, frame.items(), strict=False):
        figure.add_bar(x=frame.index, y=values, name=str(name), marker={"color": color})
    figure.update_xaxes(style.axis())
    return figure.update_yaxes(style.axis())


def write(file: Path, title: str, figures: Mapping[str, go.Figure]) -> None:
    """Write the figures below each other into a self-contained page."""
    parts = [
        f"<h2>{escape(name)}</h2>" + figure.to_html(full_html=False, include_plotlyjs=number == 0, config=QUIET)
        for number, (name, figure) in enumerate(figures.items())
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<!doctype html>{head}<h1>{escape(title)}</h1>{''.join(parts)}", encoding="utf-8")
