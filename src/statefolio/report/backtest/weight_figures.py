"""Draws the weights of a back-test and its expected returns."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced
from statefolio.report.backtest.layouts import band, detail, largest, plain, time_layout
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.fitting import fitted

MOST_ASSETS = 8
MOST_LINES = 5
MOST_OTHERS = 0.25
"""Largest share of the weights that the assets without a name of their own may have, where groups are known."""
MOST_OTHERS_UNGROUPED = 0.5
FIFTHS = ("largest fifth", "second fifth", "third fifth", "fourth fifth", "smallest fifth")
"""Of the positions on each date, by size."""
NOTHING = 5e-4
"""Shares of the value below this are too small to draw."""


@fitted
def weights_figure(result: Backtest, most: int = MOST_ASSETS, groups: "pd.Series[str] | None" = None) -> go.Figure:
    """Draw weights through time as stacked areas.

    Cash is stacked on top of long positions. Short positions are below zero; the figure then has a line for the net
    weight instead of cash.

    Parameters
    ----------
    result : BacktestResult
        Its `weights`.
    most : int
        The most assets with an area each: those with the largest mean absolute weights. The others share an area,
        separate for long and short positions.
    groups : Series of str by asset, optional
        If the others would take more than a quarter of the chart, areas are of groups instead of assets. Without
        groups, if they would take more than half, areas are of fifths of the positions on each date, by size.

    Raises
    ------
    InputError
        If the portfolio is in cash on all dates.
    """
    held = result.weights.loc[result.weights.index > result.value.index[0]].fillna(0.0)
    named, others = largest(held, most)
    if not named:
        raise InputError(
            f"{result.name} holds only cash on all {len(held):,} dates, so there are no weights to draw. Check its "
            "decisions."
        )
    held = held.iloc[evenly_spaced(len(held))]
    x = date_strings(held.index)
    figure = go.Figure()
    rest = f"{len(others)} others"
    for place, (label, weights) in enumerate(_shown(held, named, others, groups, rest).items()):
        _areas(figure, x, weights, label, style.OTHERS if label == rest else style.colour(place))
    net = held.sum(axis=1)
    if (held < -NOTHING).any(axis=None):
        line = {"width": 1.6, "dash": "dot", "color": style.INK}
        hover = "%{y:.1f} %"
        figure.add_scatter(x=x, y=plain(100.0 * net), mode="lines", name="Net weight", line=line, hovertemplate=hover)
    elif (net < 1.0 - NOTHING).any():
        _areas(figure, x, (1.0 - net).clip(lower=0.0).to_frame(), "Cash", style.CASH)
    axis = style.axis(title=style.axis_title("Share of value, %"), zeroline=True, zerolinecolor=style.MUTED)
    return style.lay_out(figure, time_layout("", yaxis=axis, height=430))


def _shown(
    held: pd.DataFrame, named: list[Any], others: list[Any], groups: "pd.Series[str] | None", rest: str
) -> dict[str, pd.DataFrame]:
    """Return the weights of each area: of single assets and the others, or of groups or fifths instead."""
    size = held.abs().sum()
    of_others = float(size[others].sum()) / float(size.sum())
    if others and groups is not None and of_others > MOST_OTHERS:
        of = groups.reindex(held.columns).fillna("no group")
        order = size.groupby(of).sum().sort_values(ascending=False, kind="stable").index
        return {str(group): held.loc[:, of == group] for group in order if size[of == group].sum() > 0.0}
    if others and groups is None and of_others > MOST_OTHERS_UNGROUPED:
        return _fifths(held)
    found = {str(asset): held[[asset]] for asset in named}
    return {**found, rest: held[others]} if others else found


def _fifths(held: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the weights in each fifth of the positions of a date, by size."""
    position = held.abs() > 0.0
    rank = held.abs().where(position).rank(axis=1, method="first", ascending=False)
    fifth = np.ceil(len(FIFTHS) * rank.div(position.sum(axis=1), axis=0))
    return {label: held.where(fifth == number, 0.0) for number, label in enumerate(FIFTHS, start=1)}


def _areas(figure: go.Figure, x: list[str], weights: pd.DataFrame, name: str, colour: str) -> None:
    """Add one area for the long positions in these assets and one for the short positions."""
    parts = {"long": weights.clip(lower=0.0).sum(axis=1), "short": weights.clip(upper=0.0).sum(axis=1)}
    sides = [side for side, part in parts.items() if (part.abs() > NOTHING).any()] or ["long"]
    for side in sides:
        figure.add_scatter(
            x=x,
            y=plain(100.0 * parts[side]),
            mode="lines",
            name=name,
            legendgroup=name,
            showlegend=side == sides[0],
            stackgroup=side,
            line={"width": 0.4, "color": colour},
            fillcolor=colour,
            hovertemplate="%{y:.1f} %",
        )


@fitted
def expected_return_figure(result: Backtest, most: int = MOST_LINES) -> go.Figure:
    """Draw annualised expected returns at each decision, for the assets with the largest target weights.

    With more than twice as many assets, the band from the 10th to the 90th percentile of all assets is shaded.

    Parameters
    ----------
    result : BacktestResult
        Its `details["expected_return"]`: decimals per date, annualised with `periods_per_year` and drawn in percent.
    most : int
        The most assets drawn: those with the largest mean absolute target weights.

    Raises
    ------
    InputError
        If the decisions record no expected returns.
    """
    expected = 100.0 * result.periods_per_year * detail(result.details, "expected_return", result.name)
    target = result.decisions.reindex(columns=expected.columns).fillna(0.0).abs().mean()
    chosen = target.sort_values(ascending=False, kind="stable").index[:most]
    expected = expected.iloc[evenly_spaced(len(expected))]
    x = date_strings(expected.index)
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
            line=style.line(place, 1.4),
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=style.axis_title("Expected return, % per year"), zeroline=True, zerolinecolor=style.MUTED)
    return style.lay_out(figure, time_layout("", yaxis=axis))
