"""Draws the adaptive tuning of a hedge pass by pass, and marks its collapse."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.pairs.adaptive.collapse import Collapse
from statefolio.report import style
from statefolio.report.backtest.layouts import stacked_panels
from statefolio.report.fitting import fitted

PANEL = 190
LOG_FROM = 30
"""With more passes than this, their axis is logarithmic."""


@fitted
def trace_figure(
    trace: pd.DataFrame, collapse: Collapse | None = None, names: Sequence[str] | None = None
) -> go.Figure:
    """Draw the autoregressive coefficient, the variances and the p-values of the spreads by pass.

    Parameters
    ----------
    trace : DataFrame by pass
        `trace_` of a `KalmanHedge(tuning="adaptive")`.
    collapse : Collapse, optional
        Marked by a line at its pass; later passes are not estimates.
    names : sequence of str, optional
        Names of the states, the level first.

    Raises
    ------
    InputError
        If the trace has no pass.
    """
    if trace.empty:
        raise InputError("trace must have at least one pass, got none. Fit with tuning='adaptive' and pass trace_.")
    states = [name for name in trace if str(name).startswith("state_variance_")]
    labels = list(names) if names is not None else [str(name).removeprefix("state_variance_") for name in states]
    variances = {"Observation": trace["observation_variance"]}
    variances |= {f"State, {label}": trace[name] for label, name in zip(labels, states, strict=True)}
    p_values = {"Predicted spread": trace["p_predicted"], "Filtered spread (not tradable)": trace["p_filtered"]}
    titles = ["Autoregressive coefficient a of the level", "Variances", "Nominal p-value of the spread"]
    figure = stacked_panels(
        3,
        titles,
        height=3 * PANEL + 110,
        showlegend=True,
    )
    _add_lines(figure, {"a": trace["a"]}, 1, style.INK, log=False)
    _add_lines(figure, variances, 2, None, log=True)
    _add_lines(figure, p_values, 3, None, log=True)
    last = int(trace.index[-1])
    figure.update_xaxes(type="log" if last > LOG_FROM else "linear", tickformat=",d", nticks=6)
    figure.update_xaxes(title=style.axis_title("Pass"), row=3, col=1)
    figure.update_yaxes(type="log", exponentformat="e", nticks=5, row=2, col=1)
    figure.update_yaxes(type="log", exponentformat="e", nticks=5, row=3, col=1)
    if collapse is not None:
        _mark(figure, collapse)
    return figure


def _add_lines(
    figure: go.Figure, series: "Mapping[str, pd.Series[float]]", row: int, colour: str | None, *, log: bool
) -> None:
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
            line={"width": 1.5, "color": colour or style.colour(place + 5 * (row - 2))},
            hovertemplate="Pass %{x}: %{y:.3g}",
            row=row,
            col=1,
        )


def _mark(figure: go.Figure, collapse: Collapse) -> None:
    """Mark the pass of the collapse by a line in all panels; the legend names the reason."""
    for row in (1, 2, 3):
        named = style.named_line(f"Collapse: {collapse.reason}", color=style.ALARM)
        figure.add_vline(x=collapse.at_pass, row=row, col=1, **{**named, "showlegend": row == 1})
