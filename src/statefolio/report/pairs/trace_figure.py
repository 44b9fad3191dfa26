"""How the adaptive recipe went, pass by pass, and where it stopped being an estimate."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.pairs.adaptive.collapse import Collapse
from statefolio.report import style
from statefolio.report.backtest.panels import stacked_panels
from statefolio.report.pairs.marks import PAPER_LINE

PANEL = 190
LOG_FROM = 30
"""From so many passes on they stand on a log axis."""


def trace_figure(
    trace: pd.DataFrame, collapse: Collapse | None = None, names: Sequence[str] | None = None
) -> go.Figure:
    """Draw the autoregression a, the variances, and the spreads' p-values by pass.

    Parameters
    ----------
    trace : DataFrame by pass
        `trace_` of a `KalmanHedge(tuning="adaptive")`.
    collapse : Collapse, optional
        Marked by a line at its pass; what stands to its right is no estimate.
    names : sequence of str, optional
        Of the states, the level first.

    Raises
    ------
    InputError
        Where there is no pass.
    """
    if trace.empty:
        raise InputError("the trace has no pass; one at least was expected.")
    states = [name for name in trace if str(name).startswith("state_variance_")]
    called = list(names) if names is not None else [str(name).removeprefix("state_variance_") for name in states]
    variances = {"measurement": trace["observation_variance"]}
    variances |= {f"step of {who}": trace[name] for who, name in zip(called, states, strict=True)}
    p_values = {"predicted spread": trace["p_predicted"], "filtered spread (cannot be traded)": trace["p_filtered"]}
    titles = ["a, the level's autoregression", "variances", "nominal p-value of the spread"]
    figure = stacked_panels(
        3,
        titles,
        height=3 * PANEL + 110,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.08, "yanchor": "top", "font": {"size": 11.5}},
        margin={"l": 48, "r": 12, "t": 26, "b": 30},
    )
    _lines(figure, {"a": trace["a"]}, 1, style.INK, log=False)
    _lines(figure, variances, 2, None, log=True)
    _lines(figure, p_values, 3, None, log=True)
    last = int(trace.index[-1])
    figure.update_xaxes(type="log" if last > LOG_FROM else "linear", tickformat=",d", nticks=6)
    figure.update_xaxes(title={"text": "pass", "font": {"size": 11.5, "color": style.MUTED}}, row=3, col=1)
    figure.update_yaxes(type="log", exponentformat="e", nticks=5, row=2, col=1)
    figure.update_yaxes(type="log", exponentformat="e", nticks=5, row=3, col=1)
    if collapse is not None:
        _mark(figure, collapse)
    return figure


def _lines(
    figure: go.Figure, series: "Mapping[str, pd.Series[float]]", row: int, colour: str | None, *, log: bool
) -> None:
    lines = [line for line in style.LINES if line != style.MUTED]
    for place, (name, values) in enumerate(series.items()):
        known = values.dropna()
        known = known[known > 0.0] if log else known
        few = len(known) <= LOG_FROM or row == 3
        figure.add_scatter(
            x=known.index.to_numpy(),
            y=known.to_numpy(dtype=float),
            mode="lines+markers" if few else "lines",
            marker={"size": 4},
            name=name,
            showlegend=row > 1,
            line={"width": 1.5, "color": colour or lines[(place + 5 * (row - 2)) % len(lines)]},
            hovertemplate="pass %{x}: %{y:.3g}",
            row=row,
            col=1,
        )


def _mark(figure: go.Figure, collapse: Collapse) -> None:
    """A line at the pass that is not sound, in every panel, named in the first."""
    for row in (1, 2, 3):
        figure.add_vline(x=collapse.at_pass, line={**PAPER_LINE, "color": style.LINES[4]}, row=row, col=1)
    figure.add_annotation(
        text=f"collapse: {collapse.reason}",
        xref="x domain",
        yref="y domain",
        x=1,
        y=1,
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
        font={"size": 11.5, "color": style.LINES[4]},
    )
