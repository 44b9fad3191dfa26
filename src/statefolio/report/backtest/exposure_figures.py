"""Draws a portfolio's factor exposures through time and the attribution of its return."""

import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced
from statefolio.report.backtest.layouts import (
    band,
    detail,
    plain,
    stacked_panels,
    time_layout,
)
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.fitting import fitted

UNATTRIBUTED = "unattributed"
MOST_PANELS = 8
MOST_LINES = 9


@fitted
def exposure_figure(result: Backtest, most: int = MOST_PANELS) -> go.Figure:
    """Draw the portfolio's factor exposures at each decision, with 95 % bands from the standard errors of loadings.

    Parameters
    ----------
    result : BacktestResult
        Its `details["exposure"]` and, if there is one, `details["exposure_error"]` with standard errors.
    most : int
        The most factors drawn: those with the largest mean absolute exposures, in their original order.

    Raises
    ------
    InputError
        If the decisions record no exposures.
    """
    exposure = detail(result.details, "exposure", result.name)
    error = result.details.get("exposure_error")
    chosen = set(exposure.abs().mean().sort_values(ascending=False, kind="stable").index[:most])
    factors = [factor for factor in exposure.columns if factor in chosen]
    kept = evenly_spaced(len(exposure))
    x = date_strings(exposure.index[kept])
    figure = stacked_panels(len(factors), [str(factor) for factor in factors])
    for row, factor in enumerate(factors, start=1):
        middle = exposure[factor].iloc[kept]
        hover = "%{x|%Y-%m-%d}: %{y:.3f}"
        customdata = None
        if error is not None and factor in error:
            half = HALF_BAND * error[factor].reindex(exposure.index).iloc[kept]
            for trace in band(x, middle - half, middle + half):
                figure.add_trace(trace, row=row, col=1)
            customdata, hover = plain(half), hover + " ± %{customdata:.3f}"
        figure.add_scatter(
            x=x,
            y=plain(middle),
            mode="lines" if len(x) > 1 else "markers",
            line={"width": 1.5, "color": style.ESTIMATE},
            customdata=customdata,
            hovertemplate=hover + "<extra>" + str(factor) + "</extra>",
            row=row,
            col=1,
        )
    return figure.update_yaxes(zeroline=True, zerolinecolor=style.MUTED)


@fitted
def return_by_source_figure(earned: pd.DataFrame, most: int = MOST_LINES) -> go.Figure:
    """Draw the contributions of factors, alpha and the idiosyncratic part to the return, summed through time.

    The line "Total" leaves out what is in the column "unattributed".

    Parameters
    ----------
    earned : DataFrame (date x source)
        Contributions to the portfolio's return, in decimals; each row sums to the return. Missing ones count as 0.
    most : int
        The most sources with lines: those with the largest sums. The others share one line.

    Raises
    ------
    InputError
        If `earned` has no number.
    """
    if earned.empty or earned.isna().all(axis=None):
        raise InputError(
            "earned must be a DataFrame (date x source) with at least one number, got none. Pass the contributions of "
            "attribute_return."
        )
    summed = 100.0 * earned.fillna(0.0).cumsum()
    size = summed.abs().max().sort_values(ascending=False, kind="stable")
    size = size[size > 0.0]
    named, others = list(size.index), []
    if len(named) > most + 1:
        named, others = named[:most], named[most:]
    kept = evenly_spaced(len(summed))
    x = date_strings(summed.index[kept])
    figure = go.Figure()
    lines = [(str(name), summed[name], style.line(place, 1.5)) for place, name in enumerate(named)]
    if others:
        lines.append((f"{len(others)} others", summed[others].sum(axis=1), {"width": 1.5, "color": style.OTHERS}))
    attributed = summed.drop(columns=UNATTRIBUTED, errors="ignore")
    lines.append(("Total", attributed.sum(axis=1), {"width": 2.2, "color": style.INK}))
    for name, line, look in lines:
        figure.add_scatter(
            x=x,
            y=plain(line.iloc[kept]),
            mode="lines" if len(x) > 1 else "markers",
            name=name,
            line=look,
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=style.axis_title("Sum of contributions, %"), zeroline=True, zerolinecolor=style.MUTED)
    return style.lay_out(figure, time_layout("", yaxis=axis, height=380))
