"""The panel at a glance: every loading today, and how far each has moved."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from statefolio.report import style
from statefolio.report.fitted import ALPHA, FittedLoadings, Floats, names, settled

TALLEST = 900
ROW = 17


def loadings_heat_map(model: FittedLoadings) -> go.Figure:
    """Draw each asset's last filtered loading on each factor, ordered by the first factor.

    The constant is left out: its scale is another one. An asset without a value on the last date stays blank.
    """
    today = last_loadings(model)
    limit = _limit(np.abs(today))
    colours = {"colorscale": style.DIVERGING, "zmin": -limit, "zmax": limit}
    return _heat_map(model, today, np.argsort(first_factor(model, today), kind="stable"), colours)


def movement_heat_map(model: FittedLoadings) -> go.Figure:
    """Draw how far each loading has moved: the 95th less the 5th percentile of its settled filtered values.

    The rows stand in the same order as in `loadings_heat_map`.
    """
    order = np.argsort(first_factor(model, last_loadings(model)), kind="stable")
    moved = movement(model)
    return _heat_map(model, moved, order, {"colorscale": style.SEQUENTIAL, "zmin": 0.0, "zmax": _limit(moved)})


def last_loadings(model: FittedLoadings) -> Floats:
    """Return the filtered loadings (asset, factor) on the last date."""
    values = model.loadings_["filtered"].isel(date=-1).transpose("asset", "factor")
    return np.array(values, dtype=float)


def movement(model: FittedLoadings) -> Floats:
    """Return how far each filtered loading (asset, factor) has moved; NaN where it never settled."""
    moved = np.full((len(names(model, "asset")), len(names(model, "factor"))), np.nan)
    for i in range(moved.shape[0]):
        one = model.loadings_[["filtered", "filtered_variance"]].isel(asset=i).transpose("date", "factor", ...)
        mean = np.asarray(one["filtered"], dtype=float)
        where = settled(np.sqrt(np.asarray(one["filtered_variance"], dtype=float)))
        some = where.any(axis=0)
        if some.any():
            inside = np.where(where[:, some], mean[:, some], np.nan)
            low, high = np.nanpercentile(inside, [5.0, 95.0], axis=0)
            moved[i, some] = high - low
    return moved


def first_factor(model: FittedLoadings, today: Floats) -> Floats:
    """Return the loadings on the first factor that is not the constant."""
    factors = names(model, "factor")
    return today[:, next((k for k, factor in enumerate(factors) if factor != ALPHA), 0)]


def _limit(values: Floats) -> float:
    """Return where the colours end: beyond nearly all values, so one outlier does not bleach the rest."""
    known = values[np.isfinite(values)]
    return float(np.percentile(known, 98.0)) or 1.0 if known.size else 1.0


def _heat_map(model: FittedLoadings, values: Floats, order: Any, colours: dict[str, Any]) -> go.Figure:
    factors, assets = names(model, "factor"), names(model, "asset")
    shown = [k for k, factor in enumerate(factors) if factor != ALPHA] or list(range(len(factors)))
    row = min(float(ROW), TALLEST / max(1, len(assets)))
    bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 10.5, "color": style.MUTED}}
    figure = go.Figure(
        go.Heatmap(
            z=values[order][:, shown].round(4),
            x=[factors[k] for k in shown],
            y=[assets[i] for i in order],
            xgap=2 if row > 6 else 0,
            ygap=2 if row > 6 else 0,
            hoverongaps=False,
            hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>",
            colorbar=bar,
            **colours,
        )
    )
    return figure.update_layout(
        style.layout(
            height=int(70 + row * max(4, len(assets))),
            margin={"l": 8, "r": 4, "t": 34, "b": 8},
            xaxis=style.axis(side="top", type="category", showgrid=False, fixedrange=True),
            yaxis=style.axis(type="category", showgrid=False, autorange=True),
        )
    )
