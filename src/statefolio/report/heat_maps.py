"""Draws heat maps of a panel: the latest loadings, and how far each loading has moved."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from statefolio.loadings.movement import movement as settled_range
from statefolio.report import style
from statefolio.report.fitted_loadings import ALPHA, FittedLoadings, Floats, names
from statefolio.report.fitting import fitted

TALLEST = 900
ROW = 17


@fitted
def loadings_heat_map(model: FittedLoadings) -> go.Figure:
    """Draw each asset's last filtered loading on each factor, ordered by the first factor.

    The constant is left out because its scale differs. Missing values on the last date stay blank.

    Parameters
    ----------
    model
        A fitted loadings model.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2021":], demo.factors.loc["2021":, ["market", "value"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns, factors)
    >>> figure = sf.report.loadings_heat_map(model)
    >>> figure.data[0].x
    ('market', 'value')
    >>> figure.data[0].y[0], round(float(figure.data[0].z[0][0]), 2)  # the smallest market loading
    ('MRK', 0.31)
    """
    today = last_loadings(model)
    limit = _limit(np.abs(today))
    colours = {"colorscale": style.DIVERGING, "zmin": -limit, "zmax": limit}
    return _heat_map(model, today, np.argsort(first_factor(model, today), kind="stable"), colours)


@fitted
def movement_heat_map(model: FittedLoadings) -> go.Figure:
    """Draw how far each loading has moved: the 95th less the 5th percentile of its settled filtered values.

    Dates on which the standard error is more than twice its median do not count as settled. The rows are in the same
    order as in `loadings_heat_map`.

    Parameters
    ----------
    model
        A fitted loadings model.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2021":], demo.factors.loc["2021":, ["market", "value"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns, factors)
    >>> figure = sf.report.movement_heat_map(model)
    >>> moved = dict(zip(figure.data[0].y, figure.data[0].z[:, 0]))
    >>> largest = max(moved, key=moved.get)
    >>> largest, round(float(moved[largest]), 2)
    ('RRC', 1.62)
    """
    order = np.argsort(first_factor(model, last_loadings(model)), kind="stable")
    moved = movement(model)
    return _heat_map(model, moved, order, {"colorscale": style.SEQUENTIAL, "zmin": 0.0, "zmax": _limit(moved)})


def last_loadings(model: FittedLoadings) -> Floats:
    """Return the filtered loadings (asset, factor) on the last date."""
    values = model.loadings_["filtered"].isel(date=-1).transpose("asset", "factor")
    return np.array(values, dtype=float)


def movement(model: FittedLoadings) -> Floats:
    """Return how far each filtered loading (asset, factor) has moved; NaN if it never settled."""
    found = model.loadings_.transpose("asset", "date", "factor", ...)
    mean, variance = (np.asarray(found[name], dtype=float) for name in ("filtered", "filtered_variance"))
    moved = np.full((len(mean), mean.shape[2]), np.nan)
    for i in range(len(mean)):
        moved[i] = settled_range(mean[i], np.sqrt(variance[i]))
    return moved


def first_factor(model: FittedLoadings, today: Floats) -> Floats:
    """Return the loadings on the first factor that is not the constant."""
    factors = names(model, "factor")
    return today[:, next((k for k, factor in enumerate(factors) if factor != ALPHA), 0)]


def _limit(values: Floats) -> float:
    """Return the end of the colour scale, the 98th percentile, so that one outlier does not fade all other cells."""
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
    return style.lay_out(
        figure,
        style.layout(
            height=int(70 + row * max(4, len(assets))),
            xaxis=style.axis(side="top", type="category", showgrid=False, fixedrange=True),
            yaxis=style.axis(type="category", showgrid=False, autorange=True),
        ),
    )
