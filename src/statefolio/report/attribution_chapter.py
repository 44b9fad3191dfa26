"""Builds the chapter on the attribution of a portfolio's return to factors through time."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.attribution_figures import return_attribution_figure
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.counted_from import counted_from_sentence
from statefolio.report.risk_results import PortfolioRisk
from statefolio.risk.attribution import UNATTRIBUTED
from statefolio.risk.attribution_periods import attribution_by_period

MOST_YEARS = 8
MOST_DATES = 500
HEIGHT = 340


def attribution_chapter(found: PortfolioRisk) -> Chapter:
    """Return the chapter on what each factor earned, with the current weights."""
    earned = found.earned
    whole: Any = attribution_by_period(earned, "all").droplevel("period")
    largest = whole["contribution"].drop(UNATTRIBUTED, errors="ignore").abs().idxmax()
    row, first = whole.loc[largest], earned.indexes["date"][0]
    total = float(earned["portfolio_return"].sum())
    lead = (
        f"The current weights, held since {first:%Y-%m-%d}, would have earned {_percent(total)} in sums of daily "
        f"returns; {largest} contributed most, {_percent(row['contribution'])} (95 % band {_percent(row['lower'])} to "
        f"{_percent(row['upper'])})."
    )
    since = counted_from_sentence(earned["counted_from"].to_series(), first)
    note = f"Sums of contributions; zero on dates without a return. {since}".strip()
    exhibits = (
        Exhibit("Return attribution by factor", note, return_attribution_figure(earned)),
        Exhibit(
            f"Contribution of {largest} with its band",
            "95 % band, from the uncertainty of the loadings.",
            _banded(found, str(largest)),
        ),
        _by_year(found),
    )
    return Chapter("Return attribution", lead, exhibits)


def _by_year(found: PortfolioRisk) -> Exhibit:
    table = attribution_by_period(found.earned)
    years = list(dict.fromkeys(table.index.get_level_values("period")))[-MOST_YEARS:]
    columns = {}
    for year in years:
        part = table.loc[year]
        half = 100.0 * HALF_BAND * part["standard_error"].to_numpy()
        value = 100.0 * part["contribution"].to_numpy()
        columns[year] = [_with_half(one, error) for one, error in zip(value, half, strict=True)]
    shown = pd.DataFrame(columns, index=table.loc[years[0]].index).rename_axis("Factor").reset_index()
    shown["Factor"] = shown["Factor"].astype(str)
    shown = shown[~shown[years].isin(["0.0"]).all(axis=1)]
    note = (
        "Percent, sums of daily contributions, \u00b1 half of the 95 % band. All dates are in return_attribution.csv."
    )
    return Exhibit("Return attribution by year", note, table=shown, formats=dict.fromkeys(years, ">"), wide=True)


def _banded(found: PortfolioRisk, factor: str) -> go.Figure:
    one = found.earned.isel(factor=[str(name) for name in found.earned.indexes["factor"]].index(factor))
    value = 100.0 * one["contribution"].to_numpy().cumsum()
    half = 100.0 * HALF_BAND * np.sqrt((one["contribution_standard_error"].to_numpy() ** 2).cumsum())
    dates = found.earned.indexes["date"]
    step = -(-len(dates) // MOST_DATES)
    kept = np.arange(len(dates) - 1, -1, -step)[::-1]
    figure = go.Figure()
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=dates[kept], y=(value - half)[kept].round(3), **edge)
    figure.add_scatter(x=dates[kept], y=(value + half)[kept].round(3), fill="tonexty", fillcolor=style.BAND, **edge)
    figure.add_scatter(
        x=dates[kept],
        y=value[kept].round(3),
        mode="lines",
        line={"color": style.ESTIMATE, "width": 1.6},
        hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} %<extra></extra>",
    )
    return style.lay_out(
        figure,
        style.layout(
            height=HEIGHT,
            xaxis=style.axis(showgrid=False),
            yaxis=style.axis(
                title=style.axis_title("Sum of contributions, %"), zeroline=True, zerolinecolor=style.MUTED
            ),
        ),
    )


def _with_half(value: float, half: float) -> str:
    text = f"{value:.1f}" if half == 0.0 else f"{value:.1f} \u00b1 {half:.1f}"
    return text.replace("-0.0", "0.0").replace("-", "\u2212")


def _percent(value: float) -> str:
    return f"{value:.1%}".replace("-", "\u2212")
