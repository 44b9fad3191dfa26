"""A ranking of factors, drawn: a strong, a weak and a bent relation, and what explains which asset."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from statefolio.exceptions import InputError
from statefolio.factors.ranking import FactorRanking
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style

Floats = npt.NDArray[np.float64]

BINS = 12
MOST_POINTS = 1500
TALLEST = 900
ROW = 17


@dataclass(frozen=True, eq=False)
class Relation:
    """One asset against one factor, the other factors taken out.

    Attributes
    ----------
    x, y : (T,)
        Factor return, and the asset's residual with all factors plus slope times factor (the partial residual).
    slope : float
    bins : DataFrame
        A row a bin of equal numbers of dates: x, mean of y, and its standard error.
    """

    asset: Any
    factor: Any
    x: Floats
    y: Floats
    slope: float
    bins: pd.DataFrame


def relations_figure(ranking: FactorRanking) -> go.Figure:
    """Draw the strongest, the weakest and the most bent relation of a ranking, side by side.

    Each panel shows partial residuals, the straight line, and the means of bins of equal numbers of dates with their
    95 % bands. A straight relation's means lie on its line; a bent one's leave it. Strongest and weakest are by the
    share that the factor explains alone, most bent by the statistic of `nonlinearity_tests`.
    """
    pairs = chosen_pairs(ranking)
    titles = [f"<b>{kind}</b>: {_caption(ranking, kind, pair)}" for kind, pair in pairs.items()]
    figure = make_subplots(rows=1, cols=len(pairs), subplot_titles=titles, horizontal_spacing=0.06)
    for column, pair in enumerate(pairs.values(), start=1):
        one = relation(ranking, *pair)
        for trace in _traces(one):
            figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(style.axis(title=style.axis_title(f"{one.factor}, %")), row=1, col=column)
        label = f"{one.asset}, other factors taken out, %"
        low, high = np.percentile(one.y, [0.5, 99.5])
        room = 0.15 * (high - low)
        figure.update_yaxes(
            style.axis(title=style.axis_title(label), range=[low - room, high + room]), row=1, col=column
        )
    figure.update_annotations(font={"size": 12, "color": style.INK})
    return figure.update_layout(style.layout(height=340, margin={"l": 10, "r": 10, "t": 44, "b": 10}))


def explained_heat_map(ranking: FactorRanking, holdout: bool = False) -> go.Figure:
    """Draw the share of each asset's variance that each factor explains alone; assets ordered by their R-squared.

    With `holdout`, the shares on the holdout: below zero where the factor did worse than the mean before.
    """
    if holdout and "alone_holdout" not in ranking.shares:
        raise InputError(
            "ranking has no holdout; one was expected for holdout=True. Pass holdout_from to rank_factors, or leave "
            "holdout out."
        )
    name = "alone_holdout" if holdout else "alone"
    order = ranking.assets["r_squared"].sort_values(kind="stable").index
    table = ranking.shares[name].to_pandas().loc[order, list(ranking.summary.index)]
    values = table.to_numpy()
    top = float(np.nanpercentile(values, 99.0)) or 1.0
    bottom = -top if (values < 0.0).any() else 0.0
    row = min(float(ROW), TALLEST / max(1, len(table)))
    heat = go.Heatmap(
        z=values.round(4),
        x=[str(factor) for factor in table.columns],
        y=[str(asset) for asset in table.index],
        zmin=bottom,
        zmax=top,
        colorscale=style.DIVERGING if bottom < 0.0 else style.SEQUENTIAL,
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
    return go.Figure(heat).update_layout(
        style.layout(
            height=int(70 + row * max(4, len(table))),
            margin={"l": 8, "r": 4, "t": 34, "b": 8},
            xaxis=style.axis(side="top", type="category", showgrid=False),
            yaxis=style.axis(type="category", showgrid=False),
        )
    )


def chosen_pairs(ranking: FactorRanking) -> dict[str, tuple[Any, Any]]:
    """Asset and factor of the strongest, the weakest and the most bent relation."""
    alone, statistic = ranking.shares["alone"].to_series(), ranking.bends["statistic"].to_series()
    pairs: dict[str, Any] = {"strong": alone.idxmax(), "weak": alone.idxmin()}
    if statistic.notna().any():
        pairs["most bent"] = statistic.idxmax()
    return pairs


def relation(ranking: FactorRanking, asset: Any, factor: Any) -> Relation:
    """Partial residuals of one asset on one factor."""
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


def _caption(ranking: FactorRanking, kind: str, pair: tuple[Any, Any]) -> str:
    asset, factor = pair
    if kind != "most bent":
        share = float(ranking.shares["alone"].sel(asset=asset, factor=factor))
        return f"{asset} on {factor}, explains {share:.1%}"
    q = float(ranking.bends["q_value"].sel(asset=asset, factor=factor))
    verdict = "bent" if q <= ranking.level else "no bend shown"
    return f"{asset} on {factor}, {verdict} (q = {q:.2g})"


def _traces(one: Relation) -> list[Any]:
    shown = slice(None, None, -(-len(one.x) // MOST_POINTS))
    ends = np.array([one.x.min(), one.x.max()])
    bins = one.bins
    band = np.concatenate([bins["y"] + HALF_BAND * bins["error"], (bins["y"] - HALF_BAND * bins["error"])[::-1]])
    return [
        go.Scattergl(
            x=one.x[shown],
            y=one.y[shown],
            mode="markers",
            marker={"size": 3, "color": "rgba(102, 115, 127, 0.30)"},
            hoverinfo="skip",
        ),
        go.Scatter(
            x=ends, y=one.slope * (ends - one.x.mean()), mode="lines", line={"color": style.ESTIMATE, "width": 2}
        ),
        go.Scatter(
            x=np.concatenate([bins["x"], bins["x"][::-1]]),
            y=band,
            fill="toself",
            fillcolor="rgba(208, 122, 28, 0.28)",
            line={"width": 0},
            hoverinfo="skip",
        ),
        go.Scatter(
            x=bins["x"],
            y=bins["y"],
            mode="lines+markers",
            line={"color": style.OTHER, "width": 1.5},
            marker={"size": 6},
            hovertemplate="%{x:.2f}: %{y:.2f}<extra>mean of the bin</extra>",
        ),
    ]
