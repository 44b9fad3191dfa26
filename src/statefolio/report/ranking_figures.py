"""Draws a ranking of factors: single relations of an asset to a factor, and the variance that each factor explains."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from statefolio.factors.ranking import FactorRanking
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.fitting import fitted

Floats = npt.NDArray[np.float64]

BINS = 12
MOST_POINTS = 1500
HEIGHT = 340
TALLEST = 900
ROW = 17


@dataclass(frozen=True, eq=False)
class Relation:
    """The relation of one asset to one factor after the effect of the other factors is removed.

    Attributes
    ----------
    x, y : (T,)
        Factor return, and the asset's partial residual: its residual on all factors plus slope times factor. Percent.
    slope : float
    bins : DataFrame
        One row per bin of equally many dates: x, mean of y and its standard error.
    """

    asset: Any
    factor: Any
    x: Floats
    y: Floats
    slope: float
    bins: pd.DataFrame


@fitted
def relation_figure(ranking: FactorRanking, asset: Any, factor: Any) -> go.Figure:
    """Draw the partial residuals of an asset on a factor, the straight line, and means of bins with 95 % bands.

    The means of a linear relation lie on the line; those of a nonlinear one leave it.
    """
    one = relation(ranking, asset, factor)
    low, high = np.percentile(one.y, [0.5, 99.5])
    room = 0.15 * (high - low)
    figure = go.Figure(_traces(one))
    return style.lay_out(
        figure,
        style.layout(
            height=HEIGHT,
            xaxis=style.axis(title=style.axis_title(f"{factor}, %")),
            yaxis=style.axis(title=style.axis_title(f"{asset}, partial residual, %"), range=[low - room, high + room]),
        ),
    )


@fitted
def explained_heat_map(ranking: FactorRanking) -> go.Figure:
    """Draw the share of each asset's variance that each factor explains alone, with assets in order of R-squared."""
    order = ranking.assets["r_squared"].sort_values(kind="stable").index
    table = ranking.shares["alone"].to_pandas().loc[order, list(ranking.summary.index)]
    values = table.to_numpy()
    top = float(np.nanpercentile(values, 99.0)) or 1.0
    row = min(float(ROW), TALLEST / max(1, len(table)))
    heat = go.Heatmap(
        z=values.round(4),
        x=[str(factor) for factor in table.columns],
        y=[str(asset) for asset in table.index],
        zmin=0.0,
        zmax=top,
        colorscale=style.SEQUENTIAL,
        xgap=2 if row > 6 else 0,
        ygap=2 if row > 6 else 0,
        hovertemplate="%{y}, %{x}: %{z:.1%}<extra></extra>",
        colorbar={
            "thickness": 10,
            "outlinewidth": 0,
            "tickformat": ".0%",
            "tickfont": {"size": 10.5, "color": style.MUTED},
        },
    )
    return style.lay_out(
        go.Figure(heat),
        style.layout(
            height=int(70 + row * max(4, len(table))),
            xaxis=style.axis(side="top", type="category", showgrid=False),
            yaxis=style.axis(type="category", showgrid=False),
        ),
    )


def chosen_pairs(ranking: FactorRanking) -> dict[str, tuple[Any, Any]]:
    """Return asset and factor of the strongest, the weakest and the most nonlinear relation.

    Strongest and weakest are by the share of variance that the factor explains alone; most nonlinear is by the
    statistic of `nonlinearity_tests`.
    """
    alone, statistic = ranking.shares["alone"].to_series(), ranking.bends["statistic"].to_series()
    pairs: dict[str, Any] = {"strongest": alone.idxmax(), "weakest": alone.idxmin()}
    if statistic.notna().any():
        pairs["most nonlinear"] = statistic.idxmax()
    return pairs


def relation(ranking: FactorRanking, asset: Any, factor: Any) -> Relation:
    """Compute the partial residuals of one asset on one factor."""
    r = ranking.returns[asset].dropna()
    f = ranking.factors.loc[r.index]
    design = np.column_stack([np.ones(len(f)), f.to_numpy()])
    coefficients = np.linalg.lstsq(design, r.to_numpy(), rcond=None)[0]
    x, slope = f[factor].to_numpy(), float(coefficients[1 + f.columns.get_loc(factor)])
    y = r.to_numpy() - design @ coefficients + slope * (x - x.mean())
    groups = np.array_split(np.argsort(x, kind="stable"), min(BINS, len(x) // 4))
    bins = pd.DataFrame(
        {
            "x": [100 * x[group].mean() for group in groups],
            "y": [100 * y[group].mean() for group in groups],
            "error": [100 * y[group].std(ddof=1) / np.sqrt(len(group)) for group in groups],
        }
    )
    return Relation(asset, factor, 100 * x, 100 * y, slope, bins)


def _traces(one: Relation) -> list[Any]:
    shown = slice(None, None, -(-len(one.x) // MOST_POINTS))
    ends = np.array([one.x.min(), one.x.max()])
    bins = one.bins
    band = np.concatenate([bins["y"] + HALF_BAND * bins["error"], (bins["y"] - HALF_BAND * bins["error"])[::-1]])
    return [
        go.Scatter(
            x=one.x[shown].round(4),
            y=one.y[shown].round(4),
            mode="markers",
            marker={"size": 3, "color": style.POINTS},
            hoverinfo="skip",
        ),
        go.Scatter(
            x=ends, y=one.slope * (ends - one.x.mean()), mode="lines", line={"color": style.ESTIMATE, "width": 2}
        ),
        go.Scatter(
            x=np.concatenate([bins["x"], bins["x"][::-1]]),
            y=band,
            fill="toself",
            fillcolor=style.OTHER_BAND,
            line={"width": 0},
            hoverinfo="skip",
        ),
        go.Scatter(
            x=bins["x"],
            y=bins["y"],
            mode="lines+markers",
            line={"color": style.OTHER, "width": 1.5},
            marker={"size": 6},
            hovertemplate="%{x:.2f}: %{y:.2f}<extra>Mean of the bin</extra>",
        ),
    ]
