"""Draws turnover and cumulative costs of a back-test."""

import pandas as pd
import plotly.graph_objects as go

from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced
from statefolio.report.backtest.layouts import plain, stacked_panels
from statefolio.report.backtest.protocols import FEES, Backtest
from statefolio.report.fitting import fitted

MOST_BARS = 130
DWARFS = 2.0
"""The first bar is cut where it is more than this multiple of all others."""
ROUNDING = 1e-9
"""Costs below this share of the capital count as zero."""
PERIODS = (("W", "week"), ("M", "month"), ("Q", "quarter"), ("Y", "year"))


def traded_by_period(turnover: "pd.Series[float]", most: int = MOST_BARS) -> "tuple[pd.Series[float], str]":
    """Sum turnover by the shortest of date, week, month, quarter and year that gives at most `most` sums.

    Returns
    -------
    Series, str
        Shares of the value by the last date of each period, and the name of the period.
    """
    traded = turnover[turnover > 0.0]
    if len(traded) <= most:
        return traded, "date"
    dates = pd.DatetimeIndex(turnover.index)
    code, word = next((period for period in PERIODS if dates.to_period(period[0]).nunique() <= most), PERIODS[-1])
    periods = dates.to_period(code)
    last = dates.to_series().groupby(periods).max()
    return turnover.groupby(periods).sum().set_axis(pd.DatetimeIndex(last)), word


@fitted
def trading_figure(result: Backtest, *, currency: str = "") -> go.Figure:
    """Draw turnover as bars, and cumulative costs and fees by kind.

    Parameters
    ----------
    result : BacktestResult
        Its `turnover` (purchases and sales as a share of the previous value) and `ledger`.
    currency : str
        Name of the unit of costs.
    """
    traded, word = traded_by_period(result.turnover.fillna(0.0))
    unit = f"Cumulative costs, {currency}" if currency else "Cumulative costs"
    titles = [f"Turnover, % of value per {word}", unit]
    figure = stacked_panels(2, titles, height=400, bargap=0.15, showlegend=True)
    figure.add_bar(
        x=date_strings(traded.index),
        y=plain(100.0 * traded),
        marker={"color": style.ESTIMATE, "line": {"width": 0}},
        showlegend=False,
        hovertemplate=f"{word} to %{{x|%Y-%m-%d}}: %{{y:.1f}} %<extra></extra>",
        row=1,
        col=1,
    )
    highest = first_purchase_axis(100.0 * traded)
    if highest is not None:
        figure.update_yaxes(range=[0.0, highest], row=1, col=1)
        figure.add_annotation(
            text=f"first purchase: {100.0 * float(traded.iloc[0]):,.0f} %",
            x=date_strings(traded.index[:1])[0],
            y=highest,
            xref="x",
            yref="y",
            xanchor="left",
            yanchor="top",
            xshift=6,
            showarrow=False,
            font={"size": 11, "color": style.MUTED},
        )
    costs = cumulative_costs(result)
    costs = costs.iloc[evenly_spaced(len(costs))]
    for place, (column, label) in enumerate(FEES.items()):
        if column not in costs or not float(costs[column].iloc[-1]) > ROUNDING * float(result.capital):
            continue
        colour = style.colour(place)
        figure.add_scatter(
            x=date_strings(costs.index),
            y=plain(costs[column]),
            mode="lines",
            stackgroup="cost",
            name=label,
            line={"width": 0.5, "color": colour},
            hovertemplate="%{x|%Y-%m-%d}: %{y:,.0f}" + (f" {currency}" if currency else ""),
            row=2,
            col=1,
        )
    figure.update_yaxes(tickformat="~s", rangemode="tozero", row=2, col=1)
    return figure


def first_purchase_axis(traded: "pd.Series[float]") -> float | None:
    """Return where the axis of turnover ends if the first bar would dwarf the others; None if it does not."""
    if len(traded) < 3:
        return None
    first, others = float(traded.iloc[0]), float(traded.iloc[1:].max())
    return 1.15 * others if others > 0.0 and first > DWARFS * others else None


def cumulative_costs(result: Backtest) -> pd.DataFrame:
    """Return cumulative costs and fees (date x kind) in currency."""
    kinds = [name for name in FEES if name in result.ledger]
    return result.ledger[kinds].fillna(0.0).cumsum()
