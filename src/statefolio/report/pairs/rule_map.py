"""Draws the Sharpe ratio of every cell of a grid of trading rules."""

import numpy as np
import plotly.graph_objects as go

from statefolio.pairs.thresholds.rule_comparison import RuleGrid
from statefolio.report import style
from statefolio.report.backtest.layouts import time_layout
from statefolio.report.fitting import fitted

ROW = 26


@fitted
def rule_map_figure(grid: RuleGrid) -> go.Figure:
    """Draw the Sharpe ratio after costs of every cell, out of sample; the best cell has a frame.

    Parameters
    ----------
    grid : RuleGrid
    """
    table = grid.table["sharpe"].unstack("exit")
    rows = [f"{factor:g} × half-life, {entry:g}" for factor, entry in table.index]
    columns = [f"{leave:g}" for leave in table.columns]
    values = table.to_numpy(dtype=float)
    limit = float(np.nanmax(np.abs(values))) or 1.0
    figure = go.Figure()
    figure.add_heatmap(
        x=columns,
        y=rows,
        z=values,
        texttemplate="%{z:.2f}",
        hovertemplate="Look-back %{y}, exit %{x}: Sharpe %{z:.2f}<extra></extra>",
        colorscale=style.DIVERGING,
        zmin=-limit,
        zmax=limit,
        xgap=1,
        ygap=1,
        showscale=False,
        hoverongaps=False,
    )
    factor, entry, leave = grid.best
    row, column = table.index.tolist().index((factor, entry)), columns.index(f"{leave:g}")
    figure.add_shape(
        type="rect",
        x0=column - 0.5,
        x1=column + 0.5,
        y0=row - 0.5,
        y1=row + 0.5,
        line={"width": 2.5, "color": style.ESTIMATE},
    )
    return style.lay_out(
        figure,
        time_layout(
            "",
            height=110 + ROW * len(rows),
            hovermode="closest",
            xaxis=style.axis(title=style.axis_title("Exit, deviations"), type="category"),
            yaxis=style.axis(
                title=style.axis_title("Look-back and entry, deviations"),
                type="category",
                automargin=True,
                autorange="reversed",
            ),
        ),
    )
