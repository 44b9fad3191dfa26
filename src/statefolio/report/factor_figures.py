"""Draws factors: growth, ranking, eigenvalues, and the fit of mimicking portfolios."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.factors.ranking import FactorRanking
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced
from statefolio.report.backtest.layouts import plain, time_layout
from statefolio.report.fitting import fitted

MOST_LINES = 12
ROW = 30
SHARES = (
    ("alone", "Alone", style.ESTIMATE),
    ("partial", "Lost without it", style.OTHER),
    ("alone_holdout", "Alone, on the holdout", style.COLOURS[2]),
)
CRITERIA = (("MP", "Marchenko-Pastur edge"), ("TW", "Edge with the Tracy-Widom margin at 5 %"))


@fitted
def growth_figure(returns: pd.DataFrame, most: int = MOST_LINES) -> go.Figure:
    """Draw the sum of returns of each column through time, in percent.

    Parameters
    ----------
    returns : DataFrame (date x factor)
        In decimals; missing ones count as 0.
    most : int
        The most lines: those with the largest volatilities.
    """
    known = returns.dropna(axis=1, how="all").dropna(axis=0, how="all")
    if known.empty:
        raise InputError("returns must have at least one number, got none. Pass factors with returns.")
    chosen = set(known.std().fillna(0.0).sort_values(ascending=False, kind="stable").index[:most])
    kept = evenly_spaced(len(known))
    x = date_strings(known.index[kept])
    figure = go.Figure()
    for place, name in enumerate(name for name in known.columns if name in chosen):
        figure.add_scatter(
            x=x,
            y=plain(100.0 * _summed(known[name]).iloc[kept]),
            mode="lines" if len(x) > 1 else "markers",
            name=str(name),
            line=style.line(place),
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=style.axis_title("Sum of returns, %"), zeroline=True)
    return style.lay_out(figure, time_layout("", yaxis=axis, height=360))


def _summed(values: "pd.Series[float]") -> "pd.Series[float]":
    """Return the sum so far, from the first known value on."""
    return values.fillna(0.0).cumsum().where(values.notna().cummax())


@fitted
def ranking_figure(ranking: FactorRanking) -> go.Figure:
    """Draw the mean share of variance of each factor, the best first."""
    table = ranking.summary
    names = [str(name) for name in table.index]
    figure = go.Figure()
    for column, label, colour in SHARES:
        if column in table and table[column].notna().any():
            figure.add_bar(
                x=plain(100.0 * table[column]),
                y=names,
                orientation="h",
                name=label,
                marker={"color": colour},
                hovertemplate="%{y}: %{x:.1f} %<extra>" + label + "</extra>",
            )
    return style.lay_out(
        figure,
        style.layout(
            height=110 + ROW * len(names),
            showlegend=True,
            bargap=0.25,
            xaxis=style.axis(title=style.axis_title("Mean share of the assets' variance, %"), zeroline=True),
            yaxis=style.axis(type="category", autorange="reversed", showgrid=False),
        ),
    )


@fitted
def eigenvalues_figure(table: pd.DataFrame) -> go.Figure:
    """Draw the eigenvalues of a panel with the thresholds that a factor has to exceed.

    Parameters
    ----------
    table : DataFrame
        From `FactorCount.table`.
    """
    known = table.dropna(subset="eigenvalue")
    x = [str(number) for number in known.index]
    figure = go.Figure()
    figure.add_bar(
        x=x,
        y=known["eigenvalue"],
        name="Eigenvalue",
        marker={"color": style.ESTIMATE},
        hovertemplate="%{x}: %{y:.3f}<extra></extra>",
    )
    for place, (column, label) in enumerate(CRITERIA, start=1):
        figure.add_scatter(
            x=x,
            y=known[column],
            mode="lines+markers",
            name=label,
            line={**style.line(place), "dash": style.DASHES[place]},
            marker={"size": 4},
            hovertemplate="%{y:.3f}<extra>" + label + "</extra>",
        )
    return style.lay_out(
        figure,
        style.layout(
            showlegend=True,
            xaxis=style.axis(title=style.axis_title("Number of factors"), type="category", showgrid=False),
            yaxis=style.axis(title=style.axis_title("Share of variance"), rangemode="tozero"),
        ),
    )


@fitted
def fit_figure(r_squared: pd.DataFrame) -> go.Figure:
    """Draw R-squared by factor through time, in percent."""
    x = date_strings(r_squared.index)
    figure = go.Figure()
    for place, (name, values) in enumerate(r_squared.items()):
        figure.add_scatter(
            x=x,
            y=plain(100.0 * np.asarray(values, dtype=float)),
            mode="lines+markers" if len(x) < 40 else "lines",
            name=str(name),
            line=style.line(place),
            marker={"size": 4},
            hovertemplate="%{y:.0f} %",
        )
    axis = style.axis(title=style.axis_title("R², %"), rangemode="tozero")
    return style.lay_out(figure, time_layout("", yaxis=axis))
