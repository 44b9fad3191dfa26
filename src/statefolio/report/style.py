"""Holds the colours and the base layout of all figures."""

from typing import Any

INK = "#1d2833"
MUTED = "#66737f"
GRID = "#e8ecf0"
PAPER = "#ffffff"
ESTIMATE = "#1f5f8b"
BAND = "rgba(31, 95, 139, 0.16)"
OTHER = "#d07a1c"
IN_SAMPLE = "rgba(102, 115, 127, 0.09)"
COLOURS = (
    ESTIMATE,
    OTHER,
    "#4b8f5c",
    "#8a5a9e",
    "#b8473f",
    "#66737f",
    "#c2a23a",
    "#2f8f9d",
    "#1d2833",
    "#d486b0",
    "#8fb339",
    "#9c6b3f",
)
"""Colours of lines, in the order of their use."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

DIVERGING = [[0.0, "#a8481a"], [0.25, "#e3a878"], [0.5, "#f7f7f5"], [0.75, "#7fb0d1"], [1.0, "#174f78"]]
SEQUENTIAL = [[0.0, "#f7f7f5"], [0.35, "#bcd6e6"], [0.7, "#5595be"], [1.0, "#174f78"]]


def layout(**changes: Any) -> dict[str, Any]:
    """Return the base layout of all figures, updated with `changes`."""
    base: dict[str, Any] = {
        "template": None,
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 48, "r": 12, "t": 30, "b": 36},
        "hoverlabel": {"font": {"family": FONT, "size": 12}},
        "showlegend": False,
    }
    return {**base, **changes}


def axis_title(text: str) -> dict[str, Any]:
    """Return an axis title in small grey type."""
    return {"text": text, "font": {"size": 11.5, "color": MUTED}, "standoff": 8}


def axis(**changes: Any) -> dict[str, Any]:
    """Return the base style of an axis (light grid, no box), updated with `changes`."""
    base: dict[str, Any] = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": 11, "color": MUTED},
        "automargin": True,
        "fixedrange": False,
    }
    return {**base, **changes}
