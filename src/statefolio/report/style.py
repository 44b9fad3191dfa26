"""Holds the look of all figures: colours that the colour-blind tell apart, axes, titles and legends.

Titles are above the plot and legends below it, both placed in the figure's own frame, so that neither can run into the
other or into the axes. Reference lines are named in the legend, because a text beside a line meets what is drawn there.
"""

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

INK = "#1d2833"
MUTED = "#66737f"
GRID = "#e8ecf0"
PAPER = "#ffffff"
ESTIMATE = "#1f5f8b"
BAND = "rgba(31, 95, 139, 0.16)"
OTHER = "#d07a1c"
OTHER_BAND = "rgba(208, 122, 28, 0.28)"
POINTS = "rgba(102, 115, 127, 0.30)"
PALE = "#a9b4bd"
OTHERS = "#c9d1d8"
CASH = "#eceff2"
IN_SAMPLE = "rgba(102, 115, 127, 0.09)"
COLOURS = (ESTIMATE, OTHER, "#38a35e", "#661031", "#b979e1", "#495400", "#002e8c", "#b5889e")
"""Colours of series, in the order of their use. Any two of them differ for the colour-blind too: the least distance
in CIE L*a*b* is 25 under simulated deuteranopia and protanopia (Machado, Oliveira and Fernandes 2009), where 2.3 is
just noticeable, and each has a contrast of at least 3 with white."""
ALARM = COLOURS[3]
DASHES = ("solid", "dash", "dot", "dashdot")
"""Dashes of lines: the first for the first use of all colours, the next for the second use, and so on."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

DIVERGING = [[0.0, "#a8481a"], [0.25, "#e3a878"], [0.5, "#f7f7f5"], [0.75, "#7fb0d1"], [1.0, "#174f78"]]
SEQUENTIAL = [[0.0, "#f7f7f5"], [0.35, "#bcd6e6"], [0.7, "#5595be"], [1.0, "#174f78"]]
LEGEND = {
    "orientation": "h",
    "x": 0,
    "xanchor": "left",
    "xref": "container",
    "y": 0,
    "yanchor": "bottom",
    "yref": "container",
    "font": {"size": 11.5},
    "traceorder": "normal",
}
"""A legend below the plot; the plot makes room for it."""
TITLE_LINE = 17
HEIGHT = 320
ON_PAPER = 0.66
"""Height of a printed figure as a share of that on the screen; `template/page.js` has it too."""
REFERENCE_LINE = {"width": 1.1, "color": MUTED, "dash": "dot"}
"""A line to compare with: a limit, a level, a mean."""


def layout(**changes: Any) -> dict[str, Any]:
    """Return the base layout of all figures, updated with `changes`; `title` may be a text."""
    text = changes.pop("title", "")
    changes.setdefault("height", HEIGHT)
    lines = textwrap.wrap(text, 52) if isinstance(text, str) else []
    base: dict[str, Any] = {
        "template": None,
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 10, "r": 12, "t": 14 + (6 + TITLE_LINE * len(lines) if lines else 0), "b": 10},
        "hoverlabel": {"font": {"family": FONT, "size": 12}, "namelength": -1},
        "showlegend": False,
        "legend": LEGEND,
    }
    if lines:
        base["title"] = {
            "text": "<br>".join(lines),
            "font": {"size": 13, "color": INK},
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "pad": {"l": 10, "t": 10 + TITLE_LINE * (len(lines) - 1)},
        }
    return {**base, **changes}


def lay_out(figure: "go.Figure", changes: dict[str, Any]) -> "go.Figure":
    """Update the layout of a figure and return it; one without a layout gets it whole, in a sixth of the time."""
    if set(figure.layout.to_plotly_json()) <= {"template"}:
        figure.layout = changes
        return figure.update_layout(template=changes.get("template"))  # None above means the usual one
    return figure.update_layout(changes)


def axis_title(text: str) -> dict[str, Any]:
    """Return an axis title in small grey type."""
    return {"text": text, "font": {"size": 11.5, "color": MUTED}, "standoff": 8}


def axis(**changes: Any) -> dict[str, Any]:
    """Return the base style of an axis (light grid, no box), updated with `changes`."""
    base: dict[str, Any] = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "zerolinecolor": MUTED,
        "ticks": "",
        "tickfont": {"size": 11, "color": MUTED},
        "automargin": True,
        "fixedrange": False,
    }
    return {**base, **changes}


def log_ticks(values: Any) -> dict[str, Any]:
    """Return the ticks of a log axis: 1, 2 and 5 of each power of ten, or powers alone where the values span many."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known) & (known > 0.0)]
    low, high = (float(np.log10(edge(known))) if known.size else 0.0 for edge in (np.min, np.max))
    decades = range(int(np.floor(low)) - 1, int(np.ceil(high)) + 2)
    steps = (1.0, 2.0, 5.0) if high - low < 1.5 else (1.0,)
    every = max(1, -(-len(decades) // 7))
    ticks = [step * 10.0**power for power in decades[::every] for step in steps]
    return {"type": "log", "tickmode": "array", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def colour(place: int) -> str:
    """Return the colour of a series by its place."""
    return COLOURS[place % len(COLOURS)]


def line(place: int, width: float = 1.6) -> dict[str, Any]:
    """Return colour and dash of a line by its place: dashes tell apart lines that share a colour."""
    return {"width": width, "color": colour(place), "dash": DASHES[place // len(COLOURS) % len(DASHES)]}


def named_line(name: str, **look: Any) -> dict[str, Any]:
    """Return the options of `add_hline` or `add_vline` for a reference line that the legend names."""
    return {"line": {**REFERENCE_LINE, **look}, "name": name, "showlegend": True}
