"""Draws a basket's z-score with the levels of a trading rule, and the units that the rule holds."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.pairs.trading.rules import Rule
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings
from statefolio.report.backtest.layouts import plain, stacked_panels
from statefolio.report.fitting import fitted
from statefolio.report.pairs.plot_elements import add_level, add_line

LAST = 250
"""Number of dates drawn."""


@fitted
def signal_figure(z: "pd.Series[float]", rule: Rule, last: int = LAST) -> go.Figure:
    """Draw the z-score on the last dates with the levels of a rule, and below it the units held.

    Parameters
    ----------
    z : Series by date
        The whole series from `z_score`, because a position held now may have been opened long ago.
    rule : Rule
    last : int
        Number of dates drawn.

    Raises
    ------
    InputError
        If no date has a z-score.
    """
    if z.isna().all():
        raise InputError("z must have at least one value, got none. Pass a longer history of prices.")
    units = pd.Series(rule.units(np.asarray(z, dtype=np.float64)), z.index)
    shown, held = z.iloc[-last:], units.iloc[-last:]
    figure = stacked_panels(2, ["Z-score", "Units held"], height=420, hovermode="x unified", showlegend=True)
    figure.update_layout(yaxis={"domain": [0.38, 1.0]}, yaxis2={"domain": [0.0, 0.27]})
    figure.layout.annotations[1].y = 0.27
    add_line(figure, shown, "Z-score", style.ESTIMATE, 1, hovertemplate="%{y:.2f}")
    named: dict[float, list[str]] = {}
    for name, level in rule.levels().items():
        named.setdefault(level, []).append(name)
    for place, (level, names) in enumerate(named.items()):
        add_level(figure, level, 1, ", ".join(names), dash=style.DASHES[1 + place % 3])
    figure.add_scatter(
        x=date_strings(held.index),
        y=plain(held),
        mode="lines",
        name="Units",
        line={"width": 1.0, "color": style.ESTIMATE, "shape": "hv"},
        fill="tozeroy",
        fillcolor=style.BAND,
        hovertemplate="%{y:+.2f}",
        row=2,
        col=1,
    )
    figure.update_yaxes(range=[-1.15, 1.15], tickvals=[-1, 0, 1], row=2, col=1)
    return figure
