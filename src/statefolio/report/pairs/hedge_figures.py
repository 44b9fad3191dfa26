"""Draws the hedges of a basket: spreads, hedge ratios with bands, and held values."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND
from statefolio.pairs.hedges.base import Hedge
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced, keep_extremes
from statefolio.report.backtest.layouts import band, plain, stacked_panels, time_layout
from statefolio.report.fitted_loadings import Floats, view_range
from statefolio.report.fitting import fitted
from statefolio.report.pairs.plot_elements import add_level, add_line, axis_range

PANEL = 200
"""Height of one of several stacked panels."""


def spread_figure(static: Hedge, dynamic: Hedge) -> go.Figure:
    """Draw the spreads of a constant and of a time-varying hedge, both under predicted ratios.

    Parameters
    ----------
    static, dynamic : Hedge
        Fitted on the same prices.
    """
    return spreads_figure({"Constant hedge": static, "Time-varying hedge": dynamic})


@fitted
def spreads_figure(hedges: Mapping[str, Hedge]) -> go.Figure:
    """Draw the spread of each hedge under predicted ratios, one below the other; dotted: its mean.

    Parameters
    ----------
    hedges : mapping of Hedge
        Fitted, by name.
    """
    titles = list(hedges)
    figure = stacked_panels(len(titles), titles, height=PANEL * len(titles) + 60, hovermode="x unified")
    for row, hedge in enumerate(hedges.values(), start=1):
        colour = style.ESTIMATE if row == len(titles) else style.OTHER
        spread = hedge.spread_["predicted"].dropna()
        if spread.empty:
            raise InputError("A hedge has no predicted spread. Fit it on a longer history of prices.")
        add_line(figure, spread, f"Spread, {titles[row - 1]}", colour, row)
        low, high = axis_range(spread)
        figure.update_yaxes(range=[low, high], row=row, col=1)
        add_level(figure, float(spread[(spread > low) & (spread < high)].mean()), row)
    return figure


@fitted
def hedge_ratio_figure(hedge: Hedge, other: Hedge | None = None, other_name: str = "Constant hedge") -> go.Figure:
    """Draw predicted hedge ratios with 95 % bands, with one panel per hedging asset.

    Parameters
    ----------
    hedge : Hedge
        A fitted hedge. Its bands are those of the model with known parameters.
    other : Hedge, optional
        Another hedge of the same prices; its ratios are dotted.
    other_name : str
        Its name in the legend.
    """
    ratios = hedge.hedge_ratios_
    names = [str(name) for name in ratios["asset"].to_numpy()]
    titles = [f"{hedge.assets_[0]} against {name}" for name in names]
    figure = stacked_panels(
        len(names),
        titles,
        height=PANEL * len(names) + 80,
        showlegend=True,
        hovermode="x unified",
    )
    dates = pd.DatetimeIndex(ratios["date"].to_numpy())
    for row, name in enumerate(ratios["asset"].to_numpy(), start=1):
        mean = ratios["predicted"].sel(asset=name).to_numpy()
        error = np.sqrt(ratios["predicted_variance"].sel(asset=name).to_numpy())
        other_mean = None if other is None else other.hedge_ratios_["predicted"].sel(asset=name).to_numpy()
        _ratio_panel(figure, dates, mean, error, other_mean, row, other_name)
    return figure


def _ratio_panel(
    figure: go.Figure,
    dates: pd.DatetimeIndex,
    mean: Floats,
    error: Floats,
    other: Floats | None,
    row: int,
    other_name: str,
) -> None:
    kept = evenly_spaced(len(dates))
    x = date_strings(dates[kept])
    if np.isfinite(error).any():
        for trace in band(x, (mean - HALF_BAND * error)[kept], (mean + HALF_BAND * error)[kept]):
            figure.add_trace(trace, row=row, col=1)
    if other is not None:
        dotted = {"width": 1.4, "color": style.OTHER, "dash": "dot"}
        figure.add_scatter(
            x=x,
            y=plain(other[kept]),
            mode="lines",
            name=other_name,
            legendgroup="other",
            showlegend=row == 1,
            line=dotted,
            hovertemplate="%{y:.3f}",
            row=row,
            col=1,
        )
    figure.add_scatter(
        x=x,
        y=plain(mean[kept]),
        mode="lines",
        name="Predicted, 95 % band",
        legendgroup="ratio",
        showlegend=row == 1,
        line={"width": 1.6, "color": style.ESTIMATE},
        hovertemplate="%{y:.3f}",
        row=row,
        col=1,
    )
    shown = error if np.isfinite(error).any() else np.zeros(len(mean))
    figure.update_yaxes(range=view_range(mean, shown, other), row=row, col=1)


@fitted
def held_value_figure(held: "Mapping[str, pd.Series[float]]", unit: str = "per share") -> go.Figure:
    """Draw the held value of each hedge: the profit of a trader who holds it.

    Parameters
    ----------
    held : mapping of Series by date
        `held_value_` of fitted or walked-forward hedges, by name.
    unit : str
        Name of the unit.
    """
    if not held:
        raise InputError("held must have at least one hedge, got none. Pass e.g. held={'constant': hedge.held_value_}.")
    figure = go.Figure()
    for place, (name, series) in enumerate(held.items()):
        known = series.dropna()
        if known.empty:
            continue
        kept = keep_extremes(known)
        figure.add_scatter(
            x=date_strings(known.index[kept]),
            y=plain(known.iloc[kept] - known.iloc[0]),
            mode="lines",
            name=name,
            line=style.line(place),
            hovertemplate="%{y:.3f}",
        )
    style.lay_out(figure, time_layout("", height=380))
    figure.update_yaxes(title=style.axis_title(f"Held value {unit} of the first asset"))
    return figure
