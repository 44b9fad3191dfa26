"""Adds lines and levels to figures of baskets, and chooses the range of their axes."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, keep_extremes
from statefolio.report.backtest.layouts import plain

BURN_IN = 0.04
"""Share of dates at the start that do not affect the range of an axis, because the filter has not converged."""


def add_line(
    figure: go.Figure, values: "pd.Series[float]", name: str, colour: str, row: int = 1, **changes: Any
) -> None:
    """Add a series by date to one of several panels, with all its spikes."""
    kept = keep_extremes(values)
    shown = values.iloc[kept]
    look: dict[str, Any] = {"mode": "lines", "line": {"width": 1.4, "color": colour}, "hovertemplate": "%{y:.4g}"}
    figure.add_scatter(x=date_strings(shown.index), y=plain(shown), name=name, row=row, col=1, **{**look, **changes})


def add_level(figure: go.Figure, value: float, row: int, text: str = "", **line: Any) -> None:
    """Add a dotted horizontal line to a panel; the legend names it if it has a name."""
    named = {"name": text, "showlegend": True} if text else {}
    figure.add_hline(y=value, line={**style.REFERENCE_LINE, **line}, row=row, col=1, **named)


def add_vertical(figure: go.Figure, at: float, name: str, colour: str, dash: str) -> None:
    """Add a vertical line with an entry in the legend."""
    line = {"width": 2.0, "color": colour, "dash": dash}
    figure.add_vline(x=at, line=line)
    figure.add_scatter(x=[None], y=[None], mode="lines", name=name, line=line)


def axis_range(values: Any) -> tuple[float, float]:
    """Return the range of an axis: the range of the values without the first dates."""
    known: NDArray[np.float64] = np.asarray(values, dtype=float)
    known = known[int(BURN_IN * len(known)) :]
    known = known[np.isfinite(known)]
    if known.size == 0:
        return -1.0, 1.0
    low, high = (float(edge) for edge in (known.min(), known.max()))
    room = 0.08 * (high - low) or 0.5
    return low - room, high + room
