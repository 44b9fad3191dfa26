"""One basket under its hedges: spreads one above the other, hedge ratios with bands, and what holding it earned."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.report import style
from statefolio.report.backtest.panels import HALF_BAND, LEGEND, band, plain, quiet_title, stacked_panels, time_layout
from statefolio.report.backtest.thinning import days, every_few, with_extremes
from statefolio.report.fitted import Floats, view_range
from statefolio.report.pairs.marks import add_level, add_line, worthwhile_range

PANEL = 200
"""Height of one of several panels."""


def spread_figure(static: Hedge, dynamic: Hedge) -> go.Figure:
    """Draw the spread of a constant hedge, and below it that of a moving one, both under predicted ratios.

    Parameters
    ----------
    static, dynamic : Hedge
        Fitted on the same prices.
    """
    titles = ["constant hedge", "moving hedge"]
    figure = stacked_panels(2, titles, height=2 * PANEL + 60, hovermode="x unified")
    for row, (hedge, colour) in enumerate(((static, style.OTHER), (dynamic, style.ESTIMATE)), start=1):
        spread = hedge.spread_["predicted"].dropna()
        if spread.empty:
            raise InputError("a hedge has no spread yet; more prices were expected. Pass a longer history.")
        add_line(figure, spread, f"spread, {titles[row - 1]}", colour, row)
        low, high = worthwhile_range(spread)
        figure.update_yaxes(range=[low, high], row=row, col=1)
        add_level(figure, float(spread[(spread > low) & (spread < high)].mean()), row)
    return figure


def hedge_ratio_figure(hedge: Hedge, beside: Hedge | None = None) -> go.Figure:
    """Draw predicted hedge ratios with their 95 % bands, a panel for each asset that hedges.

    Parameters
    ----------
    hedge : Hedge
        Fitted; its bands are those of the model, with its parameters taken as known.
    beside : Hedge, optional
        Another hedge of the same prices, its ratios dotted.
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
        legend={**LEGEND, "y": 1.0 + 24.0 / (PANEL * len(names))},
        margin={"l": 48, "r": 12, "t": 52, "b": 30},
    )
    dates = pd.DatetimeIndex(ratios["date"].to_numpy())
    for row, name in enumerate(ratios["asset"].to_numpy(), start=1):
        mean = ratios["predicted"].sel(asset=name).to_numpy()
        error = np.sqrt(ratios["predicted_variance"].sel(asset=name).to_numpy())
        other = None if beside is None else beside.hedge_ratios_["predicted"].sel(asset=name).to_numpy()
        _ratio_panel(figure, dates, mean, error, other, row)
    return figure


def _ratio_panel(
    figure: go.Figure, dates: pd.DatetimeIndex, mean: Floats, error: Floats, other: Floats | None, row: int
) -> None:
    kept = every_few(len(dates))
    x = days(dates[kept])
    if np.isfinite(error).any():
        for trace in band(x, (mean - HALF_BAND * error)[kept], (mean + HALF_BAND * error)[kept]):
            figure.add_trace(trace, row=row, col=1)
    if other is not None:
        dotted = {"width": 1.4, "color": style.OTHER, "dash": "dot"}
        figure.add_scatter(
            x=x,
            y=plain(other[kept]),
            mode="lines",
            name="constant hedge",
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
        name="predicted, 95 % band",
        legendgroup="ratio",
        showlegend=row == 1,
        line={"width": 1.6, "color": style.ESTIMATE},
        hovertemplate="%{y:.3f}",
        row=row,
        col=1,
    )
    shown = error if np.isfinite(error).any() else np.zeros(len(mean))
    figure.update_yaxes(range=view_range(mean, shown, other), row=row, col=1)


def held_value_figure(held: "Mapping[str, pd.Series[float]]", unit: str = "per share") -> go.Figure:
    """Draw what a trader who holds the hedge earns, for each hedge by name.

    Parameters
    ----------
    held : mapping of Series by date
        `held_value_` of fitted or walked hedges.
    unit : str
        What to call the unit.
    """
    if not held:
        raise InputError("no hedge came; one at least was expected.")
    figure = go.Figure()
    lines = [line for line in style.LINES if line != style.MUTED]
    for place, (name, series) in enumerate(held.items()):
        known = series.dropna()
        if known.empty:
            continue
        kept = with_extremes(known)
        figure.add_scatter(
            x=days(known.index[kept]),
            y=plain(known.iloc[kept] - known.iloc[0]),
            mode="lines",
            name=name,
            line={"width": 1.5, "color": lines[place % len(lines)]},
            hovertemplate="%{y:.3f}",
        )
    figure.update_layout(time_layout("", height=380))
    figure.update_yaxes(title=quiet_title(f"held value {unit} of the first asset"))
    return figure
