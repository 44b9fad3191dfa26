"""Turns a figure into its dark version: the same figure with the colours of `style` replaced."""

import json
from typing import Any

import plotly.graph_objects as go

from statefolio._options import OneOf, check
from statefolio.report import style

THEMES = ("light", "dark")
DARK = {
    style.PAPER: "#14191f",
    style.INK: "#e6ebf0",
    style.MUTED: "#9fabb6",
    style.GRID: "#2a323b",
    style.BAND: "rgba(111, 176, 222, 0.24)",
    style.OTHER_BAND: "rgba(240, 160, 75, 0.34)",
    style.POINTS: "rgba(159, 171, 182, 0.38)",
    style.IN_SAMPLE: "rgba(159, 171, 182, 0.13)",
    style.PALE: "#6d7983",
    style.OTHERS: "#59646e",
    style.CASH: "#323b44",
    **dict(
        zip(
            style.COLOURS,
            ("#6fb0de", "#f0a04b", "#74fff4", "#e9ffb0", "#b8327c", "#606d38", "#2c64ca", "#d59c99"),
            strict=True,
        )
    ),
    "#a8481a": "#f0a04b",
    "#e3a878": "#8a5526",
    "#f7f7f5": "#232a32",
    "#7fb0d1": "#2f6a93",
    "#174f78": "#7cc0f0",
    "#bcd6e6": "#274b64",
    "#5595be": "#4486b3",
}
"""The dark colour of each colour of `style`; the colours of series differ for the colour-blind as the light ones do."""


def themed(figure: go.Figure, theme: str = "dark") -> go.Figure:
    """Return a copy of a figure in light or dark colours.

    Parameters
    ----------
    figure : plotly Figure
        A figure of this package, which is light.
    theme : {"light", "dark"}

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    InputError
        If the theme is unknown.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.RollingLoadings(window=120).fit(demo.returns.loc["2021":], demo.factors.loc["2021":, ["market"]])
    >>> sf.report.themed(model.plot_map(), "dark").layout.paper_bgcolor
    '#14191f'
    """
    check("theme", theme, OneOf(*THEMES))
    content = json.loads(figure.to_json())
    return go.Figure(_replaced(content) if theme == "dark" else content)


def _replaced(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _replaced(part) for name, part in content.items()}
    if isinstance(content, list):
        return [_replaced(part) for part in content]
    return DARK.get(content, content) if isinstance(content, str) else content
