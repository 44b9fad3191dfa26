"""What moved the portfolio: its exposures through time, and what each of them earned."""

import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.panels import (
    HALF_BAND,
    OTHERS,
    band,
    detail,
    plain,
    quiet_title,
    stacked_panels,
    time_layout,
)
from statefolio.report.backtest.tested import Tested
from statefolio.report.backtest.thinning import days, every_few

MOST_PANELS = 8
MOST_LINES = 9


def exposure_figure(result: Tested, most: int = MOST_PANELS) -> go.Figure:
    """Draw the portfolio's exposure to each factor at each decision, in the 95 % band of the loadings' error.

    Parameters
    ----------
    result : BacktestResult
        Its `details["exposure"]` and, where there is one, `details["exposure_error"]`: standard errors.
    most : int
        How many factors are drawn: the largest in mean absolute exposure, in their own order.

    Raises
    ------
    InputError
        Where the decisions left no exposures.
    """
    exposure = detail(result.details, "exposure", result.name)
    error = result.details.get("exposure_error")
    chosen = set(exposure.abs().mean().sort_values(ascending=False, kind="stable").index[:most])
    factors = [factor for factor in exposure.columns if factor in chosen]
    kept = every_few(len(exposure))
    x = days(exposure.index[kept])
    figure = stacked_panels(len(factors), [str(factor) for factor in factors])
    for row, factor in enumerate(factors, start=1):
        middle = exposure[factor].iloc[kept]
        told = "%{x|%Y-%m-%d}: %{y:.3f}"
        customdata = None
        if error is not None and factor in error:
            half = HALF_BAND * error[factor].reindex(exposure.index).iloc[kept]
            for trace in band(x, middle - half, middle + half):
                figure.add_trace(trace, row=row, col=1)
            customdata, told = plain(half), told + " ± %{customdata:.3f}"
        figure.add_scatter(
            x=x,
            y=plain(middle),
            mode="lines" if len(x) > 1 else "markers",
            line={"width": 1.5, "color": style.ESTIMATE},
            customdata=customdata,
            hovertemplate=told + "<extra>" + str(factor) + "</extra>",
            row=row,
            col=1,
        )
    return figure.update_yaxes(zeroline=True, zerolinecolor=style.MUTED)


def earned_by_factor_figure(earned: pd.DataFrame, most: int = MOST_LINES) -> go.Figure:
    """Draw what each factor, alpha and the idiosyncratic part earned, summed through time, and their total.

    Parameters
    ----------
    earned : DataFrame (date x source)
        Contributions to the portfolio's return, in decimals: each row adds up to the return. Missing ones count as 0.
    most : int
        How many sources have lines: the largest in the end. The rest stands together as others.

    Raises
    ------
    InputError
        Where there is nothing in it.
    """
    if earned.empty or earned.isna().all(axis=None):
        raise InputError("no attribution came; a frame date x source with numbers was expected. Attribute first.")
    summed = 100.0 * earned.fillna(0.0).cumsum()
    size = summed.abs().max().sort_values(ascending=False, kind="stable")
    size = size[size > 0.0]
    own, left = list(size.index), []
    if len(own) > most + 1:
        own, left = own[:most], own[most:]
    kept = every_few(len(summed))
    x = days(summed.index[kept])
    figure = go.Figure()
    drawn = [(str(name), summed[name], style.LINES[place % len(style.LINES)], 1.5) for place, name in enumerate(own)]
    if left:
        drawn.append((f"{len(left)} others", summed[left].sum(axis=1), OTHERS, 1.5))
    drawn.append(("total", summed.sum(axis=1), style.INK, 2.2))
    for name, line, colour, width in drawn:
        figure.add_scatter(
            x=x,
            y=plain(line.iloc[kept]),
            mode="lines" if len(x) > 1 else "markers",
            name=name,
            line={"width": width, "color": colour},
            hovertemplate="%{y:.1f} %",
        )
    axis = style.axis(title=quiet_title("sum of contributions, %"), zeroline=True, zerolinecolor=style.MUTED)
    return figure.update_layout(time_layout("", yaxis=axis, height=380))
