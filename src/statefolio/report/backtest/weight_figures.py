"""What was held, and what was expected of it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.panels import CASH, OTHERS, band, detail, largest, plain, quiet_title, time_layout
from statefolio.report.backtest.tested import Tested
from statefolio.report.backtest.thinning import days, every_few

MOST_ASSETS = 11
MOST_LINES = 5
NOTHING = 5e-4
"""A share of the value that no picture shows."""


def weights_figure(result: Tested, most: int = MOST_ASSETS) -> go.Figure:
    """Draw weights through time as they drift: areas on top of each other.

    What is in cash stands on top of longs. Shorts stand below zero, and a line says the net weight instead.

    Parameters
    ----------
    result : BacktestResult
        Its `weights`.
    most : int
        How many assets have areas of their own: the largest in mean absolute weight. What is left stands together
        as others, longs and shorts apart.

    Raises
    ------
    InputError
        Where nothing was held on any date.
    """
    held = result.weights.loc[result.weights.index > result.value.index[0]].fillna(0.0)
    named, left = largest(held, most)
    if not named:
        raise InputError(f"{result.name} held nothing but cash on its {len(held):,} dates: there is no weight to draw.")
    held = held.iloc[every_few(len(held))]
    x = days(held.index)
    figure = go.Figure()
    for place, asset in enumerate(named):
        _areas(figure, x, held[[asset]], str(asset), style.LINES[place % len(style.LINES)])
    if left:
        _areas(figure, x, held[left], f"{len(left)} others", OTHERS)
    net = held.sum(axis=1)
    if (held < -NOTHING).any(axis=None):
        line = {"width": 1.6, "dash": "dot", "color": style.INK}
        told = "%{y:.1f} %"
        figure.add_scatter(x=x, y=plain(100.0 * net), mode="lines", name="net", line=line, hovertemplate=told)
    elif (net < 1.0 - NOTHING).any():
        _areas(figure, x, (1.0 - net).clip(lower=0.0).to_frame(), "cash", CASH)
    axis = style.axis(title=quiet_title("share of value, %"), zeroline=True, zerolinecolor=style.MUTED)
    return figure.update_layout(time_layout("", yaxis=axis, height=430))


def _areas(figure: go.Figure, x: list[str], weights: pd.DataFrame, name: str, colour: str) -> None:
    """Add what is long of these assets above zero and what is short below it."""
    parts = {"long": weights.clip(lower=0.0).sum(axis=1), "short": weights.clip(upper=0.0).sum(axis=1)}
    drawn = [side for side, part in parts.items() if (part.abs() > NOTHING).any()] or ["long"]
    for side in drawn:
        figure.add_scatter(
            x=x,
            y=plain(100.0 * parts[side]),
            mode="lines",
            name=name,
            legendgroup=name,
            showlegend=side == drawn[0],
            stackgroup=side,
            line={"width": 0.4, "color": colour},
            fillcolor=colour,
            hovertemplate="%{y:.1f} %",
        )


def expected_return_figure(result: Tested, most: int = MOST_LINES) -> go.Figure:
    """Draw the returns a year that decisions expected: the assets most held, among four fifths of all assets.

    Parameters
    ----------
    result : BacktestResult
        Its `details["expected_return"]`: decimals a date, drawn times `periods_per_year`, in percent.
    most : int
        How many assets have lines: those whose weights wanted were largest on average.

    Raises
    ------
    InputError
        Where the decisions left no expected returns.
    """
    expected = 100.0 * result.periods_per_year * detail(result.details, "expected_return", result.name)
    wanted = result.decisions.reindex(columns=expected.columns).fillna(0.0).abs().mean()
    chosen = wanted.sort_values(ascending=False, kind="stable").index[:most]
    expected = expected.iloc[every_few(len(expected))]
    x = days(expected.index)
    figure = go.Figure()
    if len(expected.columns) > 2 * most:
        low, high = np.nanpercentile(expected.to_numpy(dtype=float), [10.0, 90.0], axis=1)
        figure.add_traces(band(x, low, high, style.IN_SAMPLE))
    for place, asset in enumerate(chosen):
        figure.add_scatter(
            x=x,
            y=plain(expected[asset]),
            mode="lines" if len(x) > 1 else "markers",
            name=str(asset),
            line={"width": 1.4, "color": style.LINES[place % len(style.LINES)]},
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=quiet_title("expected return, % a year"), zeroline=True, zerolinecolor=style.MUTED)
    return figure.update_layout(time_layout("", yaxis=axis))
