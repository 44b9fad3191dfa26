"""What was traded, and what it cost."""

import pandas as pd
import plotly.graph_objects as go

from statefolio.report import style
from statefolio.report.backtest.panels import plain, stacked_panels
from statefolio.report.backtest.tested import FEES, Tested
from statefolio.report.backtest.thinning import days, every_few

MOST_BARS = 130
ROUNDING = 1e-9
"""What costs less than this share of the capital cost nothing."""
PERIODS = (("W", "week"), ("M", "month"), ("Q", "quarter"), ("Y", "year"))


def traded_by_period(turnover: "pd.Series[float]", most: int = MOST_BARS) -> "tuple[pd.Series[float], str]":
    """Return turnover summed by the shortest of date, week, month, quarter and year with at most `most` sums.

    Returns
    -------
    Series, str
        Shares of the value, by the last date of each period; and what a period is called.
    """
    traded = turnover[turnover > 0.0]
    if len(traded) <= most:
        return traded, "date"
    dates = pd.DatetimeIndex(turnover.index)
    code, word = next((period for period in PERIODS if dates.to_period(period[0]).nunique() <= most), PERIODS[-1])
    periods = dates.to_period(code)
    last = dates.to_series().groupby(periods).max()
    return turnover.groupby(periods).sum().set_axis(pd.DatetimeIndex(last)), word


def trading_figure(result: Tested, *, currency: str = "") -> go.Figure:
    """Draw turnover as bars, and below them costs and fees summed through time, by kind.

    Parameters
    ----------
    result : BacktestResult
        Its `turnover` (purchases and sales, as a share of the value before) and `ledger`.
    currency : str
        What to call the unit of costs.
    """
    traded, word = traded_by_period(result.turnover.fillna(0.0))
    of_what = f"cost so far, {currency}" if currency else "cost so far"
    titles = [f"bought and sold, % of value, each {word}", of_what]
    legend = {"orientation": "h", "x": 0, "y": -0.1, "yanchor": "top", "font": {"size": 11.5}}
    figure = stacked_panels(2, titles, height=400, bargap=0.15, showlegend=True, legend=legend)
    figure.add_bar(
        x=days(traded.index),
        y=plain(100.0 * traded),
        marker={"color": style.ESTIMATE, "line": {"width": 0}},
        showlegend=False,
        hovertemplate=f"{word} to %{{x|%Y-%m-%d}}: %{{y:.1f}} %<extra></extra>",
        row=1,
        col=1,
    )
    spent = costs_so_far(result)
    spent = spent.iloc[every_few(len(spent))]
    for place, (column, label) in enumerate(FEES.items()):
        if column not in spent or not float(spent[column].iloc[-1]) > ROUNDING * float(result.capital):
            continue
        colour = style.LINES[place % len(style.LINES)]
        figure.add_scatter(
            x=days(spent.index),
            y=plain(spent[column]),
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


def costs_so_far(result: Tested) -> pd.DataFrame:
    """Return costs and fees (date x kind) summed from the start, in currency."""
    kinds = [name for name in FEES if name in result.ledger]
    return result.ledger[kinds].fillna(0.0).cumsum()
