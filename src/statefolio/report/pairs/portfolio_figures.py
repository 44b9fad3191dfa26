"""Draws a portfolio of baskets: what each basket earned, and where the portfolio falls among random ones."""

import numpy as np
import plotly.graph_objects as go

from statefolio.pairs.portfolio.random_baskets import RandomBaskets
from statefolio.pairs.portfolio.walk_portfolio import BasketPortfolio
from statefolio.report import style
from statefolio.report.backtest.layouts import plain, time_layout
from statefolio.report.fitting import fitted
from statefolio.report.pairs.plot_elements import add_vertical

BINS = 30


@fitted
def random_figure(found: RandomBaskets) -> go.Figure:
    """Draw the Sharpe ratios of random portfolios after costs, and those of the portfolio and of equal capital.

    Parameters
    ----------
    found : RandomBaskets
    """
    known = found.draws["sharpe"].dropna().to_numpy(dtype=float)
    own, even = (float(found.table["sharpe"][name]) for name in ("portfolio", "equal capital"))
    low, high = min(known.min(), own, even), max(known.max(), own, even)
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    room = 0.04 * (high - low) or 1.0
    figure = go.Figure()
    figure.add_bar(
        x=plain((edges[:-1] + edges[1:]) / 2.0),
        y=plain(100.0 * np.histogram(known, edges)[0] / known.size),
        width=0.94 * float(edges[1] - edges[0]),
        marker={"color": style.OTHER, "opacity": 0.75},
        name="Random portfolios",
        hovertemplate="About %{x:.2f}: %{y:.1f} % of draws<extra></extra>",
    )
    add_vertical(figure, own, "This portfolio", style.ESTIMATE, "solid")
    add_vertical(figure, even, "Equal capital", style.MUTED, "dot")
    return style.lay_out(
        figure,
        time_layout(
            "",
            height=340,
            hovermode="closest",
            xaxis=style.axis(title=style.axis_title("Sharpe ratio after costs"), range=[low - room, high + room]),
            yaxis=style.axis(title=style.axis_title("Draws, %")),
        ),
    )


@fitted
def profit_figure(portfolio: BasketPortfolio) -> go.Figure:
    """Draw the profit of each basket in the account before costs, the largest on top.

    Parameters
    ----------
    portfolio : BasketPortfolio
    """
    profit = portfolio.table["profit"].sort_values()
    figure = go.Figure()
    figure.add_bar(
        x=plain(profit),
        y=[str(name) for name in profit.index],
        orientation="h",
        marker={"color": style.ESTIMATE},
        hovertemplate="%{y}: %{x:,.0f}<extra></extra>",
        showlegend=False,
    )
    return style.lay_out(
        figure,
        time_layout(
            "",
            height=max(220, 60 + 26 * len(profit)),
            hovermode="closest",
            xaxis=style.axis(title=style.axis_title("Profit before costs, currency")),
            yaxis=style.axis(type="category", automargin=True),
        ),
    )
